//! A file as an answer, streamed from the disk and never run by a browser.

use std::{fmt::Write as _, path::PathBuf};

use poem::{
    Body, IntoResponse, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use tokio::fs::File;

use crate::{answer::Answer, error::ApiError};

/// A file to download.
pub(crate) struct FileAnswer {
    file: File,
    length: u64,
    mimetype: String,
    filename: Option<String>,
}

impl FileAnswer {
    pub(crate) async fn open(path: PathBuf, mimetype: String, filename: Option<String>) -> Answer<Self> {
        let file = File::open(path).await.map_err(ApiError::internal)?;
        let length = file.metadata().await.map_err(ApiError::internal)?.len();
        Ok(Self { file, length, mimetype, filename })
    }
}

/// `attachment`, with the name in both spellings that browsers know.
fn disposition(filename: Option<&str>) -> String {
    let Some(name) = filename.filter(|it| !str::is_empty(it)) else { return "attachment".to_owned() };
    let plain = |it: char| if it.is_ascii_graphic() && !matches!(it, '"' | '\\') || it == ' ' { it } else { '_' };
    let mut text =
        format!("attachment; filename=\"{}\"; filename*=UTF-8''", name.chars().map(plain).collect::<String>());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => text.push(char::from(byte)),
            _ => _ = write!(text, "%{byte:02X}"),
        }
    }
    text
}

impl IntoResponse for FileAnswer {
    fn into_response(self) -> Response {
        let named = HeaderValue::from_str(&self.mimetype);
        let mimetype = named.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        Response::builder()
            .header(header::CONTENT_TYPE, mimetype)
            .header(header::CONTENT_LENGTH, self.length)
            .header(header::CONTENT_DISPOSITION, disposition(self.filename.as_deref()))
            .body(Body::from_async_read(self.file))
    }
}

impl ApiResponse for FileAnswer {
    fn meta() -> MetaResponses {
        let bytes = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
        let named = MetaHeader {
            name: "Content-Disposition".to_owned(),
            description: Some("`attachment`, with the file's name where it has one.".to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let content = vec![MetaMediaType {
            content_type: "application/octet-stream",
            schema: MetaSchemaRef::Inline(Box::new(bytes)),
        }];
        let response = MetaResponse {
            description: "The file, with its own MIME type.",
            status: Some(200),
            status_range: None,
            content,
            headers: vec![named],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        for (name, header) in [
            (None, "attachment"),
            (Some(""), "attachment"),
            (Some("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"),
            (Some("ü\".pdf"), "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%BC%22.pdf"),
            (Some("a\r\nX: y"), "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
        ] {
            assert_eq!(disposition(name), header);
        }
    }
}
