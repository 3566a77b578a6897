//! Leases: only one node runs a session.

use std::time::Duration;

use openwa_model::{id::SessionId, store::StoreError};
use uuid::Uuid;

use super::{Database, fixtures::*};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) async fn only_one_holder_at_a_time(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let first = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    assert_eq!((first.session, first.owner.as_str()), (id, "one"));
    assert_eq!(unit.acquire_lease(id, "two", at(59), MINUTE).await.unwrap(), None);
    unit.check_lease(&first).await.unwrap();
    let again = unit.acquire_lease(id, "one", at(1), MINUTE).await.unwrap().unwrap();
    assert!(again.fence > first.fence, "each change of hands counts");
    assert_eq!(unit.acquire_lease(SessionId(Uuid::new_v4()), "one", at(0), MINUTE).await.unwrap(), None);
}

pub(crate) async fn a_lease_that_ran_out_is_taken_over(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let first = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let second = unit.acquire_lease(id, "two", at(60), MINUTE).await.unwrap().unwrap();
    assert!(second.fence > first.fence);
    unit.check_lease(&second).await.unwrap();
    assert!(matches!(unit.check_lease(&first).await, Err(StoreError::LeaseLost)));
}

pub(crate) async fn an_older_number_is_refused(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let first = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    let second = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    assert!(matches!(unit.check_lease(&first).await, Err(StoreError::LeaseLost)), "same owner, older number");
    unit.check_lease(&second).await.unwrap();
    unit.delete_session(id).await.unwrap();
    assert!(matches!(unit.check_lease(&second).await, Err(StoreError::LeaseLost)), "no session, no lease");
}

pub(crate) async fn renewal_prolongs_all_of_an_owner(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let other = add_session(&store, "other").await;
    let mut unit = store.begin().await.unwrap();
    let lease = unit.acquire_lease(a, "one", at(0), MINUTE).await.unwrap().unwrap();
    unit.acquire_lease(b, "one", at(0), MINUTE).await.unwrap().unwrap();
    unit.acquire_lease(other, "two", at(0), MINUTE).await.unwrap().unwrap();
    unit.renew_leases("one", at(50), MINUTE).await.unwrap();
    for (id, taken) in [(a, false), (b, false), (other, true)] {
        assert_eq!(unit.acquire_lease(id, "three", at(100), MINUTE).await.unwrap().is_some(), taken);
    }
    unit.check_lease(&lease).await.unwrap();
}

pub(crate) async fn a_lease_is_given_back_only_by_its_holder(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let old = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    let held = unit.acquire_lease(id, "one", at(0), MINUTE).await.unwrap().unwrap();
    unit.release_lease(&old).await.unwrap();
    assert_eq!(unit.acquire_lease(id, "two", at(1), MINUTE).await.unwrap(), None, "the old number frees nothing");
    unit.release_lease(&held).await.unwrap();
    let next = unit.acquire_lease(id, "two", at(1), MINUTE).await.unwrap().unwrap();
    assert!(next.fence > held.fence, "numbers go on across holders");
    unit.release_lease(&held).await.unwrap();
    unit.check_lease(&next).await.unwrap();
}
