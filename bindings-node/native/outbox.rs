//! What came from the gateway, until JavaScript takes it.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use napi::{
    Env, Status,
    bindgen_prelude::Function,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use openwa_client::{
    Error,
    raw::{Answer, Event, HeaderMap},
};

/// Calls JavaScript on its own thread; without a call under way it keeps no process alive.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// What a number is answered with.
pub(crate) enum Outcome {
    /// Only status and text are wanted.
    Answer(Answer),
    /// The headers as well.
    Whole(Answer),
    Failure(Error),
    /// The head of a file.
    Head {
        status: u16,
        headers: HeaderMap,
    },
    /// A piece of it.
    Piece(Bytes),
    /// It was written, with so many bytes.
    Saved(u64),
    Events(Vec<Event>),
    /// There is nothing more.
    End,
    /// An upload took a piece and wants another. Answers nothing.
    Pull,
}

impl Outcome {
    /// Whether nothing can follow it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::Whole(_) | Self::Failure(_) | Self::Saved(_) | Self::End)
    }
}

pub(crate) struct Outbox(Mutex<State>);

struct State {
    waiting: Vec<(u32, Outcome)>,
    wake: Wake,
    /// Whether JavaScript was called and has not come yet.
    is_called: bool,
}

impl Outbox {
    pub(crate) fn new(wake: &Function<'_, (), ()>) -> napi::Result<Self> {
        let wake = wake.build_threadsafe_function().weak::<true>().build()?;
        Ok(Self(Mutex::new(State { waiting: Vec::new(), wake, is_called: false })))
    }

    /// Puts an outcome in, and calls JavaScript unless it is on its way.
    pub(crate) fn post(&self, id: u32, outcome: Outcome) {
        let mut state = self.state();
        state.waiting.push((id, outcome));
        if !mem::replace(&mut state.is_called, true) {
            // It cannot be called when its environment ends; then nobody waits.
            _ = state.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Vec<(u32, Outcome)> {
        let mut state = self.state();
        state.is_called = false;
        mem::take(&mut state.waiting)
    }

    /// Says whether the process shall live on for what comes.
    #[expect(deprecated, reason = "a call under way keeps the process alive and an idle client does not: no other way")]
    pub(crate) fn hold(&self, env: &Env, held: bool) -> napi::Result<()> {
        let wake = &mut self.state().wake;
        if held { wake.refer(env) } else { wake.unref(env) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
