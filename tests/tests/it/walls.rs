//! The walls between the rooms, read from cargo: an edge that is not in these tables fails. A new one
//! is a decision, to be written in ARCHITECTURE.md.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// What each room may import of ours.
const ROOMS: &[(&str, &[&str])] = &[
    ("openwa-model", &[]),
    ("openwa-store", &["openwa-model"]),
    ("openwa-files", &["openwa-model"]),
    ("openwa-engine-native", &["openwa-model"]),
    ("openwa-sandbox", &[]),
    ("openwa-core", &["openwa-model"]),
    ("openwa-api", &["openwa-core", "openwa-model"]),
    (
        "openwa-server",
        &[
            "openwa-api",
            "openwa-client",
            "openwa-core",
            "openwa-engine-native",
            "openwa-files",
            "openwa-model",
            "openwa-sandbox",
            "openwa-store",
        ],
    ),
    ("openwa-testkit", &["openwa-model"]),
    ("openwa-codegen", &[]),
    ("openwa-client", &[]),
    ("openwa-python", &["openwa-client"]),
    ("openwa-node", &["openwa-client"]),
    ("openwa-mcp", &["openwa-client"]),
    ("openwa-examples", &["openwa-client"]),
    ("openwa-tests", &["openwa-client", "openwa-testkit"]),
    ("openwa-bench", &["openwa-testkit"]),
];

/// What a room's own tests may import beyond that.
const IN_TESTS: &[(&str, &[&str])] = &[
    ("openwa-store", &["openwa-testkit"]),
    ("openwa-sandbox", &["openwa-testkit"]),
    ("openwa-core", &["openwa-files", "openwa-store", "openwa-testkit"]),
    ("openwa-api", &["openwa-files", "openwa-store"]),
    ("openwa-engine-native", &["openwa-sandbox", "openwa-store", "openwa-files"]),
];

/// Who may know these crates from outside.
const KEPT: &[(&str, &[&str])] = &[
    ("poem", &["openwa-api", "openwa-examples", "openwa-sandbox", "openwa-server"]),
    ("poem-openapi", &["openwa-api", "openwa-sandbox"]),
    ("sqlx", &["openwa-store"]),
    ("whatsapp-rust", &["openwa-engine-native"]),
    ("wacore", &["openwa-engine-native", "openwa-sandbox"]),
    ("wacore-binary", &["openwa-engine-native", "openwa-sandbox"]),
    ("wacore-noise", &["openwa-engine-native", "openwa-sandbox"]),
    ("waproto", &["openwa-engine-native", "openwa-sandbox"]),
    ("clap", &["openwa-mcp", "openwa-server"]),
    ("pyo3", &["openwa-python"]),
    ("napi", &["openwa-node"]),
    ("rmcp", &["openwa-mcp"]),
    ("minijinja", &["openwa-codegen"]),
    ("dotenvy", &["openwa-server"]),
    ("tracing-subscriber", &["openwa-server"]),
];

struct Edge {
    from: String,
    to: String,
    in_tests: bool,
}

fn edges() -> Vec<Edge> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo metadata is JSON");
    let list = |it: &Value| it.as_array().expect("a list").clone();
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata["packages"]).into_iter().flat_map(move |package| {
        let from = text(&package["name"]);
        list(&package["dependencies"]).into_iter().map(move |edge| Edge {
            from: from.clone(),
            to: text(&edge["name"]),
            in_tests: edge["kind"] == "dev",
        })
    });
    packages.collect()
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|it| it.0 == name).map(|it| it.1)
}

#[test]
fn rooms_import_only_what_the_table_lets_them() {
    let mut wrong = Vec::new();
    for Edge { from, to, in_tests } in edges().iter().filter(|it| it.to.starts_with("openwa-")) {
        let always = allowed(ROOMS, from).unwrap_or_else(|| panic!("{from} is not in the table of rooms"));
        let more = if *in_tests { allowed(IN_TESTS, from).unwrap_or_default() } else { &[] };
        if !always.contains(&to.as_str()) && !more.contains(&to.as_str()) {
            wrong.push(format!("{from} -> {to}"));
        }
    }
    assert!(wrong.is_empty(), "these edges are not in the table: {wrong:?}");
}

#[test]
fn each_outside_world_is_known_in_its_rooms_only() {
    let wrong: Vec<_> = edges()
        .iter()
        .filter(|edge| !edge.in_tests)
        .filter(|edge| allowed(KEPT, &edge.to).is_some_and(|rooms| !rooms.contains(&edge.from.as_str())))
        .map(|edge| format!("{} -> {}", edge.from, edge.to))
        .collect();
    assert!(wrong.is_empty(), "these rooms know too much: {wrong:?}");
}

/// Each crate that this selection builds, with its features.
fn crates(selection: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(selection)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).expect("cargo writes text");
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// A crate with other features is another crate: the WhatsApp ones would be built twice, for minutes.
#[test]
fn the_first_command_of_the_readme_builds_nothing_that_the_tests_do_not() {
    // Once with what runs while building, and once without it, because it hides a difference in what is linked.
    for (ours, also_tests) in
        [("normal,build", "normal,build,dev"), ("normal,no-proc-macro", "normal,dev,no-proc-macro")]
    {
        let readme = crates(&["--package", "openwa-server", "--features", "sandbox", "--edges", ours]);
        let tests = crates(&["--workspace", "--features", "openwa-server/sandbox", "--edges", also_tests]);
        let only_there: Vec<_> = readme.difference(&tests).collect();
        assert!(only_there.is_empty(), "name these features in the root Cargo.toml: {only_there:#?}");
    }
}
