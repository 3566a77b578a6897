//! What is left after the process was killed: everything.

use openwa_sandbox::phone::Script;
use openwa_sandbox::phone::message::Status;
use openwa_sandbox::{Sandbox, SandboxConfig};

use crate::harness::*;

#[tokio::test]
async fn phones_their_logs_and_their_sessions_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig { state_dir: Some(folder.path().to_owned()), ..SandboxConfig::default() };
    let (anna_id, bert_id, authority);
    {
        let sandbox = Sandbox::start(config.clone()).await.unwrap();
        let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
        anna.send(text(chat_with(&bert), "before")).await.unwrap();
        first(&bert).await;
        bert.send(text(chat_with(&anna), "also before")).await.unwrap();
        next(&anna, 1).await;
        bert.set_script(Script::AutoRead).await.unwrap();
        bert.go_offline().await.unwrap();
        anna.send(text(chat_with(&bert), "while away")).await.unwrap();
        (anna_id, bert_id) = (anna.id(), bert.id());
        authority = sandbox.authority_pem().to_owned();
        sandbox.network().close();
    }

    let sandbox = Sandbox::start(config).await.unwrap();
    assert_eq!(sandbox.authority_pem(), authority);
    let anna = sandbox.phones().get(anna_id).unwrap();
    let bert = sandbox.phones().get(bert_id).unwrap();
    assert!(anna.is_online());
    assert!(!bert.is_online());
    assert_eq!(bert.script(), Script::AutoRead);
    let log = bert.messages(0, 10, std::time::Duration::ZERO).await;
    assert_eq!(log.len(), 2);
    assert_text(&log[0], "before");
    assert_eq!(log[1].status, Status::Delivered);

    // The ratchets still fit, for what waited and for what is new.
    bert.go_online().await.unwrap();
    assert_text(&next(&bert, 2).await, "while away");
    let sent = anna.send(text(chat_with(&bert), "after")).await.unwrap();
    assert_text(&next(&bert, 3).await, "after");
    reaches(&anna, &sent.id, Status::Read).await;
}
