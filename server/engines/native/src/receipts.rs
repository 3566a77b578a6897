//! How far messages got, as their recipients say.

use openwa_model::{
    Timestamp,
    engine::{Receipt, Signal},
    id::MessageId,
    jid::Jid,
    message::DeliveryStatus,
};
use wacore::{
    stanza::receipt::collect_simple_message_ids,
    types::{events, presence::ReceiptType},
};
use whatsapp_rust::wacore_binary::NodeRef;

use crate::{inbound::Own, jid};

/// One receipt names at most as many messages.
const MOST_IDS: usize = 1_024;

/// What a receipt says, when it says anything about delivery.
pub(crate) fn signal(receipt: &events::Receipt) -> Option<Signal> {
    let from_me =
        receipt.source.is_from_me || matches!(receipt.r#type, ReceiptType::ReadSelf | ReceiptType::PlayedSelf);
    let status = match receipt.r#type {
        // Our own other devices get everything we send; that is no delivery.
        ReceiptType::Delivered | ReceiptType::Inactive if from_me => return None,
        ReceiptType::Delivered | ReceiptType::Inactive => DeliveryStatus::Delivered,
        ReceiptType::Read | ReceiptType::ReadSelf | ReceiptType::Played | ReceiptType::PlayedSelf => {
            DeliveryStatus::Read
        }
        _ => return None,
    };
    let ids = receipt.message_ids.iter().take(MOST_IDS).map(|it| MessageId(it.clone())).collect::<Vec<_>>();
    if ids.is_empty() {
        return None;
    }
    Some(Signal::Receipt(Receipt {
        chat: jid::from_wire(&receipt.source.chat)?,
        ids,
        participant: jid::from_wire(&receipt.source.sender)?,
        from_me,
        status,
        timestamp: Timestamp::from_second(receipt.timestamp.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH),
    }))
}

/// What another device of the account read in a chat with one person. It says so as the account, and names the chat as
/// `recipient`, which the library leaves out of its event.
pub(crate) fn read_elsewhere(stanza: &NodeRef<'_>) -> Option<Signal> {
    if stanza.tag != "receipt" {
        return None;
    }
    let mut attributes = stanza.attrs();
    let kind = ReceiptType::parse(&attributes.optional_string("type")?);
    if !matches!(kind, ReceiptType::Read | ReceiptType::ReadSelf | ReceiptType::Played | ReceiptType::PlayedSelf) {
        return None;
    }
    let chat = jid::from_wire(&attributes.optional_jid("recipient")?)?;
    let participant = jid::from_wire(&attributes.optional_jid("from")?)?;
    let ids = collect_simple_message_ids(stanza, &attributes.optional_string("id")?, false);
    let seconds = attributes.optional_u64("t").and_then(|it| i64::try_from(it).ok());
    Some(Signal::Receipt(Receipt {
        chat,
        ids: ids.into_iter().take(MOST_IDS).map(MessageId).collect(),
        participant,
        from_me: true,
        status: DeliveryStatus::Read,
        timestamp: seconds.and_then(|it| Timestamp::from_second(it).ok()).unwrap_or(Timestamp::UNIX_EPOCH),
    }))
}

/// The library does not say which receipts are from this account's own devices.
pub(crate) fn owned(receipt: Receipt, own: &Own) -> Option<Receipt> {
    let is_own = |id: &Jid| own.phone.as_ref() == Some(id) || own.lid.as_ref() == Some(id);
    if receipt.from_me || receipt.status != DeliveryStatus::Read || !is_own(&receipt.participant) {
        return Some(receipt);
    }
    // Which chat it is about was told by its stanza.
    (!is_own(&receipt.chat)).then_some(Receipt { from_me: true, ..receipt })
}

#[cfg(test)]
mod tests {
    use wacore::types::message::MessageSource;
    use whatsapp_rust::{NodeBuilder, wacore::chrono::DateTime};

    use super::*;

    #[test]
    fn each_kind_of_receipt_says_how_far_a_message_got_or_nothing() {
        for (kind, own, says) in [
            (ReceiptType::Delivered, false, Some((DeliveryStatus::Delivered, false))),
            (ReceiptType::Inactive, false, Some((DeliveryStatus::Delivered, false))),
            (ReceiptType::Delivered, true, None),
            (ReceiptType::Read, false, Some((DeliveryStatus::Read, false))),
            (ReceiptType::Played, false, Some((DeliveryStatus::Read, false))),
            (ReceiptType::ReadSelf, false, Some((DeliveryStatus::Read, true))),
            (ReceiptType::Retry, false, None),
            (ReceiptType::Sender, true, None),
            (ReceiptType::ServerError, false, None),
        ] {
            let receipt = events::Receipt::builder()
                .source(MessageSource {
                    chat: "15550000001@s.whatsapp.net".parse().unwrap(),
                    sender: "15550000001:2@s.whatsapp.net".parse().unwrap(),
                    is_from_me: own,
                    ..Default::default()
                })
                .message_ids(vec!["3EB0AA".into()])
                .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
                .r#type(kind.clone())
                .offline(false)
                .build();
            let said = match signal(&receipt) {
                Some(Signal::Receipt(it)) => Some((it.status, it.from_me)),
                None => None,
                other => panic!("{other:?}"),
            };
            assert_eq!(said, says, "{kind:?}");
        }
    }

    #[test]
    fn what_another_device_read_is_told_with_its_chat() {
        let stanza = |kind: &'static str| {
            NodeBuilder::new("receipt")
                .attr("id", "3EB0AA")
                .attr("type", kind)
                .attr("t", 1_800_000_000_u64)
                .attr("from", "15550000001:2@s.whatsapp.net")
        };
        let from_other = stanza("read").build();
        assert!(read_elsewhere(&from_other.as_node_ref()).is_none());
        let sent_again = stanza("retry").attr("recipient", "15550000002@s.whatsapp.net").build();
        assert!(read_elsewhere(&sent_again.as_node_ref()).is_none());
        let list = NodeBuilder::new("list").children([NodeBuilder::new("item").attr("id", "3EB0BB").build()]).build();
        let own = stanza("read").attr("recipient", "15550000002@s.whatsapp.net").children([list]).build();
        let Some(Signal::Receipt(told)) = read_elsewhere(&own.as_node_ref()) else { panic!("nothing was told") };
        assert_eq!((told.chat, told.from_me, told.status), (Jid::phone("15550000002"), true, DeliveryStatus::Read));
        assert_eq!(told.ids, ["3EB0BB", "3EB0AA"].map(|it| MessageId(it.into())));
    }

    #[test]
    fn own_receipts_are_told_from_those_of_others() {
        let own = Own { phone: Some(Jid::phone("15550000001")), lid: None };
        let (me, other) = (Jid::phone("15550000001"), Jid::phone("15550000002"));
        let group: Jid = "120363000000000001@g.us".parse().unwrap();
        for (chat, participant, from_me) in
            [(&group, &me, Some(true)), (&group, &other, Some(false)), (&other, &other, Some(false)), (&me, &me, None)]
        {
            let receipt = Receipt {
                chat: chat.clone(),
                ids: vec![MessageId("3EB0AA".into())],
                participant: participant.clone(),
                from_me: false,
                status: DeliveryStatus::Read,
                timestamp: Timestamp::UNIX_EPOCH,
            };
            assert_eq!(owned(receipt, &own).map(|it| it.from_me), from_me, "{chat} {participant}");
        }
    }
}
