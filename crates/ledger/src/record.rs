//! The access record: what happened, by whom, for whom, why, with which result (design §5).
//!
//! Fields stand in the order of their JSON names, so that serde's output is canonical. It has what NEN 7513, the Logboek
//! Dataverwerkingen, FSC Logging and the Authorization Decision Log each ask for; none of it identifies a subject.

use aws_lc_rs::digest;
use kw_domain::{
    ActorId, CaseReference, Category, ChainName, GrantId, Instant, Oin, Purpose, Role, SubjectReference,
    TransactionId,
};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::Recordable;

/// One access, change or decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRecord {
    /// Create, read, update, delete or execute (NEN 7513 §7.2).
    pub action: Action,
    /// The person, as their organisation vouches for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<RecordedActor>,
    /// When.
    pub at: Instant,
    /// For which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseReference>,
    /// Which kinds of data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// In which chain.
    pub chain: ChainName,
    /// How many subjects or items, for a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What was decided, and under which agreement.
    pub decision: RecordedDecision,
    /// What was erased, when the event is an erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<ErasedRange>,
    /// What happened.
    pub event: Event,
    /// What was granted, one entry per pointer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantedAccess>,
    /// Who was involved as holder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Oin>,
    /// Every public key that the service answers for from then on, when the event is a change of them; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<RecordedKey>,
    /// The law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// For which organisation the party acted, when not for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Oin>,
    /// The organisation that acted.
    pub party: Oin,
    /// The log that this one goes on from, when the event is a recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<PredecessorLog>,
    /// The processing activity's URI in the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_activity: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<RecordedRelation>,
    /// Under which mandate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<String>,
    /// Who represented the subject: random, resolvable only through a link that can be erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<SubjectReference>,
    /// How it ended.
    pub result: Outcome,
    /// What an auditor searched the log for: canonical JSON of the filter, which names no subject (NEN 7513 §7.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The organisation whose service made this record.
    pub service: Oin,
    /// Whom it was about: random, resolvable only through a link that can be erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectReference>,
    /// For a batch: lower-case hexadecimal SHA-256 over the subject references in order, 16 bytes each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<String>,
    /// W3C trace id: 32 lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// FSC transaction id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionId>,
}

impl AccessRecord {
    /// A record of an allowed and successful event with nothing but the obligatory fields.
    pub fn new(
        event: Event,
        at: Instant,
        chain: ChainName,
        service: Oin,
        party: Oin,
        policy: impl Into<String>,
    ) -> Self {
        Self {
            action: event.action(),
            actor: None,
            at,
            case: None,
            categories: Vec::new(),
            chain,
            count: None,
            decision: RecordedDecision {
                input: None,
                policy: policy.into(),
                reason: None,
                verdict: Verdict::Allowed,
            },
            erased: None,
            event,
            grants: Vec::new(),
            holders: Vec::new(),
            keys: Vec::new(),
            legal_basis: None,
            on_behalf_of: None,
            party,
            predecessor: None,
            processing_activity: None,
            purpose: None,
            relation: None,
            representation: None,
            representative: None,
            result: Outcome::Success,
            search: None,
            service,
            subject: None,
            subjects: None,
            trace: None,
            transaction: None,
        }
    }

    /// The same event, denied for a reason that names no person.
    pub fn denied(mut self, reason: impl Into<String>) -> Self {
        self.decision.verdict = Verdict::Denied;
        self.decision.reason = Some(reason.into());
        self.result = Outcome::Refused;
        self
    }
}

/// The person who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedActor {
    /// `asserted` or `proven`.
    pub assurance: String,
    /// As their organisation knows them.
    pub id: ActorId,
    /// What they are to their organisation.
    pub role: Role,
}

/// As the hash in a grant is over it.
impl Recordable for RecordedActor {}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedDecision {
    /// What was decided about: canonical JSON of the policy's input, so that the decision can be replayed under the
    /// agreement with that hash. It holds nothing about the subject but random references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The agreement: lower-case hexadecimal SHA-256.
    pub policy: String,
    /// Why it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Allowed or denied.
    pub verdict: Verdict,
}

/// Allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The agreement allows it.
    Allowed,
    /// It does not.
    Denied,
}

/// On what ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRelation {
    /// `listed`, `motivated` or `emergency`.
    pub basis: String,
    /// In the asker's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which records were erased. Their leaves stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasedRange {
    /// Everything of the class from before then.
    pub before: Instant,
    /// The retention class: `access`, `key` or `agreement`.
    pub class: String,
    /// The first erased index.
    pub first: u64,
    /// The last erased index.
    pub last: u64,
}

/// A log that ended, as its witnesses last saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PredecessorLog {
    /// Its name.
    pub origin: String,
    /// The root: lower-case hexadecimal.
    pub root: String,
    /// How many entries.
    pub size: u64,
}

/// One pointer that was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedAccess {
    /// What the grant opens.
    #[serde(default, skip_serializing_if = "GrantedAct::is_pull")]
    pub act: GrantedAct,
    /// Which kind of data.
    pub category: Category,
    /// The grant.
    pub grant: GrantId,
    /// At whom.
    pub holder: Oin,
    /// What became of the pull, in the record of an assembled dossier: the code of the section's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The pull's transaction id.
    pub transaction: TransactionId,
}

/// What a grant opens. Neither kind opens what the other does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantedAct {
    /// A feedback report about the record.
    Feedback,
    /// A pull of the record, or of what a party's own log says.
    #[default]
    Pull,
}

impl GrantedAct {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_pull(&self) -> bool {
        *self == Self::Pull
    }
}

/// One public key that a service answers for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordedKey {
    /// What it is called where it is published: a `kid`, a generation, the name of a log or witness.
    pub id: String,
    /// What it is for, in the words of key files: `grant`, `log`, `pseudonymiser-index`, …
    pub kind: String,
    /// SHA-256 of its bytes as they are published (a point of P-256 uncompressed), in lower-case hexadecimal.
    pub sha256: String,
}

impl RecordedKey {
    /// A key by its public bytes.
    pub fn new(kind: impl Into<String>, id: impl Into<String>, public: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, public);
        let sha256 = digest.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self { id: id.into(), kind: kind.into(), sha256 }
    }
}

/// How an event ended (NEN 7513 §7.2: 1, 2, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something broke.
    Error,
    /// It was refused.
    Refused,
    /// It was done.
    Success,
}

impl Outcome {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Refused => "refused",
            Self::Success => "success",
        }
    }
}

/// NEN 7513's action codes in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// C
    Create,
    /// D
    Delete,
    /// E
    Execute,
    /// R
    Read,
    /// U
    Update,
}

macro_rules! events {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $action:ident;)+) => {
        /// Every event there is (docs/logging.md).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Event { $($(#[$doc])+ #[serde(rename = $code)] $name,)+ }

        impl Event {
            /// All events, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What kind of action it is.
            pub fn action(self) -> Action {
                match self { $(Self::$name => Action::$action,)+ }
            }
        }
    };
}

// The derive does not see a name that comes out of a macro.
impl PartialSchema for Event {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|event| event.code());
        let description = "What happened (docs/logging.md).";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(codes))
            .description(Some(description))
            .build()
            .into()
    }
}

impl ToSchema for Event {}

events! {
    /// An auditor searched the access log.
    AccessLogSearched = "access-log-searched", Read;
    /// A person was told who registered and who looked (GDPR art. 15).
    AccessReportMade = "access-report-made", Read;
    /// Another version of the agreement came into force at this service.
    AgreementChanged = "agreement-changed", Update;
    /// A party's questions look like a search through all numbers.
    AlarmRaised = "alarm-raised", Execute;
    /// A requester got the switchboard's answer, or none.
    AnswerReceived = "answer-received", Read;
    /// A personal environment pushed an authorisation request (RFC 9126).
    AuthorisationAsked = "authorisation-asked", Create;
    /// A person, or who represents them, gave or refused consent to a collection.
    AuthorisationDecided = "authorisation-decided", Execute;
    /// The index did not give what was registered for a made-up person.
    CanaryMissed = "canary-missed", Execute;
    /// A holder answered or refused a collection by a personal environment.
    CollectionAnswered = "collection-answered", Read;
    /// A consent or objection to disclosure was recorded.
    ConsentRecorded = "consent-recorded", Create;
    /// A consent or objection to disclosure was taken back.
    ConsentWithdrawn = "consent-withdrawn", Delete;
    /// Consents were read, or a question about them was answered.
    ConsentsRead = "consents-read", Read;
    /// A holder had those told who received a value that turned out to be wrong.
    CorrectionTold = "correction-told", Create;
    /// A supplier's mandate to act for a partner was approved.
    DelegationApproved = "delegation-approved", Update;
    /// A supplier's mandate to act for a partner ended.
    DelegationEnded = "delegation-ended", Delete;
    /// A supplier's mandate to act for a partner was asked for.
    DelegationRequested = "delegation-requested", Create;
    /// A partner leaves the chain, or another one takes its pointers over: asked for, approved, carried out or withdrawn.
    DepartureChanged = "departure-changed", Update;
    /// A collected document was put in the dossier of a person, or refused for it.
    DocumentStored = "document-stored", Create;
    /// A requester put a dossier together.
    DossierAssembled = "dossier-assembled", Read;
    /// A dossier in a personal environment was founded, shared, taken back or deleted, or a session ended.
    DossierChanged = "dossier-changed", Update;
    /// A session in a personal environment was bound to one person's dossier, or documents in it were read.
    DossierOpened = "dossier-opened", Read;
    /// The pseudonymiser evaluated a batch.
    EvaluationBatch = "evaluation-batch", Execute;
    /// A feedback report got another status, a note or a new handler.
    FeedbackChanged = "feedback-changed", Update;
    /// Feedback reports were read.
    FeedbackRead = "feedback-read", Read;
    /// A holder took in or refused a feedback report.
    FeedbackReceived = "feedback-received", Create;
    /// Somebody doubted a value at a holder.
    FeedbackSent = "feedback-sent", Create;
    /// Somebody confirmed or denied that a record is about the person who is meant.
    IdentityChecked = "identity-checked", Execute;
    /// A key was made, taken into use or destroyed.
    KeyChanged = "key-changed", Update;
    /// A holder renewed its lease.
    LeaseRenewed = "lease-renewed", Update;
    /// A log goes on under a new name, because its database was older than what witnesses saw.
    LogRecovered = "log-recovered", Update;
    /// One side confirmed a mandate to represent a person.
    MandateConfirmed = "mandate-confirmed", Update;
    /// A mandate to represent a person was withdrawn, refused or expired.
    MandateEnded = "mandate-ended", Delete;
    /// A mandate to represent a person was registered.
    MandateRequested = "mandate-requested", Create;
    /// Mandates of a person were read or checked.
    MandatesRead = "mandates-read", Read;
    /// Several holders have live pointers about the same person, and were told of each other.
    MatchArisen = "match-arisen", Execute;
    /// A holder or the coordinator followed a match up.
    MatchChanged = "match-changed", Update;
    /// A match dissolved: fewer than two holders have a live pointer.
    MatchEnded = "match-ended", Delete;
    /// Nobody made contact about a match in time.
    MatchEscalated = "match-escalated", Execute;
    /// Matches were read.
    MatchesRead = "matches-read", Read;
    /// An objection to a registration was decided.
    ObjectionDecided = "objection-decided", Update;
    /// A person objected to a registration.
    ObjectionReceived = "objection-received", Create;
    /// A pointer was read by its holder.
    PointerRead = "pointer-read", Read;
    /// A pointer was registered.
    PointerRegistered = "pointer-registered", Create;
    /// A pointer was renewed.
    PointerRenewed = "pointer-renewed", Update;
    /// A pointer was replaced.
    PointerSuperseded = "pointer-superseded", Update;
    /// A pointer was withdrawn.
    PointerWithdrawn = "pointer-withdrawn", Delete;
    /// Pointers were destroyed at the end of their term.
    PointersDestroyed = "pointers-destroyed", Delete;
    /// Pointers lapsed.
    PointersLapsed = "pointers-lapsed", Update;
    /// A batch of pointers was registered.
    PointersRegistered = "pointers-registered", Create;
    /// Pointers of a partner that leaves went over to another one.
    PointersTransferred = "pointers-transferred", Update;
    /// Many pointers were withdrawn.
    PointersWithdrawn = "pointers-withdrawn", Delete;
    /// A holder answered or refused a pull.
    PullAnswered = "pull-answered", Read;
    /// Somebody asked who holds what.
    QueryAnswered = "query-answered", Read;
    /// A requester asked the switchboard.
    QueryAsked = "query-asked", Read;
    /// A leaf that a receipt promised is missing from the log, or is another one.
    ReceiptRefuted = "receipt-refuted", Execute;
    /// Records were erased at the end of their term.
    RecordsErased = "records-erased", Delete;
    /// A relation between two persons was declared, for family match.
    RelationDeclared = "relation-declared", Create;
    /// A declared relation between two persons ended.
    RelationEnded = "relation-ended", Delete;
    /// A second auditor agreed that the records about one subject may be found.
    ResolutionApproved = "resolution-approved", Execute;
    /// An auditor asked to find the records about one subject.
    ResolutionRequested = "resolution-requested", Execute;
    /// A question was not reviewed in time.
    ReviewEscalated = "review-escalated", Execute;
    /// A reviewer gave a verdict on a question that was asked on a motivated or emergency ground.
    ReviewGiven = "review-given", Execute;
    /// Questions that wait for a review were read.
    ReviewsRead = "reviews-read", Read;
    /// Signals were delivered at a subscriber's address.
    SignalsDelivered = "signals-delivered", Execute;
    /// A party read its signals.
    SignalsRead = "signals-read", Read;
    /// The source was synchronised with the index.
    SourceSynchronised = "source-synchronised", Execute;
    /// An identity provider stated who acted, and for whom.
    StatementIssued = "statement-issued", Execute;
    /// Subjects were re-keyed.
    SubjectsRekeyed = "subjects-rekeyed", Update;
    /// A subscription to signals was made, verified, changed or ended, or its dead letters were sent again.
    SubscriptionChanged = "subscription-changed", Update;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Everything that a record can say, which is more than any event may.
    pub(crate) fn full() -> AccessRecord {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let now = Instant::from_millis(1_795_000_000_123);
        let category = Category::parse("youth-care").unwrap();
        AccessRecord {
            actor: Some(RecordedActor {
                assurance: "asserted".into(),
                id: ActorId::parse("j.\"jansen\\é").unwrap(),
                role: Role::parse("youth-doctor").unwrap(),
            }),
            case: Some(CaseReference::parse("Z-1/\u{20ac}\u{1F600}").unwrap()),
            categories: vec![category.clone()],
            count: Some(3),
            decision: RecordedDecision {
                input: Some("{}".into()),
                policy: "ab".repeat(32),
                reason: None,
                verdict: Verdict::Allowed,
            },
            erased: Some(ErasedRange { before: now, class: "access".into(), first: 0, last: 9 }),
            grants: vec![GrantedAccess {
                act: GrantedAct::Feedback,
                category,
                grant: GrantId::new(now, [1; 10]),
                holder: oin,
                outcome: Some("delivered".into()),
                transaction: TransactionId::new(now, [2; 10]),
            }],
            holders: vec![oin],
            keys: vec![RecordedKey::new("grant", "1-abc", b"point")],
            legal_basis: Some("Jeugdwet art. 7.1.4.1".into()),
            on_behalf_of: Some(oin),
            predecessor: Some(PredecessorLog { origin: "old".into(), root: "00".repeat(32), size: 9 }),
            processing_activity: Some("https://register.example/1".into()),
            purpose: Some(Purpose::parse("coordinate-help").unwrap()),
            relation: Some(RecordedRelation { basis: "motivated".into(), reason: Some("tab\there".into()) }),
            representation: Some("mandate".into()),
            representative: Some(SubjectReference::new(now, [4; 10])),
            search: Some("{}".into()),
            subject: Some(SubjectReference::new(now, [3; 10])),
            subjects: Some("00".into()),
            trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
            transaction: Some(TransactionId::new(now, [4; 10])),
            ..AccessRecord::new(
                Event::QueryAnswered,
                now,
                ChainName::parse("youth").unwrap(),
                oin,
                oin,
                "ab".repeat(32),
            )
            .denied("role-not-allowed")
        }
    }

    #[test]
    fn serde_writes_what_an_independent_canonicaliser_writes() {
        let record = full();
        let expected = serde_json_canonicalizer::to_string(&record).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), expected);
        let small = AccessRecord::new(
            record.event,
            record.at,
            record.chain.clone(),
            record.service,
            record.party,
            "",
        );
        assert_eq!(
            serde_json::to_string(&small).unwrap(),
            serde_json_canonicalizer::to_string(&small).unwrap()
        );
    }

    #[test]
    fn a_record_reads_back() {
        let record = full();
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<AccessRecord>(&text).unwrap(), record);
    }

    #[test]
    fn a_key_is_known_by_the_digest_of_its_public_bytes() {
        let key = RecordedKey::new("log", "switchboard.example/youth", b"abc");
        // FIPS 180-2, appendix B.1.
        assert_eq!(key.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn event_codes_are_unique_and_sorted() {
        let codes: Vec<_> = Event::ALL.iter().map(|event| event.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
