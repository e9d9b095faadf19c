//! What the pages work with.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_audit::{Log, Patience, Period, RemoteError, RemotePages};
use kw_client::{ClientError, Context, Entropy};
use kw_domain::{ActorId, Clock, Oin};
use kw_runtime::SharedAgreement;
use kw_web::Failure;

use crate::operator::OperatorClient;
use crate::services::{Service, Services};

/// One console.
pub(crate) struct Console {
    pub(crate) agreement: SharedAgreement,
    pub(crate) clock: Arc<dyn Clock>,
    /// The services that keep logs, for auditors.
    pub(crate) services: Option<Services>,
    /// The switchboard's operator API.
    pub(crate) operator: Option<OperatorClient>,
    /// After how long without a word a partner is silent.
    pub(crate) silent_seconds: u64,
}

impl Console {
    pub(crate) fn agreement(&self) -> Arc<Agreement> {
        self.agreement.current()
    }

    pub(crate) fn context(&self) -> Context {
        Context::new(Arc::clone(&self.clock), Entropy::system())
    }

    /// The operator API of the switchboard.
    pub(crate) fn operator(&self) -> Result<&OperatorClient, Failure> {
        self.operator.as_ref().ok_or_else(Failure::not_found)
    }

    /// The service that keeps a log.
    pub(crate) fn service(&self, log: &LogIdentity) -> Result<Service, Failure> {
        let services = self.services.as_ref().ok_or_else(Failure::not_found)?;
        let found = services.of(&self.agreement(), log, self.context());
        found.map_err(|error| not_asked(&error))
    }

    /// The records of a log, read by this person.
    pub(crate) fn records(
        &self,
        log: LogIdentity,
        auditor: &ActorId,
        period: Period,
    ) -> Result<Log<RemotePages>, Failure> {
        let client = self.service(&log)?.records;
        Ok(RemotePages::open(client, log, auditor.clone(), period, Patience::Short))
    }

    /// Every log of the chain whose records two parties share: not the pseudonymiser's.
    pub(crate) fn shared_logs(&self) -> Vec<LogIdentity> {
        let all = self.agreement().logs().into_iter();
        all.filter(|log| log.owner != LogOwner::Pseudonymiser).collect()
    }
}

/// As what a log stands in addresses and forms.
pub(crate) fn slug(owner: LogOwner) -> String {
    match owner {
        LogOwner::Switchboard => "switchboard".to_owned(),
        LogOwner::Pseudonymiser => "pseudonymiser".to_owned(),
        LogOwner::Partner(oin) => oin.to_string(),
    }
}

/// The log of such a word.
pub(crate) fn log_of(agreement: &Agreement, slug: &str) -> Option<LogIdentity> {
    let owner = match slug {
        "switchboard" => LogOwner::Switchboard,
        "pseudonymiser" => LogOwner::Pseudonymiser,
        oin => LogOwner::Partner(Oin::parse(oin).ok()?),
    };
    agreement.log_of(owner)
}

/// A party by its name, and its number for one that the agreement does not know (any more).
pub(crate) fn name_of(agreement: &Agreement, oin: Oin) -> String {
    agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned)
}

/// What the reader is told of a call that failed.
pub(crate) fn not_asked(error: &ClientError) -> Failure {
    match error.code() {
        Some(code) => Failure::Problem { code },
        None => Failure::unavailable(),
    }
}

pub(crate) fn not_read(error: &RemoteError) -> Failure {
    match error {
        RemoteError::Client { source, .. } => not_asked(source),
        RemoteError::OtherLog(_) | RemoteError::Disordered(_) => Failure::unavailable(),
    }
}

/// Something that reads whole logs: not longer than this, whatever they hold.
pub(crate) async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| Err(Failure::unavailable()))
}

const LONGEST: Duration = Duration::from_mins(1);
