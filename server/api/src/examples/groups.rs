//! Groups.

use serde_json::{Value, json};

use super::{AT_SECONDS, CUSTOMER, GROUP, SHOP};

/// The code of the group's invite link.
const CODE: &str = "Fb9sVqLr2KpH4xUeT1mZcA";

pub(super) fn of(name: &str) -> Option<Value> {
    Some(match name {
        "CreateGroup" => json!({"name": "Regulars", "participants": [CUSTOMER]}),
        "CreatedGroup" => json!({
            "id": GROUP, "name": "Regulars", "participantsCount": 2, "isAdmin": true, "linkedParentJID": null,
        }),
        "GroupParticipants" | "DecideMembershipRequests" => json!({"participants": [CUSTOMER]}),
        "ParticipantsResult" => json!({
            "success": true, "message": "Participants added",
            "results": [{"id": CUSTOMER, "success": true, "status": 200}],
        }),
        "ParticipantOutcome" => json!({"id": CUSTOMER, "success": true, "status": 200}),
        "MembershipRequest" => json!({"participantId": CUSTOMER, "method": "invite_link", "requestedAt": AT_SECONDS}),
        "SetGroupSubject" => json!({"subject": "Regulars"}),
        "SetGroupDescription" => json!({"description": "Offers, once a week"}),
        "SetGroupPicture" => json!({"url": "https://example.org/picture.jpg"}),
        "PictureLink" => json!({"url": "https://pps.whatsapp.net/v/t61.24694-24/0.jpg"}),
        "GroupSettings" => json!({
            "announce": false, "locked": true, "ephemeralSeconds": 0, "memberAddMode": "admins",
            "membershipApproval": false,
        }),
        "UpdateGroupSettings" => json!({"locked": true, "memberAddMode": "admins"}),
        "GroupInviteCode" => {
            json!({"inviteCode": CODE, "inviteLink": format!("https://chat.whatsapp.com/{CODE}")})
        }
        "RenewedGroupInviteCode" => json!({
            "inviteCode": CODE, "inviteLink": format!("https://chat.whatsapp.com/{CODE}"),
            "message": "Invite code revoked",
        }),
        "GroupJoinInfo" => json!({
            "id": GROUP, "name": "Regulars", "description": "Offers, once a week", "owner": SHOP,
            "createdAt": AT_SECONDS, "participantCount": 2,
        }),
        "JoinGroup" => json!({"inviteCode": CODE}),
        "JoinedGroup" => json!({"success": true, "groupId": GROUP, "pendingApproval": false}),
        _ => return None,
    })
}
