//! The media host over HTTP.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openwa_sandbox::fault::Fault;
use openwa_sandbox::media::MediaLimits;
use openwa_sandbox::{Sandbox, SandboxConfig};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::*;

fn token(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

impl Served {
    async fn upload(&self, token: &str, query: &str, body: Vec<u8>) -> reqwest::Response {
        let url = format!("{}/mms/image/{token}?auth=a&token={token}{query}", self.base);
        self.http.post(url).body(body).send().await.unwrap()
    }

    async fn download(&self, path: &str) -> reqwest::Response {
        let url = format!("{}{path}?auth=a", self.base);
        self.http.get(url).send().await.unwrap()
    }
}

/// A host that keeps files in memory, and one that keeps them in a folder.
async fn hosts() -> [(Served, Option<tempfile::TempDir>); 2] {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig { state_dir: Some(folder.path().to_owned()), ..SandboxConfig::default() };
    let on_disk = serve(Sandbox::start(config).await.unwrap()).await;
    [(serve(sandbox().await).await, None), (on_disk, Some(folder))]
}

#[tokio::test]
async fn what_was_uploaded_can_be_downloaded() {
    for (served, _folder) in hosts().await {
        up_and_down(&served).await;
    }
}

async fn up_and_down(served: &Served) {
    let bytes = b"sealed".to_vec();
    let answer = served.upload(&token(&bytes), "", bytes.clone()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let path = answer["direct_path"].as_str().unwrap();
    let host = served.base.trim_start_matches("http://");
    assert_eq!(answer["url"], format!("https://{host}{path}"));
    let file = served.download(path).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(file.bytes().await.unwrap(), bytes);
    let missing = served.download(&format!("/v/{}", token(b"other"))).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_broken_upload_is_resumed_where_it_stopped() {
    for (served, folder) in hosts().await {
        break_off_and_resume(&served).await;
        if let Some(folder) = folder {
            let files = std::fs::read_dir(folder.path().join("media")).unwrap();
            assert_eq!(files.count(), 1, "what is left of an upload that is complete");
        }
    }
}

async fn break_off_and_resume(served: &Served) {
    let bytes: Vec<u8> = (0..1_000_000u32).map(|index| index as u8).collect();
    let token = token(&bytes);
    let half = bytes.len() / 2;

    // A client that announces the whole and hangs up in the middle.
    let address = served.base.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /mms/image/{token}?auth=a HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    use tokio::io::AsyncWriteExt as _;
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bytes[..half]).await.unwrap();
    socket.shutdown().await.unwrap();
    drop(socket);

    let received = received_so_far(served, &token).await;
    assert!(received > 0 && received <= half);
    let rest = bytes[received..].to_vec();
    let wrong = served.upload(&token, &format!("&file_offset={}", half + 1), rest.clone()).await;
    assert_eq!(wrong.status(), StatusCode::CONFLICT);
    let answer = served.upload(&token, &format!("&file_offset={received}"), rest).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let path = answer["direct_path"].as_str().unwrap();
    assert_eq!(served.download(path).await.bytes().await.unwrap(), bytes);

    let again = served.upload(&token, "&resume=1", Vec::new()).await;
    let again: Value = again.json().await.unwrap();
    assert_eq!(again["resume"], "complete");
    assert_eq!(again["direct_path"], path);
}

/// How far the host says an upload has come, once it has noticed that the client hung up.
async fn received_so_far(served: &Served, token: &str) -> usize {
    let ask = async {
        loop {
            let answer = served.upload(token, "&resume=1", Vec::new()).await;
            let answer: Value = answer.json().await.unwrap();
            let received: usize = answer["resume"].as_str().unwrap().parse().unwrap();
            if received > 0 {
                return received;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, ask).await.unwrap()
}

#[tokio::test]
async fn a_file_that_is_not_what_its_token_says_is_refused() {
    let served = serve(sandbox().await).await;
    let answer = served.upload(&token(b"one"), "", b"another".to_vec()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let answer = served.upload("short", "", b"another".to_vec()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let missing = served.download(&format!("/v/{}", token(b"one"))).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn expired_files_are_gone_until_they_are_uploaded_again() {
    let served = serve(sandbox().await).await;
    let bytes = b"sealed".to_vec();
    let token = token(&bytes);
    served.upload(&token, "", bytes.clone()).await;
    let path = format!("/v/{token}");
    let faults = served.sandbox.network().faults();
    let before = std::time::SystemTime::now();
    faults.add(Fault::ExpireMedia { before }).unwrap();
    assert_eq!(served.download(&path).await.status(), StatusCode::GONE);
    let progress = served.upload(&token, "&resume=1", Vec::new()).await;
    let progress: Value = progress.json().await.unwrap();
    assert_eq!(progress["resume"], "0");
    served.upload(&token, "", bytes).await;
    assert_eq!(served.download(&path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn large_files_are_refused_and_old_ones_make_room() {
    let config = SandboxConfig { media: MediaLimits { each_bytes: 100, total_bytes: 250 }, ..SandboxConfig::default() };
    let served = serve(Sandbox::start(config).await.unwrap()).await;
    let large = vec![0; 101];
    let answer = served.upload(&token(&large), "", large).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let files: Vec<Vec<u8>> = (0..3).map(|byte| vec![byte; 100]).collect();
    for file in &files {
        let answer = served.upload(&token(file), "", file.clone()).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let status = async |file: &[u8]| served.download(&format!("/v/{}", token(file))).await.status();
    assert_eq!(status(&files[0]).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&files[1]).await, StatusCode::OK);
    assert_eq!(status(&files[2]).await, StatusCode::OK);
}
