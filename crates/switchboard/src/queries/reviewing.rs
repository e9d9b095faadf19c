//! A question on a motivated or emergency ground is reviewed afterwards: its review is opened in its own transaction.
//!
//! It is opened whether or not anybody is found, with the same statements, so that the asker cannot tell from it.

use std::collections::BTreeSet;

use kw_agreement::{Agreement, AuditorRole};
use kw_domain::{Oin, ReviewId, SubjectId};
use kw_ledger::AccessRecord;
use kw_protocol::query::{Query, RelationBasis};
use kw_protocol::signal::SignalType;
use kw_runtime::Trace;
use kw_store::switchboard::{NewSignal, StoredReview, Switchboard};
use kw_store::{StoreError, Tx};

use crate::app::App;

/// A review that is about to be opened, with whoever is told of it.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    review: StoredReview,
    signals: Vec<NewSignal>,
}

/// The review of an allowed question, unless its ground is that the asker's organisation has a pointer of its own.
pub(super) fn opening(
    app: &App,
    agreement: &Agreement,
    query: &Query,
    trace: &Trace,
    record: &AccessRecord,
) -> Option<Opening> {
    let rules = agreement.review();
    let within = match query.relation.basis {
        RelationBasis::Listed => return None,
        RelationBasis::Motivated => rules.motivated_within,
        RelationBasis::Emergency => rules.emergency_within,
    };
    // What a supplier asks is its principal's question.
    let party = record.on_behalf_of.unwrap_or(record.party);
    let id: ReviewId = app.entropy.id(record.at);
    let review = StoredReview {
        id,
        // Known inside the transaction only.
        subject: SubjectId::from_bytes([0; 16]),
        party,
        actor: query.actor.id.clone(),
        role: query.actor.role.clone(),
        purpose: query.purpose.clone(),
        categories: record.categories.clone(),
        case: query.case.clone(),
        ground: query.relation.basis,
        reason: query.relation.reason.clone().unwrap_or_default(),
        transaction: trace.transaction,
        opened_at: record.at,
        due_at: record.at.plus(within),
        escalated_at: None,
        decision: None,
    };
    let mut told = vec![(party, SignalType::ReviewDue)];
    if query.relation.basis == RelationBasis::Emergency {
        told.extend(alarmed(agreement, record).into_iter().map(|who| (who, SignalType::EmergencyUsed)));
    }
    let signals =
        told.into_iter().map(|(who, kind)| app.signal(who, kind, *id.as_bytes(), record.at)).collect();
    Some(Opening { review, signals })
}

/// Whoever hears at once of a question in need: the holders that were disclosed, and who watches over the rights of persons.
fn alarmed(agreement: &Agreement, record: &AccessRecord) -> BTreeSet<Oin> {
    let officers = agreement.auditors().filter(|auditor| auditor.role == AuditorRole::DataProtectionOfficer);
    record.holders.iter().copied().chain(officers.map(|auditor| auditor.oin)).collect()
}

impl Opening {
    /// Opens it about this subject, and tells whoever is to be told.
    pub(super) fn write(&self, tx: &mut Tx<'_, Switchboard>, subject: SubjectId) -> Result<(), StoreError> {
        tx.write().open_review(&StoredReview { subject, ..self.review.clone() })?;
        tx.write().emit(&self.signals)
    }
}
