//! Running the program.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.trim_end().lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Runs it to its end.
pub(crate) fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    run_with_input(arguments, "")
}

/// The same, with something on standard input.
pub(crate) fn run_with_input(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &str) -> Ran {
    let mut child = command(arguments).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ketenwijzer"));
    command.args(arguments).stdout(Stdio::piped()).env_remove("KETENWIJZER_DEMO_DATABASE");
    command
}

/// A demonstration that keeps running, killed with the test.
pub(crate) struct Demo {
    child: Child,
    pub(crate) places: Value,
}

impl Demo {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(folder: &Path, more: &[&str]) -> Self {
        let without = ["--without-pages"];
        Self::run(folder, &[&without, more].concat())
    }

    /// With desk, console and inzage, and everything that happened for them.
    pub(crate) fn with_pages(folder: &Path) -> Self {
        Self::run(folder, &[])
    }

    fn run(folder: &Path, more: &[&str]) -> Self {
        let arguments = ["demo", "--json", "--people", "40", "--dir", folder.to_str().unwrap()];
        let mut said = tempfile::tempfile().unwrap();
        let stderr = said.try_clone().unwrap();
        let mut child =
            command(arguments.iter().chain(more)).stdin(Stdio::null()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let places = serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut why = String::new();
            said.rewind().and_then(|()| said.read_to_string(&mut why)).unwrap();
            panic!("{error}: {line} {why}")
        });
        Self { child, places }
    }

    /// Ends it as Ctrl-C does; its exit code.
    pub(crate) fn interrupt(mut self) -> i32 {
        signal(&self.child, "INT");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Ends it as the kernel does: nothing of it runs any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that a person would watch. It ends with the test.
pub(crate) struct Talking {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Talking {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    /// Everything until a line with this text, which it has to come to.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let mut told = String::new();
        while !told.contains(text) {
            assert!(self.said.read_line(&mut told).unwrap() > 0, "it ended before {text:?}: {told}");
        }
        told
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A service that ends with the test.
pub(crate) struct Service {
    child: Child,
    _lifeline: Option<ChildStdin>,
}

impl Service {
    pub(crate) fn start(kind: &str, config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ketenwijzer"));
        command.args([kind, "serve", "--until-stdin-closes", "--config"]).arg(config);
        Self::ready(command.stderr(Stdio::null())).unwrap_or_else(|error| panic!("{kind}: {error}"))
    }

    /// Waits for a line that begins with `ready`.
    pub(crate) fn ready(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let lifeline = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let service = Self { child, _lifeline: lifeline };
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("ready"));
        std::thread::spawn(move || lines.for_each(drop));
        if ready { Ok(service) } else { Err("it ended before it was ready".to_owned()) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Sends a signal to the process that serves under this configuration. What is killed is gone when this returns, with its sockets.
pub(crate) fn signal_service(config: &Path, name: &str) {
    let config = config.to_str().unwrap();
    let is_it = |process: &PathBuf| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(config) && line.contains("serve")
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let found: Vec<_> = processes.filter(is_it).collect();
    let [process] = found.as_slice() else { panic!("one process: {found:?}") };
    let id = process.file_name().unwrap().to_str().unwrap();
    assert!(Command::new("kill").args([&format!("-{name}"), id]).status().unwrap().success());
    // Or it waits for its parent to notice.
    let is_there = || {
        let status = std::fs::read_to_string(process.join("status"));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    };
    while name == "KILL" && is_there() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes whose command line names this text.
pub(crate) fn processes_with(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}
