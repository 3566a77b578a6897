//! What the engine does when asked: one arm for each operation of the table.

use openwa_model::{
    contact::NumberCheck,
    engine::{Addressed, EngineError, ErrorKind, Retry, Signal},
    jid::Jid,
    ops::{
        CheckNumbers, Command, DeleteForMe, DeleteStatus, DownloadMedia, EditMessage, MarkRead, MessageRef, React,
        Reply, RespondToEvent, RevokeMessage, SendMessage, Sent, VotePoll,
    },
};
use wacore::types::message::EditAttribute;
use whatsapp_rust::{
    NodeFilter, PollError, RevokeType, SendOptions, StatusSendOptions, wacore_binary as wire, waproto::whatsapp as wa,
};

use crate::{
    acks::Outcome,
    business, channels, communities, failure, group_changes, groups, jid, join_requests,
    link::Link,
    media::{self, MediaStation},
    outbound, sealed,
    settings::NativeSettings,
    status,
};

/// How many numbers WhatsApp is asked about at once.
pub(crate) const NUMBERS_AT_ONCE: usize = 100;

/// One link, ready to be asked.
pub(crate) struct Operations<'a> {
    pub(crate) link: &'a Link,
    pub(crate) media: MediaStation,
    pub(crate) settings: &'a NativeSettings,
}

impl Operations<'_> {
    pub(crate) async fn execute(&self, command: Command) -> Result<Reply, EngineError> {
        if !self.link.client.is_logged_in() {
            return Err(super::engine::not_connected());
        }
        Ok(match command {
            Command::SendMessage(it) => Reply::SendMessage(self.send(it).await?),
            Command::EditMessage(it) => Reply::EditMessage(self.edit(it).await?),
            Command::RevokeMessage(it) => Reply::RevokeMessage(self.revoke(it).await?),
            Command::DeleteForMe(it) => Reply::DeleteForMe(self.delete_for_me(it).await?),
            Command::React(it) => Reply::React(self.react(it).await?),
            Command::VotePoll(it) => Reply::VotePoll(self.vote_poll(it).await?),
            Command::RespondToEvent(it) => Reply::RespondToEvent(self.respond_to_event(it).await?),
            Command::MarkRead(it) => Reply::MarkRead(self.mark_read(it).await?),
            Command::FetchHistory(it) => Reply::FetchHistory(self.fetch_history(it).await?),
            Command::StarMessage(it) => Reply::StarMessage(self.star(it).await?),
            Command::PinMessage(it) => Reply::PinMessage(self.pin_message(it).await?),
            Command::UnpinMessage(it) => Reply::UnpinMessage(self.unpin_message(it).await?),
            Command::SetChatUnread(it) => Reply::SetChatUnread(self.set_chat_unread(it).await?),
            Command::ArchiveChat(it) => Reply::ArchiveChat(self.archive_chat(it).await?),
            Command::PinChat(it) => Reply::PinChat(self.pin_chat(it).await?),
            Command::MuteChat(it) => Reply::MuteChat(self.mute_chat(it).await?),
            Command::ClearChat(it) => Reply::ClearChat(self.clear_chat(it).await?),
            Command::DeleteChat(it) => Reply::DeleteChat(self.delete_chat(it).await?),
            Command::SendTyping(it) => Reply::SendTyping(self.send_typing(it).await?),
            Command::CheckNumbers(it) => Reply::CheckNumbers(self.check_numbers(it).await?),
            Command::SetProfileName(it) => Reply::SetProfileName(self.set_profile_name(it).await?),
            Command::SetProfileStatus(it) => Reply::SetProfileStatus(self.set_profile_status(it).await?),
            Command::SetProfilePicture(it) => Reply::SetProfilePicture(self.set_profile_picture(it).await?),
            Command::SetPresence(it) => Reply::SetPresence(self.set_presence(it).await?),
            Command::SubscribePresence(it) => Reply::SubscribePresence(self.subscribe_presence(it).await?),
            Command::GetPrivacy(_) => Reply::GetPrivacy(self.privacy().await?),
            Command::SetPrivacy(it) => Reply::SetPrivacy(self.set_privacy(it).await?),
            Command::CheckLabels(_) => Reply::CheckLabels(self.check_labels().await?),
            Command::SaveLabel(it) => Reply::SaveLabel(self.save_label(it).await?),
            Command::DeleteLabel(it) => Reply::DeleteLabel(self.delete_label(it).await?),
            Command::LabelChat(it) => Reply::LabelChat(self.label_chat(it).await?),
            Command::RejectCall(it) => Reply::RejectCall(self.reject_call(it).await?),
            Command::CreateCallLink(it) => Reply::CreateCallLink(self.create_call_link(it).await?),
            Command::ListBlocked(_) => Reply::ListBlocked(self.list_blocked().await?),
            Command::BlockContact(it) => Reply::BlockContact(self.block(it).await?),
            Command::UnblockContact(it) => Reply::UnblockContact(self.unblock(it).await?),
            Command::GetProfilePicture(it) => Reply::GetProfilePicture(self.profile_picture(it).await?),
            Command::SaveContact(it) => Reply::SaveContact(self.save_contact(it).await?),
            Command::DeleteContact(it) => Reply::DeleteContact(self.delete_contact(it).await?),
            Command::ListGroups(_) => Reply::ListGroups(groups::all(&self.link.client).await?),
            Command::GetGroup(it) => Reply::GetGroup(groups::one(&self.link.client, &it.id).await?),
            Command::CreateGroup(it) => Reply::CreateGroup(group_changes::create(&self.link.client, it).await?),
            Command::LeaveGroup(it) => Reply::LeaveGroup(group_changes::leave(&self.link.client, &it.group).await?),
            Command::ChangeMembers(it) => {
                Reply::ChangeMembers(group_changes::change_members(&self.link.client, it).await?)
            }
            Command::SetGroupSubject(it) => {
                Reply::SetGroupSubject(group_changes::set_subject(&self.link.client, it).await?)
            }
            Command::SetGroupDescription(it) => {
                Reply::SetGroupDescription(group_changes::set_description(&self.link.client, it).await?)
            }
            Command::SetGroupSettings(it) => {
                Reply::SetGroupSettings(group_changes::set_settings(&self.link.client, it).await?)
            }
            Command::GetGroupPicture(it) => {
                Reply::GetGroupPicture(group_changes::picture(&self.link.client, &it.group).await?)
            }
            Command::SetGroupPicture(it) => {
                Reply::SetGroupPicture(group_changes::set_picture(&self.link.client, &self.media, it).await?)
            }
            Command::GetGroupInvite(it) => Reply::GetGroupInvite(group_changes::invite(&self.link.client, it).await?),
            Command::PreviewGroup(it) => {
                Reply::PreviewGroup(group_changes::preview(&self.link.client, &it.code).await?)
            }
            Command::JoinGroup(it) => Reply::JoinGroup(group_changes::join(&self.link.client, &it.code).await?),
            Command::ListJoinRequests(it) => {
                Reply::ListJoinRequests(join_requests::all(&self.link.client, &it.group).await?)
            }
            Command::DecideJoinRequests(it) => {
                Reply::DecideJoinRequests(group_changes::decide(&self.link.client, it).await?)
            }
            Command::ListCommunities(_) => Reply::ListCommunities(communities::all(&self.link.client).await?),
            Command::CreateCommunity(it) => Reply::CreateCommunity(communities::create(&self.link.client, it).await?),
            Command::ListSubgroups(it) => {
                Reply::ListSubgroups(communities::subgroups(&self.link.client, &it.community).await?)
            }
            Command::LinkGroups(it) => Reply::LinkGroups(communities::link(&self.link.client, it).await?),
            Command::UnlinkGroups(it) => Reply::UnlinkGroups(communities::unlink(&self.link.client, it).await?),
            Command::DeactivateCommunity(it) => {
                Reply::DeactivateCommunity(communities::deactivate(&self.link.client, &it.community).await?)
            }
            Command::ListChannels(_) => Reply::ListChannels(channels::all(&self.link.client).await?),
            Command::GetChannel(it) => Reply::GetChannel(channels::one(&self.link.client, &it.id).await?),
            Command::SearchChannels(it) => Reply::SearchChannels(channels::search(&self.link.client, it).await?),
            Command::ListChannelPosts(it) => Reply::ListChannelPosts(channels::posts(&self.link.client, it).await?),
            Command::CreateChannel(it) => Reply::CreateChannel(channels::create(&self.link.client, it).await?),
            Command::SubscribeChannel(it) => Reply::SubscribeChannel(channels::subscribe(&self.link.client, it).await?),
            Command::UnsubscribeChannel(it) => {
                Reply::UnsubscribeChannel(channels::unsubscribe(&self.link.client, &it.id).await?)
            }
            Command::DeleteChannel(it) => Reply::DeleteChannel(channels::delete(&self.link.client, &it.id).await?),
            Command::MuteChannel(it) => Reply::MuteChannel(channels::mute(&self.link.client, it).await?),
            Command::DemoteChannelAdmin(it) => {
                Reply::DemoteChannelAdmin(channels::demote(&self.link.client, it).await?)
            }
            Command::TransferChannel(it) => Reply::TransferChannel(channels::transfer(&self.link.client, it).await?),
            Command::GetBusinessProfile(it) => {
                Reply::GetBusinessProfile(business::profile(&self.link.client, &it.person).await?)
            }
            Command::ListProducts(it) => Reply::ListProducts(business::products(&self.link.client, it).await?),
            Command::DeleteStatus(it) => Reply::DeleteStatus(self.delete_status(it).await?),
            Command::DownloadMedia(it) => Reply::DownloadMedia(self.download(it).await?),
        })
    }

    async fn send(&self, SendMessage(mut outgoing): SendMessage) -> Result<Sent, EngineError> {
        if let Some(quoted) = &mut outgoing.quoted {
            quoted.sender = groups::named_in(&self.link.client, &outgoing.chat, &quoted.sender).await;
        }
        if outgoing.marks.mentions_everyone {
            outgoing.mentions.extend(groups::others_in(&self.link.client, &outgoing.chat).await?);
        }
        let now_seconds = (self.link.listener.now)().as_second();
        let message = outbound::message(&outgoing, &self.link.client, &self.media, now_seconds).await?;
        if let Some(post) = &outgoing.status {
            return self.post(status::dressed(message, post), &post.recipients, outgoing.id.0).await;
        }
        if let Some(recipients) = groups::recipients(&self.link.client, &outgoing.chat).await {
            let addressed = Addressed { chat: outgoing.chat.clone(), id: outgoing.id.clone(), recipients };
            self.link.listener.tell(Signal::Addressed(addressed));
        }
        self.deliver(outgoing.chat, message, outgoing.id.0).await
    }

    /// Posts a status under an id of our own and waits for WhatsApp's answer.
    async fn post(&self, message: wa::Message, recipients: &[Jid], id: String) -> Result<Sent, EngineError> {
        let recipients: Vec<_> = recipients.iter().map(jid::to_wire).collect();
        self.learn_both_ids(&recipients).await?;
        let answer = self.link.listener.acks.expect(&id, &Jid::status());
        let options = StatusSendOptions { message_id: Some(id.clone()), ..StatusSendOptions::default() };
        if let Err(error) = self.link.client.status().send_raw(message, &recipients, options).await {
            self.link.listener.acks.forget(&id);
            return Err(failure::of_send(error));
        }
        self.outcome(answer, &id, Jid::status()).await
    }

    async fn delete_status(&self, DeleteStatus { id, recipients }: DeleteStatus) -> Result<Sent, EngineError> {
        let target = MessageRef { id, chat: Jid::status(), sender: Jid::status(), from_me: true };
        self.post(outbound::revoke(&target), &recipients, self.link.client.generate_message_id()).await
    }

    async fn edit(&self, EditMessage { target, body, mentions }: EditMessage) -> Result<Sent, EngineError> {
        let now_ms = (self.link.listener.now)().as_millisecond();
        let target = self.named(target).await;
        let message = outbound::edit(&target, &body, &mentions, now_ms);
        self.deliver(target.chat, message, self.link.client.generate_message_id()).await
    }

    async fn revoke(&self, RevokeMessage { target }: RevokeMessage) -> Result<Sent, EngineError> {
        if target.from_me {
            let message = outbound::revoke(&target);
            return self.deliver(target.chat, message, self.link.client.generate_message_id()).await;
        }
        if !target.chat.is_group() {
            let message = "Only own messages can be taken back in a private chat";
            return Err(EngineError::new(ErrorKind::Invalid, Retry::Never, message));
        }
        self.revoke_as_admin(target).await
    }

    /// The library chooses the id of this one itself; it is read off the stanza.
    async fn revoke_as_admin(&self, target: MessageRef) -> Result<Sent, EngineError> {
        let chat = jid::to_wire(&target.chat);
        let filter = NodeFilter::tag("message")
            .attr("to", chat.to_string())
            .attr("edit", EditAttribute::AdminRevoke.to_string_val());
        let stanza = self.link.client.wait_for_sent_node(filter);
        let target = self.named(target).await;
        let how = RevokeType::Admin { original_sender: jid::to_wire(&target.sender) };
        self.link.client.revoke_message(chat, target.id.0, how).await.map_err(failure::of_send)?;
        let id = stanza.await.ok().and_then(|it| it.attrs().optional_string("id").map(|it| it.to_string()));
        let id = id.ok_or_else(|| failure::unconfirmed(self.settings.send_timeout))?;
        self.answer_to(&id, target.chat).await
    }

    async fn react(&self, React { target, emoji }: React) -> Result<Sent, EngineError> {
        let target = self.named(target).await;
        let key = outbound::key(&target);
        let sent = self.link.client.send_reaction(jid::to_wire(&target.chat), key, &emoji).await;
        let sent = sent.map_err(failure::of_send)?;
        self.answer_to(&sent.message_id, target.chat).await
    }

    async fn vote_poll(&self, VotePoll { target, options }: VotePoll) -> Result<Sent, EngineError> {
        let target = self.named(target).await;
        let secret = self.secret_of(&target).await?;
        let (chat, maker) = (jid::to_wire(&target.chat), jid::to_wire(&target.sender));
        let polls = self.link.client.polls();
        let sent =
            polls.vote(chat, target.id.as_str(), &maker, &secret, &options).await.map_err(|error| match error {
                PollError::Send(error) => failure::of_send(error),
                error => failure::of_request("The vote could not be sent", error),
            })?;
        self.answer_to(&sent.message_id, target.chat).await
    }

    async fn respond_to_event(&self, it: RespondToEvent) -> Result<Sent, EngineError> {
        let target = self.named(it.target).await;
        let secret = self.secret_of(&target).await?;
        let (chat, maker) = (jid::to_wire(&target.chat), jid::to_wire(&target.sender));
        let guests = i32::try_from(it.extra_guests).ok().filter(|it| *it > 0);
        let response = sealed::to_wire(it.response);
        let events = self.link.client.events();
        let sent = events.respond(chat, target.id.as_str(), &maker, &secret, response, guests).await;
        self.answer_to(&sent.map_err(failure::of_send)?.message_id, target.chat).await
    }

    async fn secret_of(&self, target: &MessageRef) -> Result<[u8; 32], EngineError> {
        let message =
            "The message came in before this session was linked, or too long ago: nobody can answer to it from here";
        let unknown = || EngineError::new(ErrorKind::Invalid, Retry::Never, message);
        sealed::secret_of(&self.link.client, &target.id).await?.ok_or_else(unknown)
    }

    async fn delete_for_me(&self, DeleteForMe { target, timestamp }: DeleteForMe) -> Result<(), EngineError> {
        let chat = jid::to_wire(&target.chat);
        let participant = (target.chat.is_group() && !target.from_me).then(|| jid::to_wire(&target.sender));
        let actions = self.link.client.chat_actions();
        let at = Some(timestamp.as_second());
        actions
            .delete_message_for_me(&chat, participant.as_ref(), target.id.as_str(), target.from_me, true, at)
            .await
            .map_err(|error| failure::of_request("The message could not be deleted on this account's devices", error))
    }

    async fn mark_read(&self, MarkRead { chat, ids, sender }: MarkRead) -> Result<(), EngineError> {
        let ids: Vec<_> = ids.iter().map(|it| it.as_str()).collect();
        let participant = (chat.is_group() || chat == Jid::status()).then(|| jid::to_wire(&sender));
        let told = self.link.client.mark_as_read(&jid::to_wire(&chat), participant.as_ref(), &ids).await;
        told.map_err(|error| failure::of_any("WhatsApp could not be told that the messages are read", error))
    }

    async fn check_numbers(&self, CheckNumbers { numbers }: CheckNumbers) -> Result<Vec<NumberCheck>, EngineError> {
        let mut checks = Vec::with_capacity(numbers.len());
        for some in numbers.chunks(NUMBERS_AT_ONCE) {
            let asked: Vec<_> = some.iter().map(|it| wire::Jid::pn(&**it)).collect();
            let known = self.link.client.contacts().is_on_whatsapp(&asked).await;
            let known = known
                .map_err(|error| failure::of_request("WhatsApp did not say whether the numbers are known", error))?;
            checks.extend(some.iter().map(|number| check(number, &known)));
        }
        Ok(checks)
    }

    async fn download(&self, wanted: DownloadMedia) -> Result<u64, EngineError> {
        let DownloadMedia { media, message, into, max_bytes } = wanted;
        let client = &self.link.client;
        let fetched = self.media.fetch_into(client, &media, &into, max_bytes).await;
        match (fetched, message) {
            (Err(error), Some(message)) if media::is_gone(&error) => {
                let media = media::ask_again(client, &self.named(message).await, &media).await?;
                self.media.fetch_into(client, &media, &into, max_bytes).await
            }
            (fetched, _) => fetched,
        }
    }

    /// A message, with its sender named the way its chat names people.
    pub(crate) async fn named(&self, target: MessageRef) -> MessageRef {
        let sender = groups::named_in(&self.link.client, &target.chat, &target.sender).await;
        MessageRef { sender, ..target }
    }

    /// Sends under an id of our own and waits for WhatsApp's answer.
    pub(crate) async fn deliver(&self, chat: Jid, message: wa::Message, id: String) -> Result<Sent, EngineError> {
        let answer = self.link.listener.acks.expect(&id, &chat);
        let options = SendOptions::default().with_message_id(id.clone());
        if let Err(error) = self.link.client.send_message_with_options(jid::to_wire(&chat), message, options).await {
            self.link.listener.acks.forget(&id);
            return Err(failure::of_send(error));
        }
        self.outcome(answer, &id, chat).await
    }

    /// Waits for the answer to something that is sent already.
    async fn answer_to(&self, id: &str, chat: Jid) -> Result<Sent, EngineError> {
        let answer = self.link.listener.acks.expect(id, &chat);
        self.outcome(answer, id, chat).await
    }

    async fn outcome(
        &self,
        answer: tokio::sync::oneshot::Receiver<Outcome>,
        id: &str,
        chat: Jid,
    ) -> Result<Sent, EngineError> {
        let within = self.settings.send_timeout;
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(Outcome { refused: None, at })) => Ok(Sent { id: openwa_model::id::MessageId(id.to_owned()), at }),
            Ok(Ok(Outcome { refused: Some(code), .. })) => Err(failure::refused(code)),
            Ok(Err(_)) => Err(failure::unconfirmed(within)),
            Err(_) => {
                self.link.listener.acks.give_up(id, chat);
                Err(failure::unconfirmed(within))
            }
        }
    }
}

fn check(number: &str, known: &[whatsapp_rust::IsOnWhatsAppResult]) -> NumberCheck {
    let found = known.iter().find(|it| {
        let ids = [Some(&it.jid), it.pn_jid.as_ref()];
        jid::phone_among(ids).is_some_and(|it| it.user() == number)
    });
    let found = found.filter(|it| it.is_registered);
    let ids = |it: &whatsapp_rust::IsOnWhatsAppResult| {
        let ids = [Some(it.jid.clone()), it.pn_jid.clone(), it.lid.clone()];
        let ids = ids.each_ref().map(Option::as_ref);
        (jid::phone_among(ids), jid::lid_among(ids))
    };
    let (phone, lid) = found.map(ids).unwrap_or_default();
    NumberCheck { number: number.to_owned(), id: phone, lid }
}
