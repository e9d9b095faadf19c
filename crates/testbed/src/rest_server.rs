//! A JSON API that is not ours behind a certified authorisation server: npm `json-server` and `oidc-provider`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{free_port, outside};

/// Both servers in one process of their own; it ends with this. The API is under `/api`, tokens are given at `/token`.
#[derive(Debug)]
pub struct RestServer {
    child: Child,
    output: BufReader<ChildStdout>,
    base: String,
}

impl RestServer {
    /// Starts them with a client (`client_id`, and `client_secret` or `jwk`) and resources by name. The packages are installed below
    /// `tools` once; why not, when they cannot be.
    pub fn start(tools: &Path, client: &Value, resources: &Value) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let folder = tools.join("outside-rest");
        outside::npm_packages(&folder, &["oidc-provider@9.13.3", "json-server@0.17.4"])?;
        fs::write(folder.join("server.mjs"), SCRIPT).map_err(told)?;
        let port = free_port().map_err(|error| error.to_string())?;
        let config = json!({"port": port, "client": client, "db": resources});
        let mut node = Command::new("node");
        node.arg(folder.join("server.mjs")).arg(config.to_string());
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().map_err(|error| format!("node: {error}"))?;
        let output = BufReader::new(child.stdout.take().ok_or("node has no output")?);
        let mut server = Self { child, output, base: format!("http://127.0.0.1:{port}") };
        let mut line = String::new();
        // A warning of the provider may come first.
        while server.output.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.trim() == "ready" {
                return Ok(server);
            }
            line.clear();
        }
        Err("the servers did not start".to_owned())
    }

    /// Where it is: scheme, host and port.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SCRIPT: &str = include_str!("../outside/rest-server.mjs");
