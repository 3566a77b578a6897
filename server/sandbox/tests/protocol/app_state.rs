//! App state: what one device of an account changes, the others see.

use whatsapp_rust::prelude::*;

use crate::harness::{Sandbox, TestClient, jid};

async fn wait_for_pin(client: &TestClient, mark: usize, chat: &Jid) {
    client
        .wait_from(
            mark,
            &format!("that {chat} is pinned"),
            |event| matches!(event, Event::PinUpdate(update) if update.jid == *chat),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_device_changes_the_other_sees_and_the_other_way_round() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let (bob, carol) = tokio::join!(sandbox.account("Bob"), sandbox.account("Carol"));
    let laptop = sandbox.linked(&alice).await;
    let tablet = sandbox.linked(&alice).await;
    // What the tablet changes, it changes when it is in step: the engine forgets to ask again for
    // what is announced while its first round is under way.
    tablet.client.chat_actions().pin_chat(&jid(&carol)).await.unwrap();
    wait_for_pin(&laptop, 0, &jid(&carol)).await;
    laptop.client.chat_actions().pin_chat(&jid(&bob)).await.unwrap();
    wait_for_pin(&tablet, 0, &jid(&bob)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_are_both_kept() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let (bob, carol) = tokio::join!(sandbox.account("Bob"), sandbox.account("Carol"));
    let laptop = sandbox.linked(&alice).await;
    let tablet = sandbox.linked(&alice).await;
    let in_step = sandbox.account("Dave").await;
    tablet.client.chat_actions().pin_chat(&jid(&in_step)).await.unwrap();
    wait_for_pin(&laptop, 0, &jid(&in_step)).await;
    let (pin_bob, pin_carol) = (jid(&bob), jid(&carol));
    let (one, other) = (laptop.client.chat_actions(), tablet.client.chat_actions());
    let (first, second) = tokio::join!(one.pin_chat(&pin_bob), other.pin_chat(&pin_carol));
    first.unwrap();
    second.unwrap();
    tokio::join!(wait_for_pin(&tablet, 0, &pin_bob), wait_for_pin(&laptop, 0, &pin_carol));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_linked_later_learns_what_was_changed_before() {
    let sandbox = Sandbox::start().await;
    let (alice, bob) = tokio::join!(sandbox.account("Alice"), sandbox.account("Bob"));
    let laptop = sandbox.linked(&alice).await;
    laptop.client.chat_actions().pin_chat(&jid(&bob)).await.unwrap();
    let tablet = sandbox.linked(&alice).await;
    wait_for_pin(&tablet, 0, &jid(&bob)).await;
}
