//! What is committed, and what should be.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository that holds the document and nothing else.
    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("openapi")).unwrap();
        std::fs::copy(root().join(document::PUBLISHED), folder.path().join(document::PUBLISHED)).unwrap();
        folder
    }

    #[test]
    fn what_is_stale_is_written_once() {
        let folder = repository();
        let written = refresh(folder.path()).unwrap();
        assert!(written.contains(&Stale::Written(PathBuf::from(older::PATH))), "{written:?}");
        assert_eq!(refresh(folder.path()).unwrap(), []);
        std::fs::write(folder.path().join(older::PATH), "{}").unwrap();
        assert_eq!(refresh(folder.path()).unwrap(), [Stale::Written(PathBuf::from(older::PATH))]);
    }

    #[test]
    fn a_generated_file_that_nobody_renders_is_removed_and_a_hand_written_one_is_not() {
        let folder = repository();
        refresh(folder.path()).unwrap();
        let own = Path::new(TARGETS[0].folders[0]);
        let (stray, by_hand) = (own.join("below/stray.rs"), own.join("below/by_hand.rs"));
        std::fs::create_dir_all(folder.path().join(own).join("below")).unwrap();
        std::fs::write(folder.path().join(&stray), format!("// {MARK}\n")).unwrap();
        std::fs::write(folder.path().join(&by_hand), format!("// By hand.\n// {MARK}\n")).unwrap();
        assert_eq!(refresh(folder.path()).unwrap(), [Stale::Removed(stray.clone())]);
        assert!(!folder.path().join(stray).exists());
        assert!(folder.path().join(by_hand).exists());
    }

    #[test]
    fn a_document_that_is_refused_writes_nothing() {
        let folder = repository();
        std::fs::write(folder.path().join(document::PUBLISHED), r#"{"openapi": "3.0.3"}"#).unwrap();
        let error = refresh(folder.path()).unwrap_err();
        assert!(error.to_string().contains("not OpenAPI 3.1"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(!folder.path().join(older::PATH).exists());
    }
}
