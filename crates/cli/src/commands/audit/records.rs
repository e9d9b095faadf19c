//! Where the records come from that are exported, counted and compared: services, asked over mutual TLS, or databases.

mod from_database;

use std::path::PathBuf;

use clap::Args;
use kw_agreement::{Agreement, LogOwner};
use kw_audit::{Entry, Patience, RemoteError, RemotePages};
pub(crate) use kw_audit::{Found, Period, Tally};
use kw_client::AccessLogClient;
use kw_domain::ActorId;

use super::access::{AuditConfig, LogName};
use super::context;
use crate::exit::Exit;
use crate::failure::Failure;
use from_database::Database;

/// Which logs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// Whose eyes look at other parties' logs: an auditor's file with `agreement` and `[tls]`.
    #[arg(long, value_name = "FILE", required_unless_present = "databases", requires = "auditor")]
    config: Option<PathBuf>,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner; may be repeated.
    #[arg(long = "log", value_name = "LOG", requires = "config", conflicts_with = "all")]
    logs: Vec<LogName>,
    /// Every log of the agreement.
    #[arg(long, requires = "config")]
    all: bool,
    /// Who you are, as your organisation knows you. Each service records it with what you read.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    auditor: Option<ActorId>,
    /// A service whose database, or a copy of it, is read past the service: its configuration; may be repeated. Nobody
    /// records this reading.
    #[arg(long = "database", value_name = "FILE")]
    databases: Vec<PathBuf>,
}

/// The logs, opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) agreement: Agreement,
    pub(crate) logs: Vec<Log>,
}

impl Sources {
    /// Databases only.
    pub(crate) fn of_databases(databases: Vec<PathBuf>) -> Self {
        Self { config: None, logs: Vec::new(), all: false, auditor: None, databases }
    }

    /// Opens what is named, or the logs of `usual` when it is left to us.
    pub(crate) fn open(&self, usual: &[LogOwner], period: Period) -> Result<Opened, Failure> {
        let mut logs = Vec::new();
        let mut agreement = None;
        for path in &self.databases {
            let config = AuditConfig::load(path)?;
            let own = config.agreement()?;
            logs.push(Database::open(&config, &own, period)?);
            agreement.get_or_insert(own);
        }
        if let (Some(path), Some(auditor)) = (&self.config, &self.auditor) {
            let config = AuditConfig::load(path)?;
            let (chain, tls) = (config.agreement()?, config.tls()?);
            let is_named = self.all || !self.logs.is_empty() || self.databases.is_empty();
            let named = match &self.logs[..] {
                [] if self.all => chain.logs(),
                [] if is_named => usual.iter().filter_map(|owner| chain.log_of(*owner)).collect(),
                names => names.iter().map(|name| name.identity(&chain)).collect::<Result<_, _>>()?,
            };
            for identity in named {
                let client = AccessLogClient::new(&tls, identity.oin, &identity.endpoint, context())?;
                let log = RemotePages::open(client, identity, auditor.clone(), period, Patience::Long);
                logs.push(log.map(|pages| Pages::Remote(Box::new(pages))));
            }
            agreement = Some(chain);
        }
        let agreement = agreement.ok_or_else(|| {
            Failure::usage("no log is named", "name --config and --auditor, or --database FILE")
        })?;
        let mut origins: Vec<_> = logs.iter().map(|log| &log.identity.origin).collect();
        origins.sort();
        if origins.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Failure::usage("one log is named twice", "name each log once"));
        }
        Ok(Opened { agreement, logs })
    }
}

/// A log, wherever it is read.
pub(crate) type Log = kw_audit::Log<Pages>;

/// Where the pages of a log come from.
#[derive(Debug)]
pub(crate) enum Pages {
    Database(Box<Database>),
    Remote(Box<RemotePages>),
}

impl kw_audit::Pages for Pages {
    type Error = Failure;

    async fn page(&mut self, missing: &mut u64) -> Result<Option<Vec<Entry>>, Failure> {
        match self {
            Self::Database(database) => database.page(missing),
            Self::Remote(remote) => remote.page(missing).await.map_err(not_handed_out),
        }
    }
}

fn not_handed_out(error: RemoteError) -> Failure {
    match error {
        RemoteError::OtherLog(_) | RemoteError::Disordered(_) => Failure::new(
            Exit::Refused,
            error.to_string(),
            "ask the keeper of the log which agreement it runs under",
        ),
        RemoteError::Client { origin, source } => {
            let failure = Failure::from(source);
            let next = match failure.exit {
                Exit::Unavailable => {
                    "try again, or leave this log out: name the others with --log".to_owned()
                }
                _ => failure.next,
            };
            Failure { what: format!("{origin}: {}", failure.what), next, ..failure }
        }
    }
}
