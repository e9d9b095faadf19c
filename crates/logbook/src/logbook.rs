//! One service's log put together: checked, held until it is confirmed, published, cosigned, served.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use kw_client::{Context, Entropy as ClientEntropy};
use kw_domain::Oin;
use kw_ledger::cosignature::CosigningKey;
use kw_ledger::note::{KeyNameError, SigningKey};
use kw_runtime::jobs::Job;
use kw_runtime::log_key::{LogKeyError, LogKeys};
use kw_runtime::serve::Control;
use kw_runtime::{Http, Server, SharedAgreement};
use kw_store::{Service, Store};
use kw_telemetry::Reason;
use kw_transport::Tls;

use crate::books::{Books, blocking};
use crate::confirmation::Confirmation;
use crate::cosigning::Cosigner;
use crate::doubt::Doubt;
use crate::events;
use crate::gauges::Gauges;
use crate::memory::MemoryFile;
use crate::publisher::{Publisher, origin_sha256};
use crate::serving::{self, Served};
use crate::settings::LedgerSettings;
use crate::start;
use crate::witness::{self, Witness};
use crate::witnesses::Witnesses;

/// What a log needs of its service.
pub struct LogbookParts<S: Service> {
    /// The service's database.
    pub store: Arc<Store<S>>,
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// Its certificate: witnesses are asked with it.
    pub tls: Tls,
    /// Clock, randomness and metrics.
    pub http: Http,
    /// The folder with its log key and its witness key.
    pub keys: PathBuf,
    /// `[ledger]`.
    pub settings: LedgerSettings,
}

/// The log of one service.
pub struct Logbook {
    books: Arc<dyn Books>,
    publisher: Arc<Publisher>,
    confirmation: Arc<Confirmation>,
    cosigner: Arc<Cosigner>,
    gauges: Arc<Gauges>,
    served: Data<Served>,
    witness: Option<Data<Witness>>,
    interval: Duration,
}

/// Why a log is not taken into use. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum LogbookError {
    /// The log cannot be checked, or is not what was signed of it.
    #[error("the log cannot go on: {0}")]
    Doubt(#[from] Doubt),
    /// The keys are not those of the agreement.
    #[error(transparent)]
    Keys(#[from] LogKeyError),
    /// The log has no name that can be signed.
    #[error("the log's name in the agreement cannot be signed: {0}")]
    Name(#[from] KeyNameError),
}

impl Logbook {
    /// Checks the whole log and lets no act through until it is confirmed. Its jobs begin with [`Logbook::spawn`].
    pub async fn open<S: Service>(parts: LogbookParts<S>) -> Result<Self, LogbookError> {
        let LogbookParts { store, agreement, tls, http, keys, settings } = parts;
        let (current, party) = (agreement.current(), tls.oin());
        let agreed = LogKeys::agreed(&keys, &current, party)?;
        // A party whose keys were agreed keeps a log.
        let owner = current.log_owner(party).ok_or(LogKeyError::NoParty { oin: party })?;
        let books: Arc<dyn Books> = store;
        let key = Arc::new(SigningKey::from_seed(books.origin(), agreed.log.seed())?);
        let memory =
            MemoryFile::at(settings.memory.clone().unwrap_or_else(|| default_memory(&keys, books.origin())));

        let (checked, verifier, file) = (Arc::clone(&books), Arc::clone(&key), memory.clone());
        let followed = blocking(move || start::check(checked.as_ref(), verifier.verifier(), &file)).await?;

        let drawn = http.entropy.clone();
        let context =
            Context::new(Arc::clone(&http.clock), ClientEntropy::new(move || Box::new(drawn.clone())));
        let publisher = Arc::new(Publisher::new(
            Arc::clone(&books),
            owner,
            agreement.clone(),
            Arc::clone(&http.clock),
            key,
            memory,
            followed,
        ));
        let witnesses = Arc::new(Witnesses::new(owner, agreement.clone(), tls, context));
        let confirmation = Confirmation::new(
            Arc::clone(&books),
            Arc::clone(&witnesses),
            Arc::clone(&publisher),
            settings.start_unconfirmed,
        );
        let gauges = Gauges::new(&http.metrics, Arc::clone(&http.clock), settings.quorum_alarm());
        Ok(Self {
            confirmation: Arc::new(confirmation),
            cosigner: Arc::new(Cosigner::new(Arc::clone(&books), Arc::clone(&publisher), witnesses)),
            gauges: Arc::new(gauges),
            served: Data::new(Served::new(Arc::clone(&books), owner, agreement.clone())),
            witness: cosigning(&books, &agreement, &http, agreed, party)?,
            interval: settings.publish_interval(),
            publisher,
            books,
        })
    }

    /// Lets no act through until witnesses confirm that they know nothing newer of this log. Call it before anybody can ask
    /// for anything.
    pub fn hold(&self) {
        if !self.confirmation.is_given() {
            self.books.hold("the log is not confirmed by witnesses yet");
        }
    }

    /// The routes of the service listener: the log, and the witness where this party is one.
    pub fn routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        let (served, witness) = (self.served.clone(), self.witness.clone());
        move |config| {
            config.app_data(served.clone()).configure(serving::routes);
            if let Some(witness) = &witness {
                config.app_data(witness.clone()).configure(witness::routes);
            }
        }
    }

    /// The routes of the public listener: the log, where the agreement opens it to everybody.
    pub fn public_routes(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        let served = self.served.clone();
        move |config| {
            config.app_data(served.clone()).configure(serving::public_routes);
        }
    }

    /// Starts confirming, publishing and cosigning; they end with the server.
    pub fn spawn(self, server: &Server) {
        let (jobs, control) = (server.jobs(), server.control());
        let log = Arc::new(self);
        if !log.confirmation.is_given() {
            jobs.hold();
        }
        let seen = Arc::clone(&log);
        server.readiness().check("log", move || {
            let confirmed = seen.confirmation.is_given();
            async move {
                if confirmed { Ok(()) } else { Err("waiting for witnesses to confirm the log".to_owned()) }
            }
        });
        let cosigning: Arc<OnceLock<Job>> = Arc::default();
        let (book, ending, others) = (Arc::clone(&log), control.clone(), jobs.clone());
        jobs.spawn_urgent("log-confirming", CONFIRMING, LONGEST_WAIT, move || {
            let (book, ending, others) = (Arc::clone(&book), ending.clone(), others.clone());
            async move {
                if book.judged(book.confirmation.ask().await, &ending)? {
                    // What failed while nothing was let through need not wait any longer.
                    others.release();
                }
                Ok::<_, Doubt>(())
            }
        })
        .never_held();
        let (book, ending, next) = (Arc::clone(&log), control.clone(), Arc::clone(&cosigning));
        jobs.spawn_urgent("log-publishing", log.interval, LONGEST_WAIT, move || {
            let (book, ending, next) = (Arc::clone(&book), ending.clone(), Arc::clone(&next));
            async move {
                let published = book.publisher.publish(book.confirmation.is_given()).await;
                if book.judged(published, &ending)?
                    && let Some(next) = next.get()
                {
                    next.run_now();
                }
                book.show().await
            }
        })
        .never_held();
        let (book, ending) = (log, control);
        let job = jobs.spawn_urgent("log-cosigning", COSIGNING, LONGEST_WAIT, move || {
            let (book, ending) = (Arc::clone(&book), ending.clone());
            async move {
                if book.confirmation.is_given() && book.publisher.leads() {
                    book.judged(book.cosigner.round().await, &ending)?;
                }
                Ok::<_, Doubt>(())
            }
        });
        // It is set once, here.
        let _ = cosigning.set(job);
    }

    /// On a contradiction nothing is done any more, and the process ends.
    fn judged<T>(&self, outcome: Result<T, Doubt>, control: &Control) -> Result<T, Doubt> {
        if let Err(doubt) = &outcome
            && doubt.contradicts()
        {
            self.books.hold("the log contradicts what was signed");
            events::Contradicted { reason: Reason::of(doubt) }.log();
            control.fail(format!("the log cannot go on: {doubt}"));
        }
        outcome
    }

    async fn show(&self) -> Result<(), Doubt> {
        let books = Arc::clone(&self.books);
        let (published, witnessed) =
            blocking(move || Ok::<_, Doubt>((books.publication()?, books.witnessed_publication()?))).await?;
        let witnessed = if self.cosigner.quorum() == 0 { published.clone() } else { witnessed };
        self.gauges.process(self.publisher.leads(), self.books.held());
        self.gauges.take(published.as_ref(), witnessed.as_ref());
        Ok(())
    }
}

impl std::fmt::Debug for Logbook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logbook").field("origin", &self.books.origin()).finish_non_exhaustive()
    }
}

/// This party as a witness, where the agreement has it as one.
fn cosigning(
    books: &Arc<dyn Books>,
    agreement: &SharedAgreement,
    http: &Http,
    keys: LogKeys,
    party: Oin,
) -> Result<Option<Data<Witness>>, LogbookError> {
    let Some(seed) = keys.witness else { return Ok(None) };
    let Some(named) = agreement.current().witness_of(party) else { return Ok(None) };
    let key = CosigningKey::from_seed(&named.name, seed.seed())?;
    let (books, clock) = (Arc::clone(books), Arc::clone(&http.clock));
    let witness = Witness::new(books, agreement.clone(), clock, key, party, &http.metrics);
    Ok(Some(Data::new(witness)))
}

/// The memory file of a log: one for each name, so that a log with a new name begins with an empty one.
pub(crate) fn default_memory(keys: &Path, origin: &str) -> PathBuf {
    keys.join(format!("log-{}.checkpoint", &origin_sha256(origin)[..16]))
}

/// How often witnesses are asked until the log is confirmed.
const CONFIRMING: Duration = Duration::from_millis(500);
/// How often witnesses are offered the newest checkpoint when nobody calls for it.
const COSIGNING: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
