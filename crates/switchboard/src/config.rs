//! The switchboard's configuration file.

use std::path::{Path, PathBuf};

use kw_identity::IdentitySettings;
use kw_logbook::LedgerSettings;
use kw_runtime::ServerSettings;
use kw_runtime::config::{ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_store::DatabaseConfig;
use kw_transport::TlsFiles;
use serde::Deserialize;

use crate::subscriptions::DeliverySettings;

/// The switchboard's configuration file. Relative paths start at its folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchboardConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// Where it listens.
    #[serde(default)]
    pub server: ServerSettings,
    /// Its application log.
    #[serde(default)]
    pub log: LogSettings,
    /// Its certificate, and whom it trusts.
    pub tls: TlsFiles,
    /// Its database.
    pub database: DatabaseConfig,
    /// Its keys.
    pub keys: KeyFolder,
    /// How its log is published.
    #[serde(default)]
    pub ledger: LedgerSettings,
    /// How patiently signals are delivered at subscribers' addresses.
    #[serde(default)]
    pub signals: DeliverySettings,
    /// How the identity providers of partners are reached.
    #[serde(default)]
    pub identity: IdentitySettings,
}

/// Where keys are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFolder {
    /// A folder of key files, each of mode 0600.
    pub directory: PathBuf,
}

impl SwitchboardConfig {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        kw_runtime::config::load(path)
    }
}

impl Settings for SwitchboardConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        folder.resolve(&mut self.keys.directory);
        self.ledger.resolve_paths(folder);
        self.identity.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.relative_to(folder.as_path());
        self.database.resolve_paths(folder.as_path());
    }
}
