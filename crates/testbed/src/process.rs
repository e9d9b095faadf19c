//! A service as a process of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Longer than any start takes on a machine with other work.
const START: Duration = Duration::from_mins(1);
const END: Duration = Duration::from_secs(30);

/// A running process. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    addresses: BTreeMap<String, SocketAddr>,
}

/// The process ended, or said nothing, before it was ready.
#[derive(Debug, thiserror::Error)]
#[error("the process did not get ready ({how}); it said: {said}")]
pub struct StartError {
    /// Its end, or that it took too long.
    pub how: String,
    /// Everything it wrote to standard error.
    pub said: String,
}

impl Process {
    /// Starts `command` and waits for its line `ready {…}`. What it writes to standard error goes to the file `errors`.
    pub fn start(mut command: Command, errors: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(errors)?;
        let before = file.metadata()?.len();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
        let output = child.stdout.take().context("standard output is piped")?;
        let (found, ready) = mpsc::channel();
        // Goes on reading when the line was found: a full pipe would stop the process.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, addresses)) = line.split_once("ready {") {
                    // Nobody waits any more when the start took too long.
                    drop(found.send(format!("{{{addresses}")));
                }
            }
        });
        let mut process = Self { child, addresses: BTreeMap::new() };
        match ready.recv_timeout(START) {
            Ok(line) => {
                process.addresses =
                    serde_json::from_str(&line).context("the ready line is not understood")?;
                Ok(process)
            }
            Err(reason) => {
                let how = match reason {
                    mpsc::RecvTimeoutError::Timeout => "it took too long".to_owned(),
                    mpsc::RecvTimeoutError::Disconnected => process.child.wait()?.to_string(),
                };
                let said =
                    String::from_utf8_lossy(&fs::read(errors)?).chars().skip(before as usize).collect();
                Err(StartError { how, said }.into())
            }
        }
    }

    /// Where its listener of this name is.
    pub fn address(&self, listener: &str) -> anyhow::Result<SocketAddr> {
        self.addresses.get(listener).copied().with_context(|| format!("there is no listener {listener:?}"))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would: nothing is finished, nothing is flushed.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status()?;
        anyhow::ensure!(sent.success(), "the signal {name} was not sent");
        Ok(())
    }

    /// Waits until it ends by itself, and hands back how.
    pub fn wait_for_end(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            if let Some(ended) = self.child.try_wait()? {
                return Ok(ended);
            }
            anyhow::ensure!(Instant::now() < until, "the process is still there");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it in an orderly way.
    pub fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal("TERM")?;
        let until = Instant::now() + END;
        while Instant::now() < until {
            if let Some(ended) = self.child.try_wait()? {
                return Ok(ended);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("the process did not end within {END:?} of SIGTERM")
    }

    /// The value of a metric on its admin listener, by its name with its labels as they are shown; nothing while it shows no such
    /// metric. Blocks.
    pub fn metric(&self, name: &str) -> anyhow::Result<Option<f64>> {
        let mut stream = TcpStream::connect(self.address("admin")?)?;
        stream.set_read_timeout(Some(END))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.map(|value| value.trim().parse()).transpose()?)
    }

    /// Processor time that it has used so far, of all its threads, from `/proc`.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(self.pid())
    }

    /// Bytes of memory that are resident now.
    pub fn resident(&self) -> anyhow::Result<u64> {
        resident_of(self.pid())
    }
}

/// Processor time of a process so far.
fn cpu_of(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/stat")))?;
    // The name, in brackets, may hold spaces; the fields that count come after it.
    let (_, fields) = stat.rsplit_once(')').context("/proc/…/stat is not understood")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    // utime and stime, in hundredths of a second on every Linux that there is.
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

fn resident_of(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/status")))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes * 1024)
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
