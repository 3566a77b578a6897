//! The README's lines, run one after another as a newcomer pastes them: the first in the repository,
//! the others in shells of their own. Only the port and the data folder are others, so that tests do
//! not get in one another's way.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use openwa_testkit::process;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Includes the release build, when nothing was built before.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const LIMIT: Duration = Duration::from_secs(60);

/// What the README shows in blocks that are meant for a shell.
fn blocks() -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let blocks = readme.split("```bash\n").skip(1);
    blocks.map(|it| it.split("```").next().expect("a block ends").trim().to_owned()).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("the address just bound").port()
}

/// A terminal in which lines are pasted.
struct Terminal {
    _shell: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    port: u16,
    receiver_port: u16,
}

impl Terminal {
    fn open(folder: &Path, data: &Path, port: u16, receiver_port: u16) -> Self {
        let mut shell = Command::new("bash");
        shell.arg("-e").current_dir(folder).env("PORT", port.to_string()).env("DATA_DIR", data);
        for name in process::told_by_cargo() {
            shell.env_remove(name);
        }
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut shell = shell.spawn().expect("bash runs");
        let input = shell.stdin.take().expect("piped");
        let output = BufReader::new(shell.stdout.take().expect("piped")).lines();
        Self { _shell: shell, input, output, port, receiver_port }
    }

    async fn paste(&mut self, block: &str) {
        let block = block.replace("2785", &self.port.to_string()).replace("9000", &self.receiver_port.to_string());
        // What curl prints has no line break at its end.
        self.input.write_all(format!("{block}\necho\n").as_bytes()).await.expect("the shell reads");
        self.input.flush().await.expect("the shell reads");
    }

    /// Reads on until a line has this text in it.
    async fn says(&mut self, text: &str, limit: Duration) -> String {
        let mut passed = Vec::new();
        let reading = async {
            while let Some(line) = self.output.next_line().await.expect("the output of a shell is text") {
                if line.contains(text) {
                    return Some(line);
                }
                passed.push(line);
            }
            None
        };
        match tokio::time::timeout(limit, reading).await {
            Ok(Some(line)) => line,
            Ok(None) => panic!("the shell ended before it said {text:?}: {passed:#?}"),
            Err(_) => panic!("the shell did not say {text:?} within {limit:?}: {passed:#?}"),
        }
    }
}

#[tokio::test]
async fn the_lines_of_the_readme_work_one_by_one() {
    let blocks = blocks();
    let [run, test, link, send, receiver, answer, own, scan] = &blocks[..] else {
        panic!("the README has {} blocks of lines: teach this test what they are", blocks.len())
    };
    assert_eq!((test.as_str(), own.as_str()), ("./test", "cargo run --release -- serve"));

    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    std::os::unix::fs::symlink(repository().join("examples"), home.path().join("examples")).unwrap();
    let (port, receiver_port) = (free_port().await, free_port().await);
    let first = |folder: &Path| Terminal::open(folder, &data, port, receiver_port);

    let mut gateway = first(&repository());
    gateway.paste(&format!("exec {run}")).await;
    gateway.says("is listening on", BUILD_LIMIT).await;
    for line in ["/sessions", "/start", "/sandbox/scan"] {
        gateway.says(line, LIMIT).await;
    }

    let mut second = first(home.path());
    second.paste(link).await;
    second.says("\"number\"", LIMIT).await;
    second.paste(send).await;
    second.says("Your order ships today.", LIMIT).await;

    let mut third = first(home.path());
    third.paste(&format!("exec {receiver}")).await;
    second.paste(&format!("until (echo > /dev/tcp/127.0.0.1/{receiver_port}) 2>/dev/null; do sleep 0.1; done")).await;
    second.paste(answer).await;
    third.says("message.received 15551234567@c.us Thank you!", LIMIT).await;

    // The code of another session in the terminal: what a person scans with a real phone.
    second.paste("SESSION=$(curl -s $API/api/sessions -H \"$KEY\" -H \"$JSON\" -d '{\"name\":\"own\"}' | grep -o '\"id\":\"[^\"]*' | cut -c7-)").await;
    second.paste("curl -s -o started -X POST $API/api/sessions/$SESSION/start -H \"$KEY\"").await;
    second.paste("until curl -s $API/api/sessions/$SESSION -H \"$KEY\" | grep -q qr_ready; do sleep 0.1; done; echo; echo code:").await;
    second.says("code:", LIMIT).await;
    second.paste(scan).await;
    second.says("█", LIMIT).await;
}
