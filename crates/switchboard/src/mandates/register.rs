//! `POST /v1/mandates`: a registrar says that one person may act for another.

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_agreement::Agreement;
use kw_domain::{Instant, MandateId, SubjectId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::mandate::{MandateStatus, RegisterMandate, RegisteredMandate};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::switchboard::NewSubject;
use kw_store::switchboard::mandates::StoredMandate;
use kw_store::{Abort, WriteError};

use super::finding::{known_or_new, side};
use super::recording::{References, act_about_sides, describe};
use super::rules::{Unregistrable, is_same, registrable};
use super::view::not_registrar;
use crate::app::App;
use crate::staleness::{Unwritten, again, check_generations};

/// Registers a mandate, or gives back the same one that is there. Both people see the record in their access reports.
#[utoipa::path(
    post, path = "/v1/mandates", tag = "mandates", request_body = RegisterMandate,
    responses(
        (status = 201, description = "A mandate was made", body = RegisteredMandate),
        (status = 200, description = "The same one was there already", body = RegisteredMandate),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a registrar of this kind", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch, or another mandate of this kind between them", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was registered", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register_mandate(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<RegisterMandate>,
) -> Result<HttpResponse, Refusal> {
    let (asked, agreement) = (body.0, app.agreement.current());
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, &party, &trace, &asked).await? {
            Ok((registered, true)) => return Ok(HttpResponse::Created().json(registered)),
            Ok((registered, false)) => return Ok(HttpResponse::Ok().json(registered)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// What was registered, and whether it was made now.
type Stored = (RegisteredMandate, bool);

async fn store(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    asked: &RegisterMandate,
) -> Result<Result<Stored, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let mut record = app.record(agreement, Event::MandateRequested, party.oin, Some(trace));
    let keyring = app.keyring.load_full();
    let representative = side(app, &keyring, &asked.representative)?;
    let represented = side(app, &keyring, &asked.represented)?;
    if representative.tags == represented.tags {
        return Err(Refusal::new(ProblemCode::Invalid, "Nobody represents themselves.")
            .field("/represented", "expected another person than the representative"));
    }
    let references = References::draw(app);
    let status = match registrable(agreement, party.oin, asked, now) {
        Ok(status) => status,
        Err(Unregistrable::Fields(wrong)) => {
            let refusal = Refusal::new(ProblemCode::Invalid, "The mandate does not fit the agreement.");
            return Err(wrong
                .into_iter()
                .fold(refusal, |refusal, (at, expected)| refusal.field(at, expected)));
        }
        Err(Unregistrable::NotRegistrar) => {
            record.categories.clone_from(&asked.categories);
            let (acts, for_whom) = (representative.tags, represented.tags);
            let denied = app
                .store
                .write("deny_mandate", move |tx| {
                    check_generations(tx, &keyring.live)?;
                    let known = (tx.read().find_subject(&for_whom)?, tx.read().find_subject(&acts)?);
                    let record = record.clone().denied("not-registrar");
                    Ok(((), act_about_sides(record, references.sides(known.0, known.1))?))
                })
                .await;
            return Ok(denied.and_then(|_| Err(WriteError::Refused(not_registrar().into()))));
        }
    };
    let new = New { id: app.entropy.id(now), status, now };
    let (asked, registrar) = (asked.clone(), party.oin);
    let done = app
        .store
        .write("register_mandate", move |tx| {
            check_generations(tx, &keyring.live)?;
            let [acts, for_whom] = both(tx, &representative, &represented)?;
            let known = tx.read().live_mandate(acts, for_whom, asked.kind)?;
            let (mandate, is_new) = match known {
                // The job has not come by yet.
                Some(known) if known.valid_until <= now => {
                    return Err(Abort::Refused(still_ending(&known).into()));
                }
                Some(known) if is_same(&known, registrar, &asked) => (known, false),
                Some(_) => return Err(Abort::Refused(other().into())),
                None => (new.mandate(acts, for_whom, registrar, &asked), true),
            };
            if is_new {
                tx.write().insert_mandate(&mandate)?;
            }
            let mut record: AccessRecord = record.clone();
            describe(&mut record, &mandate);
            let registered = RegisteredMandate { id: mandate.id, status: mandate.status };
            Ok(((registered, is_new), act_about_sides(record, references.of(&mandate))?))
        })
        .await;
    Ok(done.map(|done| done.value))
}

/// What a new mandate has of its own.
#[derive(Clone, Copy)]
struct New {
    id: MandateId,
    status: MandateStatus,
    now: Instant,
}

impl New {
    fn mandate(
        self,
        representative: SubjectId,
        represented: SubjectId,
        registrar: kw_domain::Oin,
        asked: &RegisterMandate,
    ) -> StoredMandate {
        StoredMandate {
            id: self.id,
            representative,
            represented,
            kind: asked.kind,
            age_band: asked.age_band.clone(),
            categories: asked.categories.iter().cloned().collect(),
            acts: asked.acts.iter().copied().collect(),
            registrar,
            status: self.status,
            confirmed: std::collections::BTreeSet::new(),
            registered_at: self.now,
            valid_until: asked.valid_until,
            changed_at: self.now,
            due_at: asked.valid_until,
        }
    }
}

fn both(
    tx: &mut kw_store::Tx<'_, kw_store::switchboard::Switchboard>,
    representative: &NewSubject,
    represented: &NewSubject,
) -> Result<[SubjectId; 2], kw_store::StoreError> {
    Ok([known_or_new(tx, representative)?, known_or_new(tx, represented)?])
}

fn other() -> Refusal {
    Refusal::new(
        ProblemCode::Conflict,
        "There is a mandate of this kind between these people with another scope, end or registrar. Have it withdrawn first.",
    )
}

fn still_ending(old: &StoredMandate) -> Refusal {
    let detail =
        format!("The mandate before this one ended at {} and is being closed. Try again.", old.valid_until);
    Refusal::new(ProblemCode::Conflict, detail)
}
