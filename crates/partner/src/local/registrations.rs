//! `POST /v1/registrations`: a system of the partner has a new record found at once.
//!
//! The sources say what there is to be found: a record is registered because its source has it, and its document is what
//! the source gives. So this runs the sync of that source, and tells whether the record is among what it registered.

use actix_web::HttpResponse;
use kw_adapter::LocalId;
use kw_adapter::sync::{Release, SyncOptions};
use kw_domain::{Category, Handle, SourceName, Subject};
use kw_ledger::Event;
use kw_protocol::local::RegistrationRequest;
use kw_protocol::pointer::{Registered, RegistrationReason};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::partner::{LocalRecord, LocalState};

use super::syncs;
use crate::app::{App, Own};
use crate::people::ONLY_TEST_NUMBERS;
use crate::refusals;

/// Has one record of a source registered, and answers with its pointer.
#[utoipa::path(
    post,
    path = "/v1/registrations",
    operation_id = "register",
    tag = "local",
    security(("token" = [])),
    request_body = RegistrationRequest,
    responses(
        (status = 200, description = "The pointer of the record.", body = Registered),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: the source has no such record", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it is not registered yet", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(
    own: Own,
    trace: Trace,
    body: Body<RegistrationRequest>,
) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let wanted = Wanted::check(app, body.0)?;
    let agreement = app.agreement.current();
    let mut record = app.new_record(Event::PointerRegistered, &agreement, &trace);
    record.categories = vec![wanted.request.category.clone()];
    record.count = Some(1);
    app.record(record).await?;

    let known = wanted.find(app).await?;
    if let Some(known) = known.as_ref().filter(|known| known.state == LocalState::Suppressed) {
        wanted.release(app, known.handle).await?;
    }
    let before = known.is_some_and(|found| found.state == LocalState::Registered);
    if !before {
        let sources = vec![wanted.request.source.clone()];
        syncs::run(app, SyncOptions { sources, ..SyncOptions::default() }).await?;
    }
    let found = wanted.find(app).await?.ok_or_else(|| {
        let detail =
            "The source does not list this record about this subject. Add it there, and send this again.";
        Refusal::new(ProblemCode::NotFound, detail)
    })?;
    let pointer = found.pointer.filter(|_| found.state == LocalState::Registered).ok_or_else(|| {
        let detail = "The registration waits: the switchboard or the pseudonymiser has not taken it yet. It is tried \
                      again by itself.";
        Refusal::new(ProblemCode::Unavailable, detail)
    })?;
    let clients = app.services()?;
    let pointer = clients
        .switchboard
        .read(pointer)
        .await
        .map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(Registered { pointer, created: !before }))
}

/// A request whose every part was checked.
struct Wanted {
    request: RegistrationRequest,
    subject: Subject,
}

impl Wanted {
    fn check(app: &App, request: RegistrationRequest) -> Result<Self, Refusal> {
        let agreement = app.agreement.current();
        let mut refusal =
            Refusal::new(ProblemCode::Invalid, "Correct the fields and send the registration again.");
        let subject = Subject::parse(&request.subject);
        match &subject {
            Err(error) => refusal = refusal.field("/subject", error.to_string()),
            Ok(subject) if !app.admission.admits(&agreement, subject) => {
                refusal = refusal.field("/subject", ONLY_TEST_NUMBERS);
            }
            Ok(_) => {}
        }
        match app.sources.get(&request.source) {
            None => refusal = refusal.field("/source", "no such source is configured"),
            Some(source) if !source.categories().contains(&request.category) => {
                refusal = refusal.field("/category", "this source does not hold this category");
            }
            Some(_) => {}
        }
        if !agreement.may_register(app.oin, &request.category) {
            refusal =
                refusal.field("/category", "the agreement does not let this partner register this category");
        }
        let by_itself = "records of a source are registered as the agreement says; leave this out";
        if !request.purposes.is_empty() {
            refusal = refusal.field("/purposes", by_itself);
        }
        if request.valid_until.is_some() {
            refusal = refusal.field("/validUntil", by_itself);
        }
        if request.reason != RegistrationReason::Regular {
            refusal = refusal.field("/reason", by_itself);
        }
        let Ok(subject) = subject else { return Err(refusal) };
        refusal.if_any()?;
        Ok(Self { request, subject })
    }

    /// Gives a record free that was taken back by hand.
    async fn release(&self, app: &App, handle: Handle) -> Result<(), Refusal> {
        let released = app.synchroniser.release(handle, &self.subject).await;
        match released.map_err(|error| syncs::unfinished(&error))? {
            Release::Queued | Release::NotSuppressed => Ok(()),
            Release::Gone => Err(Refusal::new(
                ProblemCode::NotFound,
                "The source does not have this record any more. Add it there, and send this again.",
            )),
            Release::AgeReached => Err(Refusal::new(
                ProblemCode::Denied,
                "The person has reached the age limit of this category: nothing is registered.",
            )),
        }
    }

    /// The local record, if it is about the subject that was meant.
    async fn find(&self, app: &App) -> Result<Option<LocalRecord>, Refusal> {
        let (source, category) = (self.request.source.clone(), self.request.category.clone());
        let keys = record_keys(app, &source, &category, &self.request.record, Some(&self.subject));
        let subject = app.vault.subject_key(&self.subject);
        let read = app.store.read(move |tables| {
            for key in &keys {
                if let Some(record) = tables.record_by_key(&source, &category, key)?
                    && record.subject_key == subject
                {
                    return Ok(Some(record));
                }
            }
            Ok(None)
        });
        read.await.map_err(Refusal::fault)
    }
}

/// The digests under which a record is kept: of the key as it was given; as the ready-made sources make it from their own key of
/// the record; and as they make it where all rows about one person are one record.
pub(super) fn record_keys(
    app: &App,
    source: &SourceName,
    category: &Category,
    record: &str,
    subject: Option<&Subject>,
) -> Vec<[u8; 16]> {
    let made = subject.into_iter().flat_map(|subject| {
        let of = |own| app.record_key.local_id(category.as_str(), own, subject).ok();
        [Some(record), None].into_iter().filter_map(of)
    });
    let candidates = LocalId::new(record).into_iter().chain(made);
    candidates.map(|id| app.vault.record_key(source, category, &id)).collect()
}
