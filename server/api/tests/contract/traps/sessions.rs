//! Sessions.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn n8n_can_tell_a_good_key_from_a_bad_one() {
    let house = House::open().await;
    house.session("main").await;
    let listed = house.get("/api/sessions").await.good(200);
    for field in ["id", "name", "status"] {
        assert!(listed[0][field].is_string(), "§13.11: {field}");
    }
    let request = house.bare("GET", "/api/sessions").header("X-API-Key", "owa_k1_wrong");
    house.answer(request).await.failed(401);
}

#[tokio::test]
async fn what_is_made_done_and_deleted_has_its_status() {
    let house = House::open().await;
    let made = house.post("/api/sessions", json!({"name": "main"})).await.good(201);
    assert_eq!(made["status"], "created", "§13.3");
    let id = made["id"].as_str().unwrap();
    for action in ["start", "stop"] {
        house.post(&format!("/api/sessions/{id}/{action}"), json!({})).await.good(200);
    }
    let gone = house.delete(&format!("/api/sessions/{id}")).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""), "§13.3");
    house.delete(&format!("/api/sessions/{id}")).await.failed(404);
}
