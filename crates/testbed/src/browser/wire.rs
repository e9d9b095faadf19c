//! Commands to the driver and its answers: JSON over HTTP on this machine (WebDriver, W3C Recommendation).

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};
use reqwest::{Client, Method};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Wire {
    http: Client,
    address: SocketAddr,
    session: String,
}

impl Wire {
    pub(super) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let options =
            ClientOptions { timeout: Duration::from_mins(1), connect_timeout: Duration::from_secs(5) };
        Ok(Self { http: web_client(&[], Arc::new(SystemClock), options)?, address, session: String::new() })
    }

    /// Begins a session; its name.
    pub(super) async fn begin(&self, capabilities: &Value) -> anyhow::Result<String> {
        let begun = self.send(Method::POST, "/session", Some(capabilities)).await?;
        begun["sessionId"].as_str().map(str::to_owned).context("the driver began no session")
    }

    pub(super) fn of_session(self, session: String) -> Self {
        Self { session, ..self }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, &self.path(path), None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::POST, &self.path(path), Some(&body)).await
    }

    /// Runs a function's body in the page; what it returns.
    pub(super) async fn run(&self, script: &str, arguments: Value) -> anyhow::Result<Value> {
        self.post("/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// The same, for a body that calls its last argument when it is done.
    pub(super) async fn run_until_called(&self, script: &str, arguments: Value) -> anyhow::Result<Value> {
        self.post("/execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// A command of Chromium's own protocol.
    pub(super) async fn chromium(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Ends the session, for who cannot wait for an answer as others do.
    pub(super) fn end_blocking(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect_timeout(&self.address, SHORT)?;
        stream.set_read_timeout(Some(SHORT))?;
        let path = self.path("");
        write!(stream, "DELETE {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }

    fn path(&self, path: &str) -> String {
        format!("/session/{}{path}", self.session)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("http://{}{path}", self.address));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let mut said: Value = answer.json().await?;
        if !status.is_success() {
            let why = &said["value"];
            bail!("{}: {}", why["error"].as_str().unwrap_or("?"), why["message"].as_str().unwrap_or("?"));
        }
        Ok(said["value"].take())
    }
}

const SHORT: Duration = Duration::from_secs(5);
