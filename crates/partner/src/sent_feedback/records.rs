//! What the partner's own ledger says about reports of its people.

use kw_domain::{Category, Oin, TransactionId};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordedActor, RecordedRelation, canonical};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::Trace;
use kw_store::partner::SentFeedback;
use kw_store::{Abort, Act, StoreError};

use super::Fault;
use crate::app::App;

/// Somebody doubts a value at a holder.
pub(super) fn sent(
    app: &App,
    request: &FeedbackRequest,
    holder: Oin,
    category: &Category,
    transaction: TransactionId,
) -> AccessRecord {
    let mut record = about(app, Event::FeedbackSent, holder, category, transaction);
    record.actor = Some(recorded(&request.actor));
    record.case = Some(request.case.clone());
    record.purpose = Some(request.purpose.clone());
    record.count = Some(request.attributes.len() as u64);
    record.relation = Some(RecordedRelation {
        basis: request.relation.basis.as_str().to_owned(),
        reason: request.relation.reason.clone(),
    });
    record.representation = request.representation.as_ref().map(|claimed| match claimed.mandate {
        Some(mandate) => format!("claimed:{mandate}"),
        None => "claimed".to_owned(),
    });
    if let Some(rules) = app.agreement.current().purpose(&request.purpose) {
        record.legal_basis = Some(rules.legal_basis.clone());
        record.processing_activity = Some(rules.processing_activity.clone());
    }
    record
}

/// A record about one report.
pub(super) fn about(
    app: &App,
    event: Event,
    holder: Oin,
    category: &Category,
    transaction: TransactionId,
) -> AccessRecord {
    let agreement = app.agreement.current();
    let (at, chain) = (app.clock.now(), agreement.chain().clone());
    let mut record = AccessRecord::new(event, at, chain, app.oin, app.oin, agreement.hash());
    record.holders = vec![holder];
    record.categories = vec![category.clone()];
    record.transaction = Some(transaction);
    record.subject = Some(app.vault.entropy().id(at));
    record
}

/// The act that leaves this record, linked to whom it is about.
pub(super) fn act(record: &AccessRecord, whom: [u8; 16]) -> Result<Act, StoreError> {
    let act = Act::new(record.at, LeafKind::Access, canonical(record)?);
    Ok(match record.subject {
        Some(reference) => act.link_asked(whom, reference, record.transaction),
        None => act,
    })
}

pub(super) fn recorded(actor: &Actor) -> RecordedActor {
    let assurance = match actor.assurance {
        Assurance::Asserted => "asserted",
        Assurance::Proven => "proven",
    };
    RecordedActor { assurance: assurance.to_owned(), id: actor.id.clone(), role: actor.role.clone() }
}

/// Makes a record of something that is done about a report durable, before it is done.
pub(crate) async fn note(
    app: &App,
    event: Event,
    report: &SentFeedback,
    actor: Option<&Actor>,
    trace: &Trace,
) -> Result<(), Fault> {
    let mut record = about(app, event, report.holder, &report.category, trace.transaction);
    record.actor = actor.map(recorded);
    record.trace = Some(trace.trace_id());
    let whom = report.about;
    let written = app.store.write("note_feedback", move |_| Ok::<_, Abort<()>>(((), act(&record, whom)?)));
    written.await.map(drop).map_err(Fault::from)
}
