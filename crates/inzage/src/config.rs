//! `inzage.toml`.

use std::path::{Path, PathBuf};

use kw_domain::Oin;
use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_transport::TlsFiles;
use kw_web::{PartnerSettings, SessionSettings, SignInSettings, WebSettings};
use serde::Deserialize;

/// The configuration of inzage. Relative paths start at the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InzageConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// The partner that runs it, which by law may use the number of whoever signs in.
    pub own: Oin,
    /// As what the provider of statements knows it.
    pub client_id: String,
    /// The partner process that is asked.
    pub partner: PartnerSettings,
    /// 32 random bytes, made at the first start: they turn a person into the reference under which their requests for correction
    /// are found again.
    pub reference_key: PathBuf,
    /// The personal environment in which people collect their own dossier, where the chain has one.
    #[serde(default)]
    pub personal: Option<PersonalSettings>,
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

/// `[personal]`: the personal environment's own API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalSettings {
    /// Where its API is: its public listener. Its `[users] address` is that of these pages, so that providers and holders send
    /// browsers back here.
    pub address: String,
    /// Whom to trust as authority of its certificate (PEM); the machine's own roots when left out.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
}

impl InzageConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for InzageConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        folder.resolve(&mut self.reference_key);
        self.partner.resolve_paths(folder);
        for path in self.personal.iter_mut().flat_map(|personal| &mut personal.roots) {
            folder.resolve(path);
        }
        self.web.resolve_paths(folder);
        self.sign_in.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.take().map(|tls| tls.relative_to(folder.as_path()));
    }
}
