//! Files that come in with a request: fetched from an address, decoded from base64, or received piece by piece; kept
//! under a key in the end. No more than the permitted number of bytes is ever written or held.

mod base64_text;
mod fitting;
mod incoming;
mod naming;
#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

use openwa_model::{
    content::{Media, MessageKind},
    files::{FileError, Files},
    media_types::MediaTypes,
};
use reqwest::{Client, Response, header::CONTENT_TYPE};
use tokio::{
    fs,
    io::{AsyncReadExt, AsyncWriteExt},
};
use url::Url;

pub(crate) use self::fitting::Workshop;
pub use self::incoming::{Incoming, IncomingText, Received};
use self::{
    base64_text::{Base64Text, NotBase64},
    incoming::Unfinished,
    naming::{disposition_name, extension_of, found_type, looks_like, path_name, plain_name, plain_type},
};
use crate::{
    error::GatewayError,
    fetch::{Fetched, fetch, said_plainly},
    guard::NetworkPolicy,
};

/// How long a whole fetch may take, for large files on slow hosts.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Where a file comes from.
#[derive(Debug)]
pub enum MediaSource {
    /// An address to fetch it from.
    Url(String),
    /// The file itself in base64.
    Base64(String),
    /// A file that came in piece by piece and is taken over.
    Received(Received),
}

/// What the sender says about a file; what is not said is found out.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) kind: MessageKind,
    pub(crate) mimetype: Option<String>,
    pub(crate) filename: Option<String>,
}

/// Takes files in.
pub(crate) struct Intake<'a> {
    pub(crate) client: &'a Client,
    pub(crate) network: &'a NetworkPolicy,
    pub(crate) files: &'a dyn Files,
    pub(crate) types: &'a MediaTypes,
    pub(crate) max_bytes: u64,
}

/// A file that is in, and neither kept nor given up yet. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Brought {
    unfinished: Unfinished,
    mimetype: String,
    filename: Option<String>,
    size_bytes: u64,
}

impl Brought {
    pub(crate) fn path(&self) -> &Path {
        self.unfinished.path()
    }

    pub(crate) fn mimetype(&self) -> &str {
        &self.mimetype
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

/// What was learned about a file on its way in.
#[derive(Default, Debug)]
struct Learned {
    size_bytes: u64,
    mimetype: Option<String>,
    filename: Option<String>,
}

impl Intake<'_> {
    /// Keeps a file.
    pub(crate) async fn keep(&self, brought: Brought) -> Result<Media, GatewayError> {
        let Brought { unfinished, mimetype, filename, size_bytes } = brought;
        let key = self.files.keep(unfinished.path().to_owned()).await?;
        unfinished.done();
        Ok(Media { mimetype, filename, size_bytes: Some(size_bytes), file: Some(key), remote: None })
    }

    /// Brings a file in. When this fails, nothing stays.
    pub(crate) async fn bring(&self, source: MediaSource, described: Described) -> Result<Brought, GatewayError> {
        // Removes the file also when the caller gives up in the middle of it.
        let (unfinished, learned) = match source {
            MediaSource::Received(file) => self.received(file)?,
            MediaSource::Base64(text) => {
                let unfinished = Unfinished::begin(self.files).await?;
                let learned = self.decode(&text, unfinished.path()).await?;
                (unfinished, learned)
            }
            MediaSource::Url(url) => {
                let unfinished = Unfinished::begin(self.files).await?;
                let fetching = self.fetch(&url, unfinished.path());
                let learned = tokio::time::timeout(FETCH_LIMIT, fetching).await.map_err(|_| {
                    GatewayError::MediaUnreachable(format!("the host did not send it within {FETCH_LIMIT:?}"))
                })??;
                (unfinished, learned)
            }
        };
        if learned.size_bytes == 0 {
            return Err(GatewayError::InvalidInput("The media file is empty".to_owned()));
        }
        let mimetype = match described.mimetype.as_deref().and_then(plain_type) {
            Some(said) => said,
            None => found_type(&described, &learned, unfinished.path()).await?,
        };
        self.check_type(&mimetype, unfinished.path()).await?;
        let filename = described.filename.as_deref().and_then(plain_name).or(learned.filename);
        let filename = filename.or_else(|| {
            let extension = extension_of(&mimetype)?;
            (described.kind == MessageKind::Document).then(|| format!("document.{extension}"))
        });
        Ok(Brought { unfinished, mimetype, filename, size_bytes: learned.size_bytes })
    }

    /// What it is said to be has to be permitted, and what it looks like, where that is a picture, sound or film.
    async fn check_type(&self, mimetype: &str, path: &Path) -> Result<(), GatewayError> {
        if *self.types == MediaTypes::ALL {
            return Ok(());
        }
        let mut first = [0; 16];
        let read = fs::File::open(path).await.map_err(FileError::Io)?.read(&mut first).await.map_err(FileError::Io)?;
        let seen = looks_like(&first[..read]).filter(|it| !it.starts_with("application/"));
        match [Some(mimetype), seen].into_iter().flatten().find(|it| !self.types.permits(it)) {
            Some(refused) => Err(GatewayError::MediaTypeNotAllowed(refused.chars().take(128).collect())),
            None => Ok(()),
        }
    }

    fn received(&self, file: Received) -> Result<(Unfinished, Learned), GatewayError> {
        let (unfinished, learned) = file.into_parts();
        if learned.size_bytes > self.max_bytes {
            return Err(self.too_large());
        }
        Ok((unfinished, learned))
    }

    async fn decode(&self, text: &str, path: &Path) -> Result<Learned, GatewayError> {
        let mut file = fs::File::create(path).await.map_err(FileError::Io)?;
        let mut size_bytes = 0;
        let (mut decoder, mut bytes) = (Base64Text::default(), Vec::new());
        for piece in text.as_bytes().chunks(64 * 1024) {
            decoder.push(piece, &mut bytes)?;
            size_bytes += bytes.len() as u64;
            if size_bytes > self.max_bytes {
                return Err(self.too_large());
            }
            file.write_all(&bytes).await.map_err(FileError::Io)?;
            bytes.clear();
        }
        let mimetype = decoder.finish(&mut bytes)?;
        size_bytes += bytes.len() as u64;
        if size_bytes > self.max_bytes {
            return Err(self.too_large());
        }
        file.write_all(&bytes).await.map_err(FileError::Io)?;
        file.flush().await.map_err(FileError::Io)?;
        Ok(Learned { size_bytes, mimetype, filename: None })
    }

    async fn fetch(&self, address: &str, path: &Path) -> Result<Learned, GatewayError> {
        let Fetched { answer, url } = fetch(self.client, self.network, address).await?;
        self.receive(answer, &url, path).await
    }

    async fn receive(&self, mut answer: Response, url: &Url, path: &Path) -> Result<Learned, GatewayError> {
        if answer.content_length().is_some_and(|it| it > self.max_bytes) {
            return Err(self.too_large());
        }
        let mimetype = answer.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let filename = disposition_name(answer.headers()).or_else(|| path_name(url));
        let mut file = fs::File::create(path).await.map_err(FileError::Io)?;
        let mut size_bytes = 0;
        while let Some(bytes) = answer.chunk().await.map_err(|error| said_plainly(&error))? {
            size_bytes += bytes.len() as u64;
            if size_bytes > self.max_bytes {
                return Err(self.too_large());
            }
            file.write_all(&bytes).await.map_err(FileError::Io)?;
        }
        file.flush().await.map_err(FileError::Io)?;
        Ok(Learned { size_bytes, mimetype, filename })
    }

    fn too_large(&self) -> GatewayError {
        GatewayError::MediaTooLarge { max: self.max_bytes }
    }
}

impl From<NotBase64> for GatewayError {
    fn from(error: NotBase64) -> Self {
        Self::InvalidInput(error.to_string())
    }
}
