//! Dossiers: each about exactly one person, each under a key of its own.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path};
use kw_domain::{BirthDate, DossierId};
use kw_ledger::Event;
use kw_protocol::authorisation::SecretText;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::Abort;
use kw_store::personal::Dossier;

use crate::app::{SignedIn, not_yours, refer, unreadable};
use crate::rules::Person;
use crate::sessions::LISTED;
use crate::views::{DossierView, NewDossierRequest};

/// The dossiers that the user owns or uses.
#[utoipa::path(
    get, path = "/v1/dossiers", tag = "dossiers",
    responses((status = 200, description = "The dossiers, at most 100", body = Vec<DossierView>),
        (status = 401, description = "No session", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(user: SignedIn) -> Result<Json<Vec<DossierView>>, Refusal> {
    let (app, session) = (&user.app, &user.session);
    let account = session.account;
    let read = app.store.read(move |store| {
        let rows = store.dossiers_of(account, LISTED)?;
        rows.into_iter()
            .map(|row| {
                let member = store.user(row.id, account)?;
                Ok((row, member))
            })
            .collect::<Result<Vec<_>, kw_store::StoreError>>()
    });
    let mut views = Vec::new();
    for (row, member) in read.await.map_err(unreadable)? {
        let dossier = app.open(&row)?;
        let ground = session.ground(&dossier, row.owner, row.own, member.as_ref(), app.now());
        let owner = row.owner == account;
        // Whom a dossier of others is about is told to those who may open it.
        if owner || ground.is_ok() {
            let label = dossier.label().to_owned();
            let accessible = ground.is_ok();
            let birth_date = dossier.birth_date().copied().filter(|_| accessible).and_then(digits);
            views.push(DossierView { id: row.id, label, birth_date, owner, own: row.own, accessible });
        }
    }
    Ok(Json(views))
}

/// Opens a dossier about the user, or about somebody whom they represent. One dossier of an owner about a person: the same
/// again is a conflict.
#[utoipa::path(
    post, path = "/v1/dossiers", tag = "dossiers", request_body = NewDossierRequest,
    responses(
        (status = 201, description = "The dossier", body = DossierView),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "No such mandate", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is one about this person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn found(
    user: SignedIn,
    trace: Trace,
    body: Body<NewDossierRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, session, wanted) = (user.app.clone(), &user.session, body.0);
    let label: String = wanted.label.trim().chars().filter(|c| !c.is_control()).collect();
    if label.is_empty() || label.chars().count() > LABEL {
        return Err(Refusal::new(ProblemCode::Invalid, "Give the dossier a name.")
            .field("/label", "expected 1 to 64 characters"));
    }
    let birth_date = match &wanted.birth_date {
        Some(text) => Some(BirthDate::parse(text.reveal()).map_err(|error| {
            Refusal::new(ProblemCode::Invalid, "The birth date cannot be read.")
                .field("/birthDate", error.to_string())
        })?),
        None => None,
    };
    let (binding, epoch, own) = if let Some(mandate) = wanted.mandate {
        let person = session.statement.under(mandate).ok_or_else(|| {
            Refusal::new(ProblemCode::Denied, "The provider states no such mandate. Sign in again.")
        })?;
        (person.binding.clone(), person.epoch, false)
    } else {
        let (binding, epoch) = session.statement.own.clone().ok_or_else(not_yours)?;
        (binding, epoch, true)
    };
    let (id, owner, now): (DossierId, _, _) = (app.entropy.id(app.now()), session.account, app.now());
    let person = Person { binding, epoch, birth_date, label: label.clone() };
    let made = app.key.found(id, owner, person, &app.entropy);
    let row = Dossier {
        id,
        owner,
        person_key: made.person_key,
        own,
        key_sealed: made.key_sealed,
        person_sealed: made.person_sealed,
        created_at: now,
    };
    let mut record = app.record(Event::DossierChanged, &trace, owner)?;
    record.subject = Some(app.entropy.id(now));
    app.act("found_dossier", move |tx| {
        let rows = tx.read().dossiers_of(owner, LISTED)?;
        if rows.iter().any(|other| other.owner == owner && other.person_key == row.person_key) {
            let detail = "There is a dossier about this person already: see GET /v1/dossiers.";
            return Err(Abort::Refused(Refusal::new(ProblemCode::Conflict, detail)));
        }
        if rows.len() >= LISTED as usize {
            return Err(Abort::Refused(Refusal::new(
                ProblemCode::TooMany,
                "An account has at most 100 dossiers.",
            )));
        }
        tx.write().store_dossier(&row)?;
        refer(tx, &record, id)?;
        Ok(((), record.clone()))
    })
    .await?;
    let birth_date = birth_date.and_then(digits);
    Ok(HttpResponse::Created().json(DossierView {
        id,
        label,
        birth_date,
        owner: true,
        own,
        accessible: true,
    }))
}

/// As far as it is known.
pub(crate) fn digits(date: BirthDate) -> Option<SecretText> {
    date.digits_at(date.precision()).map(SecretText::new)
}

/// Destroys a dossier of the user's own account: its key, and with it everything in it. No mandate is needed for that.
#[utoipa::path(
    delete, path = "/v1/dossiers/{id}", tag = "dossiers",
    params(("id" = String, Path, description = "The dossier")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "Not yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn destroy(user: SignedIn, trace: Trace, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let id = DossierId::parse(&id).map_err(|_| not_yours())?;
    let owner = user.session.account;
    let record = user.app.record(Event::DossierChanged, &trace, owner)?;
    user.app
        .act("delete_dossier", move |tx| {
            if tx.read().dossier(id)?.is_none_or(|row| row.owner != owner) {
                return Err(Abort::Refused(not_yours()));
            }
            tx.write().delete_dossier(id)?;
            Ok(((), record.clone()))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

const LABEL: usize = 64;
