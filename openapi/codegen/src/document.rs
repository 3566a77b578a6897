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

    /// The same of a document that was released when less was asked of one.
    pub(crate) fn earlier_api(&self) -> Result<Api, Error> {
        build::earlier_api(&self.0).map_err(Error::Refused)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        load(file.path()).err().expect("it should be refused").to_string()
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert!(refused("{").contains("is not JSON"));
        assert!(refused(&"[".repeat(100_000)).contains("recursion limit"));
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(LIMIT + 1).unwrap();
        assert!(matches!(load(file.path()), Err(Error::TooLarge { .. })));
        assert!(matches!(load(Path::new("/there/is/no/such/file")), Err(Error::File { .. })));
    }

    #[test]
    fn keys_are_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"b": [{"d": 1, "c": 2}], "a": 3}"#).unwrap();
        assert_eq!(load(file.path()).unwrap().0.to_string(), r#"{"a":3,"b":[{"c":2,"d":1}]}"#);
    }
}
