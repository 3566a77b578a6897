//! Automation rules.

use openwa_model::{
    automation::AutomationRule,
    contact::ContactSeen,
    id::{RuleId, SessionId},
    webhook::{Condition, ConditionValue, Filters},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn rule(session: SessionId, name: &str, second: i64) -> AutomationRule {
    AutomationRule {
        id: RuleId(Uuid::now_v7()),
        session,
        name: name.to_owned(),
        is_enabled: true,
        conditions: None,
        reply_text: "Nine to six".to_owned(),
        cooldown_seconds: 60,
        created_at: at(second),
        updated_at: at(second),
    }
}

fn conditions() -> Filters {
    let condition = Condition {
        field: "body".to_owned(),
        operator: "contains".to_owned(),
        value: ConditionValue::Texts(vec!["hours".to_owned(), "öffnet".to_owned()]),
        case_sensitive: Some(true),
    };
    Filters { conditions: vec![condition] }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let plain = rule(session, "plain", 1);
    let rich = AutomationRule {
        is_enabled: false,
        conditions: Some(conditions()),
        reply_text: "ä\n🎉".to_owned(),
        cooldown_seconds: AutomationRule::MAX_COOLDOWN_SECONDS,
        ..rule(session, "Rich 🎉", 2)
    };
    let mut unit = store.begin().await.unwrap();
    for rule in [&plain, &rich] {
        unit.add_rule(rule).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    for rule in [plain, rich] {
        assert_eq!(view.rule(rule.id).await.unwrap(), Some(rule));
    }
}

pub(crate) async fn they_are_listed_oldest_first(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    for (name, second) in [("b", 2), ("c", 3), ("a", 1)] {
        unit.add_rule(&rule(session, name, second)).await.unwrap();
    }
    unit.add_rule(&rule(other, "d", 4)).await.unwrap();
    let names: Vec<_> = unit.rules(session).await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

pub(crate) async fn saving_replaces_all_but_session_and_making(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let before = AutomationRule { conditions: Some(conditions()), ..rule(session, "a", 1) };
    let mut unit = store.begin().await.unwrap();
    unit.add_rule(&before).await.unwrap();
    let changed = AutomationRule {
        id: before.id,
        is_enabled: false,
        reply_text: "Closed".to_owned(),
        cooldown_seconds: 0,
        ..rule(other, "z", 9)
    };
    for _ in 0..2 {
        assert!(unit.save_rule(&changed).await.unwrap());
    }
    let expected = AutomationRule { session, created_at: at(1), ..changed };
    assert_eq!(unit.rule(before.id).await.unwrap(), Some(expected));
}

pub(crate) async fn the_last_answer_in_a_chat_is_kept(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (first, second) = (rule(session, "a", 1), rule(session, "b", 2));
    let mut unit = store.begin().await.unwrap();
    for rule in [&first, &second] {
        unit.add_rule(rule).await.unwrap();
    }
    unit.note_rule_answer(first.id, &alice(), at(1)).await.unwrap();
    unit.note_rule_answer(first.id, &alice(), at(5)).await.unwrap();
    unit.note_rule_answer(first.id, &group(), at(3)).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    assert_eq!(view.rule_answered_at(first.id, &alice()).await.unwrap(), Some(at(5)));
    assert_eq!(view.rule_answered_at(first.id, &group()).await.unwrap(), Some(at(3)));
    assert_eq!(view.rule_answered_at(second.id, &alice()).await.unwrap(), None);
}

pub(crate) async fn answers_move_with_their_chat(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let (later_hidden, later_known) = (rule(session, "a", 1), rule(session, "b", 2));
    let elsewhere = rule(other, "c", 3);
    let mut unit = store.begin().await.unwrap();
    for rule in [&later_hidden, &later_known, &elsewhere] {
        unit.add_rule(rule).await.unwrap();
        unit.note_rule_answer(rule.id, &alice_lid(), at(5)).await.unwrap();
    }
    unit.note_rule_answer(later_hidden.id, &alice(), at(1)).await.unwrap();
    unit.note_rule_answer(later_known.id, &alice(), at(9)).await.unwrap();
    let seen = ContactSeen { phone: Some(alice()), lid: Some(alice_lid()), ..ContactSeen::default() };
    unit.learn_contact(session, &seen).await.unwrap();
    assert_eq!(unit.rule_answered_at(later_hidden.id, &alice()).await.unwrap(), Some(at(5)));
    assert_eq!(unit.rule_answered_at(later_known.id, &alice()).await.unwrap(), Some(at(9)));
    assert_eq!(unit.rule_answered_at(later_hidden.id, &alice_lid()).await.unwrap(), None);
    // Another session does not know that both are one person.
    assert_eq!(unit.rule_answered_at(elsewhere.id, &alice_lid()).await.unwrap(), Some(at(5)));
    assert_eq!(unit.rule_answered_at(elsewhere.id, &alice()).await.unwrap(), None);
}

pub(crate) async fn old_answers_are_forgotten(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = rule(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    unit.add_rule(&one).await.unwrap();
    unit.note_rule_answer(one.id, &alice(), at(1)).await.unwrap();
    unit.note_rule_answer(one.id, &group(), at(2)).await.unwrap();
    assert_eq!(unit.expire_rule_answers(at(2)).await.unwrap(), 1);
    assert_eq!(unit.rule_answered_at(one.id, &alice()).await.unwrap(), None);
    assert_eq!(unit.rule_answered_at(one.id, &group()).await.unwrap(), Some(at(2)));
}

pub(crate) async fn what_is_not_there_is_said_not_to_be(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let missing = rule(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.rule(missing.id).await.unwrap(), None);
    assert_eq!(unit.rules(session).await.unwrap(), []);
    assert_eq!(unit.rule_answered_at(missing.id, &alice()).await.unwrap(), None);
    assert!(!unit.save_rule(&missing).await.unwrap());
    unit.add_rule(&missing).await.unwrap();
    assert!(unit.delete_rule(missing.id).await.unwrap());
    assert!(!unit.delete_rule(missing.id).await.unwrap());
}

pub(crate) async fn deletion_takes_their_answers(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (first, second) = (rule(session, "a", 1), rule(session, "b", 2));
    let mut unit = store.begin().await.unwrap();
    for rule in [&first, &second] {
        unit.add_rule(rule).await.unwrap();
        unit.note_rule_answer(rule.id, &alice(), at(3)).await.unwrap();
    }
    assert!(unit.delete_rule(first.id).await.unwrap());
    assert_eq!(unit.rule_answered_at(first.id, &alice()).await.unwrap(), None);
    assert_eq!(unit.rule_answered_at(second.id, &alice()).await.unwrap(), Some(at(3)));
    assert!(unit.delete_session(session).await.unwrap());
    assert_eq!(unit.rule(second.id).await.unwrap(), None);
    assert_eq!(unit.rule_answered_at(second.id, &alice()).await.unwrap(), None);
}
