//! A phone's part of the journal: the same kinds of records as every phone's, under keys of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::journal::{Journal, JournalError};

/// Kinds of records a phone keeps.
const KINDS: [&str; 4] = ["phone-session", "phone-prekey", "phone-sender-key", "phone-message"];

/// Keys and values of one kind.
type Records = Vec<(String, Vec<u8>)>;

/// What was found in the journal at the start, by number and kind. Each phone takes its own.
pub(crate) struct Cabinet {
    journal: Journal,
    found: HashMap<(String, &'static str), Records>,
}

impl Cabinet {
    pub(crate) fn open(journal: Journal) -> Result<Self, JournalError> {
        let mut found: HashMap<_, Records> = HashMap::new();
        for kind in KINDS {
            for (key, value) in journal.load(kind)? {
                if let Some((number, key)) = key.split_once('/') {
                    found.entry((number.to_owned(), kind)).or_default().push((key.to_owned(), value));
                }
            }
        }
        Ok(Self { journal, found })
    }

    /// The drawer of one phone, with what was left in it.
    pub(crate) fn drawer(&mut self, number: &str) -> Drawer {
        let mut left = HashMap::new();
        for kind in KINDS {
            if let Some(records) = self.found.remove(&(number.to_owned(), kind)) {
                left.insert(kind, records);
            }
        }
        Drawer {
            journal: self.journal.clone(),
            number: number.into(),
            left: Arc::new(Mutex::new(left)),
            held: Arc::default(),
        }
    }
}

/// A change that waits to be written.
struct Change {
    kind: &'static str,
    key: String,
    value: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Drawer {
    journal: Journal,
    number: Arc<str>,
    left: Arc<Mutex<HashMap<&'static str, Records>>>,
    held: Arc<Mutex<Vec<Change>>>,
}

impl Drawer {
    /// What stood in the drawer at the start; a second call finds nothing.
    pub(crate) fn take(&self, kind: &'static str) -> Records {
        lock(&self.left).remove(kind).unwrap_or_default()
    }

    pub(crate) fn put(&self, kind: &'static str, key: &str, value: &[u8]) {
        self.journal.put(kind, &format!("{}/{key}", self.number), value);
    }

    pub(crate) fn delete(&self, kind: &'static str, key: &str) {
        self.journal.delete(kind, &format!("{}/{key}", self.number));
    }

    /// As [`put`](Self::put), but written by the next [`flush`](Self::flush).
    pub(crate) fn hold(&self, kind: &'static str, key: &str, value: Vec<u8>) {
        self.keep(kind, key, Some(value));
    }

    /// As [`delete`](Self::delete), but written by the next [`flush`](Self::flush).
    pub(crate) fn hold_deletion(&self, kind: &'static str, key: &str) {
        self.keep(kind, key, None);
    }

    /// Writes what was held, in the order it changed.
    pub(crate) fn flush(&self) {
        for change in std::mem::take(&mut *lock(&self.held)) {
            match change.value {
                Some(value) => self.put(change.kind, &change.key, &value),
                None => self.delete(change.kind, &change.key),
            }
        }
    }

    /// The last change of a record is the one that counts.
    fn keep(&self, kind: &'static str, key: &str, value: Option<Vec<u8>>) {
        let mut held = lock(&self.held);
        held.retain(|change| change.kind != kind || change.key != key);
        held.push(Change { kind, key: key.to_owned(), value });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole at every point where a holder could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
