//! What is committed, and what should be.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use crate::{
    document::{self, Document},
    error::Error,
    format, older,
    target::{MARK, TARGETS, Target},
};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file that was not what it should be, and is now.
#[derive(Debug, PartialEq)]
pub(crate) enum Stale {
    Written(PathBuf),
    /// Nobody renders it any more.
    Removed(PathBuf),
}

/// Brings the tree up to date, and says what was not.
pub(crate) fn refresh(root: &Path) -> Result<Vec<Stale>, Error> {
    let document = document::load(&root.join(document::PUBLISHED))?;
    let wanted = rendered(&document)?;
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        let place = root.join(path);
        if std::fs::read(&place).is_ok_and(|it| it == text.as_bytes()) {
            continue;
        }
        let failed = |source| Error::File { path: place.clone(), source };
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&place, text).map_err(failed)?;
        stale.push(Stale::Written(path.clone()));
    }
    for path in generated(root)? {
        if !wanted.contains_key(&path) {
            let place = root.join(&path);
            std::fs::remove_file(&place).map_err(|source| Error::File { path: place, source })?;
            stale.push(Stale::Removed(path));
        }
    }
    Ok(stale)
}

/// Every file that there should be.
fn rendered(document: &Document) -> Result<BTreeMap<PathBuf, String>, Error> {
    let api = document.api()?;
    let mut files = BTreeMap::new();
    files.insert(PathBuf::from(older::PATH), older::document(document));
    for target in TARGETS {
        for (path, text) in (target.render)(&api)? {
            inside(target, &path)?;
            if !text.lines().next().is_some_and(|it| it.contains(MARK)) {
                return Err(Error::Unmarked(path));
            }
            let text = format::formatted(&path, text)?;
            match files.entry(path) {
                Entry::Vacant(place) => place.insert(text),
                Entry::Occupied(place) => return Err(Error::WrittenTwice(place.key().clone())),
            };
        }
    }
    Ok(files)
}

fn inside(target: &Target, path: &Path) -> Result<(), Error> {
    if target.folders.iter().any(|it| path.starts_with(it)) {
        return Ok(());
    }
    Err(Error::OutsideItsFolders { target: target.name, path: path.to_owned() })
}

/// The files of the targets' folders that say that they are generated.
fn generated(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = TARGETS.iter().flat_map(|it| it.folders).map(PathBuf::from).collect();
    folders.sort();
    folders.dedup();
    while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        if !place.is_dir() {
            continue;
        }
        let failed = |source| Error::File { path: place.clone(), source };
        for entry in std::fs::read_dir(&place).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = folder.join(entry.file_name());
            if entry.file_type().map_err(failed)?.is_dir() {
                if entry.file_name() != "node_modules" {
                    folders.push(path);
                }
            } else if begins_with_mark(&entry.path()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn begins_with_mark(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|it| it.take(200).read_to_end(&mut start));
    let start = String::from_utf8_lossy(&start);
    read.is_ok() && start.lines().next().is_some_and(|it| it.contains(MARK))
}
