//! What the gateway answers.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use reqwest::{
    Response,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap},
};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{Error, ErrorKind, error::request_id};

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status, from 200 to 299.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The id of the request, as it stands in the gateway's log.
    pub request_id: Option<String>,
}

impl Answer {
    pub(crate) async fn read(response: Response, longest: usize) -> Result<Self, Error> {
        let status = response.status();
        let (headers, body) = read_whole(response, longest).await?;
        Ok(Self { status: status.as_u16(), request_id: request_id(&headers), headers, body })
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when it is not JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|it| Error::unreadable(self, it))
    }
}

/// Reads a body of at most `longest` bytes, without copying where it came in one piece.
pub(crate) async fn read_whole(mut response: Response, longest: usize) -> Result<(HeaderMap, Bytes), Error> {
    let status = response.status();
    let expected = response.content_length();
    let headers = std::mem::take(response.headers_mut());
    let too_long = || {
        let message = format!("the gateway's answer is longer than {longest} bytes; ask for less at a time");
        Error::new(ErrorKind::Decode, message).with_status(status, &headers)
    };
    if expected.is_some_and(|it| it > longest as u64) {
        return Err(too_long());
    }
    let Some(first) = response.chunk().await.map_err(Error::of_transport)? else { return Ok((headers, Bytes::new())) };
    if expected == Some(first.len() as u64) {
        return Ok((headers, first));
    }
    let expected = expected.and_then(|it| usize::try_from(it).ok()).unwrap_or(first.len() * 2);
    let mut whole = BytesMut::with_capacity(expected);
    let mut next = Some(first);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > longest {
            return Err(too_long());
        }
        whole.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(Error::of_transport)?;
    }
    Ok((headers, whole.freeze()))
}

/// A file that the gateway sends, read as it comes.
#[derive(Debug)]
pub struct Download {
    /// The HTTP status, from 200 to 299.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The id of the request, as it stands in the gateway's log.
    pub request_id: Option<String>,
    length: Option<u64>,
    silence: Duration,
    response: Response,
}

impl Download {
    pub(crate) fn new(mut response: Response, silence: Duration) -> Self {
        let (status, length) = (response.status().as_u16(), response.content_length());
        let headers = std::mem::take(response.headers_mut());
        Self { status, request_id: request_id(&headers), headers, length, silence, response }
    }

    /// How long it is, if the gateway says so.
    pub fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// Its MIME type.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Its name as the gateway gives it, without any folder.
    pub fn file_name(&self) -> Option<String> {
        file_name(self.headers.get(CONTENT_DISPOSITION)?.to_str().ok()?)
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or is silent for longer than the timeout.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(self.silence, self.response.chunk()).await {
            Ok(read) => read.map_err(Error::of_transport),
            Err(_) => Err(Error::timeout(self.silence)),
        }
    }

    /// The pieces as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::try_unfold(self, async |mut it| Ok(it.chunk().await?.map(|chunk| (chunk, it))))
    }

    /// Reads all of it, when it is at most `longest` bytes.
    ///
    /// # Errors
    ///
    /// When it is longer, or as [`Self::chunk`].
    pub async fn bytes(mut self, longest: usize) -> Result<Bytes, Error> {
        let too_long = || Error::new(ErrorKind::Decode, format!("the file is longer than {longest} bytes"));
        if self.length.is_some_and(|it| it > longest as u64) {
            return Err(too_long());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > longest {
                return Err(too_long());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Writes all of it, and says how much that was.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] when it cannot be written, or as [`Self::chunk`].
    pub async fn write_to(mut self, writer: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<u64, Error> {
        let mut written = 0;
        while let Some(chunk) = self.chunk().await? {
            writer.write_all(&chunk).await.map_err(unwritable)?;
            written += chunk.len() as u64;
        }
        writer.flush().await.map_err(unwritable)?;
        Ok(written)
    }

    /// Writes all of it to a file, which is there only when it is complete, and says how much that was.
    ///
    /// # Errors
    ///
    /// As [`Self::write_to`].
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref();
        let partial = Partial::beside(path);
        let mut file = tokio::fs::File::create_new(&partial.0).await.map_err(unwritable)?;
        let written = self.write_to(&mut file).await?;
        file.sync_all().await.map_err(unwritable)?;
        tokio::fs::rename(&partial.0, path).await.map_err(unwritable)?;
        Ok(written)
    }
}

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::File, format!("the file cannot be written: {error}")).because(error)
}

/// An unfinished file, which goes when nobody finishes it.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the renaming there is nothing under this name.
        _ = std::fs::remove_file(&self.0);
    }
}

/// The name in a `Content-Disposition`, the UTF-8 form first.
fn file_name(disposition: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        let mut parameters = disposition.split(';').skip(1).filter_map(|it| it.trim().split_once('='));
        parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let encoded = parameter("filename*").and_then(|it| it.strip_prefix("UTF-8''")).map(unescaped);
    let name = encoded.or_else(|| parameter("filename").map(|it| it.trim_matches('"').to_owned()))?;
    let name = name.rsplit(['/', '\\']).next()?.trim();
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = &rest[if escaped.is_some() { 3 } else { 1 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_have_no_folder() {
        for (header, expected) in [
            ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
            ("attachment; filename=\"x.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf", Some("Grüße.pdf")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename*=UTF-8''..%2F..%2Fx%zz", Some("x%zz")),
            ("attachment; filename=\"..\"", None),
            ("inline", None),
        ] {
            assert_eq!(file_name(header).as_deref(), expected, "{header}");
        }
    }
}
