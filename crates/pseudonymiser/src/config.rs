//! `pseudonymiser.toml`.

use std::path::{Path, PathBuf};

use kw_logbook::LedgerSettings;
use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_store::DatabaseConfig;
use kw_transport::TlsFiles;
use serde::Deserialize;

/// The configuration of one pseudonymiser process. Relative paths start at the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymiserConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// Where it listens.
    #[serde(default)]
    pub server: ServerSettings,
    /// The application log.
    #[serde(default)]
    pub log: LogSettings,
    /// Its certificate, and whom it trusts.
    pub tls: TlsFiles,
    /// Budgets and ledger.
    pub database: DatabaseConfig,
    /// Its keys.
    pub keys: KeySettings,
    /// How its log is published.
    #[serde(default)]
    pub ledger: LedgerSettings,
}

/// `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The folder of the key files that `ketenwijzer keys init` makes.
    pub directory: PathBuf,
}

impl PseudonymiserConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for PseudonymiserConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        folder.resolve(&mut self.keys.directory);
        self.ledger.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.relative_to(folder.as_path());
        self.database.resolve_paths(folder.as_path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
        agreement = 'agreement.toml'
        [tls]
        certificate = 'own.pem'
        key = '/etc/own.key'
        trust_anchors = 'ca.pem'
        revocation_lists = ['crl.pem']
        [database]
        url = 'sqlite:data/pseudonymiser.db'
        [keys]
        directory = 'keys'
    ";

    #[test]
    fn every_relative_path_starts_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pseudonymiser.toml");
        std::fs::write(&file, TEXT).unwrap();
        let config = PseudonymiserConfig::load(&file).unwrap();
        assert_eq!(config.agreement, folder.path().join("agreement.toml"));
        assert_eq!(config.keys.directory, folder.path().join("keys"));
        assert_eq!(config.tls.certificate, folder.path().join("own.pem"));
        assert_eq!(config.tls.key, Path::new("/etc/own.key"));
        assert_eq!(Path::new(&config.database.url), folder.path().join("data/pseudonymiser.db"));
    }

    #[test]
    fn a_database_server_is_not_taken_for_a_path() {
        let mut config: PseudonymiserConfig = config::parse(
            Path::new("p.toml"),
            &TEXT.replace("sqlite:data/pseudonymiser.db", "postgres://kw@db/kw"),
        )
        .unwrap();
        config.resolve_paths(&Folder::of(Path::new("/srv/p.toml")));
        assert_eq!(config.database.url, "postgres://kw@db/kw");
    }

    #[test]
    fn a_key_that_is_not_known_is_a_mistake() {
        let text = TEXT.replace("directory = 'keys'", "directory = 'keys'\nrotate = true");
        let error = config::parse::<PseudonymiserConfig>(Path::new("p.toml"), &text).unwrap_err();
        assert!(error.to_string().contains("`keys`"), "{error}");
    }
}
