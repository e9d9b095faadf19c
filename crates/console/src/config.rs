//! `console.toml`.

use std::path::{Path, PathBuf};

use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_transport::TlsFiles;
use kw_web::{SessionSettings, SignInSettings, WebSettings};
use serde::Deserialize;

/// The configuration of a console. Relative paths start at the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// Where it listens: plain HTTP on this machine without `[tls]`, HTTPS with it.
    #[serde(default)]
    pub server: ServerSettings,
    /// The application log.
    #[serde(default)]
    pub log: LogSettings,
    /// The certificate of its own HTTPS; without it something in front of it speaks TLS.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// Where browsers reach it.
    pub web: WebSettings,
    /// How it is known where its users sign in.
    #[serde(default)]
    pub sign_in: SignInSettings,
    /// How long sessions last.
    #[serde(default)]
    pub session: SessionSettings,
}

impl ConsoleConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for ConsoleConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        self.sign_in.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.take().map(|tls| tls.relative_to(folder.as_path()));
    }
}
