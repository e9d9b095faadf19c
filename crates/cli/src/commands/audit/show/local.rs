//! The log in the database of a service, read at its machine by whoever runs it. That is recorded as well.

use std::pin::Pin;
use std::sync::Arc;

use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_domain::{ActorId, Clock, Role, SystemClock};
use kw_logbook::inspection::{Inspection, Reader};
use kw_protocol::access_log::{AccessLogPage, AccessLogSearch};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Entropy, Refusal, SharedAgreement};
use kw_store::partner::Partner;
use kw_store::pseudonymiser::Pseudonymiser;
use kw_store::switchboard::Switchboard;
use kw_store::{DatabaseConfig, OpenError, Service, Store};

use crate::exit::Exit;
use crate::failure::Failure;

type Answer<'a> = Pin<Box<dyn Future<Output = Result<AccessLogPage, Refusal>> + Send + 'a>>;

/// Somebody who reads a log at its own machine.
pub(super) struct LocalLog {
    log: Box<dyn Readable>,
    reader: Reader,
}

impl LocalLog {
    pub(super) async fn page(&self, asked: &AccessLogSearch) -> Result<AccessLogPage, Failure> {
        self.log.page(&self.reader, asked).await.map_err(|refusal| refused(&refusal))
    }
}

/// The log of any service.
trait Readable: Send + Sync {
    fn page<'a>(&'a self, reader: &'a Reader, asked: &'a AccessLogSearch) -> Answer<'a>;
}

impl<S: Service> Readable for Inspection<S> {
    fn page<'a>(&'a self, reader: &'a Reader, asked: &'a AccessLogSearch) -> Answer<'a> {
        Box::pin(self.search(reader, None, asked))
    }
}

/// Opens the log in a database that its service made.
pub(super) async fn open(
    config: DatabaseConfig,
    agreement: Agreement,
    log: &LogIdentity,
    person: &ActorId,
) -> Result<LocalLog, Failure> {
    let reader = Reader {
        proven: false,
        party: log.oin,
        person: person.clone(),
        role: Role::operator(),
        certificate_sha256: [0; 32],
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let agreement = SharedAgreement::fixed(agreement, Arc::clone(&clock));
    let (log, owner) = (log.clone(), log.owner);
    let opening = move || match owner {
        LogOwner::Switchboard => readable::<Switchboard>(&config, agreement, &log, clock),
        LogOwner::Pseudonymiser => readable::<Pseudonymiser>(&config, agreement, &log, clock),
        LogOwner::Partner(_) => readable::<Partner>(&config, agreement, &log, clock),
    };
    let log = tokio::task::spawn_blocking(opening).await.map_err(Failure::fault)??;
    Ok(LocalLog { log, reader })
}

fn readable<S: Service>(
    config: &DatabaseConfig,
    agreement: SharedAgreement,
    log: &LogIdentity,
    clock: Arc<dyn Clock>,
) -> Result<Box<dyn Readable>, Failure> {
    // Making or changing a schema is for the service.
    if Store::<S>::pending_migrations(config).map_err(not_opened)? != Some(0) {
        let next = "start the service with this version first, or correct --config and --log";
        return Err(Failure::configuration("there is no database of this service and version", next));
    }
    let entropy = Entropy::os();
    let salts = entropy.clone();
    let store = Store::<S>::open(config, &log.origin, move |bytes| salts.fill(bytes)).map_err(not_opened)?;
    Ok(Box::new(Inspection::new(Arc::new(store), log.oin, agreement, clock, entropy)))
}

fn not_opened(error: OpenError) -> Failure {
    let exit = match error {
        OpenError::Connection(_) => Exit::Unavailable,
        _ => Exit::Configuration,
    };
    Failure::new(exit, error.to_string(), "run this at the service's machine, as its user")
}

fn refused(refusal: &Refusal) -> Failure {
    let exit = match refusal.code() {
        ProblemCode::Invalid => Exit::Usage,
        ProblemCode::Fault => Exit::Fault,
        code if code.retryable() => Exit::Unavailable,
        _ => Exit::Refused,
    };
    let fields = refusal.fields().iter().map(|field| format!("{}: {}", field.pointer, field.detail));
    Failure::new(exit, refusal.detail(), fields.collect::<Vec<_>>().join("\n        "))
}
