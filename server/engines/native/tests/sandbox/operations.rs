use openwa_engine_native::CAPABILITIES;
use openwa_model::{
    Timestamp,
    call::CallMedia,
    chat::Typing,
    content::{EventResponse, Media, MessageKind, Outgoing, OutgoingContent},
    engine::{EngineError, ErrorKind},
    jid::Jid,
    label::Label,
    ops::*,
    privacy::{PrivacyCategory, PrivacyValue},
};
use openwa_sandbox::phone::{
    Phone,
    message::{Content, Status},
};

use crate::house::{DEADLINE, House, Session, chat, id, jid, received, text, writes};

fn outgoing(message_id: &str, to: &Jid, body: &str) -> SendMessage {
    let content = OutgoingContent::Text { body: body.to_owned(), preview: None };
    SendMessage(Outgoing {
        id: id(message_id),
        chat: to.clone(),
        content,
        quoted: None,
        mentions: vec![],
        marks: Default::default(),
        status: None,
    })
}

fn target(message_id: &str, chat: &Jid, sender: &Jid, from_me: bool) -> MessageRef {
    MessageRef { id: id(message_id), chat: chat.clone(), sender: sender.clone(), from_me }
}

async fn group(by: &Phone, with: &[&Phone]) -> Jid {
    let members = with.iter().map(|it| chat(&jid(it))).collect();
    by.create_group("Crew".into(), members).await.unwrap().to_string().parse().unwrap()
}

/// What the phone shows of the message that changes another one.
async fn change(phone: &Phone, wanted: impl Fn(&Content) -> bool) -> Content {
    let mut after = 0;
    let search = async {
        loop {
            for message in phone.messages(after, 100, DEADLINE).await {
                after = message.sequence;
                if wanted(&message.content) {
                    return message.content;
                }
            }
        }
    };
    tokio::time::timeout(DEADLINE, search).await.expect("the phone sees the change")
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_reacted_to_edited_and_taken_back() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let crew = group(&ada, &[&bob]).await;
    for (number, to) in [jid(&bob), crew].into_iter().enumerate() {
        let own = format!("3EB00000000000000000A{number}");
        session.ask(outgoing(&own, &to, "tpyo")).await.unwrap();
        received(&bob, &own).await;
        let from_bob = if to.is_group() { to.clone() } else { jid(&ada) };
        let theirs = writes(&bob, &from_bob, text("hm"), None).await;
        session.message(&theirs).await;

        let react = React { target: target(&theirs, &to, &jid(&bob), false), emoji: "🎉".into() };
        session.ask(react).await.unwrap();
        let seen = change(&bob, |it| it.target() == Some(&theirs)).await;
        assert!(matches!(seen, Content::Reaction { emoji, .. } if emoji == "🎉"));

        let own_target = target(&own, &to, &jid(&ada), true);
        session.ask(EditMessage { target: own_target.clone(), body: "typo".into(), mentions: vec![] }).await.unwrap();
        let seen = change(&bob, |it| it.target() == Some(&own)).await;
        assert!(matches!(seen, Content::Edit { text, .. } if text == "typo"));

        session.ask(RevokeMessage { target: own_target }).await.unwrap();
        let revoked = |it: &Content| matches!(it, Content::Revoke { target } if *target == own);
        change(&bob, revoked).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_takes_back_what_others_wrote() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let crew = group(&ada, &[&bob]).await;
    let theirs = writes(&bob, &crew, text("rude"), None).await;
    session.message(&theirs).await;
    session.ask(RevokeMessage { target: target(&theirs, &crew, &jid(&bob), false) }).await.unwrap();
    change(&bob, |it| matches!(it, Content::Revoke { target } if *target == theirs)).await;

    let in_private = RevokeMessage { target: target(&theirs, &jid(&bob), &jid(&bob), false) };
    assert_eq!(session.ask(in_private).await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_is_told_to_the_sender_and_deleting_to_nobody() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let theirs = writes(&bob, &jid(&ada), text("seen?"), None).await;
    session.message(&theirs).await;
    session.ask(MarkRead { chat: jid(&bob), ids: vec![id(&theirs)], sender: jid(&bob) }).await.unwrap();
    bob.message_with_status(&theirs, Status::Read, DEADLINE).await.expect("the sender sees it read");
    let target = target(&theirs, &jid(&bob), &jid(&bob), false);
    session.ask(DeleteForMe { target, timestamp: Timestamp::now() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_checked_and_groups_are_told() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let numbers = vec![bob.info().number.clone(), "15559999999".to_owned()];
    let checks = session.ask(CheckNumbers { numbers }).await.unwrap();
    assert_eq!(checks.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), [Some(jid(&bob)), None]);
    assert_eq!(checks[0].lid.as_ref().map(Jid::user), Some(&*bob.info().lid));

    let crew = group(&ada, &[&bob]).await;
    let listed = session.ask(ListGroups).await.unwrap();
    let one = session.ask(GetGroup { id: crew.clone() }).await.unwrap();
    assert_eq!((listed.len(), &listed[0].id, &*one.subject), (1, &crew, "Crew"));
    let mut members: Vec<_> = one.participants.iter().map(|it| (it.id.clone(), it.is_admin)).collect();
    members.sort();
    let mut expected = [(jid(&ada), true), (jid(&bob), false)];
    expected.sort();
    assert_eq!(members, expected);
    let nowhere = GetGroup { id: "120363999999999999@g.us".parse().unwrap() };
    let error = session.ask(nowhere).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
}

/// Each operation with arguments that go nowhere.
fn any(op: Op) -> Command {
    let nobody = Jid::phone("15550000099");
    let nothing = target("3EB0FF", &nobody, &nobody, true);
    let media = Media { mimetype: String::new(), filename: None, size_bytes: None, file: None, remote: None };
    match op {
        Op::SendMessage => {
            let content = OutgoingContent::Media { kind: MessageKind::Poll, media, caption: None, playback: None };
            let (id, chat, marks) = (id("3EB0FF"), nobody, Default::default());
            let outgoing = Outgoing { id, chat, content, quoted: None, mentions: vec![], marks, status: None };
            Command::SendMessage(SendMessage(outgoing))
        }
        Op::EditMessage => Command::EditMessage(EditMessage { target: nothing, body: String::new(), mentions: vec![] }),
        Op::RevokeMessage => Command::RevokeMessage(RevokeMessage { target: nothing }),
        Op::DeleteForMe => Command::DeleteForMe(DeleteForMe { target: nothing, timestamp: Timestamp::UNIX_EPOCH }),
        Op::React => Command::React(React { target: nothing, emoji: String::new() }),
        Op::VotePoll => Command::VotePoll(VotePoll { target: nothing, options: vec![] }),
        Op::RespondToEvent => {
            let response = EventResponse::Maybe;
            Command::RespondToEvent(RespondToEvent { target: nothing, response, extra_guests: 0 })
        }
        Op::MarkRead => Command::MarkRead(MarkRead { chat: nobody.clone(), ids: vec![], sender: nobody }),
        Op::FetchHistory => {
            let sent_at = Timestamp::UNIX_EPOCH;
            Command::FetchHistory(FetchHistory { chat: nobody, before: nothing, sent_at, count: 1 })
        }
        Op::StarMessage => Command::StarMessage(StarMessage { target: nothing, starred: true }),
        Op::PinMessage => Command::PinMessage(PinMessage { target: nothing, seconds: 86_400 }),
        Op::UnpinMessage => Command::UnpinMessage(UnpinMessage { target: nothing }),
        Op::SetChatUnread => Command::SetChatUnread(SetChatUnread { chat: nobody, unread: true, newest: None }),
        Op::ArchiveChat => Command::ArchiveChat(ArchiveChat { chat: nobody, archived: true, newest: None }),
        Op::PinChat => Command::PinChat(PinChat { chat: nobody, pinned: true }),
        Op::MuteChat => Command::MuteChat(MuteChat { chat: nobody, until: None }),
        Op::ClearChat => Command::ClearChat(ClearChat { chat: nobody, newest: None }),
        Op::DeleteChat => Command::DeleteChat(DeleteChat { chat: nobody, newest: None }),
        Op::SendTyping => Command::SendTyping(SendTyping { chat: nobody, state: Typing::Composing }),
        Op::CheckNumbers => Command::CheckNumbers(CheckNumbers { numbers: vec![] }),
        Op::SetProfileName => Command::SetProfileName(SetProfileName { name: String::new() }),
        Op::SetProfileStatus => Command::SetProfileStatus(SetProfileStatus { status: String::new() }),
        Op::SetProfilePicture => Command::SetProfilePicture(SetProfilePicture { picture: None }),
        Op::SetPresence => Command::SetPresence(SetPresence { available: true }),
        Op::SubscribePresence => Command::SubscribePresence(SubscribePresence { chat: nobody }),
        Op::GetPrivacy => Command::GetPrivacy(GetPrivacy),
        Op::SetPrivacy => {
            Command::SetPrivacy(SetPrivacy { category: PrivacyCategory::LastSeen, value: PrivacyValue::None })
        }
        Op::CheckLabels => Command::CheckLabels(CheckLabels),
        Op::SaveLabel => {
            let label = Label { id: "1".into(), name: "New".into(), color: 0 };
            Command::SaveLabel(SaveLabel { label })
        }
        Op::DeleteLabel => Command::DeleteLabel(DeleteLabel { id: "1".into() }),
        Op::LabelChat => Command::LabelChat(LabelChat { label: "1".into(), chat: nobody, is_labeled: true }),
        Op::RejectCall => Command::RejectCall(RejectCall { id: "C1".into() }),
        Op::CreateCallLink => Command::CreateCallLink(CreateCallLink { media: CallMedia::Audio }),
        Op::ListBlocked => Command::ListBlocked(ListBlocked),
        Op::BlockContact => Command::BlockContact(BlockContact { id: nobody }),
        Op::UnblockContact => Command::UnblockContact(UnblockContact { id: nobody }),
        Op::GetProfilePicture => Command::GetProfilePicture(GetProfilePicture { id: nobody }),
        Op::SaveContact => {
            let (first_name, full_name) = (String::new(), String::new());
            Command::SaveContact(SaveContact { phone: nobody, first_name, full_name })
        }
        Op::DeleteContact => Command::DeleteContact(DeleteContact { phone: nobody }),
        Op::ListGroups => Command::ListGroups(ListGroups),
        Op::GetGroup => Command::GetGroup(GetGroup { id: nobody }),
        Op::CreateGroup => Command::CreateGroup(CreateGroup { subject: "nowhere".into(), participants: vec![] }),
        Op::LeaveGroup => Command::LeaveGroup(LeaveGroup { group: nobody }),
        Op::ChangeMembers => {
            let change = MemberChange::Add;
            Command::ChangeMembers(ChangeMembers { group: nobody, change, participants: vec![] })
        }
        Op::SetGroupSubject => Command::SetGroupSubject(SetGroupSubject { group: nobody, subject: "nowhere".into() }),
        Op::SetGroupDescription => {
            Command::SetGroupDescription(SetGroupDescription { group: nobody, description: String::new() })
        }
        Op::SetGroupSettings => Command::SetGroupSettings(SetGroupSettings {
            group: nobody,
            announce: None,
            locked: None,
            ephemeral_seconds: None,
            only_admins_add: None,
            approves_members: None,
        }),
        Op::GetGroupPicture => Command::GetGroupPicture(GetGroupPicture { group: nobody }),
        Op::SetGroupPicture => Command::SetGroupPicture(SetGroupPicture { group: nobody, picture: None }),
        Op::GetGroupInvite => Command::GetGroupInvite(GetGroupInvite { group: nobody, renew: false }),
        Op::PreviewGroup => Command::PreviewGroup(PreviewGroup { code: "nowhere".into() }),
        Op::JoinGroup => Command::JoinGroup(JoinGroup { code: "nowhere".into() }),
        Op::ListJoinRequests => Command::ListJoinRequests(ListJoinRequests { group: nobody }),
        Op::DecideJoinRequests => {
            let (group, participants) = (nobody, vec![]);
            Command::DecideJoinRequests(DecideJoinRequests { group, participants, approve: true })
        }
        Op::ListCommunities => Command::ListCommunities(ListCommunities),
        Op::CreateCommunity => {
            Command::CreateCommunity(CreateCommunity { name: "nowhere".into(), description: None, closed: false })
        }
        Op::ListSubgroups => Command::ListSubgroups(ListSubgroups { community: nobody }),
        Op::LinkGroups => Command::LinkGroups(LinkGroups { community: nobody, groups: vec![] }),
        Op::UnlinkGroups => {
            Command::UnlinkGroups(UnlinkGroups { community: nobody, groups: vec![], remove_orphans: false })
        }
        Op::DeactivateCommunity => Command::DeactivateCommunity(DeactivateCommunity { community: nobody }),
        Op::ListChannels => Command::ListChannels(ListChannels),
        Op::GetChannel => Command::GetChannel(GetChannel { id: nobody }),
        Op::SearchChannels => Command::SearchChannels(SearchChannels { text: "nowhere".into(), limit: 1 }),
        Op::ListChannelPosts => Command::ListChannelPosts(ListChannelPosts { id: nobody, limit: 1 }),
        Op::CreateChannel => Command::CreateChannel(CreateChannel { name: "nowhere".into(), description: None }),
        Op::SubscribeChannel => Command::SubscribeChannel(SubscribeChannel { invite_code: "nowhere".into() }),
        Op::UnsubscribeChannel => Command::UnsubscribeChannel(UnsubscribeChannel { id: nobody }),
        Op::DeleteChannel => Command::DeleteChannel(DeleteChannel { id: nobody }),
        Op::MuteChannel => Command::MuteChannel(MuteChannel { id: nobody, mute: true }),
        Op::DemoteChannelAdmin => {
            Command::DemoteChannelAdmin(DemoteChannelAdmin { id: nobody.clone(), person: nobody })
        }
        Op::TransferChannel => Command::TransferChannel(TransferChannel { id: nobody.clone(), person: nobody }),
        Op::GetBusinessProfile => Command::GetBusinessProfile(GetBusinessProfile { person: nobody }),
        Op::ListProducts => Command::ListProducts(ListProducts { owner: nobody, limit: 1, after: None }),
        Op::DeleteStatus => Command::DeleteStatus(DeleteStatus { id: id("3EB0FF"), recipients: vec![nobody] }),
        Op::DownloadMedia => Command::DownloadMedia(DownloadMedia {
            media,
            message: None,
            into: std::path::PathBuf::new(),
            max_bytes: 0,
        }),
    }
}

/// Without a link every operation that exists is stopped by that and nothing else.
async fn outcome(session: &Session, op: Op) -> Result<(), EngineError> {
    session.engine.execute(any(op)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_is_what_is_done() {
    let house = House::open().await;
    let session = house.session().await;
    session.qr().await;
    for op in Op::ALL {
        let error = outcome(&session, *op).await.unwrap_err();
        assert_eq!(error.kind == ErrorKind::NotConnected, CAPABILITIES.ops.has(*op), "{op:?}: {error:?}");
    }
}
