//! With which agreement and which certificate an auditor looks, and at whose log.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_domain::Oin;
use kw_logbook::LedgerSettings;
use kw_runtime::config::{self, Folder, Settings};
use kw_store::DatabaseConfig;
use kw_transport::{Tls, TlsFiles};
use serde::Deserialize;

use crate::commands::agreement;
use crate::failure::Failure;

/// Whose eyes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Access {
    /// A service's configuration, or any file with `agreement` and `[tls]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// What an auditor needs of a configuration. A service's own has more, which is of no matter here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AuditConfig {
    /// The chain agreement.
    agreement: PathBuf,
    /// Its certificate, and whom it trusts.
    tls: Option<TlsFiles>,
    /// The database of the service, where it is one.
    database: Option<DatabaseConfig>,
    /// Its keys, where it is one.
    keys: Option<KeyFolder>,
    /// How it publishes its log, where it is one.
    #[serde(default)]
    ledger: LedgerSettings,
}

#[derive(Debug, Clone, Deserialize)]
struct KeyFolder {
    directory: PathBuf,
}

impl Settings for AuditConfig {
    fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.agreement);
        self.tls = self.tls.as_ref().map(|tls| tls.relative_to(folder.as_path()));
        self.ledger.resolve_paths(folder);
        if let Some(keys) = &mut self.keys {
            folder.resolve(&mut keys.directory);
        }
        if let Some(database) = &mut self.database {
            database.resolve_paths(folder.as_path());
        }
    }
}

impl Access {
    /// Reads the configuration.
    pub(crate) fn load(&self) -> Result<AuditConfig, Failure> {
        AuditConfig::load(&self.config)
    }
}

impl AuditConfig {
    /// Reads a configuration.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        Ok(config::load(path)?)
    }

    /// The agreement.
    pub(crate) fn agreement(&self) -> Result<Agreement, Failure> {
        agreement::load(&self.agreement)
    }

    /// The certificate with which services are asked.
    pub(crate) fn tls(&self) -> Result<Tls, Failure> {
        let files = self.tls.as_ref().ok_or_else(|| {
            Failure::configuration(
                "the configuration has no [tls]",
                "name certificate, key and trust_anchors there",
            )
        })?;
        Tls::load(files).map_err(|error| {
            Failure::configuration(error, "ask `ketenwijzer doctor --config FILE` about the certificate")
        })
    }

    /// Where the agreement is.
    pub(crate) fn agreement_file(&self) -> &Path {
        &self.agreement
    }

    /// How the service publishes its log.
    pub(crate) fn ledger(&self) -> &LedgerSettings {
        &self.ledger
    }

    /// The folder of the service's keys.
    pub(crate) fn keys(&self) -> Result<&Path, Failure> {
        self.keys.as_ref().map(|keys| keys.directory.as_path()).ok_or_else(|| {
            Failure::configuration("the configuration has no [keys]", "name the configuration of the service")
        })
    }

    /// The database of the service.
    pub(crate) fn database(&self) -> Result<&DatabaseConfig, Failure> {
        self.database.as_ref().ok_or_else(|| {
            Failure::configuration(
                "the configuration has no [database]",
                "name the configuration of the service",
            )
        })
    }
}

/// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogName(pub(crate) LogOwner);

impl FromStr for LogName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let owner = match text {
            "switchboard" => LogOwner::Switchboard,
            "pseudonymiser" => LogOwner::Pseudonymiser,
            oin => LogOwner::Partner(
                Oin::parse(oin).map_err(|_| "say `switchboard`, `pseudonymiser` or the OIN of a partner")?,
            ),
        };
        Ok(Self(owner))
    }
}

impl LogName {
    /// The log in the agreement.
    pub(crate) fn identity(self, agreement: &Agreement) -> Result<LogIdentity, Failure> {
        agreement.log_of(self.0).ok_or_else(|| {
            Failure::usage(
                "the agreement knows no partner with this OIN",
                "see who is in it: ketenwijzer agreement check FILE",
            )
        })
    }
}
