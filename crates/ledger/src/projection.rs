//! One record in the forms that others ask for: NEN 7513, Logboek Dataverwerkingen, FSC Logging, Authorization Decision Log.
//!
//! An auditor exports these. Nothing is added to what the record says: a field that it has no value for is left out, or filled
//! as the tables of `docs/logging.md` say, field by field. None of the forms names a subject otherwise than the record does:
//! by a random reference.

use aws_lc_rs::digest::{SHA256, digest};

use crate::{AccessRecord, Event, Logged};

pub mod adl;
pub mod fsc;
pub mod ldv;
pub mod nen7513;

impl Logged<'_> {
    /// The W3C trace id that came with the request: 32 lower-case hexadecimal digits. For what no request caused, one that is
    /// derived from the place in the log.
    fn trace_id(self) -> String {
        match &self.record.trace {
            Some(trace) if is_trace_id(trace) => trace.clone(),
            _ => self.derived("trace", 0, 16),
        }
    }

    /// The id of a part of this entry: 16 lower-case hexadecimal digits, the same at every export, so that whoever takes the
    /// lines in can tell what it has already.
    fn span_id(self, part: usize) -> String {
        self.derived("span", part, 8)
    }

    fn derived(self, kind: &str, part: usize, length: usize) -> String {
        let text = format!("ketenwijzer-{kind}-v1\n{}\n{}\n{part}", self.origin, self.index);
        hex(&digest(&SHA256, text.as_bytes()).as_ref()[..length])
    }

    /// Unix time in milliseconds, as the formats want it: not negative.
    fn millis(self) -> u64 {
        u64::try_from(self.record.at.as_millis()).unwrap_or(0)
    }
}

/// What was called, when the record is of one party's request to another's service.
fn called_service(event: Event) -> Option<&'static str> {
    match event {
        Event::AccessLogSearched | Event::ResolutionApproved | Event::ResolutionRequested => {
            Some("access-log")
        }
        Event::AccessReportMade => Some("access-reports"),
        Event::EvaluationBatch => Some("evaluations"),
        Event::LeaseRenewed
        | Event::PointerRead
        | Event::PointerRegistered
        | Event::PointerRenewed
        | Event::PointerSuperseded
        | Event::PointerWithdrawn
        | Event::PointersRegistered
        | Event::PointersWithdrawn => Some("pointers"),
        Event::PullAnswered => Some("pulls"),
        Event::QueryAnswered => Some("queries"),
        Event::AuthorisationAsked => Some("authorisations"),
        Event::CollectionAnswered => Some("collections"),
        Event::ConsentRecorded | Event::ConsentWithdrawn | Event::ConsentsRead => Some("consents"),
        Event::DelegationApproved | Event::DelegationEnded | Event::DelegationRequested => {
            Some("delegations")
        }
        Event::MandateConfirmed | Event::MandateEnded | Event::MandateRequested | Event::MandatesRead => {
            Some("mandates")
        }
        Event::ObjectionDecided | Event::ObjectionReceived => Some("objections"),
        Event::ReviewGiven | Event::ReviewsRead => Some("reviews"),
        Event::SignalsRead => Some("signals"),
        Event::CorrectionTold => Some("corrections"),
        Event::DepartureChanged => Some("departures"),
        Event::FeedbackChanged | Event::FeedbackRead | Event::FeedbackReceived => Some("feedback-reports"),
        Event::MatchChanged | Event::MatchesRead => Some("matches"),
        Event::RelationDeclared | Event::RelationEnded => Some("relations"),
        Event::SubscriptionChanged => Some("subscriptions"),
        Event::AlarmRaised
        | Event::CanaryMissed
        | Event::FeedbackSent
        | Event::MatchArisen
        | Event::MatchEnded
        | Event::MatchEscalated
        | Event::PointersTransferred
        | Event::SignalsDelivered
        | Event::AuthorisationDecided
        | Event::DocumentStored
        | Event::DossierChanged
        | Event::DossierOpened
        | Event::IdentityChecked
        | Event::ReviewEscalated
        | Event::StatementIssued
        | Event::AgreementChanged
        | Event::AnswerReceived
        | Event::DossierAssembled
        | Event::KeyChanged
        | Event::LogRecovered
        | Event::PointersDestroyed
        | Event::PointersLapsed
        | Event::QueryAsked
        | Event::ReceiptRefuted
        | Event::RecordsErased
        | Event::SourceSynchronised
        | Event::SubjectsRekeyed => None,
    }
}

/// The service that answered another party's request. A partner that asks or pulls at itself comes in by the same door as
/// everybody else; its own work on its pointers does not.
fn answered_as(record: &AccessRecord) -> Option<&'static str> {
    let service = called_service(record.event)?;
    let always_called = matches!(record.event, Event::PullAnswered | Event::QueryAnswered);
    (always_called || record.party != record.service).then_some(service)
}

fn is_trace_id(text: &str) -> bool {
    text.len() == 32
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.bytes().any(|byte| byte != b'0')
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
