//! Polls. WhatsApp has renumbered them often; the shape stayed.

use openwa_model::content::{Detail, MessageKind};
use whatsapp_rust::waproto::whatsapp as wa;

use super::{Content, bounded};

/// WhatsApp allows twelve; others may come.
const MOST_OPTIONS: usize = 100;

/// The poll in a message.
pub(super) fn of(message: &wa::Message) -> Option<&wa::message::PollCreationMessage> {
    let versions = [
        &message.poll_creation_message,
        &message.poll_creation_message_v2,
        &message.poll_creation_message_v3,
        &message.poll_creation_message_v5,
        &message.poll_creation_message_v6,
    ];
    versions.into_iter().find_map(|it| it.as_option())
}

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    let poll = of(message)?;
    let options = poll.options.iter().take(MOST_OPTIONS);
    let detail = Detail::Poll {
        name: bounded(poll.name.as_deref().unwrap_or_default()),
        options: options.filter_map(|it| it.option_name.as_deref()).map(bounded).collect(),
        multiple: poll.selectable_options_count != Some(1),
        votes: Vec::new(),
    };
    Some(Content::new(MessageKind::Poll, poll.name.as_deref(), poll.context_info.as_option()).with_detail(detail))
}
