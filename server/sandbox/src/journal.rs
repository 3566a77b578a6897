//! What the network remembers over a kill: one append-only file of keyed records.
//!
//! A record is written with one system call before the caller goes on, so whatever was put is
//! still there after the process was killed (not after the machine lost power: nothing is synced).
//! The file is rewritten without its dead records when it is opened and whenever it has grown far
//! beyond what is alive in it. A record torn by the kill is dropped with everything after it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const FILE: &str = "network.journal";
const LOCK: &str = "network.lock";

/// Length and checksum of what follows.
const HEADER: usize = 8;

/// Below this size a rewrite is not worth its time.
const REWRITE_FROM_BYTES: u64 = 64 << 20;

/// The largest record: a whole stanza of the largest frame and its key.
const LARGEST_RECORD: usize = 32 << 20;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("another process uses the state folder {0}. Give each network a folder of its own.")]
    InUse(PathBuf),
    #[error("cannot use the state folder {path}: {source}. Check that it exists and is writable.")]
    Io { path: PathBuf, source: io::Error },
}

/// A keyed store in one file, or nothing at all for a network that lives in memory.
/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Journal {
    open: Option<Arc<Mutex<State>>>,
}

enum State {
    Open(Box<Open>),
    Closed,
}

struct Open {
    path: PathBuf,
    file: File,
    /// Held for as long as the journal is open.
    _lock: File,
    records: HashMap<String, BTreeMap<String, Span>>,
    length: u64,
    live: u64,
    is_broken: bool,
}

/// Where a value stands in the file.
#[derive(Clone, Copy)]
struct Span {
    record_start: u64,
    record_length: u32,
    value_length: u32,
}

impl Journal {
    /// Remembers nothing.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Opens the journal of this folder, which is made if there is none.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: folder.to_path_buf(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::InUse(folder.to_path_buf()));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let path = folder.join(FILE);
        let file = open_file(&path).map_err(failed)?;
        let mut open = Open { path, file, _lock: lock, records: HashMap::new(), length: 0, live: 0, is_broken: false };
        open.scan().map_err(failed)?;
        open.rewrite().map_err(failed)?;
        Ok(Self { open: Some(Arc::new(Mutex::new(State::Open(Box::new(open))))) })
    }

    /// Stores a value under a key, in place of the one that stood there.
    pub fn put(&self, kind: &str, key: &str, value: &[u8]) {
        self.append([(kind, key, Some(value))]);
    }

    /// Stores many values of one kind at once.
    pub fn put_all<'a>(&self, kind: &str, values: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
        self.append(values.into_iter().map(|(key, value)| (kind, key, Some(value))));
    }

    /// Forgets a value.
    pub fn delete(&self, kind: &str, key: &str) {
        self.delete_all(kind, [key]);
    }

    /// Forgets many values of one kind at once.
    pub fn delete_all<'a>(&self, kind: &str, keys: impl IntoIterator<Item = &'a str>) {
        self.append(keys.into_iter().map(|key| (kind, key, None)));
    }

    /// Every value of a kind, in the order of the keys.
    pub fn load(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, JournalError> {
        let Some(mut state) = self.lock() else {
            return Ok(Vec::new());
        };
        let State::Open(open) = &mut *state else {
            return Ok(Vec::new());
        };
        let spans: Vec<_> = open
            .records
            .get(kind)
            .map(|records| records.iter().map(|(key, span)| (key.clone(), *span)).collect())
            .unwrap_or_default();
        let mut values = Vec::with_capacity(spans.len());
        for (key, span) in spans {
            let value = open.read_value(span).map_err(|source| JournalError::Io { path: open.path.clone(), source })?;
            values.push((key, value));
        }
        Ok(values)
    }

    /// Whether everything put so far was written. A network that cannot remember must not
    /// acknowledge.
    pub fn is_sound(&self) -> bool {
        self.lock().is_none_or(|state| match &*state {
            State::Open(open) => !open.is_broken,
            State::Closed => false,
        })
    }

    /// Lets go of the folder. What is put afterwards is lost, and [`is_sound`](Self::is_sound)
    /// says so.
    pub fn close(&self) {
        if let Some(mut state) = self.lock() {
            *state = State::Closed;
        }
    }

    fn append<'a>(&self, changes: impl IntoIterator<Item = (&'a str, &'a str, Option<&'a [u8]>)>) {
        if let Some(mut state) = self.lock()
            && let State::Open(open) = &mut *state
        {
            open.append(changes);
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        // A holder that panicked has at worst left a torn record, which the next start drops.
        self.open.as_ref().map(|state| state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    fn append<'a>(&mut self, changes: impl IntoIterator<Item = (&'a str, &'a str, Option<&'a [u8]>)>) {
        let mut bytes = Vec::new();
        for (kind, key, value) in changes {
            if value.is_none() && !self.contains(kind, key) {
                continue;
            }
            let start = bytes.len();
            encode(&mut bytes, kind, key, value);
            let span = Span {
                record_start: self.length + start as u64,
                record_length: (bytes.len() - start) as u32,
                value_length: value.map_or(0, |value| value.len() as u32),
            };
            self.note(kind, key, value.map(|_| span));
        }
        if bytes.is_empty() {
            return;
        }
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(&bytes));
        if let Err(error) = written {
            self.is_broken = true;
            tracing::error!(journal.path = %self.path.display(), %error, "the network can no longer write its journal");
            return;
        }
        self.length += bytes.len() as u64;
        if self.length > REWRITE_FROM_BYTES
            && self.length > self.live.saturating_mul(3)
            && let Err(error) = self.rewrite()
        {
            self.is_broken = true;
            tracing::error!(journal.path = %self.path.display(), %error, "the network can no longer rewrite its journal");
        }
    }

    fn contains(&self, kind: &str, key: &str) -> bool {
        self.records.get(kind).is_some_and(|records| records.contains_key(key))
    }

    fn note(&mut self, kind: &str, key: &str, span: Option<Span>) {
        if !self.records.contains_key(kind) {
            self.records.insert(kind.to_owned(), BTreeMap::new());
        }
        let Some(records) = self.records.get_mut(kind) else {
            return;
        };
        let before = match span {
            Some(span) => {
                self.live += u64::from(span.record_length);
                records.insert(key.to_owned(), span)
            }
            None => records.remove(key),
        };
        if let Some(before) = before {
            self.live -= u64::from(before.record_length);
        }
    }

    /// Reads the file from its start and forgets what is torn at its end.
    fn scan(&mut self) -> io::Result<()> {
        let mut reader = io::BufReader::new(self.file.try_clone()?);
        reader.seek(SeekFrom::Start(0))?;
        loop {
            let mut header = [0; HEADER];
            if !read_whole(&mut reader, &mut header)? {
                break;
            }
            let [a, b, c, d, e, f, g, h] = header;
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            if length > LARGEST_RECORD {
                break;
            }
            let mut body = vec![0; length];
            if !read_whole(&mut reader, &mut body)? || checksum(&body) != u32::from_be_bytes([e, f, g, h]) {
                break;
            }
            let Some((kind, key, value)) = decode(&body) else {
                break;
            };
            let record_length = (HEADER + length) as u32;
            let span =
                value.map(|value| Span { record_start: self.length, record_length, value_length: value.len() as u32 });
            let (kind, key) = (kind.to_owned(), key.to_owned());
            self.note(&kind, &key, span);
            self.length += u64::from(record_length);
        }
        self.file.set_len(self.length)
    }

    /// Writes what is alive into a new file and puts it in the old one's place.
    fn rewrite(&mut self) -> io::Result<()> {
        let fresh = self.path.with_extension("rewriting");
        let mut records = HashMap::new();
        let mut length = 0;
        {
            let mut writer = io::BufWriter::new(File::create(&fresh)?);
            for (kind, spans) in &self.records {
                let mut moved = BTreeMap::new();
                for (key, span) in spans {
                    let mut record = vec![0; span.record_length as usize];
                    self.file.seek(SeekFrom::Start(span.record_start))?;
                    self.file.read_exact(&mut record)?;
                    writer.write_all(&record)?;
                    moved.insert(key.clone(), Span { record_start: length, ..*span });
                    length += u64::from(span.record_length);
                }
                records.insert(kind.clone(), moved);
            }
            writer.into_inner().map_err(io::Error::from)?.sync_all()?;
        }
        std::fs::rename(&fresh, &self.path)?;
        self.file = open_file(&self.path)?;
        self.records = records;
        self.length = length;
        self.live = length;
        Ok(())
    }

    fn read_value(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let mut value = vec![0; span.value_length as usize];
        let start = span.record_start + u64::from(span.record_length - span.value_length);
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut value)?;
        Ok(value)
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Fills the buffer, or says that the file ended before.
fn read_whole(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Body of a record: 1 for put and 0 for delete, the kind, the key, the value.
fn encode(bytes: &mut Vec<u8>, kind: &str, key: &str, value: Option<&[u8]>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEADER]);
    bytes.push(u8::from(value.is_some()));
    for text in [kind, key] {
        bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(value.unwrap_or_default());
    let body = start + HEADER;
    let length = (bytes.len() - body) as u32;
    let sum = checksum(&bytes[body..]);
    bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
    bytes[start + 4..body].copy_from_slice(&sum.to_be_bytes());
}

fn decode(body: &[u8]) -> Option<(&str, &str, Option<&[u8]>)> {
    let (is_put, rest) = body.split_first()?;
    let (kind, rest) = decode_text(rest)?;
    let (key, rest) = decode_text(rest)?;
    Some((kind, key, (*is_put == 1).then_some(rest)))
}

fn decode_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(journal: &Journal, kind: &str) -> Vec<(String, Vec<u8>)> {
        journal.load(kind).unwrap()
    }

    #[test]
    fn what_was_put_is_there_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        {
            let journal = Journal::open(folder.path()).unwrap();
            journal.put("account", "b", b"2");
            journal.put("account", "a", b"0");
            journal.put("account", "a", b"1");
            journal.put_all("device", [("x", b"x".as_slice()), ("y", b"y".as_slice())]);
            journal.delete("device", "x");
        }
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(values(&journal, "account"), [("a".to_owned(), b"1".to_vec()), ("b".to_owned(), b"2".to_vec())]);
        assert_eq!(values(&journal, "device"), [("y".to_owned(), b"y".to_vec())]);
        assert_eq!(values(&journal, "nothing"), []);
    }

    #[test]
    fn a_torn_record_is_dropped_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        {
            let journal = Journal::open(folder.path()).unwrap();
            journal.put("kind", "whole", b"value");
            journal.put("kind", "torn", &[7; 100]);
        }
        let length = std::fs::metadata(&path).unwrap().len();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length - 1).unwrap();
        drop(file);
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(values(&journal, "kind"), [("whole".to_owned(), b"value".to_vec())]);
        journal.put("kind", "next", b"more");
        journal.close();
        assert!(!journal.is_sound());
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(values(&journal, "kind").len(), 2);
    }

    #[test]
    fn dead_records_do_not_stay_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        {
            let journal = Journal::open(folder.path()).unwrap();
            for round in 0..100u8 {
                journal.put("kind", "key", &[round; 1_000]);
            }
        }
        let path = folder.path().join(FILE);
        assert!(std::fs::metadata(&path).unwrap().len() > 100_000);
        let journal = Journal::open(folder.path()).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < 2_000);
        assert_eq!(values(&journal, "kind")[0].1, [99; 1_000]);
    }

    #[test]
    fn one_folder_serves_one_network() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert!(matches!(Journal::open(folder.path()), Err(JournalError::InUse(_))));
        drop(journal);
        assert!(Journal::open(folder.path()).is_ok());
    }

    #[test]
    fn in_memory_nothing_is_kept_and_all_is_sound() {
        let journal = Journal::in_memory();
        journal.put("kind", "key", b"value");
        assert_eq!(values(&journal, "kind"), []);
        assert!(journal.is_sound());
    }
}
