//! Statuses.

use serde_json::{Value, json};

use super::{AT, AT_SECONDS, CUSTOMER, MESSAGE, SESSION};

pub(super) fn of(name: &str) -> Option<Value> {
    let file = |name: &str| json!({"url": format!("https://example.org/{name}")});
    Some(match name {
        "SendStatusText" => json!({
            "text": "Open until ten tonight", "recipients": [CUSTOMER], "backgroundColor": "#1E6E4F", "font": 0,
        }),
        "SendStatusImage" => {
            json!({"image": file("picture.jpg"), "recipients": [CUSTOMER], "caption": "New today"})
        }
        "SendStatusVideo" => json!({"video": file("film.mp4"), "recipients": [CUSTOMER]}),
        "SendStatusVoice" => json!({"audio": file("hello.ogg"), "recipients": [CUSTOMER]}),
        "StatusFile" => file("picture.jpg"),
        "StatusResult" => json!({"statusId": MESSAGE, "timestamp": AT, "expiresAt": "2026-10-04T10:00:00.000Z"}),
        "StatusContact" => json!({"id": CUSTOMER, "pushName": "Grace"}),
        "StatusRecord" => json!({
            "id": MESSAGE, "contact": of("StatusContact")?, "type": "text", "caption": "On my way",
            "backgroundColor": "#1E6E4F", "font": 0, "timestamp": AT, "expiresAt": "2026-10-04T10:00:00.000Z",
        }),
        "StatusList" => json!({"statuses": [of("StatusRecord")?]}),
        "StatusDeleted" => json!({"message": "Status deleted successfully"}),
        "StatusReceivedEvent" => json!({
            "sessionId": SESSION, "statusId": MESSAGE, "contact": of("StatusContact")?, "type": "text",
            "caption": "On my way", "hasMedia": false, "mediaOmitted": false, "postedAt": AT_SECONDS * 1_000,
            "expiresAt": (AT_SECONDS + 86_400) * 1_000,
        }),
        _ => return None,
    })
}
