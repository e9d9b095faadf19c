//! What an auditor reads of this service's access log, and what is written down about that reading.
//!
//! The promises, each with a test:
//!
//! - nobody but an auditor of the agreement reads, and always as a named person;
//! - what was asked is in the log before the answer leaves; when it cannot be recorded, nothing is answered;
//! - no search has a field for a subject: the records about one person are found only under a resolution, to which two
//!   persons agreed, with two certificates or proven by the console's provider, for a day, and without being told who it is;
//! - a page looks at a bounded part of the log, and paging neither misses nor repeats an entry while the log grows.

mod act;
mod cursor;
mod find;
mod person;
mod resolutions;
mod rules;
mod search;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use kw_domain::{Clock, Oin};
use kw_identity::ActorProofs;
use kw_protocol::problem::ProblemCode;
use kw_runtime::http::BodyLimit;
use kw_runtime::{Entropy, Refusal, SharedAgreement};
use kw_store::{ReadError, Service, Store, WriteError};
use tokio::sync::Semaphore;

pub use find::{FindSubject, Finding};
pub use person::Reader;
pub use resolutions::{__path_approve, __path_list, __path_request, approve, list, request};
pub use search::{__path_search, search};

/// Reads the access log of one service for auditors.
pub struct Inspection<S: Service> {
    agreement: SharedAgreement,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    finder: Option<Arc<dyn FindSubject>>,
    proofs: Option<ActorProofs>,
    service: Oin,
    store: Arc<Store<S>>,
    turns: Semaphore,
}

impl<S: Service> Inspection<S> {
    /// The inspection of the log that `service` writes into `store`.
    pub fn new(
        store: Arc<Store<S>>,
        service: Oin,
        agreement: SharedAgreement,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
    ) -> Self {
        let turns = Semaphore::new(READERS);
        Self { agreement, clock, entropy, finder: None, proofs: None, service, store, turns }
    }

    /// Lets auditors show who they are by the provider of the console's users.
    #[must_use]
    pub fn with_proofs(mut self, proofs: ActorProofs) -> Self {
        self.proofs = Some(proofs);
        self
    }

    /// Lets a subject be named by its element as well; the switchboard can find it.
    #[must_use]
    pub fn with_finder(mut self, finder: Arc<dyn FindSubject>) -> Self {
        self.finder = Some(finder);
        self
    }
}

impl<S: Service> std::fmt::Debug for Inspection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspection").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The routes, for the service listener.
pub fn routes<S: Service>(config: &mut ServiceConfig, inspection: Data<Inspection<S>>) {
    let scope = web::scope("/v1/access-log")
        .app_data(inspection)
        .app_data(BodyLimit(LARGEST_BODY))
        .service(web::resource("/_search").route(web::post().to(search::<S>)))
        .service(
            web::resource("/resolutions").route(web::get().to(list::<S>)).route(web::post().to(request::<S>)),
        )
        .service(web::resource("/resolutions/{id}/approvals").route(web::post().to(approve::<S>)));
    config.service(scope);
}

/// What a failed read is answered with.
fn not_read(error: ReadError) -> Refusal {
    match error {
        ReadError::Busy => unavailable(),
        ReadError::Store(error) => Refusal::fault(error),
    }
}

/// What a record that could not be made is answered with: nothing was read out.
fn not_recorded<E>(_: WriteError<E>) -> Refusal {
    unavailable()
}

fn unavailable() -> Refusal {
    let detail = "The service cannot record this reading now, so it answers nothing. Try again.";
    Refusal::new(ProblemCode::Unavailable, detail).retry_after(RETRY_AFTER)
}

fn too_many() -> Refusal {
    let detail = "Other auditors are reading this log. Try again in a moment.";
    Refusal::new(ProblemCode::TooMany, detail).retry_after(RETRY_AFTER)
}

/// A filter is small.
const LARGEST_BODY: usize = 16 * 1024;
/// Reading goes through thousands of entries: a few at a time, so that the service's own work does not wait for it.
const READERS: usize = 2;
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
