//! `POST /v1/collections/{id}/confirmations`: the user says which dossier it goes into (steps 14 and 14.1).

use actix_web::web::{Json, Path};
use kw_domain::CollectionId;
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::Abort;
use kw_store::personal::{CollectionState, CollectionStep, Confirmation, Document};

use super::WAITING;
use crate::app::{SignedIn, not_yours, refer, sentence, unreadable};
use crate::rules::{Act, Confirmations, Expected, Waiting};
use crate::views::{Choice, CollectionView};

/// Confirms the preselected dossier. Another choice is refused and recorded. What was received is verified once more, and
/// stored when enough people confirmed: one, or two where the birth dates cannot be compared.
#[utoipa::path(
    post, path = "/v1/collections/{id}/confirmations", tag = "collections", request_body = Choice,
    params(("id" = String, Path, description = "The collection")),
    responses(
        (status = 200, description = "The collection: `stored`, or `awaiting-second-person`", body = CollectionView),
        (status = 403, description = "No right, or the document is not of this dossier", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not of the dossier of this session", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another dossier was chosen, or nothing waits", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    user: SignedIn,
    trace: Trace,
    id: Path<String>,
    body: Body<Choice>,
) -> Result<Json<CollectionView>, Refusal> {
    let id = CollectionId::parse(&id).map_err(|_| not_yours())?;
    let app = user.app.clone();
    let (_, dossier, access) = app.enter(&user.session).await?;
    let found = app.store.read(move |store| store.collection(id)).await.map_err(unreadable)?;
    let row = found.filter(|row| row.dossier == dossier.id()).ok_or_else(not_yours)?;
    for category in &row.categories {
        access
            .allows(Act::Collect, Some(category))
            .map_err(|denied| Refusal::new(ProblemCode::Denied, sentence(denied)))?;
    }
    let mut record = app.record_about(Event::DocumentStored, &trace, &access)?;
    record.holders = vec![row.holder];
    record.categories = row.categories.iter().cloned().collect();

    let (chosen, now) = (body.0.dossier, app.now());
    let mine = Confirmation {
        collection: id,
        account: access.account(),
        represented: access.is_represented(),
        at: now,
    };
    let expected = Expected { holder: row.holder, categories: row.categories.clone() };
    let (entropy, target) = (app.entropy.clone(), row.dossier);
    let outcome = app
        .act("confirm_collection", move |tx| {
            let refuse = |record: &kw_ledger::AccessRecord, code: &'static str, refusal: Refusal| {
                (Err(refusal), record.clone().denied(code))
            };
            let mut confirmations = Confirmations::of(target);
            if let Err(wrong) = confirmations.add(chosen, mine.account, mine.represented) {
                let refusal = Refusal::new(ProblemCode::Conflict, sentence(wrong));
                let (value, record) = refuse(&record, "wrong-dossier", refusal);
                refer(tx, &record, target)?;
                return Ok((value, record));
            }
            let row = tx.read().collection(id)?.ok_or_else(|| Abort::Refused(not_yours()))?;
            let waiting =
                matches!(row.state, CollectionState::Received | CollectionState::AwaitingSecondPerson);
            let pending =
                row.pending_sealed.filter(|_| waiting && now < row.expires_at).ok_or_else(|| {
                    let detail = "Nothing of this collection waits for a confirmation.";
                    Abort::Refused(Refusal::new(ProblemCode::Conflict, detail))
                })?;
            for earlier in tx.read().confirmations_of(id)? {
                let fits = confirmations.add(target, earlier.account, earlier.represented);
                debug_assert!(fits.is_ok(), "they are stored for this collection");
            }
            let documents = match dossier.open_pending(id, &pending, &expected) {
                Ok(documents) => documents,
                Err(mismatch) => {
                    let step =
                        step(id, row.state, CollectionState::Refused, None, Some(mismatch.code()), now);
                    tx.write().step_collection(&step)?;
                    let refusal = Refusal::new(ProblemCode::SubjectMismatch, sentence(mismatch));
                    let (value, record) = refuse(&record, mismatch.code(), refusal);
                    refer(tx, &record, target)?;
                    return Ok((value, record));
                }
            };
            let confirmed: Result<Vec<_>, Waiting> =
                documents.into_iter().map(|document| document.confirmed(&confirmations)).collect();
            let mut record = record.clone();
            tx.write().store_confirmation(&mine)?;
            let state = if let Ok(storable) = confirmed {
                for document in &storable {
                    let sealed = dossier
                        .seal(entropy.id(now), document, &entropy)
                        .map_err(|_| Abort::Refused(Refusal::fault("a document of another dossier")))?;
                    tx.write().store_document(&Document {
                        id: sealed.id,
                        dossier: sealed.dossier(),
                        collection: id,
                        category: sealed.category,
                        holder: sealed.holder,
                        sealed: sealed.sealed,
                        received_at: now,
                    })?;
                }
                record.count = Some(storable.len() as u64);
                tx.write().step_collection(&step(id, row.state, CollectionState::Stored, None, None, now))?;
                CollectionState::Stored
            } else {
                // Said already, and still waiting for somebody else.
                if row.state == CollectionState::Received {
                    let waiting = CollectionState::AwaitingSecondPerson;
                    let until = now.plus(WAITING);
                    tx.write().step_collection(&step(id, row.state, waiting, Some(pending), None, until))?;
                }
                record.count = Some(0);
                CollectionState::AwaitingSecondPerson
            };
            refer(tx, &record, target)?;
            Ok((Ok(state), record))
        })
        .await?;
    let mut view = CollectionView::from(&row);
    outcome?.as_str().clone_into(&mut view.state);
    Ok(Json(view))
}

fn step(
    id: CollectionId,
    from: CollectionState,
    to: CollectionState,
    pending_sealed: Option<Vec<u8>>,
    reason: Option<&'static str>,
    expires_at: kw_domain::Instant,
) -> CollectionStep {
    CollectionStep { id, from, to, pending_sealed, reason, expires_at }
}
