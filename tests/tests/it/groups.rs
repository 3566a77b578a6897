//! Groups through the front door: one session is their admin, another one's account is in them.

use openwa_testkit::{
    client::{Client, Events},
    gateway::{Gateway, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text};

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR42mP4zwAE/wEHAAH/PX2MSQAAAABJRU5ErkJggg==";

/// Two sessions and a phone that has none.
struct Cast {
    _gateway: Gateway,
    client: Client,
    sandbox: Sandbox,
    admin: Session,
    member: Session,
    ada: Phone,
    bob: Phone,
    eve: Phone,
}

async fn cast() -> Cast {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let ada = sandbox.create_phone("Ada").await;
    let bob = sandbox.create_phone("Bob").await;
    let eve = sandbox.create_phone("Eve").await;
    let admin = Session::link(&client, &sandbox, "admin", &ada).await;
    let member = Session::link(&client, &sandbox, "member", &bob).await;
    Cast { _gateway: gateway, client, sandbox, admin, member, ada, bob, eve }
}

impl Cast {
    async fn make(&self, name: &str, people: &[&Phone]) -> String {
        let people: Vec<_> = people.iter().map(|it| it.chat()).collect();
        let body = json!({"name": name, "participants": people});
        let made = self.client.post(&self.admin.path("/groups"), &body).await.expect(201);
        assert_eq!((&made["name"], &made["isAdmin"]), (&json!(name), &json!(true)), "{made}");
        assert_eq!(made["participantsCount"], people.len() + 1, "{made}");
        text(&made["id"])
    }

    async fn view(&self, session: &Session, group: &str) -> Value {
        self.client.get(&session.path(&format!("/groups/{group}"))).await.expect(200)
    }
}

/// The next event of this kind that is about the group.
async fn heard(events: &mut Events, kind: &str, group: &str) -> Value {
    let about = |it: &openwa_testkit::client::ServerEvent| {
        it.event.as_deref() == Some(kind) && it.data["data"]["groupId"] == group
    };
    events.wait_for(kind, LIMIT, about).await.data["data"].clone()
}

fn roles(view: &Value) -> Vec<(String, bool)> {
    let members = view["participants"].as_array().expect("a list of members");
    let mut roles: Vec<_> = members.iter().map(|it| (text(&it["id"]), it["isAdmin"] == true)).collect();
    roles.sort();
    roles
}

#[tokio::test]
async fn members_come_and_go_and_everybody_hears_of_it() {
    let cast = cast().await;
    let Cast { client, admin, member, ada, bob, eve, .. } = &cast;
    let mut events = member.follow(client).await;
    let group = cast.make("Crew", &[bob]).await;
    let joined = heard(&mut events, "group.join", &group).await;
    assert_eq!(joined["actorId"], ada.chat().as_str(), "{joined}");

    let people = admin.path(&format!("/groups/{group}/participants"));
    let stranger = "15559999999@c.us";
    let added = client.post(&people, &json!({"participants": [eve.chat(), stranger]})).await.expect(200);
    let told: Vec<_> = added["results"].as_array().unwrap().iter().map(|it| (&it["id"], &it["success"])).collect();
    assert_eq!(told, [(&json!(eve.chat()), &json!(true)), (&json!(stranger), &json!(false))], "{added}");
    let joined = heard(&mut events, "group.join", &group).await;
    assert_eq!(joined["participantIds"], json!([eve.chat()]), "{joined}");
    let all_refused = client.post(&people, &json!({"participants": [stranger]})).await;
    assert_eq!(all_refused.expect(403)["code"], "REFUSED_BY_WHATSAPP");

    let one = json!({"participants": [bob.chat()]});
    client.post(&format!("{people}/promote"), &one).await.expect(200);
    let promoted = heard(&mut events, "group.update", &group).await;
    assert_eq!((&promoted["participantIds"], &promoted["changes"]), (&json!([bob.chat()]), &json!({"isAdmin": true})));
    let view = cast.view(member, &group).await;
    let mut expected = vec![(ada.chat(), true), (bob.chat(), true), (eve.chat(), false)];
    expected.sort();
    assert_eq!(roles(&view), expected);
    client.post(&format!("{people}/demote"), &one).await.expect(200);
    assert_eq!(heard(&mut events, "group.update", &group).await["changes"], json!({"isAdmin": false}));
    // Who is no admin may not do it.
    let theirs = member.path(&format!("/groups/{group}/participants/promote"));
    assert_eq!(client.post(&theirs, &one).await.expect(403)["code"], "REFUSED_BY_WHATSAPP");

    let request = client.request(reqwest::Method::DELETE, &people).json(&json!({"participants": [eve.chat()]}));
    let removed = client.send(request).await.expect(200);
    assert_eq!(
        (&removed["message"], &removed["results"][0]["success"]),
        (&json!("Participants removed"), &json!(true))
    );
    assert_eq!(heard(&mut events, "group.leave", &group).await["participantIds"], json!([eve.chat()]));

    client.post_empty(&admin.path(&format!("/groups/{group}/leave"))).await.expect(200);
    assert_eq!(heard(&mut events, "group.leave", &group).await["participantIds"], json!([ada.chat()]));
    assert_eq!(client.get(&admin.path("/groups")).await.expect(200), json!([]));
    assert_eq!(roles(&cast.view(member, &group).await), [(bob.chat(), true)], "somebody has to be its admin");
}

#[tokio::test]
async fn what_a_group_is_called_and_allows_is_changed_and_heard_of() {
    let cast = cast().await;
    let Cast { client, admin, member, bob, .. } = &cast;
    let mut events = member.follow(client).await;
    let group = cast.make("Crew", &[bob]).await;
    let at = |rest: &str| admin.path(&format!("/groups/{group}{rest}"));
    let put = async |rest: &str, body: Value| client.put(&at(rest), &body).await.expect(200);

    put("/subject", json!({"subject": "Pier"})).await;
    assert_eq!(heard(&mut events, "group.update", &group).await["changes"], json!({"subject": "Pier"}));
    for description in ["Offers, once a week", "Offers, daily", ""] {
        put("/description", json!({"description": description})).await;
        let changes = heard(&mut events, "group.update", &group).await["changes"].clone();
        assert_eq!(changes, json!({"description": description}));
        let shown = cast.view(member, &group).await["description"].clone();
        assert_eq!(shown.as_str().unwrap_or_default(), description);
    }
    assert_eq!(cast.view(member, &group).await["name"], "Pier");

    let wanted = json!({
        "announce": true, "locked": true, "ephemeralSeconds": 86_400, "memberAddMode": "admins",
        "membershipApproval": true,
    });
    put("/settings", wanted.clone()).await;
    assert_eq!(client.get(&at("/settings")).await.expect(200), wanted);
    // Each is a notification of its own, and the library takes them in side by side.
    let mut told = json!({});
    for _ in 0..5 {
        let changes = heard(&mut events, "group.update", &group).await["changes"].clone();
        for (name, value) in changes.as_object().expect("what has changed") {
            told[name] = value.clone();
        }
    }
    assert_eq!(told, wanted);
    let theirs = client.put(&member.path(&format!("/groups/{group}/subject")), &json!({"subject": "Mine"})).await;
    assert_eq!(theirs.expect(403)["code"], "REFUSED_BY_WHATSAPP");

    assert!(client.get(&at("/picture")).await.expect(200)["url"].is_null());
    put("/picture", json!({"base64": PICTURE, "mimetype": "image/png"})).await;
    assert_eq!(heard(&mut events, "group.update", &group).await["changes"], json!({"picture": true}));
    let url = client.get(&member.path(&format!("/groups/{group}/picture"))).await.expect(200)["url"].clone();
    assert!(text(&url).starts_with("http"), "{url}");
    client.delete(&at("/picture")).await.expect(200);
    assert_eq!(heard(&mut events, "group.update", &group).await["changes"], json!({"picture": false}));
    assert!(client.get(&at("/picture")).await.expect(200)["url"].is_null());
    let junk = client.put(&at("/picture"), &json!({"base64": "bm9uc2Vuc2U=", "mimetype": "image/png"})).await;
    assert_eq!(junk.expect(400)["code"], "INVALID_INPUT");
}

#[tokio::test]
async fn a_link_leads_into_a_group_past_its_admins_or_through_them() {
    let cast = cast().await;
    let Cast { client, admin, member, ada, bob, eve, .. } = &cast;
    let mut events = admin.follow(client).await;
    let group = cast.make("Crew", &[eve]).await;
    let at = |rest: &str| admin.path(&format!("/groups/{group}{rest}"));
    let invite = client.get(&at("/invite-code")).await.expect(200);
    let (old, link) = (text(&invite["inviteCode"]), text(&invite["inviteLink"]));
    assert_eq!(link, format!("https://chat.whatsapp.com/{old}"));

    let info = client.get(&member.path(&format!("/groups/join-info?code={old}"))).await.expect(200);
    assert_eq!((&info["id"], &info["name"], &info["owner"]), (&json!(group), &json!("Crew"), &json!(ada.chat())));
    assert_eq!(info["participantCount"], 2, "{info}");
    let renewed = client.post_empty(&at("/invite-code/revoke")).await.expect(200);
    let code = text(&renewed["inviteCode"]);
    assert_ne!(code, old);
    client.get(&member.path(&format!("/groups/join-info?code={old}"))).await.expect(404);
    client.post(&member.path("/groups/join"), &json!({"inviteCode": old})).await.expect(404);

    // Past them.
    let joined = client.post(&member.path("/groups/join"), &json!({"inviteCode": link.replace(&old, &code)})).await;
    assert_eq!(joined.expect(200), json!({"success": true, "groupId": group, "pendingApproval": false}));
    let came = heard_of(&mut events, "group.join", &group, bob).await;
    assert_eq!(came["participantIds"], json!([bob.chat()]), "{came}");
    client.post_empty(&member.path(&format!("/groups/{group}/leave"))).await.expect(200);

    // Through them: turned away once, let in once.
    client.put(&at("/settings"), &json!({"membershipApproval": true})).await.expect(200);
    assert_eq!(client.get(&at("/membership-requests")).await.expect(200), json!([]));
    for (verdict, gets_in) in [("reject", false), ("approve", true)] {
        let asked = client.post(&member.path("/groups/join"), &json!({"inviteCode": code})).await.expect(200);
        assert_eq!(asked["pendingApproval"], true, "{asked}");
        let asks = heard(&mut events, "group.join_request", &group).await;
        assert_eq!(asks["participantIds"], json!([bob.chat()]), "{asks}");
        let waiting = client.get(&at("/membership-requests")).await.expect(200);
        assert_eq!((&waiting[0]["participantId"], &waiting[0]["method"]), (&json!(bob.chat()), &json!("invite_link")));
        let decided = client.post_empty(&at(&format!("/membership-requests/{verdict}"))).await.expect(200);
        assert_eq!(decided["results"], json!([{"id": bob.chat(), "success": true, "status": 200}]), "{decided}");
        let is_in = roles(&cast.view(admin, &group).await).iter().any(|(id, _)| *id == bob.chat());
        assert_eq!(is_in, gets_in, "{verdict}");
    }
    let theirs = client.get(&member.path(&format!("/groups/{group}/membership-requests"))).await;
    assert_eq!(theirs.expect(403)["code"], "REFUSED_BY_WHATSAPP");
    // What is written in the group arrives there.
    admin.send_text(client, &group, "Welcome").await;
    cast.sandbox.wait_for_text(bob, "Welcome", LIMIT).await;
}

/// The next such event that is about this person.
async fn heard_of(events: &mut Events, kind: &str, group: &str, person: &Phone) -> Value {
    loop {
        let data = heard(events, kind, group).await;
        if data["participantIds"].as_array().is_some_and(|it| it.contains(&json!(person.chat()))) {
            return data;
        }
    }
}
