//! What a device is shown only in passing: that somebody is typing. It is not acknowledged and not
//! kept, but a client whose link broke and that is back within moments still sees it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wacore_binary::Node;

use crate::stanza;

/// After this long nobody is typing any more.
const LIFETIME: Duration = Duration::from_secs(3);

/// What was written so shortly before a link ended may never have been read.
const IN_FLIGHT: Duration = Duration::from_secs(1);

/// How many such things a device may have before it.
const MOST: usize = 100;

#[derive(Default)]
pub(crate) struct Passing {
    shown: VecDeque<Shown>,
}

struct Shown {
    node: Arc<Node>,
    since: Instant,
    /// When it was written to a client.
    seen: Option<Instant>,
}

impl Passing {
    /// Takes the place of what the same person did before in the same chat.
    pub(crate) fn show(&mut self, node: &Arc<Node>, now: Instant) {
        self.forget_old(now);
        let is_same = |shown: &Shown, key: &str| stanza::text(&shown.node, key) == stanza::text(node, key);
        self.shown.retain(|shown| !(is_same(shown, "from") && is_same(shown, "participant")));
        if self.shown.len() == MOST {
            self.shown.pop_front();
        }
        self.shown.push_back(Shown { node: node.clone(), since: now, seen: None });
    }

    /// What no client has seen yet; from now on one has.
    pub(crate) fn unseen(&mut self, now: Instant) -> Vec<Arc<Node>> {
        self.forget_old(now);
        let unseen = self.shown.iter_mut().filter(|shown| shown.seen.is_none());
        unseen
            .map(|shown| {
                shown.seen = Some(now);
                shown.node.clone()
            })
            .collect()
    }

    /// The client is gone, and with it what was on its way.
    pub(crate) fn lose_sight(&mut self, now: Instant) {
        for shown in &mut self.shown {
            shown.seen = shown.seen.filter(|seen| now.duration_since(*seen) >= IN_FLIGHT);
        }
    }

    fn forget_old(&mut self, now: Instant) {
        self.shown.retain(|shown| now.duration_since(shown.since) < LIFETIME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient;
    use wacore_binary::builder::NodeBuilder;

    fn state(from: &str, child: &'static str) -> Arc<Node> {
        Arc::new(NodeBuilder::new("chatstate").attr("from", from).children([NodeBuilder::new(child).build()]).build())
    }

    fn tags(nodes: &[Arc<Node>]) -> Vec<String> {
        nodes.iter().map(|node| stanza::children(node)[0].tag.to_string()).collect()
    }

    #[test]
    fn only_the_newest_of_each_person_is_shown_and_only_once() {
        let (mut passing, now) = (Passing::default(), ambient::now());
        passing.show(&state("ann", "composing"), now);
        passing.show(&state("bob", "composing"), now);
        passing.show(&state("ann", "paused"), now);
        assert_eq!(tags(&passing.unseen(now)), ["composing", "paused"]);
        assert!(passing.unseen(now).is_empty());
    }

    #[test]
    fn what_is_old_is_not_shown() {
        let (mut passing, now) = (Passing::default(), ambient::now());
        passing.show(&state("ann", "composing"), now);
        assert!(passing.unseen(now + LIFETIME).is_empty());
    }

    #[test]
    fn what_was_on_its_way_to_a_lost_client_is_shown_again() {
        let (mut passing, now) = (Passing::default(), ambient::now());
        passing.show(&state("ann", "composing"), now);
        passing.unseen(now);
        passing.lose_sight(now + IN_FLIGHT / 2);
        assert_eq!(passing.unseen(now + IN_FLIGHT).len(), 1);
        passing.lose_sight(now + IN_FLIGHT * 2);
        assert!(passing.unseen(now + IN_FLIGHT * 2).is_empty(), "seen well before the link ended");
    }
}
