//! A file to send, streamed from wherever it is.

use std::{
    fmt, io,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use tokio::{io::AsyncRead, time::Instant};
use tokio_util::io::ReaderStream;

use crate::{Error, ErrorKind};

/// How much of a file is read at a time.
const CHUNK: usize = 64 * 1024;

/// A file to send.
///
/// From a [path](Upload::path) or [bytes](Upload::bytes) it can be sent again when a connection breaks; from a
/// [reader](Upload::reader) or [stream](Upload::stream) only while nothing of it was taken.
///
/// ```
/// use openwa_client::Upload;
///
/// let picture = Upload::path("picture.jpg");
/// let voice = Upload::bytes(vec![0; 16]).named("voice.ogg").mimetype("audio/ogg; codecs=opus");
/// # _ = (picture, voice);
/// ```
pub struct Upload {
    name: Option<String>,
    mimetype: Option<String>,
    source: Source,
}

enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    Stream { length: u64, stream: Option<ByteStream> },
}

type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl Upload {
    /// A file on this machine, named and typed by its path unless said otherwise.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
        let mimetype = mime_guess::from_path(&path).first_raw().map(str::to_owned);
        Self { name, mimetype, source: Source::Path(path) }
    }

    /// A file in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { name: None, mimetype: None, source: Source::Bytes(bytes.into()) }
    }

    /// A file from a reader that gives exactly `length` bytes.
    pub fn reader(reader: impl AsyncRead + Send + 'static, length: u64) -> Self {
        Self::stream(ReaderStream::with_capacity(reader, CHUNK), length)
    }

    /// A file from a stream that gives exactly `length` bytes.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static, length: u64) -> Self {
        let stream = Some(Box::pin(stream) as ByteStream);
        Self { name: None, mimetype: None, source: Source::Stream { length, stream } }
    }

    /// Gives it a name, which receivers of documents see.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says what it is, such as `image/jpeg`.
    #[must_use]
    pub fn mimetype(mut self, mimetype: impl Into<String>) -> Self {
        self.mimetype = Some(mimetype.into());
        self
    }

    /// Whether it can be sent once more.
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self.source, Source::Stream { stream: None, .. })
    }

    /// The form of one attempt.
    pub(crate) async fn form(&mut self, fields: &[(String, String)], progress: &Progress) -> Result<Form, Error> {
        let (length, stream): (u64, ByteStream) = match &mut self.source {
            Source::Bytes(bytes) => {
                let pieces = Pieces(bytes.clone());
                (bytes.len() as u64, Box::pin(futures_util::stream::iter(pieces)))
            }
            Source::Path(path) => {
                let unreadable = |it: io::Error| {
                    let path = path.display();
                    Error::new(ErrorKind::File, format!("{path} cannot be read; check the path: {it}")).because(it)
                };
                let file = tokio::fs::File::open(&*path).await.map_err(unreadable)?;
                let about = file.metadata().await.map_err(unreadable)?;
                if !about.is_file() {
                    return Err(Error::new(ErrorKind::File, format!("{} is not a file", path.display())));
                }
                (about.len(), Box::pin(ReaderStream::with_capacity(file, CHUNK)))
            }
            Source::Stream { length, stream } => {
                let gone =
                    || Error::new(ErrorKind::File, "the stream to send was read already and cannot be sent again");
                (*length, stream.take().ok_or_else(gone)?)
            }
        };
        let watched = progress.clone();
        let body = Body::wrap_stream(stream.map(move |it| {
            watched.step();
            it.map_err(SourceFailed)
        }));
        let mut part = Part::stream_with_length(body, length);
        // Without a file name a part is no file.
        part = part.file_name(self.name.clone().unwrap_or_else(|| "file".to_owned()));
        let mimetype = self.mimetype.as_deref().unwrap_or("application/octet-stream");
        part = part
            .mime_str(mimetype)
            .map_err(|it| Error::configuration(format!("'{mimetype}' is not a MIME type")).because(it))?;
        let form = fields.iter().fold(Form::new(), |it, (name, value)| it.text(name.clone(), value.clone()));
        Ok(form.part("file", part))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Path(path) => format!("{}", path.display()),
            Source::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Source::Stream { length, .. } => format!("a stream of {length} bytes"),
        };
        out.debug_struct("Upload")
            .field("name", &self.name)
            .field("mimetype", &self.mimetype)
            .field("source", &source)
            .finish()
    }
}

/// Bytes cut into chunks, so that a slow line shows progress.
struct Pieces(Bytes);

impl Iterator for Pieces {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let size = self.0.len().min(CHUNK);
        (size > 0).then(|| Ok(self.0.split_to(size)))
    }
}

/// What was to be sent could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SourceFailed(#[source] io::Error);

/// When a transfer last moved.
#[derive(Clone)]
pub(crate) struct Progress {
    began: Instant,
    milliseconds: Arc<AtomicU64>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), milliseconds: Arc::default() }
    }

    fn step(&self) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.store(passed, Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// Ends when nothing moved for this long.
    pub(crate) async fn stalled(&self, limit: Duration) {
        loop {
            let Some(end) = self.last().checked_add(limit) else { return std::future::pending().await };
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }
}
