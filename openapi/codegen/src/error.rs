//! What ends a run.

use std::{fmt, io, path::PathBuf};

use crate::build::Refusal;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is not JSON: {source}", path = path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{path} is larger than {limit} bytes, which no document of ours is", path = path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("The document says what a client library cannot:\n{}", Lines(.0))]
    Refused(Vec<Refusal>),
    #[error("{}", template(.0))]
    Template(#[from] minijinja::Error),
    #[error("rustfmt refuses what was rendered for {path}: {reason}", path = path.display())]
    Rustfmt { path: PathBuf, reason: String },
    #[error("two targets write {path}; each file belongs to one", path = .0.display())]
    WrittenTwice(PathBuf),
    #[error("the target {target} writes {path}, which is not in one of its folders", path = path.display())]
    OutsideItsFolders { target: &'static str, path: PathBuf },
    #[error("{path} does not begin with the line that says it is generated", path = .0.display())]
    Unmarked(PathBuf),
    #[error("{0}")]
    Usage(&'static str),
}

struct Lines<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|it| writeln!(to, "  {it}"))
    }
}

/// The whole chain of causes: the outermost alone does not say where.
fn template(error: &minijinja::Error) -> String {
    let mut text = format!("{error:#}");
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        text.push_str(&format!("\n  because: {it}"));
        cause = it.source();
    }
    text
}
