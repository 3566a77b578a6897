//! From the gateway's messages to WhatsApp's.

use buffa::MessageField;
use openwa_model::{
    content::{Outgoing, OutgoingContent, Quoted},
    engine::EngineError,
    jid::Jid,
    ops::MessageRef,
};
use whatsapp_rust::{
    Client,
    waproto::whatsapp::{self as wa, message as inner, message::protocol_message::Type},
};

use crate::{jid, media::MediaStation};

/// The message to be sent. Its file, if it has one, is uploaded on the way.
pub(crate) async fn message(
    outgoing: &Outgoing,
    client: &Client,
    media: &MediaStation,
) -> Result<wa::Message, EngineError> {
    let context = context(outgoing.quoted.as_ref(), &outgoing.mentions);
    match &outgoing.content {
        OutgoingContent::Text { body } => Ok(text(body, context)),
        OutgoingContent::Media { kind, media: file, caption } => {
            media.message_with(client, *kind, file, caption.as_deref(), context).await
        }
    }
}

fn text(body: &str, context: Option<Box<wa::ContextInfo>>) -> wa::Message {
    let Some(context) = context else {
        return wa::Message { conversation: Some(body.to_owned()), ..Default::default() };
    };
    wa::Message {
        extended_text_message: MessageField::some(inner::ExtendedTextMessage {
            text: Some(body.to_owned()),
            context_info: MessageField::some(*context),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn context(quoted: Option<&Quoted>, mentions: &[Jid]) -> Option<Box<wa::ContextInfo>> {
    if quoted.is_none() && mentions.is_empty() {
        return None;
    }
    let mut context =
        wa::ContextInfo { mentioned_jid: mentions.iter().map(jid::to_wire_text).collect(), ..Default::default() };
    if let Some(quoted) = quoted {
        context.stanza_id = Some(quoted.id.0.clone());
        context.participant = Some(jid::to_wire_text(&quoted.sender));
        context.quoted_message = MessageField::some(text(&quoted.body, None));
    }
    Some(Box::new(context))
}

/// The name of a message, as it stands inside others.
pub(crate) fn key(target: &MessageRef) -> wa::MessageKey {
    wa::MessageKey {
        remote_jid: Some(jid::to_wire_text(&target.chat)),
        from_me: Some(target.from_me),
        id: Some(target.id.0.clone()),
        participant: target.chat.is_group().then(|| jid::to_wire_text(&target.sender)),
    }
}

/// Replaces the text of an own message.
pub(crate) fn edit(target: &MessageRef, body: &str, mentions: &[Jid], now_ms: i64) -> wa::Message {
    wa::Message {
        protocol_message: MessageField::some(inner::ProtocolMessage {
            key: MessageField::some(key(target)),
            r#type: Some(Type::MessageEdit),
            edited_message: MessageField::some(text(body, context(None, mentions))),
            timestamp_ms: Some(now_ms),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Takes an own message back.
pub(crate) fn revoke(target: &MessageRef) -> wa::Message {
    wa::Message {
        protocol_message: MessageField::some(inner::ProtocolMessage {
            // WhatsApp's own clients name no participant when they take back what they sent.
            key: MessageField::some(wa::MessageKey { participant: None, ..key(target) }),
            r#type: Some(Type::Revoke),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Keeps a message on top of its chat for so many seconds, or no longer.
pub(crate) fn pin(
    target: &MessageRef,
    kind: inner::pin_in_chat_message::Type,
    seconds: u32,
    now_ms: i64,
) -> wa::Message {
    wa::Message {
        pin_in_chat_message: MessageField::some(inner::PinInChatMessage {
            key: MessageField::some(key(target)),
            r#type: Some(kind),
            sender_timestamp_ms: Some(now_ms),
        }),
        message_context_info: MessageField::some(wa::MessageContextInfo {
            message_add_on_duration_in_secs: Some(seconds),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::id::MessageId;

    use super::*;
    use crate::content;

    fn target(chat: &str, from_me: bool) -> MessageRef {
        MessageRef {
            id: MessageId("3EB0AA".into()),
            chat: chat.parse().unwrap(),
            sender: Jid::phone("15550000001"),
            from_me,
        }
    }

    #[test]
    fn plain_text_is_sent_plainly() {
        let message = text("hi", context(None, &[]));
        assert_eq!(message.conversation.as_deref(), Some("hi"));
    }

    #[test]
    fn quotes_and_mentions_read_back_as_they_were_meant() {
        let quoted =
            Quoted { id: MessageId("3EB0BB".into()), sender: Jid::phone("15550000002"), body: "shall we?".into() };
        let mentions = [Jid::phone("15550000003")];
        let message = text("yes", context(Some(&quoted), &mentions));
        let content = content::read(&message).unwrap();
        assert_eq!((&*content.body, content.quoted(), content.mentions()), ("yes", Some(quoted), mentions.to_vec()));
    }

    #[test]
    fn only_in_groups_a_message_is_named_with_its_sender() {
        assert_eq!(key(&target("15550000009@c.us", false)).participant, None);
        let in_group = key(&target("120363000000000001@g.us", false));
        assert_eq!(in_group.participant.as_deref(), Some("15550000001@s.whatsapp.net"));
        assert_eq!(in_group.remote_jid.as_deref(), Some("120363000000000001@g.us"));
    }

    #[test]
    fn edits_and_revokes_are_recognised_by_the_library() {
        use wacore::types::message::EditAttribute;
        let target = target("120363000000000001@g.us", true);
        let edited = edit(&target, "better", &[], 1);
        assert_eq!(EditAttribute::infer_from_message(&edited), Some(EditAttribute::MessageEdit));
        assert_eq!(EditAttribute::infer_from_message(&revoke(&target)), Some(EditAttribute::SenderRevoke));
        let pinned = pin(&target, inner::pin_in_chat_message::Type::PinForAll, 86_400, 1);
        assert_eq!(EditAttribute::infer_from_message(&pinned), Some(EditAttribute::PinInChat));
    }
}
