//! The program on the repository it lies in.

use std::process::{Command, Output};

fn codegen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_codegen")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_is_committed_is_what_is_generated() {
    let output = codegen(&["check"]);
    assert!(output.status.success(), "look at what changed, and commit it:\n{}", said(&output));
}

#[test]
fn what_breaks_clients_of_the_last_release_stands_in_the_changelog() {
    let output = codegen(&["compat"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn the_intermediate_form_is_json_with_every_operation() {
    let output = codegen(&["ir"]);
    assert!(output.status.success(), "{}", said(&output));
    let api: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let operations: usize =
        api["resources"].as_array().unwrap().iter().map(|it| it["operations"].as_array().unwrap().len()).sum();
    let document = include_str!("../../openapi.json");
    assert_eq!(operations, document.matches("\"x-required-role\"").count() + public(document));
}

/// Operations that need no key have no role.
fn public(document: &str) -> usize {
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    items.flat_map(|it| it.as_object().unwrap().values()).filter(|it| it.get("x-required-role").is_none()).count()
}

#[test]
fn an_unknown_command_is_answered_with_those_there_are() {
    let output = codegen(&["chekc"]);
    assert!(!output.status.success());
    assert!(said(&output).contains("cargo codegen check"), "{}", said(&output));
}
