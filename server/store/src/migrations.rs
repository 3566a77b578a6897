//! The migrations of the folder `migrations`, in order. Written out rather than read by sqlx's macro, which
//! would have SQLite and sqlx compiled a second time, for the compiler's own use.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "sessions", include_str!("../migrations/0001_sessions.sql")),
    (2, "chats and contacts", include_str!("../migrations/0002_chats_and_contacts.sql")),
    (3, "messages", include_str!("../migrations/0003_messages.sql")),
    (4, "events", include_str!("../migrations/0004_events.sql")),
    (5, "webhooks", include_str!("../migrations/0005_webhooks.sql")),
    (6, "keys and idempotency", include_str!("../migrations/0006_keys_and_idempotency.sql")),
    (7, "vault", include_str!("../migrations/0007_vault.sql")),
    (8, "audit and search", include_str!("../migrations/0008_audit_and_search.sql")),
    (9, "identity", include_str!("../migrations/0009_identity.sql")),
    (10, "message kinds", include_str!("../migrations/0010_message_kinds.sql")),
    (11, "templates", include_str!("../migrations/0011_templates.sql")),
    (12, "chats labels and blocked", include_str!("../migrations/0012_chats_labels_and_blocked.sql")),
    (13, "statuses", include_str!("../migrations/0013_statuses.sql")),
    (14, "batches", include_str!("../migrations/0014_batches.sql")),
    (15, "automation rules", include_str!("../migrations/0015_automation_rules.sql")),
    (16, "webhook attempts", include_str!("../migrations/0016_webhook_attempts.sql")),
    (17, "writes that happen once", include_str!("../migrations/0017_writes_that_happen_once.sql")),
    (18, "history syncs", include_str!("../migrations/0018_history_syncs.sql")),
];

pub(crate) fn migrator() -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn each_file_of_the_folder_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<_> = files.collect();
        files.sort();
        let listed = MIGRATIONS.iter().map(|it| format!("{:04}_{}.sql", it.0, it.1.replace(' ', "_")));
        assert_eq!(files, listed.collect::<Vec<_>>());
    }
}
