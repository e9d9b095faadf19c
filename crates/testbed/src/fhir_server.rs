//! A FHIR R4 server that is not ours: PyPI `sekmet-fhir`, a small hospital system made to test integrations with.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};
use reqwest::{Client, Method};
use serde_json::Value;
use tempfile::TempDir;

use crate::{free_port, outside};

const PACKAGE: &str = "sekmet-fhir==0.1.1";

/// The server in a process of its own; it ends with this. Its own systems write with the token `writer`.
#[derive(Debug)]
pub struct FhirServer {
    child: Child,
    folder: TempDir,
    root: String,
    http: Client,
}

impl FhirServer {
    /// A fresh, empty server. `auth` is the part `server_auth` of its settings (YAML in one line). It is installed below `tools`
    /// once; why not, when it cannot be.
    pub async fn start(folder: TempDir, tools: &Path, auth: &str) -> Result<Self, String> {
        let program = outside::python_program(&tools.join("outside-fhir"), PACKAGE, "sekmet")?;
        let port = free_port().map_err(|error| error.to_string())?;
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
        let http = web_client(&[], Arc::new(SystemClock), ClientOptions::default());
        let http = http.map_err(|error| error.to_string())?;
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

    /// Where it is: scheme, host and port. FHIR is below `/fhir`.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The folder that it was given.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes a resource, as the hospital's own systems do.
    pub async fn put(&self, resource: &Value) -> anyhow::Result<()> {
        let part =
            |name: &str| resource[name].as_str().with_context(|| format!("the resource has no {name}"));
        let path = format!("{}/{}", part("resourceType")?, part("id")?);
        let (status, body) = self.send(Method::PUT, &path, Some(resource)).await?;
        ensure!(status < 300, "{status}: {body}");
        Ok(())
    }

    /// Deletes what is at this path.
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let (status, body) = self.send(Method::DELETE, path, None).await?;
        ensure!(status < 300, "{status}: {body}");
        Ok(())
    }

    /// Sends something; status and answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let mut request =
            self.http.request(method, format!("{}/fhir/{path}", self.root)).bearer_auth("writer");
        if let Some(body) = body {
            request = request.header("content-type", "application/fhir+json").body(body.to_string());
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await.unwrap_or_default()))
    }
}

impl Drop for FhirServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
