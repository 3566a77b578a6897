//! The suites in other languages: each is a program of its own that a person can run, and one test here.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use openwa_testkit::process;

/// Runs a suite against the program that all tests use.
fn passes(suite: &str) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(repository.join(suite));
    command.current_dir(&repository).env("OPENWA_BINARY", process::binary()).stdin(Stdio::null());
    for name in process::told_by_cargo() {
        command.env_remove(name);
    }
    let done = command.output().unwrap_or_else(|error| panic!("{suite} does not start: {error}"));
    println!("{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{suite}: {}", done.status);
}

#[test]
fn published_documents() {
    passes("tests/openapi/test");
}

#[test]
fn python_package() {
    passes("bindings-python/test");
}

/// Every method of OpenWA's own SDK, which has to run unchanged.
#[test]
fn openwa_sdk() {
    passes("tests/openwa-sdk/run");
}

#[test]
fn node_package() {
    passes("bindings-node/test.sh");
}

#[test]
fn examples() {
    passes("examples/test");
}

#[test]
fn node_red() {
    passes("integrations/node-red-contrib-openwa/test/run");
}

/// Where n8n itself was not installed, it says so.
#[test]
fn n8n() {
    passes("integrations/n8n-nodes-openwa/test/run");
}
