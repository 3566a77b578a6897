//! Who may see what of the account.

use openwa_model::{
    ops::Command,
    privacy::{PrivacyCategory, PrivacyValue},
};
use serde_json::json;

use crate::house::{House, soon};

#[tokio::test]
async fn settings_are_told_and_changed() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/privacy");
    let told = json!({"lastSeen": "contacts"});
    assert_eq!(house.get(&path).await.good(200), told, "what WhatsApp does not tell is left out");
    assert!(matches!(soon("a command", link.asked.recv()).await, Some(Command::GetPrivacy(_))));
    let wanted = json!({"online": "match_last_seen", "readReceipts": "none"});
    assert_eq!(house.put(&path, wanted).await.good(200), told);
    for (category, value) in
        [(PrivacyCategory::Online, PrivacyValue::MatchLastSeen), (PrivacyCategory::ReadReceipts, PrivacyValue::None)]
    {
        let asked = soon("a command", link.asked.recv()).await.unwrap();
        assert!(matches!(asked, Command::SetPrivacy(it) if (it.category, it.value) == (category, value)));
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    for (body, sentence) in [
        (json!({}), "at least one setting must be given"),
        (json!({"readReceipts": "contacts"}), "readReceipts must be one of the following values: all, none"),
        (json!({"lastSeen": "contact_blacklist"}), "lastSeen must be one of the following values: all, contacts, none"),
        (
            json!({"lastSeen": "friends"}),
            "lastSeen must be one of the following values: all, contacts, contact_blacklist, none, match_last_seen, known",
        ),
        (json!({"shoeSize": "all"}), "property shoeSize should not exist"),
    ] {
        let answer = house.put(&format!("/api/sessions/{id}/privacy"), body.clone()).await;
        assert_eq!(answer.failed(400), sentence, "{body}");
    }
}
