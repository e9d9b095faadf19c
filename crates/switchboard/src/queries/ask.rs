//! `POST /v1/queries`: a caseworker, by way of a partner's requester, asks who holds what about somebody.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, Json};
use kw_agreement::{Agreement, Allowed};
use kw_domain::{QueryId, SubjectId};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordedActor, RecordedRelation};
use kw_protocol::Bytes32;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::{Assurance, Query, QueryAnswer, Receipt};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::switchboard::NewSubject;
use kw_store::{Act, StoreError, StoredReceipt, WriteError};

use super::deciding::{Denied, check_ground, check_shape, decide, disclosed, refused};
use super::granting::{Draft, Terms, canonical_actor, draft};
use crate::app::{App, Keyring, act, act_about, not_located, not_read, recorded};
use crate::index::{LocatedSubject, locate, seal_element};
use crate::staleness::{Unwritten, again, check_generations};

/// Says who holds what, with one grant per pointer. Every query is an access of its own and leaves a record, answered or
/// denied; the answer leaves after that record is durable.
#[utoipa::path(
    post, path = "/v1/queries", tag = "queries", request_body = Query,
    responses(
        (status = 200, description = "The disclosed holders", body = QueryAnswer),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The quota is used up", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was granted", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<Query>,
) -> Result<Json<QueryAnswer>, Refusal> {
    let (query, agreement) = (body.0, app.agreement.current());
    check_shape(&query)?;
    charge(&app, &agreement, &party)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &query).await? {
            Ok(answer) => return Ok(Json(answer)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// Decides, looks up, commits, signs. Looking up under generations of which one has gone would find nobody: the commit
/// checks that they still are the stored ones, and the query is answered again if not.
async fn answer(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    query: &Query,
) -> Result<Result<QueryAnswer, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let record = record_of(app, agreement, party, trace, query);
    let keyring = app.keyring.load_full();
    let allowed = match decide(agreement, party.oin, query) {
        Ok(allowed) => allowed,
        Err(denied) => return deny(app, &keyring, record, denied, None).await,
    };
    let located = locate(&keyring.keys, &keyring.live, &query.subject).map_err(not_located)?;
    let tags = located.tags;
    let found = app.store.read(move |index| index.find(&tags, now)).await.map_err(not_read)?;
    let (subject, found) = found.map_or((None, Vec::new()), |found| (Some(found.subject), found.pointers));
    if let Err(denied) = check_ground(query, party.oin, &found) {
        return deny(app, &keyring, record, denied, subject).await;
    }
    let pointers = disclosed(agreement, &allowed, query, party.oin, found);
    let actor = canonical_actor(&query.actor)?;
    let terms = Terms { agreement, allowed: &allowed, issuer: app.oin, now, party, query, actor: &actor };
    let drafts: Vec<Draft> = pointers
        .iter()
        .map(|pointer| draft(&terms, &keyring, &app.entropy, pointer))
        .collect::<Result<_, _>>()?;
    let record = completed(record, &allowed, &drafts);
    let (record, receipts) = match commit(app, &keyring, record, subject, &located, &drafts).await? {
        Ok(committed) => committed,
        Err(error) => return Ok(Err(error)),
    };

    let mut receipts = receipts.into_iter();
    let own = receipts.next().ok_or_else(|| Refusal::fault("a commit without a receipt"))?;
    let holders = drafts
        .into_iter()
        .zip(receipts)
        .map(|(draft, receipt)| draft.issue(&keyring.keys.signer, now, app.store.origin(), &receipt))
        .collect::<Result<_, _>>()?;
    Ok(Ok(QueryAnswer {
        id: app.entropy.id::<QueryId>(now),
        decided_at: now,
        policy: agreement.hash().to_owned(),
        categories: allowed.categories.into_iter().collect(),
        holders,
        receipt: Receipt {
            origin: app.store.origin().to_owned(),
            index: own.index,
            salt: Bytes32(own.salt.0),
            record: Some(record),
        },
    }))
}

fn charge(app: &App, agreement: &Agreement, party: &Party) -> Result<(), Refusal> {
    let Some(partner) = agreement.partner(party.oin) else {
        return Err(Refusal::new(ProblemCode::PartyUnknown, "Your organisation is not in the agreement."));
    };
    app.quota.charge(party.oin, agreement.query_quota(partner), app.now()).map_err(|wait: Duration| {
        Refusal::new(ProblemCode::BudgetExhausted, "Your organisation has asked as much as it may for now.")
            .retry_after(wait)
    })
}

fn record_of(app: &App, agreement: &Agreement, party: &Party, trace: &Trace, query: &Query) -> AccessRecord {
    let mut record = app.record(agreement, Event::QueryAnswered, party.oin, Some(trace));
    record.actor = Some(RecordedActor {
        assurance: match query.actor.assurance {
            Assurance::Asserted => "asserted".to_owned(),
            Assurance::Proven => "proven".to_owned(),
        },
        id: query.actor.id.clone(),
        role: query.actor.role.clone(),
    });
    record.case = Some(query.case.clone());
    record.categories.clone_from(&query.categories);
    record.purpose = Some(query.purpose.clone());
    record.relation = Some(RecordedRelation {
        basis: query.relation.basis.as_str().to_owned(),
        reason: query.relation.reason.clone(),
    });
    record
}

/// Records the denial; only then is it answered.
async fn deny(
    app: &App,
    keyring: &Arc<Keyring>,
    record: AccessRecord,
    denied: Denied,
    subject: Option<SubjectId>,
) -> Result<Result<QueryAnswer, WriteError<Unwritten>>, Refusal> {
    let (record, reference, keyring) = (record.denied(denied.0), app.reference(), Arc::clone(keyring));
    let done = app
        .store
        .write("deny_query", move |tx| {
            check_generations(tx, &keyring.live)?;
            let act = match subject {
                Some(subject) => act_about(record.clone(), subject, reference)?,
                None => act(&record)?,
            };
            Ok(((), act))
        })
        .await;
    match done {
        Ok(_) => Err(refused(denied)),
        Err(error) => Ok(Err(error)),
    }
}

fn completed(mut record: AccessRecord, allowed: &Allowed, drafts: &[Draft]) -> AccessRecord {
    record.categories = allowed.categories.iter().cloned().collect();
    record.legal_basis = Some(allowed.legal_basis.clone());
    record.processing_activity = Some(allowed.processing_activity.clone());
    record.grants = drafts.iter().filter_map(Draft::recorded).collect();
    let holders: BTreeSet<_> = record.grants.iter().map(|grant| grant.holder).collect();
    record.holders = holders.into_iter().collect();
    record
}

/// Stores record, link and grant leaves in one transaction. A subject that nobody knew is kept all the same, so that the
/// person can see later who asked (docs/decisions/0006).
async fn commit(
    app: &App,
    keyring: &Arc<Keyring>,
    mut record: AccessRecord,
    subject: Option<SubjectId>,
    located: &LocatedSubject,
    drafts: &[Draft],
) -> Result<Result<(String, Vec<StoredReceipt>), WriteError<Unwritten>>, Refusal> {
    let reference = app.reference();
    record.subject = Some(reference);
    // Everything is written out before the one thread that commits gets it.
    let at = record.at;
    let written_record = recorded(&record)?;
    let text = written_record.as_str().to_owned();
    let claims: Vec<_> = drafts.iter().map(|draft| recorded(&draft.claims)).collect::<Result<_, _>>()?;
    let fresh = subject.is_none().then(|| {
        let id: SubjectId = app.entropy.id(record.at);
        let element = seal_element(&keyring.keys.row, id, &located.element, app.entropy.draw());
        NewSubject { id, tags: located.tags, generation: located.generation, element }
    });
    let writing = Arc::clone(keyring);
    let done = app
        .store
        .write("answer_query", move |tx| {
            check_generations(tx, &writing.live)?;
            let subject = match (&subject, &fresh) {
                (Some(subject), _) => *subject,
                (None, Some(fresh)) => {
                    if let Some(subject) = tx.read().find_subject(&fresh.tags)? {
                        subject
                    } else {
                        tx.write().insert_subjects(std::slice::from_ref(fresh))?;
                        fresh.id
                    }
                }
                (None, None) => return Err(StoreError::Damaged("subject").into()),
            };
            let act = Act::new(at, LeafKind::Access, written_record.clone()).link(subject, reference);
            Ok(((), claims.iter().cloned().fold(act, Act::grant)))
        })
        .await;
    Ok(done.map(|done| (text, done.receipts)))
}
