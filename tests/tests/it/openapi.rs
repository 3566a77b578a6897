//! The published document: what the program serves is what is committed.

use openwa_testkit::gateway::Setup;
use serde_json::Value;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");

#[tokio::test]
async fn the_committed_document_is_what_the_program_serves() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let client = gateway.client().with_key(None);
    let served: Value = client.get("/api/openapi.json").await.expect(200);
    assert!(served["openapi"].as_str().is_some_and(|it| it.starts_with("3.")), "{}", served["openapi"]);
    let served = serde_json::to_string_pretty(&served).unwrap() + "\n";
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    if committed != served {
        std::fs::create_dir_all(std::path::Path::new(COMMITTED).parent().unwrap()).unwrap();
        std::fs::write(COMMITTED, served).unwrap();
        panic!("openapi/openapi.json was stale and is written now: look at what changed, and commit it");
    }
}

#[tokio::test]
async fn the_documentation_is_a_page() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let page = gateway.client().with_key(None).get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
}
