//! What is left of a body that was refused. A connection that is closed while the other side still sends is reset, and
//! the answer is lost with it; so the rest is read for a while and thrown away.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt,
    stream::{BoxStream, poll_fn},
};
use poem::{Body, Request, http::header};
use tokio::time::timeout;

/// How long nothing may come of the rest.
const QUIET: Duration = Duration::from_secs(1);
/// How long the rest is read at most.
const LONGEST: Duration = Duration::from_secs(10);

/// The rest of a body, whoever reads it.
#[derive(Clone)]
pub(crate) struct Rest {
    body: Arc<Mutex<BoxStream<'static, io::Result<Bytes>>>>,
    /// Whether the other side sends only when it is asked to.
    waits: bool,
}

impl Rest {
    /// Steps between a request and its body.
    pub(crate) fn of(request: &mut Request) -> Self {
        let body = request.take_body().into_bytes_stream().boxed();
        let waits = request.headers().contains_key(header::EXPECT);
        let rest = Self { body: Arc::new(Mutex::new(body)), waits };
        let reader = rest.clone();
        request.set_body(Body::from_bytes_stream(poll_fn(move |context| reader.poll(context))));
        rest
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_next(context)
    }

    /// Reads it away, beside the answer that is on its way.
    pub(crate) fn discard(self) {
        if self.waits {
            return;
        }
        tokio::spawn(timeout(LONGEST, async move {
            let mut rest = poll_fn(|context| self.poll(context));
            while let Ok(Some(Ok(_))) = timeout(QUIET, rest.next()).await {}
        }));
    }
}
