//! What a phone has sent and received, oldest first, and the bell that rings when it changes.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::chat::Chat;
use super::drawer::Drawer;
use super::message::{Message, Status};

/// A phone forgets its oldest messages beyond this many.
const LONGEST_LOG: usize = 10_000;

const MESSAGE: &str = "phone-message";

pub(crate) struct Log {
    drawer: Drawer,
    lines: Mutex<Lines>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Lines {
    messages: VecDeque<Message>,
    last: u64,
    /// Ids are unique only within a chat and a sender.
    by_id: HashMap<String, Vec<u64>>,
}

impl Log {
    pub(crate) fn restore(drawer: Drawer) -> Self {
        let mut lines = Lines::default();
        for (_, value) in drawer.take(MESSAGE) {
            if let Ok(message) = serde_json::from_slice::<Message>(&value) {
                lines.add(message);
            }
        }
        Self { drawer, lines: Mutex::new(lines), changed: watch::channel(()).0 }
    }

    /// Writes a line; the sequence in it is given here.
    pub(crate) fn append(&self, mut message: Message) -> Message {
        let mut lines = self.lines();
        message.sequence = lines.last + 1;
        self.store(&message);
        lines.add(message.clone());
        if lines.messages.len() > LONGEST_LOG
            && let Some(oldest) = lines.drop_oldest()
        {
            self.drawer.delete(MESSAGE, &key(oldest));
        }
        drop(lines);
        self.changed.send_replace(());
        message
    }

    /// Raises the status of a message, and how far it has come with one person; never lowers either.
    pub(crate) fn raise(&self, chat: &Chat, id: &str, from_me: bool, status: Status, by: Option<&Chat>) {
        self.update(chat, id, from_me, |message| {
            if let Some(by) = by {
                let reached = message.reached.entry(by.clone()).or_insert(status);
                *reached = status.max(*reached);
            }
            if status > message.status {
                message.status = status;
            }
        });
    }

    /// Notes what became of a message that was just sent.
    pub(crate) fn settle(&self, chat: &Chat, id: &str, status: Status, timestamp: u64) {
        self.update(chat, id, true, |message| {
            // A receipt may have overtaken the acknowledgement.
            if message.status == Status::Pending {
                message.status = status;
            }
            message.timestamp = timestamp;
        });
    }

    pub(crate) fn find(&self, chat: &Chat, id: &str) -> Option<Message> {
        self.lines().with_id(id).rev().find(|message| message.chat == *chat).cloned()
    }

    /// A message by its id alone, the newest if several chats have one.
    pub(crate) fn find_anywhere(&self, id: &str) -> Option<Message> {
        self.lines().with_id(id).next_back().cloned()
    }

    /// Whether this very message is already in the log.
    pub(crate) fn has(&self, chat: &Chat, id: &str, from: &Chat) -> bool {
        self.lines().with_id(id).any(|message| message.chat == *chat && message.from == *from)
    }

    /// Incoming messages of a chat that have not come this far, oldest first.
    pub(crate) fn below(&self, chat: &Chat, status: Status) -> Vec<Message> {
        let lines = self.lines();
        lines
            .messages
            .iter()
            .filter(|message| !message.from_me && message.chat == *chat && message.status < status)
            .cloned()
            .collect()
    }

    /// The newest message of a chat.
    pub(crate) fn last_of(&self, chat: &Chat) -> Option<Message> {
        self.lines().messages.iter().rev().find(|message| message.chat == *chat).cloned()
    }

    /// Everybody the phone has written with.
    pub(crate) fn people(&self) -> Vec<Chat> {
        let lines = self.lines();
        let people = lines.messages.iter().map(|message| &message.chat).filter(|chat| matches!(chat, Chat::Person(_)));
        people.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The newest messages, oldest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<Message> {
        let lines = self.lines();
        let skip = lines.messages.len().saturating_sub(limit);
        lines.messages.iter().skip(skip).cloned().collect()
    }

    pub(crate) fn page(&self, after: u64, limit: usize) -> Vec<Message> {
        let lines = self.lines();
        let start = lines.index_after(after);
        lines.messages.iter().skip(start).take(limit).cloned().collect()
    }

    /// As [`page`](Self::page), but waits for the first message when there is none yet.
    pub(crate) async fn wait_for_page(&self, after: u64, limit: usize, longest: Duration) -> Vec<Message> {
        self.wait(longest, || {
            let page = self.page(after, limit);
            (!page.is_empty()).then_some(page)
        })
        .await
        .unwrap_or_default()
    }

    /// Waits until the message has come this far, and gives it as it is then.
    pub(crate) async fn wait_for_status(&self, id: &str, status: Status, longest: Duration) -> Option<Message> {
        let reached =
            || self.find_anywhere(id).filter(|message| message.status >= status || message.status == Status::Failed);
        match self.wait(longest, reached).await {
            Some(message) => Some(message),
            None => self.find_anywhere(id),
        }
    }

    async fn wait<T>(&self, longest: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
        let mut changed = self.changed.subscribe();
        let found = async {
            loop {
                changed.borrow_and_update();
                if let Some(found) = look() {
                    return Some(found);
                }
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(longest, found).await.ok().flatten()
    }

    fn update(&self, chat: &Chat, id: &str, from_me: bool, change: impl Fn(&mut Message)) {
        let mut lines = self.lines();
        for sequence in lines.by_id.get(id).cloned().unwrap_or_default() {
            if let Some(message) = lines.get_mut(sequence)
                && message.from_me == from_me
                && message.chat == *chat
            {
                let before = (message.status, message.timestamp, message.reached.clone());
                change(message);
                if before != (message.status, message.timestamp, message.reached.clone()) {
                    self.store(message);
                }
            }
        }
        drop(lines);
        self.changed.send_replace(());
    }

    fn store(&self, message: &Message) {
        if let Ok(bytes) = serde_json::to_vec(message) {
            self.drawer.put(MESSAGE, &key(message.sequence), &bytes);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // The log is whole at every point where a holder could panic.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys sort as their numbers do.
fn key(sequence: u64) -> String {
    format!("{sequence:020}")
}

impl Lines {
    fn add(&mut self, message: Message) {
        self.last = self.last.max(message.sequence);
        self.by_id.entry(message.id.clone()).or_default().push(message.sequence);
        self.messages.push_back(message);
    }

    fn drop_oldest(&mut self) -> Option<u64> {
        let oldest = self.messages.pop_front()?;
        if let Some(found) = self.by_id.get_mut(&oldest.id) {
            found.retain(|sequence| *sequence != oldest.sequence);
            if found.is_empty() {
                self.by_id.remove(&oldest.id);
            }
        }
        Some(oldest.sequence)
    }

    fn with_id(&self, id: &str) -> impl DoubleEndedIterator<Item = &Message> {
        let found = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|sequence| self.get(*sequence))
    }

    fn index_after(&self, after: u64) -> usize {
        self.messages.partition_point(|message| message.sequence <= after)
    }

    fn get(&self, sequence: u64) -> Option<&Message> {
        let index = self.index_after(sequence.checked_sub(1)?);
        self.messages.get(index).filter(|message| message.sequence == sequence)
    }

    fn get_mut(&mut self, sequence: u64) -> Option<&mut Message> {
        let index = self.index_after(sequence.checked_sub(1)?);
        self.messages.get_mut(index).filter(|message| message.sequence == sequence)
    }
}
