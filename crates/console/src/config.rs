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
    /// Which certificates browsers have to show; none are asked for without it. It needs `[tls]`.
    #[serde(default)]
    pub client_certificates: Option<PeopleSettings>,
    /// The certificate of the auditing organisation, with which the services are asked. Without it there are no pages for
    /// auditors.
    #[serde(default)]
    pub auditor: Option<TlsFiles>,
    /// Where the switchboard's operator API is. Without it there are no pages for operators.
    #[serde(default)]
    pub operator: Option<OperatorSettings>,
}

/// `[client_certificates]`: whom browsers have to be of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleSettings {
    /// The certificates of the authorities of people's certificates, PEM.
    pub trust_anchors: PathBuf,
    /// The revocation lists of those authorities, PEM or DER.
    #[serde(default)]
    pub revocation_lists: Vec<PathBuf>,
    /// Says in words that revocation is not checked.
    #[serde(default)]
    pub without_revocation: bool,
}

/// `[operator]`: the switchboard on the same machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorSettings {
    /// The switchboard's admin listener: `http://127.0.0.1:PORT`.
    pub address: String,
    /// After how long a partner of which nothing was heard is said to be silent.
    #[serde(default = "silent_seconds")]
    pub silent_seconds: u64,
}

/// Its process asks the switchboard for signals within half a minute, always.
fn silent_seconds() -> u64 {
    300
}

impl PeopleSettings {
    /// What the listener needs: its own certificate, and people's authorities in the place of the chain's.
    pub(crate) fn files(&self, own: &TlsFiles) -> TlsFiles {
        TlsFiles {
            trust_anchors: self.trust_anchors.clone(),
            revocation_lists: self.revocation_lists.clone(),
            without_revocation: self.without_revocation,
            ..own.clone()
        }
    }
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
        self.web.resolve_paths(folder);
        self.sign_in.resolve_paths(folder);
        self.log.resolve_paths(folder);
        for files in [&mut self.tls, &mut self.auditor].into_iter().flatten() {
            *files = files.relative_to(folder.as_path());
        }
        if let Some(people) = &mut self.client_certificates {
            folder.resolve(&mut people.trust_anchors);
            people.revocation_lists.iter_mut().for_each(|path| folder.resolve(path));
        }
    }
}
