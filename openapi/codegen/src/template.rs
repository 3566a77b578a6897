//! The templates of a target, read from `templates/<target>/` when they are rendered, so that changing
//! one needs no new build.

use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::{error::Error, filter};

/// The folder of all templates.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");

/// Each file of one target's folder, by its path in it.
pub(crate) struct Templates {
    sources: Vec<(String, String)>,
}

impl Templates {
    /// Those of one target.
    pub(crate) fn of(target: &str) -> Result<Self, Error> {
        let mut sources = Vec::new();
        read(&Path::new(FOLDER).join(target), "", &mut sources)?;
        Ok(Self { sources })
    }

    /// Renders one of them.
    ///
    /// Blocks leave no empty lines (`trim_blocks`, `lstrip_blocks`), nothing is escaped, and a name that
    /// is not there is an error.
    pub(crate) fn render(&self, name: &str, context: impl Serialize) -> Result<String, Error> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        filter::register(&mut environment);
        for (name, source) in &self.sources {
            environment.add_template(name, source)?;
        }
        Ok(environment.get_template(name)?.render(context)?)
    }
}

fn read(folder: &Path, prefix: &str, sources: &mut Vec<(String, String)>) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = PathBuf::from(path);
        move |source| Error::File { path, source }
    };
    let entries = std::fs::read_dir(folder).map_err(failed(folder))?;
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), sources)?;
        } else {
            let source = std::fs::read_to_string(&path).map_err(failed(&path))?;
            sources.push((format!("{prefix}{name}"), source));
        }
    }
    Ok(())
}
