//! `personal.toml`.

use std::path::{Path, PathBuf};

use kw_identity::IdentitySettings;
use kw_logbook::LedgerSettings;
use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_store::DatabaseConfig;
use kw_transport::TlsFiles;
use serde::Deserialize;

/// The configuration of one personal environment. Relative paths start at the folder of the file. Who it is stands in its
/// certificate; where holders and the provider are, in the agreement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// Where it listens. `public` is where its users reach it, and cannot be left out.
    #[serde(default)]
    pub server: ServerSettings,
    /// The application log.
    #[serde(default)]
    pub log: LogSettings,
    /// Its certificate, and whom it trusts.
    pub tls: TlsFiles,
    /// Dossiers and ledger.
    pub database: DatabaseConfig,
    /// Its keys.
    pub keys: KeySettings,
    /// How its log is published.
    #[serde(default)]
    pub ledger: LedgerSettings,
    /// Where its users find it.
    pub users: UserSettings,
    /// How the provider of the console's users is reached, for auditors who show who they are.
    #[serde(default)]
    pub identity: IdentitySettings,
    /// The provider where they sign in.
    pub provider: ProviderSettings,
}

/// `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The folder of the key files that `ketenwijzer keys init personal` makes.
    pub directory: PathBuf,
}

/// `[users]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSettings {
    /// The address that their browsers use, without a trailing slash: providers and holders send them back there. That of the pages
    /// (inzage), where there are any; else its own.
    pub address: String,
}

/// `[provider]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// As what the provider knows this personal environment.
    pub client_id: String,
    /// The key (P-256, PKCS #8 in DER) that proves it to the provider (`private_key_jwt`).
    pub client_key: PathBuf,
    /// Whom to trust as authority of the provider's certificate (PEM); the machine's own roots when left out.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
}

impl PersonalConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for PersonalConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        folder.resolve(&mut self.keys.directory);
        folder.resolve(&mut self.provider.client_key);
        for root in &mut self.provider.roots {
            folder.resolve(root);
        }
        self.ledger.resolve_paths(folder);
        self.identity.resolve_paths(folder);
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
        key = 'own.key'
        trust_anchors = 'ca.pem'
        revocation_lists = ['crl.pem']
        [database]
        url = 'sqlite:personal.db'
        [keys]
        directory = 'keys'
        [users]
        address = 'https://pgo.example'
        [provider]
        client_id = 'pgo'
        client_key = 'provider.der'
        roots = ['roots.pem']
    ";

    #[test]
    fn every_relative_path_starts_at_the_file() {
        let mut config: PersonalConfig = config::parse(Path::new("p.toml"), TEXT).unwrap();
        config.resolve_paths(&Folder::of(Path::new("/srv/p.toml")));
        assert_eq!(config.keys.directory, Path::new("/srv/keys"));
        assert_eq!(config.provider.client_key, Path::new("/srv/provider.der"));
        assert_eq!(config.provider.roots, [Path::new("/srv/roots.pem")]);
        assert_eq!(Path::new(&config.database.url), Path::new("/srv/personal.db"));
    }

    #[test]
    fn a_setting_that_is_not_known_is_a_mistake() {
        let text = TEXT.replace("client_id = 'pgo'", "client_id = 'pgo'\nsecret = 'x'");
        assert!(config::parse::<PersonalConfig>(Path::new("p.toml"), &text).is_err());
    }
}
