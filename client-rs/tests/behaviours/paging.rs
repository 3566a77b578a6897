use openwa_client::ErrorKind;

use crate::faulty::{Faulty, SESSION};

async fn offsets(server: &Faulty) -> Vec<String> {
    let log = server.log().await;
    log.iter().map(|it| it["query"]["offset"].as_str().unwrap_or("-").to_owned()).collect()
}

#[tokio::test]
async fn paging_offset() {
    let server = Faulty::start();
    let client = server.client("ok");
    let all = client.messages().list(SESSION).limit(3).list_all().into_vec().await.unwrap();
    let ids: Vec<_> = all.iter().filter_map(|it| it.wa_message_id.as_deref()).collect();
    assert_eq!(ids, ["3EB00000", "3EB00001", "3EB00002", "3EB00003", "3EB00004", "3EB00005", "3EB00006"]);
    assert_eq!(offsets(&server).await, ["-", "3", "6"]);
}

#[tokio::test]
async fn paging_plain_list() {
    let server = Faulty::start();
    let client = server.client("ok");
    let all = client.sessions().list().limit(3).offset(2).list_all().into_vec().await.unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(offsets(&server).await, ["2", "5"]);
}

#[tokio::test]
async fn paging_stop() {
    let server = Faulty::start();
    let mut messages = server.client("ok").messages().list(SESSION).limit(3).list_all();
    messages.next().await.unwrap().unwrap();
    messages.next().await.unwrap().unwrap();
    drop(messages);
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn paging_error() {
    let server = Faulty::start();
    let mut messages = server.client("ok+400").messages().list(SESSION).limit(3).list_all();
    for _ in 0..3 {
        messages.next().await.unwrap().unwrap();
    }
    assert_eq!(messages.next().await.unwrap().unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(messages.next().await.is_none());
}
