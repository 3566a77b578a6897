//! The one class that JavaScript sees.

#![expect(clippy::too_many_arguments, reason = "an argument crosses over for less than a field of an object")]

use std::{collections::HashMap, io, sync::Arc};

use bytes::Bytes;
use napi::{
    Env,
    bindgen_prelude::{Array, Buffer, Function},
};
use napi_derive::napi;
use openwa_client::{
    Client, Upload,
    raw::{Call, CallBody, Follow, Transport},
};
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, Sender, UnboundedReceiver, UnboundedSender},
    task::AbortHandle,
};

use crate::{
    outbox::{Outbox, Outcome},
    runtime,
    tasks::{self, Ask},
    values::{self, File, Options, Settings},
};

/// How many pieces of an upload may wait; JavaScript hands over as many before it is asked.
const PIECES: usize = 4;

/// Carries calls to the gateway. Each has a number, by which it is answered and may be aborted.
#[napi]
pub struct NativeTransport {
    client: Client,
    handle: Handle,
    outbox: Arc<Outbox>,
    tasks: HashMap<u32, Task>,
    /// How many of them JavaScript waits for.
    asked: usize,
}

/// What is under way under a number.
struct Task {
    abort: AbortHandle,
    /// Whether JavaScript waits for it.
    is_asked: bool,
    /// Where files and events are asked for more.
    asks: Option<UnboundedSender<Ask>>,
    /// Where the pieces of an upload go.
    pieces: Option<Sender<io::Result<Bytes>>>,
}

#[napi]
impl NativeTransport {
    /// Calls `wake` when there is something to take.
    #[napi(constructor)]
    pub fn new(options: Options, wake: Function<'_, (), ()>) -> napi::Result<Self> {
        let client = options.client().map_err(|it| napi::Error::from_reason(it.to_string()))?;
        let handle = runtime::handle().map_err(napi::Error::from_reason)?;
        let outbox = Arc::new(Outbox::new(&wake)?);
        Ok(Self { client, handle, outbox, tasks: HashMap::new(), asked: 0 })
    }

    /// Makes a call. `whole` asks for the headers of the answer as well.
    #[napi]
    pub fn send(
        &mut self,
        env: Env,
        id: u32,
        method: String,
        path: String,
        body: Option<String>,
        key: Option<String>,
        settings: Option<Settings>,
        whole: bool,
    ) -> napi::Result<()> {
        let mut call = call(&method, path, key, settings)?;
        if let Some(body) = body {
            call.body = CallBody::Json(body.into());
        }
        let client = self.client.clone();
        let outbox = self.outbox.clone();
        let wrap = if whole { Outcome::Whole } else { Outcome::Answer };
        let work = async move { outbox.post(id, client.send(call).await.map_or_else(Outcome::Failure, wrap)) };
        self.start(&env, id, work, None, None)
    }

    /// Sends a form with a file. A file that comes in pieces is handed over by `push` and `finish`.
    #[napi]
    pub fn upload(
        &mut self,
        env: Env,
        id: u32,
        method: String,
        path: String,
        key: Option<String>,
        settings: Option<Settings>,
        file: File,
    ) -> napi::Result<()> {
        let mut call = call(&method, path, key, settings)?;
        let mut sender = None;
        let mut upload = match (file.path, file.bytes) {
            (Some(path), _) => Upload::path(path),
            (None, Some(bytes)) => Upload::bytes(Bytes::copy_from_slice(&bytes)),
            (None, None) => {
                let (into, from) = mpsc::channel(PIECES);
                sender = Some(into);
                Upload::stream(tasks::pieces(id, self.outbox.clone(), from), file.size.unwrap_or_default() as u64)
            }
        };
        if let Some(name) = file.name {
            upload = upload.named(name);
        }
        if let Some(mimetype) = file.mimetype {
            upload = upload.mimetype(mimetype);
        }
        call.body = CallBody::Upload { fields: file.fields, file: upload };
        let client = self.client.clone();
        let outbox = self.outbox.clone();
        let work =
            async move { outbox.post(id, client.send(call).await.map_or_else(Outcome::Failure, Outcome::Answer)) };
        self.start(&env, id, work, None, sender)
    }

    /// Hands over a piece of an upload. False when no more are wanted.
    #[napi]
    pub fn push(&mut self, id: u32, piece: Buffer) -> bool {
        let pieces = self.tasks.get(&id).and_then(|it| it.pieces.as_ref());
        pieces.is_some_and(|it| it.try_send(Ok(Bytes::copy_from_slice(&piece))).is_ok())
    }

    /// Says that there are no more pieces, or why they cannot be read.
    #[napi]
    pub fn finish(&mut self, id: u32, fault: Option<String>) {
        let Some(pieces) = self.tasks.get_mut(&id).and_then(|it| it.pieces.take()) else { return };
        if let Some(fault) = fault {
            // A full channel is read before its end is seen, and then the length does not fit.
            _ = pieces.try_send(Err(io::Error::other(fault)));
        }
    }

    /// Fetches a file: first its head.
    #[napi]
    pub fn download(
        &mut self,
        env: Env,
        id: u32,
        method: String,
        path: String,
        settings: Option<Settings>,
    ) -> napi::Result<()> {
        let call = call(&method, path, None, settings)?;
        let (client, outbox, (asks, asked)) = (self.client.clone(), self.outbox.clone(), questions());
        self.start(&env, id, tasks::download(client, call, id, outbox, asked), Some(asks), None)
    }

    /// Follows events; nothing happens before the first are asked for.
    #[napi]
    pub fn follow(
        &mut self,
        env: Env,
        id: u32,
        path: String,
        settings: Option<Settings>,
        after: Option<String>,
        is_web_socket: bool,
        reconnects: Option<f64>,
    ) -> napi::Result<()> {
        let follow = Follow {
            after,
            transport: if is_web_socket { Transport::WebSocket } else { Transport::ServerSentEvents },
            reconnects: reconnects.map(|it| it as u32),
            ..Follow::new(call("GET", path, None, settings)?)
        };
        let (client, outbox, (asks, asked)) = (self.client.clone(), self.outbox.clone(), questions());
        self.start(&env, id, tasks::follow(client, follow, id, outbox, asked), Some(asks), None)?;
        self.settled(&env, id)
    }

    /// Asks a file or an event stream for more. False when it is over.
    #[napi]
    pub fn more(&mut self, env: Env, id: u32) -> napi::Result<bool> {
        self.ask(&env, id, Ask::More)
    }

    /// Has the rest of a file written to a path. False when it is over.
    #[napi]
    pub fn save(&mut self, env: Env, id: u32, path: String) -> napi::Result<bool> {
        self.ask(&env, id, Ask::Save(path))
    }

    /// Number, tag and value of all that came, in turn.
    #[napi]
    pub fn take<'env>(&mut self, env: &'env Env) -> napi::Result<Array<'env>> {
        let mut all = self.outbox.take();
        // What was aborted meanwhile is nobody's any more.
        all.retain(|(id, _)| self.tasks.contains_key(id));
        for (id, outcome) in &all {
            if !matches!(outcome, Outcome::Pull) {
                self.settled(env, *id)?;
            }
            if outcome.is_last() {
                self.tasks.remove(id);
            }
        }
        values::outcomes(env, all)
    }

    /// Ends what is under way under a number, with its connection. It is not answered any more.
    #[napi]
    pub fn abort(&mut self, env: Env, id: u32) -> napi::Result<()> {
        self.settled(&env, id)?;
        if let Some(task) = self.tasks.remove(&id) {
            task.abort.abort();
        }
        Ok(())
    }

    /// Ends all that is under way.
    #[napi]
    pub fn close(&mut self, env: Env) -> napi::Result<()> {
        self.tasks.drain().for_each(|(_, it)| it.abort.abort());
        match std::mem::take(&mut self.asked) {
            0 => Ok(()),
            _ => self.outbox.hold(&env, false),
        }
    }

    fn start(
        &mut self,
        env: &Env,
        id: u32,
        work: impl Future<Output = ()> + Send + 'static,
        asks: Option<UnboundedSender<Ask>>,
        pieces: Option<Sender<io::Result<Bytes>>>,
    ) -> napi::Result<()> {
        let abort = self.handle.spawn(work).abort_handle();
        self.tasks.insert(id, Task { abort, is_asked: false, asks, pieces });
        self.awaited(env, id)
    }

    fn ask(&mut self, env: &Env, id: u32, ask: Ask) -> napi::Result<bool> {
        let asks = self.tasks.get(&id).and_then(|it| it.asks.as_ref());
        let is_asked = asks.is_some_and(|it| it.send(ask).is_ok());
        if is_asked {
            self.awaited(env, id)?;
        }
        Ok(is_asked)
    }

    /// JavaScript waits for this number: the process must not end before.
    fn awaited(&mut self, env: &Env, id: u32) -> napi::Result<()> {
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        if std::mem::replace(&mut task.is_asked, true) {
            return Ok(());
        }
        self.asked += 1;
        if self.asked == 1 { self.outbox.hold(env, true) } else { Ok(()) }
    }

    /// JavaScript waits for this number no longer.
    fn settled(&mut self, env: &Env, id: u32) -> napi::Result<()> {
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(()) };
        if !std::mem::replace(&mut task.is_asked, false) {
            return Ok(());
        }
        self.asked -= 1;
        if self.asked == 0 { self.outbox.hold(env, false) } else { Ok(()) }
    }
}

impl Drop for NativeTransport {
    fn drop(&mut self) {
        self.tasks.values().for_each(|it| it.abort.abort());
    }
}

fn call(method: &str, path: String, key: Option<String>, settings: Option<Settings>) -> napi::Result<Call> {
    values::call(method, path, key, settings).map_err(napi::Error::from_reason)
}

fn questions() -> (UnboundedSender<Ask>, UnboundedReceiver<Ask>) {
    mpsc::unbounded_channel()
}
