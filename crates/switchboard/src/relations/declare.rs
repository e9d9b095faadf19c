//! `POST /v1/relations`: a registrar says that two persons belong together.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_agreement::Agreement;
use kw_domain::{RelationId, SubjectId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::matching::{DeclareRelation, LONGEST_KIND, Relation, is_relation_kind};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::switchboard::matches::{About, StoredRelation};
use kw_store::{Abort, WriteError};

use super::{act_about_both, is_registrar, not_registrar, references};
use crate::app::{App, act, not_written, recorded_actor};
use crate::mandates::{known_or_new, side};
use crate::matches::{Moved, check_actor};
use crate::proving::require_signed_in;
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

/// Declares that two persons belong together, or gives back the same relation of this registrar that is there. Holders of
/// pointers about the two are told of each other, where the agreement cites a law for family match.
#[utoipa::path(
    post, path = "/v1/relations", tag = "relations", request_body = DeclareRelation,
    responses(
        (status = 201, description = "It was declared", body = Relation),
        (status = 200, description = "It was there already", body = Relation),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a registrar", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was declared", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn declare_relation(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<DeclareRelation>,
) -> Result<HttpResponse, Refusal> {
    let (asked, agreement) = (body.0, app.agreement.current());
    let mut record = app.record(&agreement, Event::RelationDeclared, party.oin, Some(&trace));
    record.actor = Some(recorded_actor(&asked.actor));
    if !is_registrar(&agreement, party.oin) {
        let record = record.denied("not-registrar");
        let written = app.store.write("deny_relation", move |_| Ok(((), act(&record)?))).await;
        written.map_err(not_written)?;
        return Err(not_registrar());
    }
    check(&asked)?;
    // What is declared may make a match, which tells who holds something: it costs what a question costs.
    charge(&app, &agreement, &party)?;
    require_signed_in(&app, &agreement, party.oin, &asked.actor).await?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, &party, &record, &asked).await? {
            Ok((relation, true)) => return Ok(HttpResponse::Created().json(relation)),
            Ok((relation, false)) => return Ok(HttpResponse::Ok().json(relation)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// What was declared, and whether it was made now.
type Stored = (Relation, bool);

async fn store(
    app: &App,
    agreement: &Arc<Agreement>,
    party: &Party,
    record: &AccessRecord,
    asked: &DeclareRelation,
) -> Result<Result<Stored, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let keyring = app.keyring.load_full();
    let one = side(app, &keyring, &asked.one)?;
    let other = side(app, &keyring, &asked.other)?;
    if one.tags == other.tags {
        return Err(Refusal::new(ProblemCode::Invalid, "Nobody is their own family.")
            .field("/other", "expected another person than the first"));
    }
    let (id, settler, references): (RelationId, _, _) =
        (app.entropy.id(now), app.settler(agreement), references(app));
    let (kind, registrar, record) = (asked.kind.clone(), party.oin, record.clone());
    let done = app
        .store
        .write("declare_relation", move |tx| {
            check_generations(tx, &keyring.live)?;
            let pair: [SubjectId; 2] = [known_or_new(tx, &one)?, known_or_new(tx, &other)?];
            let About::Family(one, other) = About::family(pair[0], pair[1]) else {
                return Err(Abort::Refused(Refusal::fault("a pair is two persons").into()));
            };
            let same = |known: &StoredRelation| {
                (known.one, known.other, known.registrar) == (one, other, registrar) && known.kind == kind
            };
            let known = tx.read().relations_of(&[one])?.into_iter().find(same);
            let is_new = known.is_none();
            let relation = known.unwrap_or_else(|| StoredRelation {
                id,
                one,
                other,
                kind: kind.clone(),
                registrar,
                declared_at: now,
            });
            if is_new {
                tx.write().insert_relation(&relation)?;
            }
            let settled = settler.settle(tx, &Moved::changed([one, other]))?;
            let act = act_about_both::<Unwritten>(&record, &relation, references)?;
            let told = Relation {
                id: relation.id,
                kind: relation.kind.clone(),
                declared_at: relation.declared_at,
                ended_at: None,
            };
            Ok(((told, is_new), settled.onto(act)?))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn check(asked: &DeclareRelation) -> Result<(), Refusal> {
    check_actor(&asked.actor)?;
    if is_relation_kind(&asked.kind) {
        return Ok(());
    }
    let expected = format!("expected at most {LONGEST_KIND} lower-case letters, digits and hyphens");
    Err(Refusal::new(ProblemCode::Invalid, "The relation cannot be declared.").field("/kind", expected))
}
