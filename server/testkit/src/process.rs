//! The real program `openwa` as a child process.

use std::{
    collections::VecDeque,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

/// How long a start, or a stop when asked, may take before the test fails. Only ever reached on failure.
pub const START_LIMIT: Duration = Duration::from_secs(60);

/// The last lines that are kept to be shown when a test fails.
const LOG_LINES: usize = 3_000;

/// Where the program is: `OPENWA_BINARY`, else beside the tests that run now.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("OPENWA_BINARY") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of the running test");
    let folder = test.ancestors().nth(2).expect("tests lie in a folder of the target folder");
    let path = folder.join("openwa");
    assert!(path.exists(), "{} is not there: build it first with `cargo b`, or set OPENWA_BINARY", path.display());
    path
}

/// The program without the sandbox: `OPENWA_PLAIN_BINARY`, else where `./test` puts it.
pub fn plain_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("OPENWA_PLAIN_BINARY") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of the running test");
    let path = test.ancestors().nth(3).expect("the target folder").join("plain/openwa");
    assert!(path.exists(), "{} is not there: ./test builds it, or set OPENWA_PLAIN_BINARY", path.display());
    path
}

/// What cargo tells a test by its environment. Build scripts look at some of it, and would build everything
/// anew: a cargo that a test starts must not get it.
pub fn told_by_cargo() -> impl Iterator<Item = OsString> {
    let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "NEXTEST"];
    std::env::vars_os().map(|it| it.0).filter(move |name| told.iter().any(|it| name.to_string_lossy().starts_with(it)))
}

/// How to call the program.
#[derive(Clone, Debug)]
pub struct Call {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

impl Call {
    /// In this folder, where it also finds its `.env` file if there is one.
    pub fn new(binary: PathBuf, folder: &Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
        Self { binary, arguments, environment: Vec::new(), folder: folder.to_owned() }
    }

    /// With an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // The developer's own settings must not reach the program under test.
        let kept = ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"];
        command.env_clear().envs(kept.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
        command.args(&self.arguments).envs(self.environment.iter().cloned()).current_dir(&self.folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs it until it ends by itself.
    pub async fn run(&self) -> Output {
        let running = self.command().output();
        match tokio::time::timeout(START_LIMIT, running).await {
            Ok(output) => output.unwrap_or_else(|error| panic!("{} does not start: {error}", self.binary.display())),
            Err(_) => panic!("{:?} did not end within {START_LIMIT:?}", self.arguments),
        }
    }

    /// Starts it.
    pub fn spawn(&self) -> Process {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.binary.display()));
        let log = Arc::new(Log::default());
        let (said, lines) = watch::channel(Vec::new());
        let out = child.stdout.take().expect("standard output is piped");
        let err = child.stderr.take().expect("standard error is piped");
        let readers = vec![
            tokio::spawn(read_lines(out, log.clone(), Some(said))),
            tokio::spawn(read_lines(err, log.clone(), None)),
        ];
        Process { child, lines, log, readers }
    }
}

#[derive(Debug, Default)]
struct Log(Mutex<VecDeque<String>>);

impl Log {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

async fn read_lines(pipe: impl AsyncRead + Unpin, log: Arc<Log>, said: Option<watch::Sender<Vec<String>>>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(said) = &said {
            said.send_modify(|all| all.push(line.clone()));
        }
        log.push(line);
    }
}

/// A running program. Dropped, it is killed; dropped by a failing test, it shows what it logged.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: watch::Receiver<Vec<String>>,
    log: Arc<Log>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it has not been waited for yet")
    }

    /// What it wrote so far, to standard output and standard error.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits for a line on standard output that has this text, and answers what follows it in that line.
    pub async fn says(&mut self, text: &str) -> String {
        let found = self.lines.wait_for(|lines| lines.iter().any(|line| line.contains(text)));
        let lines = match tokio::time::timeout(START_LIMIT, found).await {
            Ok(Ok(lines)) => lines.clone(),
            Ok(Err(_)) => panic!("the program ended before it said {text:?}"),
            Err(_) => panic!("the program did not say {text:?} within {START_LIMIT:?}"),
        };
        let line = lines.iter().find_map(|line| line.split_once(text)).expect("just found");
        line.1.trim().to_owned()
    }

    /// SIGKILL: it has no chance to put anything in order.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a child that runs can be killed");
        for reader in self.readers.drain(..) {
            _ = reader.await;
        }
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("`kill` is there");
        assert!(sent.success(), "process {id} is gone already");
        match tokio::time::timeout(START_LIMIT, self.child.wait()).await {
            Ok(status) => status.expect("a child can be waited for"),
            Err(_) => panic!("the program did not stop within {START_LIMIT:?}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.start_kill();
        if std::thread::panicking() {
            eprintln!("--- what the program wrote:\n{}---", self.log());
        }
    }
}
