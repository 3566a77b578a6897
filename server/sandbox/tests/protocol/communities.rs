//! Communities: made with their own groups, groups linked to them and taken out again, members who
//! come and go.

use whatsapp_rust::features::{CreateCommunityOptions, GroupCreateOptions, GroupType, group_type};
use whatsapp_rust::prelude::*;

use crate::harness::{Sandbox, TestClient, jid};

async fn community(client: &TestClient, name: &str) -> Jid {
    client.client.community().create(CreateCommunityOptions::new(name)).await.unwrap().metadata.id
}

async fn group(client: &TestClient, name: &str) -> Jid {
    client.client.groups().create_group(GroupCreateOptions::new(name)).await.unwrap().metadata.id
}

/// The group of the community's announcements.
async fn announcements(client: &TestClient, community: &Jid) -> Jid {
    let groups = client.client.community().get_subgroups(community).await.unwrap();
    groups.into_iter().find(|group| group.is_default_sub_group).unwrap().id
}

async fn wait_for_group_news(client: &TestClient, group: &Jid, what: &str) {
    client
        .wait(&format!("news of {what} in {group}"), |event| {
            matches!(event, Event::GroupUpdate(update)
                if update.group_jid == *group && format!("{:?}", update.action).to_lowercase().contains(what))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_has_its_own_groups_from_the_beginning() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    let community = community(&client, "Harbour").await;
    let groups = client.client.community().get_subgroups(&community).await.unwrap();
    let named: Vec<_> = groups.iter().map(|group| (group.subject.as_str(), group.is_general_chat)).collect();
    assert_eq!(named, [("Harbour", false), ("General", true)]);
    let types = async |jid: &Jid| group_type(&client.client.groups().get_metadata(jid).await.unwrap());
    assert_eq!(types(&community).await, GroupType::Community);
    assert_eq!(types(&groups[0].id).await, GroupType::LinkedAnnouncementGroup);
    assert_eq!(types(&groups[1].id).await, GroupType::LinkedGeneralGroup);
    let participating = client.client.community().get_participating().await.unwrap();
    assert_eq!(participating.keys().collect::<Vec<_>>(), [&community]);
    let refused = client.client.send_text(community, "nobody writes here").await.unwrap();
    client
        .wait("the refusal", |event| {
            matches!(event, Event::ServerAck(ack)
                if ack.id == refused.message_id && ack.error.as_deref() == Some("403"))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_linked_joined_and_taken_out() {
    let sandbox = Sandbox::start().await;
    let (_, alice, bob, bob_client) = sandbox.pair().await;
    let harbour = community(&alice, "Harbour").await;
    let sailing = group(&alice, "Sailing").await;
    let communities = alice.client.community();
    let linked = communities.link_subgroups(&harbour, std::slice::from_ref(&sailing)).await.unwrap();
    assert_eq!((linked.linked_jids, linked.failed_groups), (vec![sailing.clone()], vec![]));
    let twice = communities.link_subgroups(&harbour, std::slice::from_ref(&sailing)).await.unwrap();
    assert_eq!(twice.failed_groups, [(sailing.clone(), 409)]);
    let shown = communities.query_linked_group(&harbour, &sailing).await.unwrap();
    assert_eq!((shown.subject.as_str(), shown.parent_group_jid.as_ref()), ("Sailing", Some(&harbour)));

    let theirs = bob_client.client.community();
    assert!(theirs.join_subgroup(&harbour, &sailing).await.is_err(), "Bob is not in the community");
    alice.client.groups().add_participants(&harbour, &[jid(&bob)]).await.unwrap();
    let news = announcements(&bob_client, &harbour).await;
    wait_for_group_news(&bob_client, &news, "add").await;
    let joined = theirs.join_subgroup(&harbour, &sailing).await.unwrap();
    assert_eq!(joined.participants.len(), 2);
    bob_client.client.send_text(sailing.clone(), "ahoy").await.unwrap();
    alice.text("ahoy").await;
    let counts = communities.get_subgroup_participant_counts(&harbour).await.unwrap();
    assert!(counts.contains(&(sailing.clone(), 2)));
    assert_eq!(communities.get_linked_groups_participants(&harbour).await.unwrap().len(), 2);

    assert!(theirs.unlink_subgroups(&harbour, std::slice::from_ref(&sailing), false).await.is_err(), "only admins may");
    let unlinked = communities.unlink_subgroups(&harbour, std::slice::from_ref(&sailing), true).await.unwrap();
    assert_eq!(unlinked.unlinked_jids, std::slice::from_ref(&sailing));
    let left = communities.get_subgroups(&harbour).await.unwrap();
    assert!(left.iter().all(|group| group.id != sailing));
    // Bob was in no other group of the community than this one.
    assert!(bob_client.client.groups().get_metadata(&harbour).await.is_err());
    assert!(bob_client.client.groups().get_metadata(&sailing).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_community_leaves_its_groups_and_its_end_frees_them() {
    let sandbox = Sandbox::start().await;
    let (_, alice, bob, bob_client) = sandbox.pair().await;
    let harbour = community(&alice, "Harbour").await;
    let communities = alice.client.community();
    let sailing = communities.create_subgroup("Sailing", &[jid(&bob)], &harbour).await.unwrap().metadata.id;
    let news = announcements(&alice, &harbour).await;
    wait_for_group_news(&bob_client, &news, "add").await;
    communities.remove_participants(&harbour, &[jid(&bob)]).await.unwrap();
    wait_for_group_news(&bob_client, &sailing, "remove").await;
    for group in [&harbour, &news, &sailing] {
        assert!(bob_client.client.groups().get_metadata(group).await.is_err(), "{group}");
    }
    assert!(bob_client.client.community().deactivate(&harbour).await.is_err(), "only the owner may");
    communities.deactivate(&harbour).await.unwrap();
    let groups = alice.client.groups();
    assert!(groups.get_metadata(&harbour).await.is_err());
    assert!(groups.get_metadata(&news).await.is_err());
    assert_eq!(group_type(&groups.get_metadata(&sailing).await.unwrap()), GroupType::Default);
}
