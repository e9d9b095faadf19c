//! `partner.toml`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kw_adapter_fhir::FhirConfig;
use kw_adapter_files::FilesConfig;
use kw_adapter_rest::RestConfig;
use kw_adapter_sql::SqlConfig;
use kw_authorisation::AuthorisationSettings;
use kw_domain::{Oin, SourceName};
use kw_identity::IdentitySettings;
use kw_logbook::LedgerSettings;
use kw_runtime::ServerSettings;
use kw_runtime::config::{self, ConfigError, Folder, Settings};
use kw_runtime::telemetry::LogSettings;
use kw_store::DatabaseConfig;
use kw_transport::TlsFiles;
use serde::Deserialize;

use crate::canaries::CanarySettings;

/// The configuration of one partner process. Relative paths start at the folder of the file. Who the partner is stands
/// in its certificate; where the others are, in the agreement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerConfig {
    /// The chain agreement.
    pub agreement: PathBuf,
    /// Where it listens for other parties.
    #[serde(default)]
    pub server: ServerSettings,
    /// The application log.
    #[serde(default)]
    pub log: LogSettings,
    /// Its certificate, and whom it trusts.
    pub tls: TlsFiles,
    /// The partner for which this process works, when a software supplier runs it under its own certificate. The partner
    /// gives it a mandate (docs/delegation.md).
    #[serde(default)]
    pub acts_for: Option<Oin>,
    /// What it registered, and its ledger.
    pub database: DatabaseConfig,
    /// Its keys.
    pub keys: KeySettings,
    /// How its log is published.
    #[serde(default)]
    pub ledger: LedgerSettings,
    /// How the identity providers of partners are reached.
    #[serde(default)]
    pub identity: IdentitySettings,
    /// Where it listens for the partner's own systems.
    #[serde(default)]
    pub local: LocalSettings,
    /// The systems that hold data. None for a partner that only asks.
    #[serde(default)]
    pub sources: Vec<SourceSettings>,
    /// How it hears what it is told.
    #[serde(default)]
    pub signals: SignalSettings,
    /// How the index is kept in line with them.
    #[serde(default)]
    pub sync: SyncSettings,
    /// The authorisation server. None for a partner from which nobody collects data about themselves.
    #[serde(default)]
    pub authorisation: Option<AuthorisationSettings>,
    /// How this partner sees whether the index leaves somebody out. None for a partner that keeps no canaries.
    #[serde(default)]
    pub canaries: Option<CanarySettings>,
    /// Says in words that numbers of real people may come into a chain for tests. Only for data that stay on this
    /// machine: the separation that protects people in production is absent there.
    #[serde(default)]
    pub admit_real_numbers: bool,
}

/// `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The folder of the key file that `ketenwijzer keys init` makes.
    pub directory: PathBuf,
}

/// `[local]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalSettings {
    /// A loopback address.
    pub listen: SocketAddr,
    /// The file with the bearer token; made (mode 0600) when it is not there.
    pub token_file: PathBuf,
}

impl Default for LocalSettings {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), token_file: PathBuf::from("local.token") }
    }
}

/// `[signals]`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalSettings {
    /// Whether the switchboard delivers at this process's `/v1/events`, for which there is a subscription. The feed is then
    /// only asked now and then, in case something did not arrive.
    pub webhook: bool,
}

/// `[sync]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// How long after one run the next begins.
    pub interval_seconds: u64,
    /// About how long after one comparison with the switchboard by digests the next begins, give or take a quarter; 0 for never.
    pub reconcile_seconds: u64,
}

impl SyncSettings {
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.interval_seconds.max(1))
    }

    pub(crate) fn reconcile_every(&self) -> Option<Duration> {
        (self.reconcile_seconds > 0).then(|| Duration::from_secs(self.reconcile_seconds))
    }
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self { interval_seconds: 60, reconcile_seconds: 24 * 60 * 60 }
    }
}

/// `[[sources]]`.
#[derive(Debug, Clone, Deserialize)]
pub struct SourceSettings {
    /// Its name, as it stands in pointers and provenance.
    pub name: SourceName,
    /// What it is.
    #[serde(flatten)]
    pub system: SourceSystem,
}

/// The kind of a source, and what that kind needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SourceSystem {
    /// A folder of CSV or JSON files.
    Files(FilesConfig),
    /// A database with configured queries.
    Sql(SqlConfig),
    /// A paged JSON API with configured addresses.
    Rest(RestConfig),
    /// A FHIR R4 server.
    Fhir(FhirConfig),
}

impl PartnerConfig {
    /// Reads `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path)
    }
}

impl Settings for PartnerConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        folder.resolve(&mut self.keys.directory);
        folder.resolve(&mut self.local.token_file);
        self.ledger.resolve_paths(folder);
        self.identity.resolve_paths(folder);
        self.log.resolve_paths(folder);
        self.tls = self.tls.relative_to(folder.as_path());
        self.database.resolve_paths(folder.as_path());
        if let Some(authorisation) = &mut self.authorisation {
            folder.resolve(&mut authorisation.client_key);
        }
        for source in &mut self.sources {
            match &mut source.system {
                SourceSystem::Files(files) => folder.resolve(&mut files.folder),
                SourceSystem::Sql(sql) => {
                    for path in [&mut sql.password_file, &mut sql.root_certificates].into_iter().flatten() {
                        folder.resolve(path);
                    }
                }
                SourceSystem::Rest(rest) => rest.files().into_iter().for_each(|path| folder.resolve(path)),
                SourceSystem::Fhir(fhir) => fhir.files().into_iter().for_each(|path| folder.resolve(path)),
            }
        }
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
        url = 'partner.db'
        [keys]
        directory = 'keys'
        [[sources]]
        name = 'files'
        kind = 'files'
        folder = 'data'
        [sources.categories.school-attendance]
        bsn_column = 'bsn'
        [[sources]]
        name = 'registration'
        kind = 'sql'
        url = 'sqlite:///srv/registration.db'
        [sources.categories.youth-care-plan]
        list = 'SELECT 1'
        fetch = 'SELECT 2'
        [[sources]]
        name = 'plans'
        kind = 'rest'
        [sources.api]
        base_url = 'https://plans.example.nl/'
        auth = { kind = 'oauth2', token_url = 'https://login.example.nl/token', client_id = 'kw', private_key_file = 'rest.key' }
        [sources.categories.youth-care-plan]
        list = 'plans?after={cursor}'
        paging = { kind = 'cursor', at = '/next' }
        record = 'id'
        person = 'bsn'
        fetch = 'plans/{record}'
        [[sources]]
        name = 'hospital'
        kind = 'fhir'
        api = { base_url = 'https://fhir.example.nl/r4', client_certificate = { certificate = 'c.pem', key = 'c.key' } }
        [sources.categories.medication]
        resources = ['MedicationStatement?status=active']
    ";

    fn read(text: &str) -> Result<PartnerConfig, ConfigError> {
        let mut config: PartnerConfig = config::parse(Path::new("partner.toml"), text)?;
        config.resolve_paths(&Folder::of(Path::new("/srv/partner.toml")));
        Ok(config)
    }

    #[test]
    fn each_kind_of_source_reads_its_own_settings_and_paths_start_at_the_file() {
        let config = read(TEXT).unwrap();
        let SourceSystem::Files(files) = &config.sources[0].system else { panic!("{:?}", config.sources) };
        assert_eq!(files.folder, Path::new("/srv/data"));
        assert!(matches!(config.sources[1].system, SourceSystem::Sql(_)));
        let SourceSystem::Rest(mut rest) = config.sources[2].system.clone() else {
            panic!("{:?}", config.sources)
        };
        assert_eq!(rest.files(), [Path::new("/srv/rest.key")]);
        let SourceSystem::Fhir(mut fhir) = config.sources[3].system.clone() else {
            panic!("{:?}", config.sources)
        };
        assert_eq!(fhir.files(), [Path::new("/srv/c.pem"), Path::new("/srv/c.key")]);
        assert_eq!(config.local.token_file, Path::new("/srv/local.token"));
        assert_eq!(config.sync.interval(), Duration::from_mins(1));
        assert_eq!(config.sync.reconcile_every(), Some(Duration::from_hours(24)));
    }

    #[test]
    fn settings_that_are_not_known_are_mistakes_in_sources_too() {
        for (right, wrong) in [
            ("folder = 'data'", "folder = 'data'\nfolders = 'data'"),
            ("kind = 'sql'", "kind = 'oracle'"),
            ("name = 'files'", ""),
            ("directory = 'keys'", "directory = 'keys'\nepoch = 2"),
            ("resources = ['Med", "resource = ['Med"),
            ("record = 'id'", "record = 'id'\nrecords = 'id'"),
        ] {
            assert!(read(&TEXT.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
