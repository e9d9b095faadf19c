//! A server of npm packages in a process of its own, that says `ready` when it is.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{free_port, outside};

/// It ends with this.
#[derive(Debug)]
pub(crate) struct NodeServer {
    child: Child,
    output: BufReader<ChildStdout>,
    base: String,
}

impl NodeServer {
    /// Runs a script with its packages installed beside it, and its configuration, to which `port` is added, as its only argument.
    pub(crate) fn start(
        folder: &Path,
        packages: &[&str],
        script: &str,
        mut config: Value,
    ) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        outside::npm_packages(folder, packages)?;
        fs::write(folder.join("server.mjs"), script).map_err(told)?;
        let port = free_port().map_err(|error| error.to_string())?;
        config["port"] = port.into();
        let mut node = Command::new("node");
        node.arg(folder.join("server.mjs")).arg(config.to_string());
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().map_err(|error| format!("node: {error}"))?;
        let output = BufReader::new(child.stdout.take().ok_or("node has no output")?);
        let mut server = Self { child, output, base: format!("http://127.0.0.1:{port}") };
        let mut line = String::new();
        // A warning of a package may come first.
        while server.output.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.trim() == "ready" {
                return Ok(server);
            }
            line.clear();
        }
        Err("the server did not start".to_owned())
    }

    /// Where it is: scheme, host and port.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
