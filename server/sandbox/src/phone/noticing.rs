//! What a phone notices of others: their presence, what they type, changes of groups and profiles.

use serde_json::{Value, json};
use wacore_binary::Node;

use super::actor::Actor;
use super::chat::Chat;
use super::observation::Kind;
use crate::stanza;

impl Actor {
    /// `<presence from type last/>`
    pub(super) fn notice_presence(&self, node: &Node) {
        let Some(from) = stanza::jid(node, "from") else {
            return;
        };
        let mut data = json!({"available": !stanza::is(node, "type", "unavailable")});
        if let Some(last) = stanza::number::<u64>(node, "last") {
            data["lastSeen"] = last.into();
        }
        self.observations.note(Kind::Presence, None, Some(self.person(&from)), data);
    }

    /// `<chatstate from participant><composing media/></chatstate>`
    pub(super) fn notice_chat_state(&self, node: &Node) {
        let (Some(from), Some(state)) = (stanza::jid(node, "from"), stanza::children(node).first()) else {
            return;
        };
        let kind = match state.tag.as_ref() {
            "composing" if stanza::is(state, "media", "audio") => Kind::Recording,
            "composing" => Kind::Typing,
            _ => Kind::Paused,
        };
        let author = stanza::jid(node, "participant").unwrap_or_else(|| from.clone());
        self.observations.note(kind, Some(self.person(&from)), Some(self.person(&author)), json!({}));
    }

    /// `<notification type="w:gp2" from participant><add>…</add></notification>`
    pub(super) fn notice_group(&self, node: &Node) {
        let Some(group) = stanza::jid(node, "from") else {
            return;
        };
        let author = stanza::jid(node, "participant").map(|author| self.person(&author).to_string());
        for change in stanza::children(node) {
            let people: Vec<Value> = change
                .get_children_by_tag("participant")
                .filter_map(|participant| stanza::jid(participant, "jid"))
                .map(|jid| self.person(&jid).to_string().into())
                .collect();
            let mut data = json!({"change": change.tag, "participants": people});
            let text = match change.tag.as_ref() {
                "subject" => stanza::text(change, "subject"),
                "description" => String::from_utf8_lossy(stanza::child_content(change, "body")).into_owned(),
                _ => String::new(),
            };
            if !text.is_empty() {
                data["text"] = text.into();
            }
            let author = author.clone().map(Chat::from);
            self.observations.note(Kind::Group, Some(Chat::of(&group)), author, data);
        }
    }

    /// `<notification type="picture" from><set id/></notification>`, and `<delete/>` when it is gone.
    pub(super) fn notice_picture(&self, node: &Node) {
        let is_removed = node.get_optional_child("delete").is_some();
        let from = stanza::jid(node, "from").map(|from| self.person(&from));
        self.observations.note(Kind::Picture, from.clone(), from, json!({"removed": is_removed}));
    }

    /// `<notification type="status" from><set>text</set></notification>`
    pub(super) fn notice_about(&self, node: &Node) {
        let text = String::from_utf8_lossy(stanza::child_content(node, "set")).into_owned();
        let from = stanza::jid(node, "from").map(|from| self.person(&from));
        self.observations.note(Kind::About, None, from, json!({"text": text}));
    }

    /// The account blocked or unblocked somebody on another device.
    pub(super) fn notice_blocklist(&self, node: &Node) {
        for item in stanza::grandchildren(node, "blocklist") {
            let who = stanza::jid(item, "jid").map(|jid| self.person(&jid));
            let data = json!({"blocked": stanza::is(item, "action", "block")});
            self.observations.note(Kind::Blocklist, None, who, data);
        }
    }
}
