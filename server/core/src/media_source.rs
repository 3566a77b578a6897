//! Files that come in with a request: fetched from an address, decoded from base64, or written already; kept under a
//! key in the end. No more than the permitted number of bytes is ever written or held.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use openwa_model::{
    content::{Media, MessageKind},
    files::{FileError, Files},
};
use reqwest::{
    Client, Response,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, LOCATION},
};
use tokio::{fs, io::AsyncWriteExt};
use url::Url;

use crate::{
    error::GatewayError,
    guard::{AddressRefused, NetworkPolicy},
    http::caused_by,
};

/// How many times an address may send us on to another one; each is checked like the first.
const MOST_REDIRECTS: usize = 5;
/// How long a whole fetch may take, for large files on slow hosts.
const FETCH_LIMIT: Duration = Duration::from_secs(60);
/// How much base64 is decoded at a time, in characters; four make three bytes.
const CHUNK: usize = 64 * 1024;
/// The longest file name that is kept, in characters.
const MAX_NAME: usize = 255;

/// Base64 whose padding was taken off.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Where a file comes from.
#[derive(Debug)]
pub enum MediaSource {
    /// An address to fetch it from.
    Url(String),
    /// The file itself in base64.
    Base64(String),
    /// A local file that was written already and is taken over.
    Spooled(PathBuf),
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
    pub(crate) max_bytes: u64,
}

/// What was learned about a file on its way in.
#[derive(Default)]
struct Learned {
    size_bytes: u64,
    mimetype: Option<String>,
    filename: Option<String>,
}

impl Intake<'_> {
    /// Brings a file in and keeps it. When this fails, nothing stays.
    pub(crate) async fn take(&self, source: MediaSource, described: Described) -> Result<Media, GatewayError> {
        let path = match &source {
            MediaSource::Spooled(path) => path.clone(),
            MediaSource::Url(_) | MediaSource::Base64(_) => self.files.spool().await?,
        };
        // Removes the file also when the caller gives up in the middle of it.
        let unfinished = Unfinished(Some(path.clone()));
        let learned = match source {
            MediaSource::Spooled(_) => self.spooled(&path).await?,
            MediaSource::Base64(text) => self.decode(&text, &path).await?,
            MediaSource::Url(url) => {
                let fetching = self.fetch(&url, &path);
                tokio::time::timeout(FETCH_LIMIT, fetching).await.map_err(|_| {
                    GatewayError::MediaUnreachable(format!("the host did not send it within {FETCH_LIMIT:?}"))
                })??
            }
        };
        if learned.size_bytes == 0 {
            return Err(GatewayError::InvalidInput("The media file is empty".to_owned()));
        }
        let mimetype = match described.mimetype.as_deref().and_then(plain_type) {
            Some(said) => said,
            None => found_type(&described, &learned, &path).await?,
        };
        let filename = described.filename.as_deref().and_then(plain_name).or(learned.filename);
        let filename = filename.or_else(|| {
            let extension = extension_of(&mimetype)?;
            (described.kind == MessageKind::Document).then(|| format!("document.{extension}"))
        });
        let key = self.files.keep(path).await?;
        unfinished.done();
        Ok(Media { mimetype, filename, size_bytes: Some(learned.size_bytes), file: Some(key), remote: None })
    }

    async fn spooled(&self, path: &Path) -> Result<Learned, GatewayError> {
        let size_bytes = fs::metadata(path).await.map_err(FileError::Io)?.len();
        if size_bytes > self.max_bytes {
            return Err(self.too_large());
        }
        Ok(Learned { size_bytes, ..Learned::default() })
    }

    async fn decode(&self, text: &str, path: &Path) -> Result<Learned, GatewayError> {
        let invalid = || GatewayError::InvalidInput("base64 must be base64 encoded".to_owned());
        let (mimetype, text) = match text.strip_prefix("data:") {
            None => (None, text),
            Some(rest) => {
                let (head, text) = rest.split_once(',').ok_or_else(invalid)?;
                (Some(head.strip_suffix(";base64").ok_or_else(invalid)?.to_owned()), text)
            }
        };
        let text = text.trim_end();
        let text = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
        let mut file = fs::File::create(path).await.map_err(FileError::Io)?;
        let mut size_bytes = 0;
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut letters = text.bytes().filter(|it| !it.is_ascii_whitespace()).map(|it| match it {
            b'-' => b'+',
            b'_' => b'/',
            it => it,
        });
        loop {
            chunk.clear();
            chunk.extend(letters.by_ref().take(CHUNK));
            if chunk.is_empty() {
                break;
            }
            let bytes = UNPADDED.decode(&chunk).map_err(|_| invalid())?;
            size_bytes += bytes.len() as u64;
            if size_bytes > self.max_bytes {
                return Err(self.too_large());
            }
            file.write_all(&bytes).await.map_err(FileError::Io)?;
        }
        file.flush().await.map_err(FileError::Io)?;
        Ok(Learned { size_bytes, mimetype, filename: None })
    }

    async fn fetch(&self, address: &str, path: &Path) -> Result<Learned, GatewayError> {
        let unreachable = |text: &str| GatewayError::MediaUnreachable(text.to_owned());
        let mut url = self.network.check_url(address)?;
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.client.get(url.clone()).send().await.map_err(|error| said_plainly(&error))?;
            let status = answer.status();
            if status.is_success() {
                return self.receive(answer, &url, path).await;
            }
            let next = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            match next.and_then(|it| url.join(it).ok()) {
                Some(next) if status.is_redirection() => url = self.network.check_url(next.as_str())?,
                _ => return Err(unreachable(&format!("the host answered {}", status.as_u16()))),
            }
        }
        Err(unreachable(&format!("the host redirected more than {MOST_REDIRECTS} times")))
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

/// A file that is removed unless it was handed on.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "an unfinished file could not be removed");
        }
    }
}

fn said_plainly(error: &reqwest::Error) -> GatewayError {
    if let Some(refused) = caused_by::<AddressRefused>(error) {
        return GatewayError::AddressRefused(refused.to_string());
    }
    GatewayError::MediaUnreachable(
        if caused_by::<rustls::Error>(error).is_some() {
            "the TLS connection failed; check the host's certificate"
        } else if error.is_timeout() {
            "the host did not answer in time"
        } else if error.is_connect() {
            "no connection could be made; check the address"
        } else {
            "the connection broke"
        }
        .to_owned(),
    )
}

/// Types that say nothing about a file.
fn says_nothing(mimetype: &str) -> bool {
    matches!(mimetype, "application/octet-stream" | "binary/octet-stream" | "application/x-download")
}

/// A type without capitals; parameters stay (voice notes are told by `codecs=opus`). `None` when it is none.
fn plain_type(text: &str) -> Option<String> {
    let text = text.trim();
    let (kind, parameters) = text.split_once(';').map_or((text, None), |(kind, rest)| (kind, Some(rest.trim())));
    let kind = kind.trim().to_ascii_lowercase();
    let (family, name) = kind.split_once('/')?;
    let token =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&it));
    if !token(family) || !token(name) || text.len() > 255 || text.bytes().any(|it| it.is_ascii_control()) {
        return None;
    }
    Some(match parameters {
        Some(it) if !it.is_empty() => format!("{kind}; {it}"),
        _ => kind,
    })
}

/// What the host said, else what the name ends with, else what the first bytes look like, else what is usual for the kind.
async fn found_type(described: &Described, learned: &Learned, path: &Path) -> Result<String, GatewayError> {
    if let Some(said) = learned.mimetype.as_deref().and_then(plain_type)
        && !says_nothing(&said)
    {
        return Ok(said);
    }
    let name = described.filename.as_deref().or(learned.filename.as_deref());
    if let Some(guess) = name.and_then(|it| mime_guess::from_path(it).first_raw()) {
        return Ok(guess.to_owned());
    }
    let mut first = [0; 16];
    let read = {
        use tokio::io::AsyncReadExt;
        let mut file = fs::File::open(path).await.map_err(FileError::Io)?;
        file.read(&mut first).await.map_err(FileError::Io)?
    };
    let seen = looks_like(&first[..read]);
    let usual = match described.kind {
        MessageKind::Image => "image/jpeg",
        MessageKind::Video => "video/mp4",
        MessageKind::Audio => "audio/mpeg",
        MessageKind::Voice => "audio/ogg; codecs=opus",
        MessageKind::Sticker => "image/webp",
        _ => "application/octet-stream",
    };
    Ok(seen.unwrap_or(usual).to_owned())
}

/// The type by which files of the usual formats can be told from their first bytes.
fn looks_like(first: &[u8]) -> Option<&'static str> {
    let at = |from: usize, mark: &[u8]| first.get(from..).is_some_and(|it| it.starts_with(mark));
    Some(match () {
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"GIF8") => "image/gif",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(0, b"RIFF") && at(8, b"WAVE") => "audio/wav",
        () if at(0, b"OggS") => "audio/ogg",
        () if at(0, b"ID3") || at(0, b"\xff\xfb") => "audio/mpeg",
        () if at(4, b"ftypM4A") => "audio/mp4",
        () if at(4, b"ftypqt") => "video/quicktime",
        () if at(4, b"ftyp") => "video/mp4",
        () if at(0, b"%PDF-") => "application/pdf",
        () if at(0, b"PK\x03\x04") => "application/zip",
        () => return None,
    })
}

/// The usual ending of files of a type.
fn extension_of(mimetype: &str) -> Option<&'static str> {
    let kind = mimetype.split(';').next().unwrap_or(mimetype);
    match kind {
        // The list's first entries for these are not the usual ones.
        "image/jpeg" => Some("jpg"),
        "text/plain" => Some("txt"),
        "video/mp4" => Some("mp4"),
        "audio/mpeg" => Some("mp3"),
        "application/octet-stream" => Some("bin"),
        kind => mime_guess::get_mime_extensions_str(kind)?.first().copied(),
    }
}

/// A name without folders and control characters; `None` when nothing is left.
fn plain_name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name: String = last.chars().filter(|it| !it.is_control()).take(MAX_NAME).collect();
    let name = name.trim().to_owned();
    (!name.is_empty() && !name.bytes().all(|it| it == b'.')).then_some(name)
}

/// The name the host gave the file: `filename="…"`, or `filename*=UTF-8''…`, which goes first.
fn disposition_name(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(CONTENT_DISPOSITION)?.as_bytes()).into_owned();
    let mut plain = None;
    for part in text.split(';').skip(1) {
        let Some((name, value)) = part.split_once('=') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                let encoded = value.get(..7).filter(|it| it.eq_ignore_ascii_case("utf-8''")).and(value.get(7..));
                if let Some(name) = encoded.and_then(|it| plain_name(&percent_decoded(it))) {
                    return Some(name);
                }
            }
            "filename" => plain = plain_name(value.trim_matches('"')),
            _ => {}
        }
    }
    plain
}

/// The last part of the address's path, when it looks like a file's name.
fn path_name(url: &Url) -> Option<String> {
    let last = percent_decoded(url.path_segments()?.next_back()?);
    let name = plain_name(&last)?;
    Path::new(&name).extension().is_some().then_some(name)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.get(..2).filter(|_| *first == b'%').and_then(|it| hex::decode(it).ok());
        match digits.as_deref() {
            Some([byte]) => {
                bytes.push(*byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
