//! The ids given out last, so that what comes twice is given out once.

use std::collections::{HashSet, VecDeque};

/// A new connection repeats at most what the gateway had in flight.
const KEPT: usize = 1024;

#[derive(Default, Debug)]
pub(super) struct Recent {
    order: VecDeque<String>,
    ids: HashSet<String>,
}

impl Recent {
    /// False when it was there.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_are_known() {
        let mut recent = Recent::default();
        for id in 0..=KEPT {
            assert!(recent.insert(&id.to_string()));
        }
        assert!(!recent.insert(&KEPT.to_string()));
        assert!(!recent.insert("1"));
        assert!(recent.insert("0"), "forgotten, so that memory has an end");
        assert_eq!((recent.order.len(), recent.ids.len()), (KEPT, KEPT));
    }
}
