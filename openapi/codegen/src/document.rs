//! The document as it lies in a file.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{build, error::Error, ir::Api};

/// The published document, which the server writes.
pub(crate) const PUBLISHED: &str = "openapi/openapi.json";

/// The document of the last release.
pub(crate) const RELEASED: &str = "openapi/released/openapi.json";

/// No document of ours comes near; something else was given.
const LIMIT: u64 = 32 * 1024 * 1024;

/// A document of OpenAPI 3.1 with the keys of each object in order.
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// The intermediate form, or why there is none.
    pub(crate) fn api(&self) -> Result<Api, Error> {
        build::api(&self.0).map_err(Error::Refused)
    }
}

/// Reads a document. JSON nested deeper than 128 levels is refused by the reader.
pub(crate) fn load(path: &Path) -> Result<Document, Error> {
    let failed = |source| Error::File { path: PathBuf::from(path), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|it| it.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > LIMIT {
        return Err(Error::TooLarge { path: path.to_owned(), limit: LIMIT });
    }
    let value = serde_json::from_slice(&bytes).map_err(|source| Error::Json { path: path.to_owned(), source })?;
    Ok(Document(in_order(value)))
}

/// The same value whether or not some crate of the build turned on `preserve_order`.
fn in_order(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, in_order(value))).collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(fields.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(in_order).collect()),
        other => other,
    }
}
