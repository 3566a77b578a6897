//! A phone's part of the journal: the same kinds of records as every phone's, under keys of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::journal::{Journal, JournalError};

/// Kinds of records a phone keeps.
const KINDS: [&str; 6] =
    ["phone-session", "phone-prekey", "phone-sender-key", "phone-message", "phone-sent", "phone-group-key"];

/// What was found in the journal at the start, by number and kind. Each phone takes its own.
pub(crate) struct Cabinet {
    journal: Journal,
    found: HashMap<(String, &'static str), Vec<(String, Vec<u8>)>>,
}

impl Cabinet {
    pub(crate) fn open(journal: Journal) -> Result<Self, JournalError> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
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
        Drawer { journal: self.journal.clone(), number: number.into(), left: Arc::new(Mutex::new(left)) }
    }
}

type Left = HashMap<&'static str, Vec<(String, Vec<u8>)>>;

#[derive(Clone)]
pub(crate) struct Drawer {
    journal: Journal,
    number: Arc<str>,
    left: Arc<Mutex<Left>>,
}

impl Drawer {
    /// What stood in the drawer at the start; a second call finds nothing.
    pub(crate) fn take(&self, kind: &'static str) -> Vec<(String, Vec<u8>)> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(kind).unwrap_or_default()
    }

    pub(crate) fn put(&self, kind: &'static str, key: &str, value: &[u8]) {
        self.journal.put(kind, &format!("{}/{key}", self.number), value);
    }

    pub(crate) fn delete(&self, kind: &'static str, key: &str) {
        self.journal.delete(kind, &format!("{}/{key}", self.number));
    }
}
