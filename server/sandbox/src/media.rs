//! The media host: where clients put encrypted files and fetch them again.
//!
//! A file is known by its token, the base64url SHA-256 of what was uploaded; an upload that does
//! not match its token is refused. An upload that broke off is kept and can be resumed where it
//! stopped. The host sees ciphertext only. What is stored is bounded: one file by
//! [`MediaLimits::each_bytes`], all of them by [`MediaLimits::total_bytes`], the oldest leave first.
//! With a folder, files go to disk piece by piece and come from there; without, they are in memory.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use poem::http::StatusCode;
use poem::web::{Data, Json, Path, Query};
use poem::{Body, EndpointExt as _, IntoEndpoint, Response, Route, get, handler, post};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use crate::ambient;
use crate::fault::Faults;
use crate::network::Network;

/// Broken-off uploads kept for resuming; the oldest is forgotten first.
const MOST_PARTIAL_UPLOADS: usize = 32;

/// How much the media host keeps.
#[derive(Clone, Copy, Debug)]
pub struct MediaLimits {
    pub each_bytes: usize,
    pub total_bytes: usize,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self { each_bytes: 128 << 20, total_bytes: 512 << 20 }
    }
}

/// Why media was not taken or not given.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("there is no such file")]
    Missing,
    #[error("the file has expired: ask its sender to upload it again")]
    Expired,
    #[error("the file is larger than {0} bytes, which is the most this host takes")]
    TooLarge(usize),
    #[error("the host is busy with other uploads: try again later")]
    Busy,
    #[error("the token is not the base64url SHA-256 of the file")]
    WrongToken,
    #[error("the upload stopped at byte {0}: resume there")]
    WrongOffset(usize),
    #[error("the upload broke off")]
    BrokenOff(#[source] io::Error),
    #[error("the file could not be stored or read")]
    Disk(#[from] io::Error),
}

impl MediaError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Expired => StatusCode::GONE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::INSUFFICIENT_STORAGE,
            Self::WrongToken | Self::BrokenOff(_) => StatusCode::BAD_REQUEST,
            Self::WrongOffset(_) => StatusCode::CONFLICT,
            Self::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<MediaError> for poem::Error {
    fn from(error: MediaError) -> Self {
        let status = error.status();
        Self::from_string(error.to_string(), status)
    }
}

/// How far an upload has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Complete,
    Received(usize),
}

/// The media host. Cheap to clone.
#[derive(Clone)]
pub struct MediaHost {
    shared: Arc<Shared>,
}

struct Shared {
    folder: Option<PathBuf>,
    limits: MediaLimits,
    faults: Faults,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, File>,
    partial: BTreeMap<String, Partial>,
    next: u64,
    /// Bytes of complete files.
    stored: usize,
    /// Bytes of uploads that are under way or broken off.
    staged: usize,
}

struct File {
    size: usize,
    uploaded: SystemTime,
    order: u64,
    /// `None` when the bytes stand in the folder.
    bytes: Option<Bytes>,
}

struct Partial {
    order: u64,
    staged: Staged,
}

/// What has arrived of an upload: beside the files when there is a folder, else in memory.
enum Staged {
    Memory(Vec<u8>),
    File { path: PathBuf, size: usize },
}

impl Staged {
    fn size(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File { size, .. } => *size,
        }
    }

    /// Forgets what has arrived.
    fn discard(self) {
        if let Self::File { path, .. } = self {
            // A file that stays is taken away when the host is opened next.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Whether this is the file that a token stands for.
    async fn matches(&self, token: &str) -> io::Result<bool> {
        let hash: [u8; 32] = match self {
            Self::Memory(bytes) => Sha256::digest(bytes).into(),
            Self::File { path, .. } => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || digest(&path)).await.map_err(io::Error::other)??
            }
        };
        Ok(parse_token(token).is_some_and(|expected| expected == hash))
    }
}

fn digest(path: &std::path::Path) -> io::Result<[u8; 32]> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&piece[..read]);
    }
}

impl MediaHost {
    /// Opens the host. With a folder, files outlive the process; without, they stay in memory.
    pub fn open(folder: Option<PathBuf>, limits: MediaLimits, faults: Faults) -> io::Result<Self> {
        let mut shelf = Shelf::default();
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
            let mut found = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let metadata = entry.metadata()?;
                match entry.file_name().into_string() {
                    Ok(name) if parse_token(&name).is_some() => {
                        found.push((metadata.modified()?, name, metadata.len()));
                    }
                    // A file that was being written when the process was killed.
                    _ => std::fs::remove_file(entry.path())?,
                }
            }
            found.sort();
            for (uploaded, token, size) in found {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                shelf.add(token, File { size, uploaded, order: 0, bytes: None });
            }
        }
        let shared = Shared { folder, limits, faults, shelf: Mutex::new(shelf) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Stores a whole file and says under which path it is found.
    pub async fn store(&self, bytes: Bytes, now: SystemTime) -> Result<String, MediaError> {
        let limit = self.shared.limits.each_bytes;
        if bytes.len() > limit {
            return Err(MediaError::TooLarge(limit));
        }
        let token = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes));
        let path = direct_path(&token);
        self.keep(token, bytes, now).await?;
        Ok(path)
    }

    /// The file behind a path that [`store`](Self::store) or an upload gave out.
    pub async fn fetch(&self, path: &str) -> Result<Bytes, MediaError> {
        let token = token_of(path).ok_or(MediaError::Missing)?;
        self.refuse_expired(token)?;
        self.read(token).await
    }

    /// As [`fetch`](Self::fetch), but for who has seen the file before and kept it, expired or not.
    pub(crate) async fn fetch_kept(&self, path: &str) -> Result<Bytes, MediaError> {
        self.read(token_of(path).ok_or(MediaError::Missing)?).await
    }

    pub(crate) fn progress(&self, token: &str) -> Progress {
        let shelf = self.shelf();
        match shelf.files.get(token) {
            Some(file) if !self.shared.faults.is_media_expired(file.uploaded) => Progress::Complete,
            _ => Progress::Received(shelf.partial.get(token).map_or(0, |part| part.staged.size())),
        }
    }

    fn refuse_expired(&self, token: &str) -> Result<(), MediaError> {
        let shelf = self.shelf();
        let file = shelf.files.get(token).ok_or(MediaError::Missing)?;
        if self.shared.faults.is_media_expired(file.uploaded) {
            return Err(MediaError::Expired);
        }
        Ok(())
    }

    async fn read(&self, token: &str) -> Result<Bytes, MediaError> {
        {
            let shelf = self.shelf();
            let file = shelf.files.get(token).ok_or(MediaError::Missing)?;
            if let Some(bytes) = &file.bytes {
                return Ok(bytes.clone());
            }
        }
        let folder = self.shared.folder.as_ref().ok_or(MediaError::Missing)?;
        Ok(tokio::fs::read(folder.join(token)).await?.into())
    }

    async fn keep(&self, token: String, bytes: Bytes, now: SystemTime) -> Result<(), MediaError> {
        let size = bytes.len();
        let Some(folder) = &self.shared.folder else {
            return self.add(token, size, Some(bytes), now).await;
        };
        // Written beside its place and renamed, so that a killed process leaves no half file.
        let draft = folder.join(format!("{token}.{}", self.shelf().turn()));
        tokio::fs::write(&draft, &bytes).await?;
        tokio::fs::rename(&draft, folder.join(&token)).await?;
        self.add(token, size, None, now).await
    }

    /// Puts a file on the shelf, which lies in the folder already or is given in memory.
    async fn add(&self, token: String, size: usize, bytes: Option<Bytes>, now: SystemTime) -> Result<(), MediaError> {
        let leaving = {
            let mut shelf = self.shelf();
            let order = shelf.turn();
            shelf.add(token, File { size, uploaded: now, order, bytes });
            shelf.make_room(self.shared.limits.total_bytes)
        };
        if let Some(folder) = &self.shared.folder {
            for token in leaving {
                tokio::fs::remove_file(folder.join(token)).await?;
            }
        }
        Ok(())
    }

    /// Takes up an upload at this byte.
    async fn begin(&self, token: String, offset: usize) -> Result<Upload, MediaError> {
        let staged = {
            let mut shelf = self.shelf();
            let known = shelf.partial.remove(&token);
            let received = known.as_ref().map_or(0, |part| part.staged.size());
            if offset > received {
                if let Some(part) = known {
                    shelf.partial.insert(token, part);
                }
                return Err(MediaError::WrongOffset(received));
            }
            shelf.staged -= received - offset;
            match (known, &self.shared.folder) {
                (Some(part), _) => part.staged,
                (None, Some(folder)) => {
                    Staged::File { path: folder.join(format!("{token}.{}.part", shelf.turn())), size: 0 }
                }
                (None, None) => Staged::Memory(Vec::new()),
            }
        };
        let mut incoming = Upload { host: self.clone(), token, staged: Some(staged), file: None };
        match &mut incoming.staged {
            Some(Staged::Memory(bytes)) => bytes.truncate(offset),
            Some(Staged::File { path, size }) => {
                *size = offset;
                let mut file =
                    tokio::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).await?;
                file.set_len(offset as u64).await?;
                file.seek(io::SeekFrom::End(0)).await?;
                incoming.file = Some(file);
            }
            None => {}
        }
        Ok(incoming)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // The shelf is whole at every point where a holder could panic.
        self.shared.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, token: String, mut file: File) {
        file.order = self.turn();
        self.stored += file.size;
        if let Some(old) = self.files.insert(token, file) {
            self.stored -= old.size;
        }
    }

    /// Takes the oldest files away until the rest fits, and names them. The newest stays.
    fn make_room(&mut self, total: usize) -> Vec<String> {
        let mut leaving = Vec::new();
        while self.stored > total && self.files.len() > 1 {
            let oldest = self.files.iter().min_by_key(|(_, file)| file.order);
            let Some(token) = oldest.map(|(token, _)| token.clone()) else {
                break;
            };
            if let Some(file) = self.files.remove(&token) {
                self.stored -= file.size;
            }
            leaving.push(token);
        }
        leaving
    }
}

/// An upload under way. Dropped before its end, what arrived is kept for resuming.
struct Upload {
    host: MediaHost,
    token: String,
    /// Nothing once it is at its end.
    staged: Option<Staged>,
    file: Option<tokio::fs::File>,
}

impl Upload {
    async fn take(&mut self, chunk: &[u8]) -> Result<(), MediaError> {
        let limits = self.host.shared.limits;
        let arrived = self.staged.as_ref().map_or(0, Staged::size);
        if arrived + chunk.len() > limits.each_bytes {
            if let Some(staged) = self.end() {
                staged.discard();
            }
            return Err(MediaError::TooLarge(limits.each_bytes));
        }
        {
            let mut shelf = self.host.shelf();
            if shelf.staged + chunk.len() > limits.total_bytes {
                return Err(MediaError::Busy);
            }
            shelf.staged += chunk.len();
        }
        match (&mut self.staged, &mut self.file) {
            (Some(Staged::Memory(bytes)), _) => bytes.extend_from_slice(chunk),
            (Some(Staged::File { size, .. }), Some(file)) => {
                // Counted first: what is not written after all is found out by the hash.
                *size += chunk.len();
                file.write_all(chunk).await?;
                file.flush().await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn finish(mut self, now: SystemTime) -> Result<(), MediaError> {
        let Some(staged) = self.end() else {
            return Ok(());
        };
        if !staged.matches(&self.token).await? {
            staged.discard();
            return Err(MediaError::WrongToken);
        }
        let token = self.token.clone();
        match (staged, &self.host.shared.folder) {
            (Staged::File { path, size }, Some(folder)) => {
                tokio::fs::rename(&path, folder.join(&token)).await?;
                self.host.add(token, size, None, now).await
            }
            (Staged::Memory(bytes), _) => self.host.keep(token, bytes.into(), now).await,
            (staged, None) => {
                staged.discard();
                Err(MediaError::Missing)
            }
        }
    }

    /// Takes what has arrived; it counts no longer as under way.
    fn end(&mut self) -> Option<Staged> {
        self.file = None;
        let staged = self.staged.take()?;
        self.host.shelf().staged -= staged.size();
        Some(staged)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(staged) = self.staged.take() else {
            return;
        };
        if staged.size() == 0 {
            return staged.discard();
        }
        let mut shelf = self.host.shelf();
        let order = shelf.turn();
        if let Some(old) = shelf.partial.insert(self.token.clone(), Partial { order, staged }) {
            shelf.staged -= old.staged.size();
            old.staged.discard();
        }
        if shelf.partial.len() > MOST_PARTIAL_UPLOADS {
            let oldest = shelf.partial.iter().min_by_key(|(_, part)| part.order);
            if let Some(token) = oldest.map(|(token, _)| token.clone())
                && let Some(part) = shelf.partial.remove(&token)
            {
                shelf.staged -= part.staged.size();
                part.staged.discard();
            }
        }
    }
}

/// The SHA-256 a token stands for.
fn parse_token(token: &str) -> Option<[u8; 32]> {
    BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?.try_into().ok()
}

fn direct_path(token: &str) -> String {
    format!("/v/{token}")
}

fn token_of(path: &str) -> Option<&str> {
    let path = path.split('?').next()?;
    path.strip_prefix("/v/")
}

#[derive(Deserialize)]
struct UploadQuery {
    resume: Option<u8>,
    file_offset: Option<usize>,
}

#[derive(Serialize)]
struct Uploaded {
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_path: Option<String>,
}

impl Uploaded {
    fn complete(network: &Network, token: &str, resume: Option<String>) -> Self {
        let path = direct_path(token);
        Self { resume, url: Some(format!("https://{}{path}", network.media_host())), direct_path: Some(path) }
    }
}

/// The upload and download routes. Uploads look for the [`Network`] in the request's data.
pub(crate) fn routes(media: MediaHost) -> impl IntoEndpoint<Endpoint: 'static> {
    Route::new()
        .at("/mms/:kind/:token", post(upload))
        .at("/product/image/:token", post(upload_plain))
        .at("/v/:token", get(download))
        .data(media)
}

#[handler]
async fn upload(
    Path((_kind, token)): Path<(String, String)>,
    Query(query): Query<UploadQuery>,
    Data(media): Data<&MediaHost>,
    Data(network): Data<&Network>,
    body: Body,
) -> poem::Result<Json<Uploaded>> {
    receive(network, token, query, media, body).await
}

#[handler]
async fn upload_plain(
    Path(token): Path<String>,
    Query(query): Query<UploadQuery>,
    Data(media): Data<&MediaHost>,
    Data(network): Data<&Network>,
    body: Body,
) -> poem::Result<Json<Uploaded>> {
    receive(network, token, query, media, body).await
}

async fn receive(
    network: &Network,
    token: String,
    query: UploadQuery,
    media: &MediaHost,
    body: Body,
) -> poem::Result<Json<Uploaded>> {
    let token = token.trim_end_matches('=').to_owned();
    if parse_token(&token).is_none() {
        return Err(MediaError::WrongToken.into());
    }
    if query.resume == Some(1) {
        return Ok(Json(match media.progress(&token) {
            Progress::Complete => Uploaded::complete(network, &token, Some("complete".into())),
            Progress::Received(bytes) => Uploaded { resume: Some(bytes.to_string()), url: None, direct_path: None },
        }));
    }
    let mut incoming = media.begin(token.clone(), query.file_offset.unwrap_or(0)).await?;
    let mut chunks = std::pin::pin!(body.into_bytes_stream());
    while let Some(chunk) = chunks.next().await {
        incoming.take(&chunk.map_err(MediaError::BrokenOff)?).await?;
    }
    incoming.finish(ambient::wall_clock()).await?;
    Ok(Json(Uploaded::complete(network, &token, None)))
}

#[handler]
async fn download(Path(token): Path<String>, Data(media): Data<&MediaHost>) -> poem::Result<Response> {
    media.refuse_expired(&token)?;
    let response = Response::builder().content_type("application/octet-stream");
    let Some(folder) = &media.shared.folder else {
        return Ok(response.body(media.read(&token).await?));
    };
    let file = tokio::fs::File::open(folder.join(&token)).await.map_err(MediaError::from)?;
    let size = file.metadata().await.map_err(MediaError::from)?.len();
    Ok(response.header("content-length", size).body(Body::from_async_read(file)))
}
