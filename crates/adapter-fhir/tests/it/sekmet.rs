//! A FHIR R4 server that is not ours: PyPI `sekmet-fhir`, a small hospital system made to test integrations with, in a process of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Sekmet {
    child: Child,
    pub(crate) folder: TempDir,
    pub(crate) root: String,
    http: Client,
}

impl Sekmet {
    /// A fresh, empty server. `auth` is the part `server_auth` of its settings (YAML in one line).
    pub(crate) async fn start(folder: TempDir, auth: &str) -> Result<Self, String> {
        let program = installed()?;
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let root = format!("http://127.0.0.1:{port}");
        let settings = format!(
            "base_url: {root}/fhir\nhost: 127.0.0.1\nport: {port}\ndata_dir: data\nvalidation: {{inbound: strict}}\n\
             simulator: {{enabled: false}}\nlog_inbound: true\nserver_auth: {auth}\n"
        );
        fs::write(folder.path().join("settings.yaml"), settings).map_err(|error| error.to_string())?;
        let child = Command::new(program)
            .args(["serve", "--config", "settings.yaml"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("sekmet: {error}"))?;
        let http = web_client(&[], Arc::new(SystemClock), ClientOptions::default()).unwrap();
        let server = Self { child, folder, root, http };
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(1) {
            if server.http.get(format!("{}/.well-known/jwks.json", server.root)).send().await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err("the FHIR server did not start within a minute".to_owned())
    }

    /// The settings of a source that reads it.
    pub(crate) fn source(&self, more: &str, categories: &str) -> String {
        format!(
            "page_size = 2\n{more}\n[api]\nbase_url = '{}/fhir'\ntimeout_ms = 20000\n{categories}",
            self.root
        )
    }

    /// Writes a resource, as the hospital's own systems do.
    pub(crate) async fn put(&self, resource: &Value) {
        let (status, body) = self.send(Method::PUT, &path(resource), Some(resource)).await;
        assert!(status < 300, "{status}: {body}");
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, body) = self.send(Method::DELETE, path, None).await;
        assert!(status < 300, "{status}: {body}");
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request =
            self.http.request(method, format!("{}/fhir/{path}", self.root)).bearer_auth("writer");
        if let Some(body) = body {
            request = request.header("content-type", "application/fhir+json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

impl Drop for Sekmet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn path(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

/// The program, installed once for all runs.
fn installed() -> Result<PathBuf, String> {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-fhir");
    let program = folder.join("bin/sekmet");
    if !program.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            VERSION,
        ]))?;
    }
    Ok(program)
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

const VERSION: &str = "sekmet-fhir==0.1.1";
