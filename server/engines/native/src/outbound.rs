//! From the gateway's messages to WhatsApp's. Beside it: `detailed`, for what is neither text nor file.

mod detailed;

use buffa::MessageField;
use openwa_model::{
    content::{LinkPreview, Marks, Outgoing, OutgoingContent, Quoted},
    engine::EngineError,
    jid::Jid,
    ops::MessageRef,
};
use whatsapp_rust::{
    Client,
    waproto::whatsapp::{self as wa, message as inner, message::protocol_message::Type},
};

use crate::{
    jid,
    media::{MediaStation, Sending},
    sealed,
};

/// The message to be sent. Its file, if it has one, is uploaded on the way.
pub(crate) async fn message(
    outgoing: &Outgoing,
    client: &Client,
    media: &MediaStation,
    now_seconds: i64,
) -> Result<wa::Message, EngineError> {
    let context = context(outgoing.quoted.as_ref(), &outgoing.mentions, &outgoing.marks);
    match &outgoing.content {
        OutgoingContent::Text { body, preview } => Ok(match preview {
            Some(preview) => text_with_card(body, preview, context),
            None => text(body, context),
        }),
        OutgoingContent::Media { kind, media: file, caption, playback } => {
            let sending = Sending {
                kind: *kind,
                media: file,
                caption: caption.as_deref(),
                playback: playback.as_deref().cloned().unwrap_or_default(),
                marks: &outgoing.marks,
                context_info: context,
            };
            media.message_with(client, sending).await
        }
        OutgoingContent::Detailed { body, detail } => {
            let message = detailed::message(body, detail, context)?;
            if !detailed::takes_answers(detail) {
                return Ok(message);
            }
            // What people answer is sealed with this.
            let secret = sealed::secret_for(client, &outgoing.id, now_seconds).await?;
            let secret = wa::MessageContextInfo { message_secret: Some(secret.to_vec()), ..Default::default() };
            Ok(wa::Message { message_context_info: MessageField::some(secret), ..message })
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

fn text_with_card(body: &str, preview: &LinkPreview, context: Option<Box<wa::ContextInfo>>) -> wa::Message {
    let card = inner::ExtendedTextMessage {
        text: Some(body.to_owned()),
        matched_text: Some(preview.link.clone()),
        title: Some(preview.title.clone()),
        description: preview.description.clone(),
        jpeg_thumbnail: preview.thumbnail.clone(),
        context_info: context.map_or_else(MessageField::none, |it| MessageField::some(*it)),
        ..Default::default()
    };
    wa::Message { extended_text_message: MessageField::some(card), ..Default::default() }
}

fn context(quoted: Option<&Quoted>, mentions: &[Jid], marks: &Marks) -> Option<Box<wa::ContextInfo>> {
    if quoted.is_none() && mentions.is_empty() && !marks.is_forwarded {
        return None;
    }
    let mut context = wa::ContextInfo {
        mentioned_jid: mentions.iter().map(jid::to_wire_text).collect(),
        is_forwarded: marks.is_forwarded.then_some(true),
        forwarding_score: marks.is_forwarded.then_some(marks.forwarding_score),
        ..Default::default()
    };
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
            edited_message: MessageField::some(text(body, context(None, mentions, &Marks::default()))),
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
        let message = text("hi", context(None, &[], &Marks::default()));
        assert_eq!(message.conversation.as_deref(), Some("hi"));
    }

    #[test]
    fn quotes_and_mentions_read_back_as_they_were_meant() {
        let quoted =
            Quoted { id: MessageId("3EB0BB".into()), sender: Jid::phone("15550000002"), body: "shall we?".into() };
        let mentions = [Jid::phone("15550000003")];
        let message = text("yes", context(Some(&quoted), &mentions, &Marks::default()));
        let content = content::read(&message).unwrap();
        assert_eq!((&*content.body, content.quoted(), content.mentions()), ("yes", Some(quoted), mentions.to_vec()));
    }

    #[test]
    fn what_is_forwarded_says_so() {
        let marks = Marks { is_forwarded: true, forwarding_score: 3, ..Marks::default() };
        let message = text("hi", context(None, &[], &marks));
        assert_eq!(content::read(&message).unwrap().marks(&message), marks);
    }

    #[test]
    fn a_card_names_the_link_it_is_about() {
        let preview = LinkPreview {
            link: "https://example.org/tea".into(),
            title: "Tea".into(),
            description: Some("All of it".into()),
            thumbnail: Some(vec![1, 2, 3]),
        };
        let message = text_with_card("see https://example.org/tea", &preview, None);
        let card = message.extended_text_message.as_option().unwrap();
        assert_eq!(card.text.as_deref(), Some("see https://example.org/tea"));
        assert_eq!(card.matched_text.as_deref(), Some("https://example.org/tea"));
        assert_eq!((card.title.as_deref(), card.description.as_deref()), (Some("Tea"), Some("All of it")));
        assert_eq!(card.jpeg_thumbnail.as_deref(), Some([1, 2, 3].as_slice()));
        assert!(card.context_info.as_option().is_none());
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
