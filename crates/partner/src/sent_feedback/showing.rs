//! A report as the partner's own systems see it.

use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_protocol::dossier::Party;
use kw_protocol::feedback::FeedbackView;
use kw_protocol::local::feedback::{FeedbackDelivery, SentReport};
use kw_store::partner::SentFeedback;

/// The report, with what its holder says of it.
pub(crate) fn shown(
    agreement: &Agreement,
    report: &SentFeedback,
    view: Option<FeedbackView>,
    view_missing: Option<&str>,
) -> SentReport {
    let waits = report.delivery == FeedbackDelivery::Waiting;
    SentReport {
        id: report.id,
        reporter: None,
        kind: report.kind,
        reference: report.reference.clone(),
        holder: party(agreement, report.holder),
        category: report.category.clone(),
        pointers: report.pointers.clone(),
        delivery: report.delivery,
        reason: report.reason.clone(),
        status: report.status,
        outcome: report.outcome,
        sent_on_by: report.sent_on_by.iter().map(|(oin, _)| party(agreement, *oin)).collect(),
        sent_at: report.sent_at,
        changed_at: report.changed_at,
        next_attempt_at: report.next_at.filter(|_| waits),
        transaction: report.transaction,
        view,
        view_missing: view_missing.map(str::to_owned),
    }
}

fn party(agreement: &Agreement, oin: Oin) -> Party {
    Party { oin, name: agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned) }
}
