//! What a person at a terminal sees, and does not see who asked for no colours.

use std::process::Stdio;

use openwa_testkit::process::{START_LIMIT, binary};
use tokio::process::Command;

use super::shell::Shell;

/// What the program writes to a terminal: `script` lends it one.
async fn at_a_terminal(shell: &Shell, arguments: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command"]).arg(format!("'{}' {arguments}", binary().display()));
    command.arg("/dev/null").current_dir(shell.path(".")).kill_on_drop(true).stdin(Stdio::null());
    command.env("OPENWA_BASE_URL", shell.gateway.base()).env("OPENWA_API_KEY", shell.key());
    command.env("XDG_CONFIG_HOME", shell.path("config")).env("TERM", "xterm").env_remove("NO_COLOR");
    command.envs(environment.iter().copied());
    let ended = tokio::time::timeout(START_LIMIT, command.output()).await.expect("it ends by itself");
    let output = ended.expect("util-linux is installed, which has `script`");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[tokio::test]
async fn colours_and_bars_are_for_terminals() {
    let (shell, _, _, customer) = Shell::with_shop().await;
    assert!(at_a_terminal(&shell, "sessions", &[]).await.contains("\x1b[1mNAME"));
    let plain = at_a_terminal(&shell, "sessions", &[("NO_COLOR", "1")]).await;
    assert!(plain.contains("NAME") && !plain.contains('\x1b'), "{plain:?}");
    let json = at_a_terminal(&shell, "sessions --json", &[]).await;
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json:?}");

    std::fs::write(shell.path("film.mp4"), vec![7; 3_000_000]).unwrap();
    let shown = at_a_terminal(&shell, &format!("send {} --video film.mp4", customer.number), &[]).await;
    assert!(shown.contains("film.mp4 [") && shown.contains("Sent to"), "{shown:?}");
}
