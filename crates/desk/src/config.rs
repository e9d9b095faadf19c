//! `desk.toml`.

use std::path::{Path, PathBuf};

use kw_domain::{Oin, Role};
use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_transport::TlsFiles;
use kw_web::{PartnerSettings, SessionSettings, SignInSettings, WebSettings};
use serde::Deserialize;

/// The configuration of a desk. Relative paths start at the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// The partner whose people work here.
    pub own: Oin,
    /// The partner process that is asked.
    pub partner: PartnerSettings,
    /// Who does what the agreement has no rule for.
    #[serde(default)]
    pub duties: Duties,
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

/// `[duties]`: the roles, in the agreement's words, whose bearers see and do what the agreement leaves to the organisation. Nobody
/// without an entry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Duties {
    /// Handle the feedback reports that the organisation receives.
    pub feedback: Vec<Role>,
    /// Follow matches up, with the organisation's own records in them.
    pub matches: Vec<Role>,
    /// Read the figures about matches, without persons.
    pub figures: Vec<Role>,
}

impl DeskConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for DeskConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        self.partner.resolve_paths(folder);
        self.web.resolve_paths(folder);
        self.sign_in.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.take().map(|tls| tls.relative_to(folder.as_path()));
    }
}
