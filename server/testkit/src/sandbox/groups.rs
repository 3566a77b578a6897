//! Groups as phones make, change and see them.

use serde_json::{Value, json};

use super::people::texts;
use super::{Phone, Sandbox};

impl Sandbox {
    /// Makes a group with these people and the phone's owner in it. Answers its id.
    pub async fn create_group(&self, phone: &Phone, name: &str, participants: &[&str]) -> String {
        let new = json!({"name": name, "participants": participants});
        let group = self.client().post(&groups(phone), &new).await.expect(201);
        group["id"].as_str().expect("the id of a group").to_owned()
    }

    /// A group as the phone sees it.
    pub async fn group(&self, phone: &Phone, group: &str) -> Value {
        self.client().get(&format!("{}/{group}", groups(phone))).await.expect(200)
    }

    /// The groups a phone is in.
    pub async fn groups(&self, phone: &Phone) -> Vec<Value> {
        let answer = self.client().get(&groups(phone)).await.expect(200);
        answer.as_array().expect("a list of groups").clone()
    }

    /// Changes `name`, `description`, `announcement`, `locked`, `adminsAdd`, `approval`, `expiration`,
    /// `picture`.
    pub async fn change_group(&self, phone: &Phone, group: &str, change: &Value) {
        self.client().patch(&format!("{}/{group}", groups(phone)), change).await.expect(204);
    }

    /// `add`s, `remove`s, `promote`s, `demote`s people, `approve`s or `reject`s who asked to join.
    /// Answers the code for each.
    pub async fn change_participants(&self, phone: &Phone, group: &str, action: &str, people: &[&str]) -> Vec<Value> {
        let path = format!("{}/{group}/participants", groups(phone));
        let answer = self.client().post(&path, &json!({"action": action, "participants": people})).await.expect(200);
        answer.as_array().expect("a list of results").clone()
    }

    /// Who waits to be let into a group.
    pub async fn group_requests(&self, phone: &Phone, group: &str) -> Vec<String> {
        texts(&self.client().get(&format!("{}/{group}/requests", groups(phone))).await.expect(200))
    }

    /// Leaves a group.
    pub async fn leave_group(&self, phone: &Phone, group: &str) {
        self.client().post_empty(&format!("{}/{group}/leave", groups(phone))).await.expect(204);
    }

    /// The code of a group's invite link.
    pub async fn group_invite(&self, phone: &Phone, group: &str) -> String {
        code(&self.client().get(&format!("{}/{group}/invite", groups(phone))).await.expect(200))
    }

    /// A new code, after which the old one is good for nothing.
    pub async fn reset_group_invite(&self, phone: &Phone, group: &str) -> String {
        code(&self.client().post_empty(&format!("{}/{group}/invite", groups(phone))).await.expect(200))
    }

    /// Follows an invite link: `id` of the group, and whether the phone is `pending`.
    pub async fn join_group(&self, phone: &Phone, code: &str) -> Value {
        let path = format!("/sandbox/phones/{}/joins", phone.id);
        self.client().post(&path, &json!({"code": code})).await.expect(200)
    }
}

fn groups(phone: &Phone) -> String {
    format!("/sandbox/phones/{}/groups", phone.id)
}

fn code(answer: &Value) -> String {
    answer["code"].as_str().expect("a code").to_owned()
}
