//! What the person it is about may be told of a record (GDPR art. 15): the same rule at the switchboard and at every party.
//!
//! Categories and purposes that the agreement withholds are left out, and so is a record that has nothing else. Nothing in
//! what is left tells that something is missing.

use kw_agreement::Agreement;
use kw_domain::{Category, Oin};
use kw_ledger::{AccessRecord, Event, Outcome, Verdict};
use kw_protocol::access_report::{DisclosedTo, StatementLine};
use kw_protocol::dossier::Party;
use kw_protocol::mandate::Side;
use kw_protocol::query::RelationBasis;
use kw_store::StoredEntry;
use kw_telemetry::{Explain, Reason};

/// Whose log it is. Each tells what only its own log knows, so that nothing is told twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// A party's: what it asked, what it delivered, who reported or inspected there.
    Party,
    /// The switchboard's: what became of registrations, who was told who holds what.
    Switchboard,
}

impl Teller {
    /// Whether this log tells of such an event.
    pub fn tells(self, event: Event) -> bool {
        match event {
            Event::AccessLogSearched
            | Event::AccessReportMade
            | Event::ResolutionApproved
            | Event::ResolutionRequested => true,
            Event::AnswerReceived
            | Event::PullAnswered
            | Event::QueryAsked
            | Event::AuthorisationDecided
            | Event::CollectionAnswered
            | Event::DocumentStored
            | Event::DossierChanged
            | Event::DossierOpened
            | Event::IdentityChecked
            | Event::FeedbackChanged
            | Event::FeedbackRead
            | Event::FeedbackReceived
            | Event::FeedbackSent
            | Event::StatementIssued => self == Self::Party,
            // A holder's own record of a withdrawal is the same act as the switchboard's.
            Event::PointerRegistered
            | Event::PointerRenewed
            | Event::PointerSuperseded
            | Event::PointerWithdrawn
            | Event::PointersDestroyed
            | Event::PointersLapsed
            | Event::PointersRegistered
            | Event::PointersWithdrawn
            | Event::QueryAnswered
            | Event::ConsentRecorded
            | Event::ConsentWithdrawn
            | Event::ConsentsRead
            | Event::MandateConfirmed
            | Event::MandateEnded
            | Event::MandateRequested
            | Event::MandatesRead
            | Event::ObjectionDecided
            | Event::ObjectionReceived
            | Event::MatchArisen
            | Event::MatchChanged
            | Event::MatchEnded
            | Event::RelationDeclared
            | Event::RelationEnded
            | Event::ReviewGiven => self == Self::Switchboard,
            // Of no person in particular, or the end of an act that is told already.
            Event::AgreementChanged
            | Event::AlarmRaised
            | Event::AuthorisationAsked
            | Event::DelegationApproved
            | Event::DelegationEnded
            | Event::DelegationRequested
            | Event::ReviewEscalated
            | Event::ReviewsRead
            | Event::SignalsRead
            | Event::DossierAssembled
            | Event::EvaluationBatch
            | Event::KeyChanged
            | Event::LeaseRenewed
            | Event::LogRecovered
            | Event::PointerRead
            | Event::ReceiptRefuted
            | Event::RecordsErased
            | Event::SourceSynchronised
            | Event::CanaryMissed
            | Event::CorrectionTold
            | Event::DepartureChanged
            | Event::MatchEscalated
            | Event::MatchesRead
            | Event::PointersTransferred
            | Event::SignalsDelivered
            | Event::SubscriptionChanged
            | Event::SubjectsRekeyed => false,
        }
    }
}

/// What is stored is not what was committed: somebody changed the database past the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record at index {0} does not fit its leaf")]
pub struct Unsound(pub u64);

impl Explain for Unsound {
    fn explain(&self, reason: &mut Reason) {
        reason.say("a stored record is not the one that its leaf was made of").with("index", &self.0);
    }
}

/// The record of an entry; nothing when it was erased.
pub fn record_of(entry: &StoredEntry) -> Result<Option<AccessRecord>, Unsound> {
    let Some(record) = &entry.record else { return Ok(None) };
    if !entry.is_sound() {
        return Err(Unsound(entry.index));
    }
    serde_json::from_str(record.as_str()).map(Some).map_err(|_| Unsound(entry.index))
}

/// The record as its subject may see it; nothing when it is not told.
pub fn line(teller: Teller, record: &AccessRecord, agreement: &Agreement) -> Option<StatementLine> {
    if !teller.tells(record.event) || !may_tell_purpose(record, agreement) {
        return None;
    }
    let categories = told_categories(record, agreement)?;
    // A match with what is withheld would tell that it is there.
    let is_match = matches!(record.event, Event::MatchArisen | Event::MatchChanged | Event::MatchEnded);
    if is_match && categories.len() < record.categories.len() {
        return None;
    }
    let disclosed = record.grants.iter().filter(|grant| is_told(&grant.category, agreement));
    Some(StatementLine {
        at: record.at,
        event: record.event,
        party: party(record.party, agreement),
        role: record.actor.as_ref().map(|actor| actor.role.clone()),
        actor: record
            .actor
            .as_ref()
            .filter(|_| agreement.subject_access().staff_names)
            .map(|actor| actor.id.clone()),
        purpose: record.purpose.clone(),
        legal_basis: record.legal_basis.clone(),
        categories,
        relation: record.relation.as_ref().and_then(|relation| RelationBasis::parse(&relation.basis)),
        result: record.result,
        reason: record.decision.reason.clone().filter(|_| record.result != Outcome::Success),
        transaction: record.transaction,
        disclosed: disclosed
            .map(|grant| DisclosedTo {
                holder: party(grant.holder, agreement),
                category: grant.category.clone(),
                transaction: grant.transaction,
            })
            .collect(),
        side: record.representative.map(|_| Side::Represented),
    })
}

/// The same record as whoever acted for its subject may see it: that they acted, and not what came of it.
pub fn line_for_representative(line: StatementLine) -> StatementLine {
    StatementLine { disclosed: Vec::new(), side: Some(Side::Representative), ..line }
}

/// A party with its name in the agreement; one that the agreement does not know keeps its number as its name.
pub fn party(oin: Oin, agreement: &Agreement) -> Party {
    Party { oin, name: agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned) }
}

/// Whether a category is told. One that the agreement does not know any more is not: nobody can say whether it was withheld.
pub fn is_told(category: &Category, agreement: &Agreement) -> bool {
    category.is_access_log() || agreement.category(category).is_some_and(|rules| !rules.withheld_from_subject)
}

fn may_tell_purpose(record: &AccessRecord, agreement: &Agreement) -> bool {
    let Some(purpose) = &record.purpose else { return true };
    match agreement.purpose(purpose) {
        Some(rules) => !rules.withheld_from_subject,
        // What was denied may name anything; of what was allowed nobody can say any more whether it was withheld.
        None => purpose.is_subject_access() || record.decision.verdict == Verdict::Denied,
    }
}

/// The categories that are told; `None` when the record is about others only.
fn told_categories(record: &AccessRecord, agreement: &Agreement) -> Option<Vec<Category>> {
    let told: Vec<Category> =
        record.categories.iter().filter(|category| is_told(category, agreement)).cloned().collect();
    let only_unknown = || {
        record.decision.verdict == Verdict::Denied
            && record.categories.iter().all(|category| agreement.category(category).is_none())
    };
    (!told.is_empty() || record.categories.is_empty() || only_unknown()).then_some(told)
}

#[cfg(test)]
mod tests;
