//! The store's suite on SQLite, and what is particular to it.

use std::sync::Arc;

use async_trait::async_trait;
use openwa_model::store::Store;
use openwa_store::{SqliteStore, StoreOptions};
use openwa_testkit::store_conformance::Database;

const KEY: [u8; 32] = [42; 32];

/// A database in a folder that vanishes with it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn url(&self) -> String {
        format!("sqlite://{}/store.sqlite", self.0.path().display())
    }
}

#[async_trait]
impl Database for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.url(), StoreOptions::new(KEY)).await.unwrap())
    }
}

async fn fresh() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

openwa_testkit::store_conformance!(crate::fresh);

mod particular;
