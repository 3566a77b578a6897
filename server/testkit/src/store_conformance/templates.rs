//! Templates.

use openwa_model::{
    id::{SessionId, TemplateId},
    store::StoreError,
    template::Template,
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn template(session: SessionId, name: &str, second: i64) -> Template {
    Template {
        id: TemplateId(Uuid::now_v7()),
        session,
        name: name.to_owned(),
        body: "Hello {{name}}".to_owned(),
        header: None,
        footer: None,
        created_at: at(second),
        updated_at: at(second),
    }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let plain = template(session, "plain", 1);
    let rich =
        Template { header: Some("ä\n".into()), footer: Some(String::new()), ..template(session, "Rich 🎉", 2) };
    let mut unit = store.begin().await.unwrap();
    for template in [&plain, &rich] {
        unit.add_template(template).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    for template in [plain, rich] {
        assert_eq!(view.template(template.id).await.unwrap(), Some(template.clone()));
        assert_eq!(view.template_named(session, &template.name).await.unwrap(), Some(template));
    }
    assert_eq!(view.template_named(session, "PLAIN").await.unwrap(), None);
}

pub(crate) async fn a_taken_name_is_a_conflict_and_the_unit_goes_on(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    unit.add_template(&template(session, "a", 1)).await.unwrap();
    let taken = unit.add_template(&template(session, "a", 2)).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    let second = template(session, "b", 3);
    unit.add_template(&second).await.unwrap();
    unit.add_template(&template(other, "a", 4)).await.unwrap();
    assert!(unit.save_template(&Template { body: "changed".into(), ..second.clone() }).await.unwrap());
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let kept = view.template(second.id).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.body.as_str()), ("b", "changed"));
    assert_eq!(view.count_templates(other).await.unwrap(), 1);
}

pub(crate) async fn renaming_to_a_taken_name_is_a_conflict(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (first, second) = (template(session, "a", 1), template(session, "b", 2));
    let mut unit = store.begin().await.unwrap();
    for template in [&first, &second] {
        unit.add_template(template).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let taken = unit.save_template(&Template { name: "a".into(), ..second.clone() }).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    drop(unit);
    let mut view = store.view().await.unwrap();
    assert_eq!(view.template(second.id).await.unwrap(), Some(second));
}

pub(crate) async fn saving_replaces_all_but_session_and_making(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let before = Template { header: Some("above".into()), ..template(session, "a", 1) };
    let mut unit = store.begin().await.unwrap();
    unit.add_template(&before).await.unwrap();
    let changed =
        Template { id: before.id, footer: Some("below".into()), body: "Bye".into(), ..template(other, "z", 9) };
    for _ in 0..2 {
        assert!(unit.save_template(&changed).await.unwrap());
    }
    let expected = Template { session, created_at: at(1), ..changed };
    assert_eq!(unit.template(before.id).await.unwrap(), Some(expected));
}

pub(crate) async fn they_are_listed_newest_first_and_counted(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    for (name, second) in [("b", 2), ("c", 3), ("a", 1)] {
        unit.add_template(&template(session, name, second)).await.unwrap();
    }
    unit.add_template(&template(other, "d", 4)).await.unwrap();
    let names: Vec<_> = unit.templates(session).await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["c", "b", "a"]);
    assert_eq!(unit.count_templates(session).await.unwrap(), 3);
}

pub(crate) async fn what_is_not_there_is_said_not_to_be(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let missing = template(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.template(missing.id).await.unwrap(), None);
    assert_eq!(unit.template_named(session, "a").await.unwrap(), None);
    assert_eq!(unit.templates(session).await.unwrap(), []);
    assert!(!unit.save_template(&missing).await.unwrap());
    unit.add_template(&missing).await.unwrap();
    assert!(unit.delete_template(missing.id).await.unwrap());
    assert!(!unit.delete_template(missing.id).await.unwrap());
}

pub(crate) async fn deletion_of_the_session_takes_them(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = template(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    unit.add_template(&one).await.unwrap();
    assert!(unit.delete_session(session).await.unwrap());
    assert_eq!(unit.template(one.id).await.unwrap(), None);
}
