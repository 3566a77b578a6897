//! What a file is called and what type it is, from what its sender, its host and its first bytes say.

use std::path::Path;

use openwa_model::{content::MessageKind, files::FileError};
use reqwest::header::{CONTENT_DISPOSITION, HeaderMap};
use tokio::{fs, io::AsyncReadExt};
use url::Url;

use super::{Described, Learned};

/// The longest file name that is kept, in characters.
const MAX_NAME: usize = 255;

/// Types that say nothing about a file.
fn says_nothing(mimetype: &str) -> bool {
    matches!(mimetype, "application/octet-stream" | "binary/octet-stream" | "application/x-download")
}

/// A type without capitals; parameters stay (voice notes are told by `codecs=opus`). `None` when it is none.
pub(super) fn plain_type(text: &str) -> Option<String> {
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
pub(super) async fn found_type(described: &Described, learned: &Learned, path: &Path) -> Result<String, FileError> {
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
    let read = fs::File::open(path).await?.read(&mut first).await?;
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
pub(super) fn looks_like(first: &[u8]) -> Option<&'static str> {
    let at = |from: usize, mark: &[u8]| first.get(from..).is_some_and(|it| it.starts_with(mark));
    Some(match () {
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"GIF8") => "image/gif",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(0, b"RIFF") && at(8, b"WAVE") => "audio/wav",
        () if at(0, b"OggS") => "audio/ogg",
        () if at(0, b"ID3") || at(0, b"\xff\xfb") || at(0, b"\xff\xf3") => "audio/mpeg",
        () if at(0, b"\xff\xf1") || at(0, b"\xff\xf9") => "audio/aac",
        () if at(0, b"fLaC") => "audio/flac",
        () if at(0, b"#!AMR") => "audio/amr",
        () if at(0, b"\x1a\x45\xdf\xa3") => "video/webm",
        () if at(4, b"ftypM4A") => "audio/mp4",
        () if at(4, b"ftypqt") => "video/quicktime",
        () if at(4, b"ftyp") => "video/mp4",
        () if at(0, b"%PDF-") => "application/pdf",
        () if at(0, b"PK\x03\x04") => "application/zip",
        () => return None,
    })
}

/// The usual ending of files of a type.
pub(super) fn extension_of(mimetype: &str) -> Option<&'static str> {
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
pub(super) fn plain_name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name: String = last.chars().filter(|it| !it.is_control()).take(MAX_NAME).collect();
    let name = name.trim().to_owned();
    (!name.is_empty() && !name.bytes().all(|it| it == b'.')).then_some(name)
}

/// The name the host gave the file: `filename="…"`, or `filename*=UTF-8''…`, which goes first.
pub(super) fn disposition_name(headers: &HeaderMap) -> Option<String> {
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
pub(super) fn path_name(url: &Url) -> Option<String> {
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
