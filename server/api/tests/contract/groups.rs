//! Groups, section 1.4 of the contract: each operation done, asked badly, and asked of no session.

use openwa_model::ops::{Command, MemberChange};
use serde_json::{Value, json};

use crate::house::{ADA, House};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const TEA: &str = "120363000000000001@g.us";
/// Whom nobody may add.
const SHY: &str = "15550000003@c.us";
/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAwPAfAAcAAf+qQlqJAAAAAElFTkSuQmCC";

fn people(of: &[&str]) -> Value {
    json!({"participants": of})
}

async fn ask(house: &House, session: &str, method: &str, path: &str, body: &Value) -> crate::house::Answer {
    let path = format!("/api/sessions/{session}/groups{path}");
    house.answer(house.request(method, &path).json(body)).await
}

#[tokio::test]
async fn each_operation_answers_as_the_contract_says() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let done = |message: &str| json!({"success": true, "message": message});
    let changed = |message: &str| json!({"success": true, "message": message, "results": [{"id": ADA, "success": true, "status": 200}]});
    let made = json!({
        "id": "120363000000000003@g.us", "name": "Pier", "participantsCount": 1, "isAdmin": true,
        "linkedParentJID": null,
    });
    let settings = json!({
        "announce": false, "locked": false, "ephemeralSeconds": 0, "memberAddMode": "all", "membershipApproval": false,
    });
    let link = |code: &str| json!({"inviteCode": code, "inviteLink": format!("https://chat.whatsapp.com/{code}")});
    let mut renewed = link("NewCode1");
    renewed["message"] = json!("Invite code revoked");
    let group = |rest: &str| format!("/{TEA}{rest}");
    for (method, path, body, status, expected) in [
        ("POST", String::new(), json!({"name": "Pier", "participants": [ADA]}), 201, made),
        ("POST", group("/participants"), people(&[ADA]), 200, changed("Participants added")),
        ("DELETE", group("/participants"), people(&[ADA]), 200, changed("Participants removed")),
        ("POST", group("/participants/promote"), people(&[ADA]), 200, changed("Participants promoted to admin")),
        ("POST", group("/participants/demote"), people(&[ADA]), 200, changed("Participants demoted from admin")),
        ("PUT", group("/subject"), json!({"subject": "Pier"}), 200, done("Group subject updated")),
        ("PUT", group("/description"), json!({"description": ""}), 200, done("Group description updated")),
        ("POST", group("/leave"), json!({}), 200, done("Left the group")),
        ("GET", group("/picture"), json!({}), 200, json!({"url": null})),
        (
            "PUT",
            group("/picture"),
            json!({"base64": PICTURE, "mimetype": "image/png"}),
            200,
            done("Group picture updated"),
        ),
        ("DELETE", group("/picture"), json!({}), 200, done("Group picture deleted")),
        ("GET", group("/invite-code"), json!({}), 200, link("OldCode1")),
        ("POST", group("/invite-code/revoke"), json!({}), 200, renewed),
        (
            "GET",
            "/join-info?code=OldCode1".to_owned(),
            json!({}),
            200,
            json!({"id": TEA, "name": "Tea", "participantCount": 3}),
        ),
        (
            "POST",
            "/join".to_owned(),
            json!({"inviteCode": "https://chat.whatsapp.com/OldCode1"}),
            200,
            json!({"success": true, "groupId": TEA, "pendingApproval": false}),
        ),
        ("GET", group("/settings"), json!({}), 200, settings),
        ("PUT", group("/settings"), json!({"locked": true}), 200, done("Group settings updated")),
        (
            "GET",
            group("/membership-requests"),
            json!({}),
            200,
            json!([{"participantId": ADA, "method": "invite_link", "requestedAt": 1_700_000_000}]),
        ),
        ("POST", group("/membership-requests/approve"), json!({}), 200, changed("Membership requests approved")),
        ("POST", group("/membership-requests/reject"), people(&[ADA]), 200, changed("Membership requests rejected")),
    ] {
        let answer = ask(&house, &id, method, &path, &body).await;
        assert_eq!(answer.good(status), expected, "{method} {path}");
        let nowhere = ask(&house, NOBODY, method, &path, &body).await;
        assert_eq!(nowhere.failed(404), format!("Session with id '{NOBODY}' not found"), "{method} {path}");
        let viewer = house.key(json!({"name": "a viewer", "role": "viewer"})).await;
        let request = house.bare(method, &format!("/api/sessions/{id}/groups{path}")).header("X-API-Key", viewer);
        let seen = house.answer(request.json(&body)).await.status;
        assert_eq!(seen == 403, method != "GET" || path.ends_with("/invite-code"), "{method} {path}: {seen}");
    }
    assert_eq!(house.kept_files(), 0, "a picture is not kept");
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let long = "x".repeat(1_025);
    for (method, path, body) in [
        ("POST", "", json!({"name": "", "participants": [ADA]})),
        ("POST", "", json!({"name": "Pier", "participants": []})),
        ("POST", "", json!({"name": "Pier", "participants": [TEA]})),
        ("POST", "/{group}/participants", json!({})),
        ("POST", "/{group}/participants", people(&["15550000001"])),
        ("POST", "/15550000001@c.us/participants", people(&[ADA])),
        ("DELETE", "/{group}/participants", json!({"participants": ADA})),
        ("POST", "/{group}/participants/promote", people(&[TEA])),
        ("POST", "/{group}/participants/demote", people(&[])),
        ("PUT", "/{group}/subject", json!({"subject": ""})),
        ("PUT", "/{group}/description", json!({"description": long})),
        ("POST", "/15550000001@c.us/leave", json!({})),
        ("GET", "/nonsense/picture", json!({})),
        ("PUT", "/{group}/picture", json!({"base64": PICTURE})),
        ("PUT", "/{group}/picture", json!({"base64": PICTURE, "mimetype": "image/png", "url": "http://a.example"})),
        ("DELETE", "/nonsense/picture", json!({})),
        ("GET", "/nonsense/invite-code", json!({})),
        ("POST", "/nonsense/invite-code/revoke", json!({})),
        ("GET", "/join-info", json!({})),
        ("GET", "/join-info?code=a%20b", json!({})),
        ("POST", "/join", json!({"inviteCode": "a b"})),
        ("GET", "/nonsense/settings", json!({})),
        ("PUT", "/{group}/settings", json!({})),
        ("PUT", "/{group}/settings", json!({"memberAddMode": "nobody"})),
        ("PUT", "/{group}/settings", json!({"colour": "red"})),
        ("GET", "/nonsense/membership-requests", json!({})),
        ("POST", "/{group}/membership-requests/approve", people(&[TEA])),
        ("POST", "/{group}/membership-requests/reject", json!({"participants": [5]})),
    ] {
        let path = path.replace("{group}", TEA);
        ask(&house, &id, method, &path, &body).await.failed(400);
    }
    assert!(link.asked.try_recv().is_err(), "WhatsApp was asked all the same");
}

#[tokio::test]
async fn a_refusal_of_some_is_told_and_a_refusal_of_all_is_one() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/{TEA}/participants");
    let some = ask(&house, &id, "POST", &path, &people(&[ADA, SHY])).await.good(200);
    let told: Vec<_> = some["results"].as_array().unwrap().iter().map(|it| (&it["success"], &it["status"])).collect();
    assert_eq!(told, [(&json!(true), &json!(200)), (&json!(false), &json!(403))]);
    assert!(some["results"][1]["message"].as_str().unwrap().contains("invite link"), "{some}");
    let Some(Command::ChangeMembers(asked)) = link.asked.recv().await else { panic!("members were not changed") };
    assert_eq!((asked.change, asked.participants.len()), (MemberChange::Add, 2));

    let sentence = ask(&house, &id, "POST", &path, &people(&[SHY])).await.failed(403);
    assert!(sentence.contains(SHY) && sentence.contains("invite link"), "{sentence}");
    let gone = ask(&house, &id, "GET", "/join-info?code=Revoked1", &json!({})).await;
    assert_eq!(gone.failed(404), "Group not found");
}
