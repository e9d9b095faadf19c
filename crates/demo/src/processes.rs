//! The services as processes of their own: the same binary, started and ended by the demonstration.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kw_transport::LoopbackPorts;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};

use crate::DemoError;
use crate::events::ServiceKilled;

/// One running service. Dropped, it is killed; and should this process be killed itself, the service sees its standard
/// input close and ends.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    child: Child,
    /// Open for as long as the service shall run.
    _lifeline: Option<ChildStdin>,
}

impl Service {
    /// Starts `ketenwijzer <kind> serve --config <configuration>` and waits until it serves.
    pub(crate) async fn start(
        program: &Path,
        kind: &str,
        name: &str,
        configuration: &Path,
    ) -> Result<Self, DemoError> {
        let folder = configuration.parent().unwrap_or(Path::new("."));
        let told = folder.join("stderr.log");
        let stderr = File::create(&told).map_err(|source| DemoError::file(&told, source))?;
        let mut child = Command::new(program)
            .args([kind, "serve", "--until-stdin-closes", "--config"])
            .arg(configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            // Not in this terminal's group: Ctrl-C comes to the demonstration, which ends its services in order.
            .process_group(0)
            .spawn()
            .map_err(|source| DemoError::file(program, source))?;
        let lifeline = child.stdin.take();
        let stdout = child.stdout.take();
        let mut service = Self { name: name.to_owned(), child, _lifeline: lifeline };
        let Some(stdout) = stdout else { return Err(service.failed(told)) };
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("ready ") {
                    return true;
                }
            }
            false
        };
        if !tokio::time::timeout(PATIENCE, ready).await.unwrap_or(false) {
            return Err(service.failed(told));
        }
        // Whatever else it says is read, so that it is never blocked.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(service)
    }

    /// Kills the service, as a machine that goes down does.
    pub(crate) async fn kill(mut self) {
        let _ = self.child.kill().await;
    }

    /// Ends the service in order; kills it when it does not.
    pub(crate) async fn end(mut self) -> Option<ExitStatus> {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id as i32)) {
            let _ = kill_process(pid, Signal::TERM);
        }
        if let Ok(ended) = tokio::time::timeout(TIME_TO_END, self.child.wait()).await {
            return ended.ok();
        }
        ServiceKilled {}.log();
        let _ = self.child.kill().await;
        None
    }

    fn failed(&mut self, told: PathBuf) -> DemoError {
        let _ = self.child.start_kill();
        let last_words = std::fs::read_to_string(&told).unwrap_or_default();
        let reason = last_words.lines().map(str::trim).rfind(|line| !line.is_empty());
        DemoError::NotStarted {
            name: self.name.clone(),
            reason: reason.unwrap_or("it said nothing").to_owned(),
        }
    }
}

/// Waits until a service says that it is ready: its log is confirmed by the witnesses, so that it can write.
pub(crate) async fn until_ready(name: &str, admin: SocketAddr) -> Result<(), DemoError> {
    let ready = async {
        while !is_ready(admin).await.unwrap_or(false) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.map_err(|_| DemoError::NotStarted {
        name: name.to_owned(),
        reason: "it did not become ready".to_owned(),
    })
}

async fn is_ready(admin: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(admin).await?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status).await?;
    Ok(status.split(' ').nth(1) == Some("200"))
}

/// A port for something that a chain needs.
pub(crate) fn next_port(ports: &mut LoopbackPorts) -> Result<SocketAddr, DemoError> {
    ports.take().map_err(|error| DemoError::file(Path::new("a loopback port"), error))
}

/// Where one service listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doors {
    pub(crate) service: SocketAddr,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) local: SocketAddr,
}

impl Doors {
    pub(crate) fn take(ports: &mut LoopbackPorts) -> Result<Self, DemoError> {
        let mut next = || next_port(ports);
        Ok(Self { service: next()?, public: next()?, admin: next()?, local: next()? })
    }

    /// `[server]` of a configuration.
    pub(crate) fn server(&self) -> BTreeMap<&'static str, serde_json::Value> {
        BTreeMap::from([
            ("listen", self.service.to_string().into()),
            ("public", self.public.to_string().into()),
            ("admin", self.admin.to_string().into()),
            ("workers", 1.into()),
            ("shutdown-deadline", 2.into()),
        ])
    }
}

/// Until a service serves: the first start migrates its database.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
const TIME_TO_END: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_service_that_does_not_start_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "#!/bin/sh\necho 'the disk is full' >&2\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let error = Service::start(&program, "partner", "school", &folder.path().join("partner.toml")).await;
        assert!(error.unwrap_err().to_string().contains("the disk is full"));
    }
}
