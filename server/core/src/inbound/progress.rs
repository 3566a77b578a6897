//! How far messages got: receipts, late answers to sends, and how many people a message is for.

use openwa_model::{
    Timestamp,
    early::EarlyNews,
    engine::{Addressed, Receipt, SendSettled},
    id::MessageId,
    jid::{ChatKind, Jid},
    message::DeliveryStatus,
};

use super::{Inbound, MAX_UNREAD, Result};

impl Inbound<'_> {
    pub(super) async fn receipt(&mut self, receipt: &Receipt) -> Result<()> {
        let chat = self.canonical(&receipt.chat, None).await?;
        // What others confirm is ours, what we read is theirs.
        let ours = !receipt.from_me;
        let known = self.unit.known_messages(self.session, &chat, &receipt.ids, Some(ours)).await?;
        let of_one = Receipt { ids: Vec::new(), ..receipt.clone() };
        for id in receipt.ids.iter().filter(|it| !known.contains(it)) {
            let news = EarlyNews::Receipt(Receipt { ids: vec![id.clone()], ..of_one.clone() });
            self.hold(&chat, id, news).await?;
        }
        if known.is_empty() {
            return Ok(());
        }
        if receipt.from_me {
            if receipt.status == DeliveryStatus::Read {
                let before = self.unit.chat(self.session, &chat).await?;
                self.unit.mark_incoming_read(self.session, &chat, &known).await?;
                let left = self.unit.unread_messages(self.session, &chat, MAX_UNREAD).await?.len();
                self.unit.set_unread(self.session, &chat, left as u32).await?;
                self.tell_chat(&chat, before.as_ref()).await?;
            }
            return Ok(());
        }
        let participant = self.canonical(&receipt.participant, None).await?;
        let at = self.plausible(receipt.timestamp);
        for id in &known {
            self.unit.add_receipt(self.session, &chat, id, &participant, receipt.status, at).await?;
        }
        // A receipt may overtake the outcome of the send it confirms: first it was sent, then it got further.
        self.sent(&chat, &known, None).await?;
        self.confirmed(&chat, &known, receipt.status, at).await
    }

    /// Moves own messages as far as their recipients have confirmed: in a group that is everybody, as WhatsApp's own
    /// clients show it. While it is not known how many those are, a message stays where it is.
    async fn confirmed(&mut self, chat: &Jid, ids: &[MessageId], status: DeliveryStatus, at: Timestamp) -> Result<()> {
        if chat.kind() != ChatKind::Group {
            return self.advance(chat, ids, status, at).await;
        }
        // Who has read it also has it, so that the last one to read may complete either.
        for reached in [DeliveryStatus::Read, DeliveryStatus::Delivered].into_iter().filter(|it| *it <= status) {
            let by_all = self.unit.confirmed_by_all(self.session, chat, ids, reached).await?;
            self.advance(chat, &by_all, reached, at).await?;
        }
        Ok(())
    }

    async fn advance(&mut self, chat: &Jid, ids: &[MessageId], status: DeliveryStatus, at: Timestamp) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for message in self.unit.advance_messages(self.session, chat, ids, status, None).await? {
            let event = self.events().ack(&message, at);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    /// Own messages of which it is now known that WhatsApp accepted them.
    pub(super) async fn sent(&mut self, chat: &Jid, ids: &[MessageId], at: Option<Timestamp>) -> Result<()> {
        let mut moved = self.unit.advance_messages(self.session, chat, ids, DeliveryStatus::Sent, None).await?;
        for message in &mut moved {
            if let Some(at) = at {
                message.timestamp = at;
                self.unit.set_message_timestamp(self.session, chat, &message.id, at).await?;
            }
            let event = self.events().message(message, None);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    pub(super) async fn send_settled(&mut self, settled: &SendSettled) -> Result<()> {
        let chat = self.canonical(&settled.chat, None).await?;
        let (ids, at) = (std::slice::from_ref(&settled.id), self.plausible(settled.timestamp));
        let Some(code) = settled.refused else { return self.sent(&chat, ids, Some(at)).await };
        let error = format!("WhatsApp refused the message with code {code}");
        let failed = DeliveryStatus::Failed;
        for message in self.unit.advance_messages(self.session, &chat, ids, failed, Some(&error)).await? {
            let event = self.events().failed(&message, Some(code), at);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    /// Receipts of some may have come before it was known how many there have to be.
    pub(super) async fn addressed(&mut self, addressed: &Addressed) -> Result<()> {
        let chat = self.canonical(&addressed.chat, None).await?;
        let ids = std::slice::from_ref(&addressed.id);
        self.unit.set_recipients(self.session, &chat, &addressed.id, addressed.recipients).await?;
        if self.unit.receipts(self.session, &chat, &addressed.id).await?.is_empty() {
            return Ok(());
        }
        self.confirmed(&chat, ids, DeliveryStatus::Read, self.now).await
    }
}
