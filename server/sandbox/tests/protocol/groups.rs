//! Groups: made, written in, changed, left, joined by link.

use openwa_sandbox::account::AccountInfo;
use whatsapp_rust::prelude::*;
use whatsapp_rust::{
    GroupCreateOptions, GroupDescription, GroupError, GroupParticipantOptions, GroupSubject, MembershipApprovalMode,
    PreviousDescription,
};

use crate::harness::{Sandbox, TestClient, jid};

fn member(account: &AccountInfo) -> GroupParticipantOptions {
    GroupParticipantOptions::new(jid(account))
}

async fn wait_for_group_news(client: &TestClient, mark: usize, what: &str) {
    client
        .wait_from(mark, &format!("news of {what}"), |event| {
            matches!(event, Event::GroupUpdate(update)
                if format!("{update:?}").to_lowercase().contains(what))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_written_in_and_a_member_removed() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    let carol = sandbox.account("Carol").await;
    let carol_client = sandbox.linked(&carol).await;
    let made = alice_client
        .client
        .groups()
        .create_group(
            GroupCreateOptions::builder().subject("Sailing").participants(vec![member(&bob), member(&carol)]).build(),
        )
        .await
        .unwrap();
    let group = made.metadata.id.clone();
    for client in [&bob_client, &carol_client] {
        wait_for_group_news(client, 0, "create").await;
    }
    let send = async |client: &TestClient, text: &str| {
        client.client.send_text(group.clone(), text).await.unwrap();
    };
    send(&alice_client, "ahoy").await;
    let (sender, chat, _) = bob_client.text("ahoy").await;
    assert_eq!(chat, group);
    assert!(sender.is_lid());
    carol_client.text("ahoy").await;
    send(&bob_client, "aye").await;
    alice_client.text("aye").await;
    carol_client.text("aye").await;

    let mark = bob_client.mark();
    let removed = alice_client.client.groups().remove_participants(&group, &[jid(&carol)]).await.unwrap();
    assert!(removed.iter().all(|answer| answer.is_ok()));
    wait_for_group_news(&bob_client, mark, "remove").await;
    wait_for_group_news(&carol_client, 0, "remove").await;
    send(&alice_client, "without Carol").await;
    bob_client.text("without Carol").await;
    assert_eq!(carol_client.texts("without Carol"), 0);
    let theirs = carol_client.client.groups().get_participating().await.unwrap();
    assert!(theirs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_roles_and_settings_change_and_members_are_told() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    let groups = alice_client.client.groups();
    let made = groups
        .create_group(GroupCreateOptions::builder().subject("Before").participants(vec![member(&bob)]).build())
        .await
        .unwrap();
    let group = made.metadata.id.clone();
    wait_for_group_news(&bob_client, 0, "create").await;
    // Bob's sender key is with Alice before anything of his is refused: the library takes a key that went
    // out with a refused message for delivered. Both of Alice's devices would then ask again at once, and
    // the library's own storage hands a sent message to the first of them only.
    bob_client.client.send_text(group.clone(), "good morning").await.unwrap();
    alice_client.text("good morning").await;

    let mark = bob_client.mark();
    groups.set_subject(&group, GroupSubject::new("After").unwrap()).await.unwrap();
    wait_for_group_news(&bob_client, mark, "after").await;
    groups.set_announce(&group, true).await.unwrap();
    wait_for_group_news(&bob_client, mark, "announce").await;
    // A member without a role may not write now.
    let refused = bob_client.client.send_text(group.clone(), "may I?").await.unwrap();
    bob_client
        .wait("the refusal", |event| {
            matches!(event, Event::ServerAck(ack)
                if ack.id == refused.message_id && ack.error.as_deref() == Some("403"))
        })
        .await;
    groups.promote_participants(&group, &[jid(&bob)]).await.unwrap();
    wait_for_group_news(&bob_client, mark, "promote").await;
    bob_client.client.send_text(group.clone(), "thanks").await.unwrap();
    alice_client.text("thanks").await;
    let seen = bob_client.client.groups().get_metadata(&group).await.unwrap();
    assert_eq!(seen.subject, "After");
    assert!(seen.is_announcement);
    assert_eq!(seen.participants.len(), 2);
    assert!(seen.participants.iter().all(|member| member.is_admin()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_joined_by_its_link_and_left() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, _, bob_client) = sandbox.pair().await;
    let groups = alice_client.client.groups();
    let made = groups.create_group(GroupCreateOptions::builder().subject("By invitation").build()).await.unwrap();
    let group = made.metadata.id.clone();
    let link = groups.get_invite_link(&group, false).await.unwrap();
    let code = link.rsplit('/').next().unwrap().to_owned();
    let theirs = bob_client.client.groups();
    let shown = theirs.get_invite_info(&code).await.unwrap();
    assert_eq!(shown.subject, "By invitation");
    theirs.join_with_invite_code(&code).await.unwrap();
    wait_for_group_news(&alice_client, 0, "add").await;
    bob_client.client.send_text(group.clone(), "I am in").await.unwrap();
    alice_client.text("I am in").await;
    groups.get_invite_link(&group, true).await.unwrap();
    assert!(theirs.get_invite_info(&code).await.is_err());

    let mark = alice_client.mark();
    theirs.leave(&group).await.unwrap();
    wait_for_group_news(&alice_client, mark, "remove").await;
    assert!(theirs.get_metadata(&group).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_to_join_is_approved_added_and_demoted() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    let carol = sandbox.account("Carol").await;
    let groups = alice_client.client.groups();
    let made = groups.create_group(GroupCreateOptions::builder().subject("Choosy").build()).await.unwrap();
    let group = made.metadata.id.clone();
    groups.set_membership_approval(&group, MembershipApprovalMode::On).await.unwrap();
    let link = groups.get_invite_link(&group, false).await.unwrap();
    let code = link.rsplit('/').next().unwrap().to_owned();
    bob_client.client.groups().join_with_invite_code(&code).await.unwrap();
    wait_for_group_news(&alice_client, 0, "membershiprequest").await;
    let waiting = groups.get_membership_requests(&group).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(bob_client.client.groups().get_metadata(&group).await.is_err(), "Bob is not in yet");
    groups.approve_membership_requests(&group, &[waiting[0].jid.clone()]).await.unwrap();
    wait_for_group_news(&bob_client, 0, "add").await;

    let added = groups.add_participants(&group, &[jid(&carol), Jid::pn("19990001111")]).await.unwrap();
    assert_eq!(added.iter().filter(|answer| answer.is_ok()).count(), 1, "nobody has the other number");
    groups.promote_participants(&group, &[jid(&bob)]).await.unwrap();
    groups.demote_participants(&group, &[jid(&bob)]).await.unwrap();
    groups.set_locked(&group, true).await.unwrap();
    let theirs = bob_client.client.groups();
    assert!(theirs.set_subject(&group, GroupSubject::new("Bob's").unwrap()).await.is_err(), "only admins may");
    let text = GroupDescription::new("Ask first").unwrap();
    groups.set_description(&group, Some(text.clone()), PreviousDescription::Absent).await.unwrap();
    let again = groups.set_description(&group, Some(text), PreviousDescription::Absent).await;
    assert!(matches!(again, Err(GroupError::DescriptionConflict)));

    let seen = theirs.get_metadata(&group).await.unwrap();
    assert_eq!(seen.description.as_deref(), Some("Ask first"));
    assert!(seen.is_locked && seen.membership_approval);
    assert_eq!(seen.participants.len(), 3);
    let owner = seen.participants.iter().find(|member| member.is_super_admin()).unwrap();
    assert_eq!(owner.phone_number.as_ref(), Some(&jid(&alice)));
    assert_eq!(seen.participants.iter().filter(|member| member.is_admin()).count(), 1);

    groups.set_description(&group, None, PreviousDescription::Resolve).await.unwrap();
    assert_eq!(theirs.get_metadata(&group).await.unwrap().description, None);
}
