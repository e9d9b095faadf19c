//! What the record of each event may say: the allow-list of the audience *inspection* (docs/logging.md).
//!
//! A record is checked when it is written in its canonical form, without which it has no leaf and no place in a log. One
//! that says more than its event needs is refused there, and with it the act that it belongs to.

use kw_domain::{Bsn, MandateId};

use crate::{AccessRecord, CanonicalError, Event, canonical::Recordable};

macro_rules! fields {
    ($($(#[$doc:meta])+ $name:ident = $json:literal, |$record:ident| $present:expr;)+) => {
        /// A part of a record that not every event may have. The others every record has: `action`, `at`, `chain`,
        /// `decision`, `event`, `party`, `result`, `service`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RecordField { $($(#[$doc])+ $name,)+ }

        impl RecordField {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its place in the record.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $json,)+ }
            }

            fn is_in(self, record: &AccessRecord) -> bool {
                match self { $(Self::$name => { let $record = record; $present })+ }
            }
        }
    };
}

fields! {
    /// The person who acted.
    Actor = "actor", |record| record.actor.is_some();
    /// The case.
    Case = "case", |record| record.case.is_some();
    /// Kinds of data.
    Categories = "categories", |record| !record.categories.is_empty();
    /// How many.
    Count = "count", |record| record.count.is_some();
    /// What was erased.
    Erased = "erased", |record| record.erased.is_some();
    /// What was granted.
    Grants = "grants", |record| !record.grants.is_empty();
    /// Who was involved as holder.
    Holders = "holders", |record| !record.holders.is_empty();
    /// Public keys that are in force.
    Keys = "keys", |record| !record.keys.is_empty();
    /// The law.
    LegalBasis = "legalBasis", |record| record.legal_basis.is_some();
    /// Why a person says that they may: free text, in the asker's own words.
    Motive = "relation/reason", |record| record.relation.as_ref().is_some_and(|relation| relation.reason.is_some());
    /// For whom the party acted.
    OnBehalfOf = "onBehalfOf", |record| record.on_behalf_of.is_some();
    /// What the policy decided about.
    PolicyInput = "decision/input", |record| record.decision.input.is_some();
    /// The log before this one.
    Predecessor = "predecessor", |record| record.predecessor.is_some();
    /// The processing activity.
    ProcessingActivity = "processingActivity", |record| record.processing_activity.is_some();
    /// The purpose.
    Purpose = "purpose", |record| record.purpose.is_some();
    /// On what ground.
    Relation = "relation", |record| record.relation.is_some();
    /// Under which mandate.
    Representation = "representation", |record| record.representation.is_some();
    /// Who represented the subject, by a random reference.
    Representative = "representative", |record| record.representative.is_some();
    /// What was searched for.
    Search = "search", |record| record.search.is_some();
    /// Whom it was about, by a random reference.
    Subject = "subject", |record| record.subject.is_some();
    /// Whom a batch was about, by a digest of random references.
    Subjects = "subjects", |record| record.subjects.is_some();
    /// The trace.
    Trace = "trace", |record| record.trace.is_some();
    /// The exchange.
    Transaction = "transaction", |record| record.transaction.is_some();
}

impl Event {
    /// What its records may say beside what all records say.
    pub fn fields(self) -> &'static [RecordField] {
        use RecordField as F;
        match self {
            Self::AccessLogSearched => &[F::Actor, F::Count, F::Search, F::Subject, F::Trace, F::Transaction],
            Self::AccessReportMade => &[
                F::Actor,
                F::Case,
                F::Categories,
                F::Count,
                F::Grants,
                F::Holders,
                F::LegalBasis,
                F::Purpose,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::AgreementChanged => &[F::Actor, F::Count],
            Self::AlarmRaised
            | Self::CanaryMissed
            | Self::MatchEscalated
            | Self::PointersLapsed
            | Self::ReviewEscalated => &[F::Count, F::Holders],
            Self::AnswerReceived | Self::DossierAssembled => &[
                F::Actor,
                F::Case,
                F::Categories,
                F::Count,
                F::Grants,
                F::Holders,
                F::LegalBasis,
                F::Motive,
                F::OnBehalfOf,
                F::ProcessingActivity,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Subject,
                F::Transaction,
            ],
            Self::AuthorisationAsked => {
                &[F::Categories, F::Holders, F::Representation, F::Subject, F::Trace, F::Transaction]
            }
            Self::AuthorisationDecided => &[
                F::Categories,
                F::Holders,
                F::LegalBasis,
                F::ProcessingActivity,
                F::Purpose,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::CollectionAnswered => &[
                F::Categories,
                F::Count,
                F::Holders,
                F::LegalBasis,
                F::ProcessingActivity,
                F::Purpose,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::ConsentRecorded | Self::ConsentWithdrawn => &[
                F::Actor,
                F::Categories,
                F::Holders,
                F::OnBehalfOf,
                F::PolicyInput,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::ConsentsRead => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::Motive,
                F::OnBehalfOf,
                F::PolicyInput,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::CorrectionTold => {
                &[F::Actor, F::Categories, F::Count, F::Holders, F::OnBehalfOf, F::Trace, F::Transaction]
            }
            Self::DelegationApproved
            | Self::DelegationEnded
            | Self::DelegationRequested
            | Self::DepartureChanged => {
                &[F::Actor, F::Count, F::Holders, F::OnBehalfOf, F::Trace, F::Transaction]
            }
            Self::DocumentStored => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::DossierChanged => {
                &[F::Actor, F::Categories, F::Count, F::Representation, F::Subject, F::Trace, F::Transaction]
            }
            Self::DossierOpened => &[
                F::Actor,
                F::Count,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::EvaluationBatch | Self::SignalsRead => &[F::Count, F::OnBehalfOf, F::Trace, F::Transaction],
            Self::FeedbackChanged | Self::FeedbackRead | Self::MatchChanged => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::OnBehalfOf,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::FeedbackReceived | Self::PullAnswered => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::LegalBasis,
                F::OnBehalfOf,
                F::PolicyInput,
                F::ProcessingActivity,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::FeedbackSent => &[
                F::Actor,
                F::Case,
                F::Categories,
                F::Count,
                F::Holders,
                F::LegalBasis,
                F::Motive,
                F::OnBehalfOf,
                F::ProcessingActivity,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::IdentityChecked => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::Purpose,
                F::Relation,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::KeyChanged => &[F::Keys],
            Self::LeaseRenewed => &[F::OnBehalfOf, F::Trace, F::Transaction],
            Self::LogRecovered => &[F::Predecessor],
            Self::MandateConfirmed | Self::MandateRequested => &[
                F::Actor,
                F::Categories,
                F::Holders,
                F::OnBehalfOf,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::MandateEnded | Self::MandatesRead => &[
                F::Actor,
                F::Categories,
                F::Count,
                F::Holders,
                F::OnBehalfOf,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::MatchArisen | Self::MatchEnded => {
                &[F::Categories, F::Count, F::Holders, F::Subject, F::Subjects]
            }
            Self::MatchesRead | Self::ReviewsRead | Self::SubscriptionChanged => {
                &[F::Actor, F::Count, F::OnBehalfOf, F::Trace, F::Transaction]
            }
            Self::ObjectionDecided => &[
                F::Actor,
                F::Categories,
                F::Holders,
                F::Motive,
                F::OnBehalfOf,
                F::PolicyInput,
                F::Relation,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::ObjectionReceived => &[
                F::Actor,
                F::Categories,
                F::Holders,
                F::Motive,
                F::OnBehalfOf,
                F::PolicyInput,
                F::Relation,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::PointerRead => {
                &[F::Categories, F::Count, F::OnBehalfOf, F::Subject, F::Trace, F::Transaction]
            }
            Self::PointerRegistered
            | Self::PointerRenewed
            | Self::PointerSuperseded
            | Self::PointerWithdrawn => {
                &[F::Categories, F::Count, F::Holders, F::OnBehalfOf, F::Subject, F::Trace, F::Transaction]
            }
            Self::PointersDestroyed | Self::SubjectsRekeyed => &[F::Count],
            Self::PointersRegistered => {
                &[F::Categories, F::Count, F::Holders, F::OnBehalfOf, F::Subjects, F::Trace, F::Transaction]
            }
            Self::PointersTransferred | Self::PointersWithdrawn => {
                &[F::Categories, F::Count, F::Holders, F::OnBehalfOf, F::Trace, F::Transaction]
            }
            Self::QueryAnswered => &[
                F::Actor,
                F::Case,
                F::Categories,
                F::Grants,
                F::Holders,
                F::LegalBasis,
                F::Motive,
                F::OnBehalfOf,
                F::PolicyInput,
                F::ProcessingActivity,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::QueryAsked => &[
                F::Actor,
                F::Case,
                F::Categories,
                F::Holders,
                F::LegalBasis,
                F::Motive,
                F::OnBehalfOf,
                F::ProcessingActivity,
                F::Purpose,
                F::Relation,
                F::Representation,
                F::Subject,
                F::Transaction,
            ],
            Self::ReceiptRefuted => &[F::Holders, F::Transaction],
            Self::RecordsErased => &[F::Count, F::Erased],
            Self::RelationDeclared | Self::RelationEnded => {
                &[F::Actor, F::OnBehalfOf, F::Subject, F::Subjects, F::Trace, F::Transaction]
            }
            Self::ResolutionApproved => &[F::Actor, F::Search, F::Subject, F::Trace, F::Transaction],
            Self::ResolutionRequested => {
                &[F::Actor, F::Motive, F::Relation, F::Search, F::Subject, F::Trace, F::Transaction]
            }
            Self::ReviewGiven => &[
                F::Actor,
                F::Categories,
                F::Holders,
                F::Motive,
                F::OnBehalfOf,
                F::Purpose,
                F::Relation,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
            Self::SignalsDelivered => &[F::Count, F::Holders, F::Transaction],
            Self::SourceSynchronised => &[F::Categories, F::Count, F::Holders, F::Subjects],
            Self::StatementIssued => &[
                F::Actor,
                F::Holders,
                F::Representation,
                F::Representative,
                F::Subject,
                F::Trace,
                F::Transaction,
            ],
        }
    }
}

impl Recordable for AccessRecord {
    /// Only fields that the event may have, a reason that is a code, and no citizen service number in what people wrote.
    fn check(&self) -> Result<(), CanonicalError> {
        let allowed = self.event.fields();
        let extra = |field: &&RecordField| field.is_in(self) && !allowed.contains(field);
        if let Some(field) = RecordField::ALL.iter().find(extra) {
            return Err(CanonicalError::NotAllowed { event: self.event.code(), field: field.name() });
        }
        if self.decision.reason.as_deref().is_some_and(|reason| !is_code(reason)) {
            return Err(CanonicalError::NoCode { field: "decision/reason" });
        }
        let texts = [
            ("actor/id", self.actor.as_ref().map(|actor| actor.id.as_str())),
            ("case", self.case.as_ref().map(kw_domain::CaseReference::as_str)),
            ("relation/reason", self.relation.as_ref().and_then(|relation| relation.reason.as_deref())),
            // A mandate's own name is random: what looks like a number in it is none.
            ("representation", self.representation.as_deref().filter(|text| !names_a_mandate(text))),
        ];
        match texts.into_iter().find(|(_, text)| text.is_some_and(Bsn::occurs_in)) {
            Some((field, _)) => Err(CanonicalError::Number { field }),
            None => Ok(()),
        }
    }
}

/// `kind:id`.
fn names_a_mandate(text: &str) -> bool {
    text.split_once(':').is_some_and(|(kind, id)| is_code(kind) && MandateId::parse(id).is_ok())
}

/// Words of the program: lower-case letters, digits and hyphens.
fn is_code(reason: &str) -> bool {
    (1..=LONGEST_CODE).contains(&reason.len())
        && reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !Bsn::occurs_in(reason)
}

const LONGEST_CODE: usize = 64;

#[cfg(test)]
mod tests {
    use kw_domain::{ActorId, CaseReference};

    use super::*;
    use crate::record::tests::full;
    use crate::{Outcome, Verdict, canonical};

    /// A record of this event with nothing but this field.
    fn with(event: Event, field: RecordField) -> AccessRecord {
        let full = full();
        let mut record =
            AccessRecord::new(event, full.at, full.chain.clone(), full.service, full.party, "ab".repeat(32));
        match field {
            RecordField::Actor => record.actor = full.actor,
            RecordField::Case => record.case = full.case,
            RecordField::Categories => record.categories = full.categories,
            RecordField::Count => record.count = full.count,
            RecordField::Erased => record.erased = full.erased,
            RecordField::Grants => record.grants = full.grants,
            RecordField::Holders => record.holders = full.holders,
            RecordField::Keys => record.keys = full.keys,
            RecordField::LegalBasis => record.legal_basis = full.legal_basis,
            RecordField::Motive => record.relation = full.relation,
            RecordField::OnBehalfOf => record.on_behalf_of = full.on_behalf_of,
            RecordField::PolicyInput => record.decision.input = full.decision.input,
            RecordField::Predecessor => record.predecessor = full.predecessor,
            RecordField::ProcessingActivity => record.processing_activity = full.processing_activity,
            RecordField::Purpose => record.purpose = full.purpose,
            RecordField::Relation => {
                record.relation = full.relation;
                record.relation.as_mut().unwrap().reason = None;
            }
            RecordField::Representation => record.representation = full.representation,
            RecordField::Representative => record.representative = full.representative,
            RecordField::Search => record.search = full.search,
            RecordField::Subject => record.subject = full.subject,
            RecordField::Subjects => record.subjects = full.subjects,
            RecordField::Trace => record.trace = full.trace,
            RecordField::Transaction => record.transaction = full.transaction,
        }
        record
    }

    #[test]
    fn a_record_has_a_canonical_form_only_with_the_fields_of_its_event() {
        for event in Event::ALL {
            for field in RecordField::ALL {
                let record = with(*event, *field);
                assert!(field.is_in(&record));
                let may = event.fields().contains(field);
                let written = canonical(&record);
                assert_eq!(written.is_ok(), may, "{} of {}: {written:?}", field.name(), event.code());
            }
        }
    }

    #[test]
    fn the_full_record_is_one_that_no_event_may_leave() {
        for event in Event::ALL {
            let refused = canonical(&AccessRecord { event: *event, ..full() });
            assert!(matches!(refused, Err(CanonicalError::NotAllowed { .. })), "{}", event.code());
        }
    }

    #[test]
    fn who_may_say_why_may_say_on_what_ground() {
        for event in Event::ALL {
            let fields = event.fields();
            assert!(fields.is_sorted_by(|a, b| a < b), "{}", event.code());
            assert!(!fields.contains(&RecordField::Motive) || fields.contains(&RecordField::Relation));
        }
    }

    #[test]
    fn a_citizen_service_number_in_what_people_write_stops_the_record() {
        let base = with(Event::QueryAnswered, RecordField::Relation);
        let mut named = with(Event::QueryAnswered, RecordField::Actor);
        named.actor.as_mut().unwrap().id = ActorId::parse("999990342").unwrap();
        let case = CaseReference::parse("Z 9999.90.342").ok();
        let mut motive = base.clone();
        motive.relation.as_mut().unwrap().reason = Some("about 999990342".to_owned());
        for (record, field) in
            [(named, "actor/id"), (AccessRecord { case, ..base }, "case"), (motive, "relation/reason")]
        {
            assert_eq!(canonical(&record), Err(CanonicalError::Number { field }));
        }
    }

    #[test]
    fn the_reason_of_a_denial_is_a_code() {
        for (reason, good) in [
            ("role-not-allowed", true),
            ("", false),
            ("999990342", false),
            ("no such person: Jansen", false),
            (&"a".repeat(65), false),
        ] {
            let record = with(Event::QueryAnswered, RecordField::Purpose).denied(reason);
            assert_eq!((record.decision.verdict, record.result), (Verdict::Denied, Outcome::Refused));
            assert_eq!(canonical(&record).is_ok(), good, "{reason}");
        }
    }
}
