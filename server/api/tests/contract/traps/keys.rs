//! API keys.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_key_looks_like_openwas_and_is_shown_once() {
    let house = House::open().await;
    let made = house.post("/api/auth/api-keys", json!({"name": "desk"})).await.good(201);
    let text = made["apiKey"].as_str().unwrap();
    let hexadecimal = text.strip_prefix("owa_k1_").expect("§2.1");
    assert!(hexadecimal.len() == 64 && hexadecimal.bytes().all(|it| it.is_ascii_hexdigit()), "§2.1, §13.13");
    assert_eq!(made["keyPrefix"], text[..12], "§2.1");
    let path = format!("/api/auth/api-keys/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.good(200).get("apiKey"), None, "§1.7");
    house.post(&format!("{path}/revoke"), json!({})).await.good(200);
    let revoked = house.answer(house.bare("GET", "/api/sessions").header("X-API-Key", text)).await;
    assert_eq!(revoked.failed(401), "API key is revoked", "§2.2");
    let gone = house.delete(&path).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""), "§13.3");
}
