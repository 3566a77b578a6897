//! From WhatsApp's messages to signals. Reactions, edits and revokes are messages too on the wire.

use openwa_model::{
    Timestamp,
    engine::{Edited, InboundMessage, Revoked, Signal},
    id::MessageId,
    jid::{Jid, Server},
    message::Reaction,
};
use wacore::types::message::{MessageCategory, MessageInfo};
use whatsapp_rust::{
    wacore_binary as wire,
    waproto::whatsapp::{self as wa, message as inner, message::protocol_message::Type},
};

use crate::{content, jid};

/// The longest name that is taken over, in characters.
const LONGEST_NAME: usize = 256;

/// The account's own ids.
#[derive(Clone, Default, Debug)]
pub(crate) struct Own {
    pub(crate) phone: Option<Jid>,
    pub(crate) lid: Option<Jid>,
}

/// What a message is to the session: mostly one signal, sometimes none.
pub(crate) fn signal(message: &wa::Message, info: &MessageInfo, own: &Own) -> Option<Signal> {
    // Sent by this account's own phone to this device alone: keys and settings.
    if info.category == MessageCategory::Peer {
        return None;
    }
    let chat = jid::from_wire(&info.source.chat)?;
    let sender = jid::from_wire(&info.source.sender)?;
    let inside = content::unwrapped(message);
    if let Some(reaction) = inside.reaction_message.as_option() {
        return reacted(reaction, chat, sender, info);
    }
    if let Some(protocol) = inside.protocol_message.as_option() {
        return changed(protocol, chat, sender, info);
    }
    let content = content::read(message)?;
    let timestamp = timestamp(info);
    let from_me = info.source.is_from_me;
    let (sender_phone, sender_lid) = if from_me {
        (own.phone.clone(), own.lid.clone())
    } else {
        let known = [Some(&info.source.sender), info.source.sender_alt.as_ref()];
        (jid::phone_among(known), jid::lid_among(known))
    };
    Some(Signal::Message(Box::new(InboundMessage {
        id: MessageId(info.id.clone()),
        chat_alternative: chat_alternative(&chat, info),
        chat,
        sender,
        sender_phone,
        sender_lid,
        push_name: name(&info.push_name),
        from_me,
        kind: content.kind,
        quoted: content.quoted(),
        mentions: content.mentions(),
        marks: content.marks(message),
        timestamp,
        body: content.body,
        media: content.media,
        detail: content.detail,
    })))
}

/// A name that people show, unless it is blank.
pub(crate) fn name(text: &str) -> Option<String> {
    let name: String = text.trim().chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

fn reacted(reaction: &inner::ReactionMessage, chat: Jid, sender: Jid, info: &MessageInfo) -> Option<Signal> {
    Some(Signal::Reaction(Reaction {
        chat,
        target: target(reaction.key.as_option()?)?,
        sender,
        emoji: reaction.text.as_deref().unwrap_or_default().chars().take(LONGEST_NAME).collect(),
        timestamp: timestamp(info),
    }))
}

fn changed(protocol: &inner::ProtocolMessage, chat: Jid, sender: Jid, info: &MessageInfo) -> Option<Signal> {
    let from_me = info.source.is_from_me;
    let target = || target(protocol.key.as_option()?);
    match protocol.r#type? {
        Type::Revoke => {
            Some(Signal::Revoked(Revoked { chat, target: target()?, by: sender, from_me, timestamp: timestamp(info) }))
        }
        Type::MessageEdit => {
            let content = content::read(protocol.edited_message.as_option()?)?;
            let mentions = content.mentions();
            let (target, timestamp) = (target()?, timestamp(info));
            Some(Signal::Edited(Edited { chat, target, sender, from_me, body: content.body, mentions, timestamp }))
        }
        _ => None,
    }
}

/// The message that another one names.
pub(crate) fn target(key: &wa::MessageKey) -> Option<MessageId> {
    let id = key.id.as_deref().filter(|it| !it.is_empty() && it.len() <= MessageId::MAX_LENGTH)?;
    Some(MessageId(id.to_owned()))
}

/// The other id of the person a private chat is with.
fn chat_alternative(chat: &Jid, info: &MessageInfo) -> Option<Jid> {
    let source = &info.source;
    let others: [Option<&wire::Jid>; 3] = if source.is_from_me {
        [source.recipient_alt.as_ref(), info.peer_recipient_pn.as_ref(), source.recipient.as_ref()]
    } else {
        [source.sender_alt.as_ref(), None, None]
    };
    match chat.server() {
        Server::Phone => jid::lid_among(others),
        Server::Lid => jid::phone_among(others),
        Server::Group | Server::Newsletter | Server::Broadcast => None,
    }
}

/// When it was sent, by WhatsApp's clock.
pub(crate) fn timestamp(info: &MessageInfo) -> Timestamp {
    Timestamp::from_millisecond(info.timestamp.timestamp_millis()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use buffa::MessageField;
    use openwa_model::content::MessageKind;
    use wacore::types::message::MessageSource;

    use super::*;

    const PHONE: &str = "15550000001@s.whatsapp.net";
    const LID: &str = "100000000000001@lid";
    const GROUP: &str = "120363000000000001@g.us";

    fn info(chat: &str, sender: &str, alternative: Option<&str>) -> MessageInfo {
        MessageInfo {
            id: "3EB0AA".into(),
            push_name: " Ada ".into(),
            timestamp: whatsapp_rust::wacore::chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            source: MessageSource {
                chat: chat.parse().unwrap(),
                sender: sender.parse().unwrap(),
                sender_alt: alternative.map(|it| it.parse().unwrap()),
                ..Default::default()
            },
            ..Default::default()
        }
    }

    fn text(body: &str) -> wa::Message {
        wa::Message { conversation: Some(body.into()), ..Default::default() }
    }

    fn key() -> MessageField<wa::MessageKey> {
        MessageField::some(wa::MessageKey { id: Some("3EB0BB".into()), ..Default::default() })
    }

    fn protocol(r#type: Type, edited: Option<wa::Message>) -> wa::Message {
        let edited_message = edited.map(MessageField::some).unwrap_or_default();
        wa::Message {
            protocol_message: MessageField::some(inner::ProtocolMessage {
                key: key(),
                r#type: Some(r#type),
                edited_message,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    #[test]
    fn both_ids_of_a_sender_are_kept_whichever_is_on_the_envelope() {
        for (envelope, other) in [(PHONE, LID), (LID, PHONE)] {
            let device = envelope.replace('@', ":3@");
            let Some(Signal::Message(it)) = signal(&text("hi"), &info(envelope, &device, Some(other)), &Own::default())
            else {
                panic!()
            };
            assert_eq!(it.sender_phone, PHONE.parse().ok());
            assert_eq!(it.sender_lid, LID.parse().ok());
            assert_eq!(it.chat_alternative, other.parse().ok());
            assert_eq!((&*it.body, it.kind, it.push_name.as_deref()), ("hi", MessageKind::Text, Some("Ada")));
            assert_eq!(it.timestamp.as_second(), 1_800_000_000);
        }
    }

    #[test]
    fn what_another_device_of_ours_sent_names_us_and_its_recipient() {
        let own = Own { phone: Some(Jid::phone("15550000009")), lid: "100000000000009@lid".parse().ok() };
        let mut info = info(LID, "100000000000009:0@lid", None);
        info.source.is_from_me = true;
        info.peer_recipient_pn = PHONE.parse().ok();
        let Some(Signal::Message(it)) = signal(&text("hi"), &info, &own) else { panic!() };
        assert!(it.from_me);
        assert_eq!((it.sender_phone, it.sender_lid), (own.phone, own.lid));
        assert_eq!(it.chat_alternative, PHONE.parse().ok());
    }

    #[test]
    fn reactions_edits_and_revokes_name_their_target() {
        let reaction = wa::Message {
            reaction_message: MessageField::some(inner::ReactionMessage {
                key: key(),
                text: Some("👍".into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let info = info(GROUP, PHONE, None);
        let own = Own::default();
        let Some(Signal::Reaction(it)) = signal(&reaction, &info, &own) else { panic!() };
        assert_eq!((it.target.as_str(), &*it.emoji), ("3EB0BB", "👍"));
        let Some(Signal::Edited(it)) = signal(&protocol(Type::MessageEdit, Some(text("new"))), &info, &own) else {
            panic!()
        };
        assert_eq!((it.target.as_str(), &*it.body), ("3EB0BB", "new"));
        let Some(Signal::Revoked(it)) = signal(&protocol(Type::Revoke, None), &info, &own) else { panic!() };
        assert_eq!((it.target.as_str(), it.by), ("3EB0BB", Jid::phone("15550000001")));
    }

    #[test]
    fn what_is_meant_for_the_machinery_is_no_signal() {
        let own = Own::default();
        let mut peer = info(PHONE, PHONE, None);
        peer.category = MessageCategory::Peer;
        assert!(signal(&text("key"), &peer, &own).is_none());
        let ordinary = info(PHONE, PHONE, None);
        assert!(signal(&protocol(Type::EphemeralSetting, None), &ordinary, &own).is_none());
        assert!(signal(&text("hi"), &info("1@bot", PHONE, None), &own).is_none());
    }
}
