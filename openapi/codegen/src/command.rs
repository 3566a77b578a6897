//! The commands.

use std::{path::Path, process::ExitCode};

use crate::{
    compat::{self, changelog},
    document,
    error::Error,
    tree::{self, Stale},
};

const USAGE: &str = "cargo codegen                  writes every generated file, and says which were stale
cargo codegen check            the same, and ends with 1 when any was stale
cargo codegen ir               prints the intermediate form as JSON
cargo codegen compat           lists what breaks clients of the last release and stands not in CHANGELOG.md
cargo codegen compat OLD NEW   lists what breaks clients of OLD; both end with 1 when anything does";

pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode, Error> {
    match arguments {
        [] => {
            refresh()?;
            Ok(ExitCode::SUCCESS)
        }
        ["check"] => Ok(code(refresh()?)),
        ["ir"] => {
            let path = tree::root().join(document::PUBLISHED);
            let api = document::load(&path)?.api()?;
            println!("{}", serde_json::to_string_pretty(&api).map_err(|source| Error::Json { path, source })?);
            Ok(ExitCode::SUCCESS)
        }
        ["compat"] => {
            let root = tree::root();
            let old = document::load(&root.join(document::RELEASED))?.earlier_api()?;
            let new = document::load(&root.join(document::PUBLISHED))?.api()?;
            let path = root.join("CHANGELOG.md");
            let changelog = std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
            let unnamed = changelog::unnamed(compat::breaks(&old, &new), &changelog);
            unnamed.iter().for_each(|it| println!("{it}"));
            if !unnamed.is_empty() {
                println!(
                    "These break clients of the last release. Take them back, or name each in CHANGELOG.md, under \
                     \"Unreleased\", in a section \"### Breaking\", in backticks: `{}`.",
                    unnamed[0].subject
                );
            }
            Ok(code(unnamed.is_empty()))
        }
        ["compat", old, new] => {
            let old = document::load(Path::new(old))?.earlier_api()?;
            let new = document::load(Path::new(new))?.api()?;
            let broken = compat::breaks(&old, &new);
            broken.iter().for_each(|it| println!("{it}"));
            Ok(code(broken.is_empty()))
        }
        _ => Err(Error::Usage(USAGE)),
    }
}

/// Whether nothing was stale.
fn refresh() -> Result<bool, Error> {
    let stale = tree::refresh(&tree::root())?;
    for it in &stale {
        match it {
            Stale::Written(path) => println!("stale, written now: {}", path.display()),
            Stale::Removed(path) => println!("rendered no more, removed: {}", path.display()),
        }
    }
    Ok(stale.is_empty())
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
