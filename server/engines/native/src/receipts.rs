//! How far messages got, as their recipients say.

use openwa_model::{
    Timestamp,
    engine::{Receipt, Signal},
    id::MessageId,
    message::DeliveryStatus,
};
use wacore::types::{events, presence::ReceiptType};

use crate::jid;

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

#[cfg(test)]
mod tests {
    use wacore::types::message::MessageSource;
    use whatsapp_rust::wacore::chrono::DateTime;

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
}
