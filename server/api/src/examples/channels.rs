//! Channels and communities.

use serde_json::{Value, json};

use super::{AT_SECONDS, CUSTOMER, GROUP, MESSAGE, SHOP};

const CHANNEL: &str = "120363000000000009@newsletter";
const COMMUNITY: &str = "120363000000000005@g.us";

pub(super) fn of(name: &str) -> Option<Value> {
    Some(match name {
        "Channel" => json!({
            "id": CHANNEL, "name": "Tides", "description": "When to go out", "inviteCode": "0029VaKq2r8",
            "subscriberCount": 1_200, "verified": false, "role": "owner", "createdAt": AT_SECONDS,
        }),
        "ChannelMessage" => json!({
            "id": MESSAGE, "serverId": 17, "body": "High water at six", "timestamp": AT_SECONDS, "hasMedia": false,
        }),
        "CreateChannel" => json!({"name": "Tides", "description": "When to go out"}),
        "SubscribeToChannel" => json!({"inviteCode": "0029VaKq2r8"}),
        "MuteChannel" => json!({"mute": true}),
        "DemoteChannelAdmin" => json!({"userId": CUSTOMER}),
        "TransferChannel" => json!({"newOwnerId": CUSTOMER}),
        "Community" => json!({
            "id": COMMUNITY, "name": "The harbour", "description": "Everybody at the water", "owner": SHOP,
            "createdAt": AT_SECONDS,
        }),
        "CommunitySubgroup" => json!({
            "id": GROUP, "name": "Regulars", "participantsCount": 2, "isAnnouncement": false, "isGeneral": false,
        }),
        "CreateCommunity" => json!({"name": "The harbour", "description": "Everybody at the water"}),
        "LinkSubgroups" | "UnlinkSubgroups" => json!({"groups": [GROUP]}),
        "SubgroupOutcome" => json!({"id": GROUP, "success": true, "status": 200}),
        "SubgroupsResult" => {
            json!({"success": true, "message": "Groups linked", "results": [of("SubgroupOutcome")?]})
        }
        _ => return None,
    })
}
