//! A person's own question: who registered something about me, and who looked (GDPR art. 15).
//!
//! A partner that the agreement lists asks the switchboard (`POST /v1/access-reports`) and then, with the grants of its
//! answer, every party that the switchboard's records name (`POST /v1/access-statements`).

mod told;

use kw_domain::{ActorId, CaseReference, Category, Handle, Instant, Oin, Purpose, Role, TransactionId};
use kw_ledger::{Event, Outcome, Recordable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Bytes16;
use crate::dossier::Party;
use crate::mandate::Side;
use crate::pointer::SubjectElement;
use crate::pull::{EpochBirthDateProof, EpochProof};
use crate::query::{Actor, Receipt, RelationBasis};

pub use told::{
    AccessReport, AccessReportRequest, AskedParty, Named, ReportEntry, ReportLanguage, ReportedAct,
    ReportedFetch, StatementStatus,
};

/// The law under which a person asks.
pub const LEGAL_BASIS: &str = "AVG art. 15";

/// Asks the switchboard for all that its records say about one subject.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectReportRequest {
    /// Whom it is about.
    pub subject: SubjectElement,
    /// The member of staff who identified the person and asks for them.
    pub actor: Actor,
    /// The person's request.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// Only what happened from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// Only what happened before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Instant>,
}

/// What the switchboard's records say about one subject, and whom to ask for the rest.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectReport {
    /// When it was made.
    #[schema(value_type = String)]
    pub made_at: Instant,
    /// The agreement under which it was made: lower-case hexadecimal SHA-256.
    pub policy: String,
    /// What a person may be told, oldest first.
    pub lines: Vec<StatementLine>,
    /// The parties that those lines name, each with a grant to read its own log; without one if it takes no part in the
    /// chain any more.
    pub parties: Vec<NamedParty>,
    /// The asker's proof of this access.
    pub receipt: Receipt,
}

/// A party that the records name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedParty {
    /// Who.
    pub party: Party,
    /// What opens its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogGrant>,
}

/// A grant to read what one party's log says about one person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogGrant {
    /// The transaction id of the exchange with that party.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// A compact JWS, `typ: access-log-grant+jwt` (docs/api.md, "Grants").
    pub grant: String,
    /// The salt of the grant's `actor_hash`.
    #[schema(value_type = String)]
    pub actor_salt: Bytes16,
    /// What the grant commits to.
    pub scope: LogScope,
    /// The grant is void after then.
    #[schema(value_type = String)]
    pub expires_at: Instant,
}

/// Which records of a party's log are meant. Lists are sorted and hold nothing twice.
///
/// The fields stand in the order of their names: serde's compact output is the canonical JSON of RFC 8785 that a grant
/// commits to by its SHA-256.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogScope {
    /// What the party asked the switchboard about this person: the transactions of its questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub asked: Vec<TransactionId>,
    /// Only what happened from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// What others were granted at the party: the transactions of their pulls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub granted: Vec<TransactionId>,
    /// The party's own names for its pointers about this person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub handles: Vec<Handle>,
    /// Only what happened before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Instant>,
}

impl Recordable for LogScope {}

impl LogScope {
    /// How many things it names.
    pub fn len(&self) -> usize {
        self.asked.len() + self.granted.len() + self.handles.len()
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a moment is in the period.
    pub fn covers(&self, moment: Instant) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment < until)
    }
}

/// Asks one party what its own log says about one person, under an access-log grant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementRequest {
    /// The grant as it was issued.
    pub grant: String,
    /// Who asks, so that the party's own record names the person.
    pub actor: Actor,
    /// The salt of the grant's `actor_hash`.
    #[schema(value_type = String)]
    pub actor_salt: Bytes16,
    /// What the grant commits to.
    pub scope: LogScope,
    /// "I mean the person behind these handles, and I know the BSN" (docs/pseudonym.md §6), one per live epoch.
    pub subject_proofs: Vec<EpochProof>,
    /// "That person was born then" (docs/pseudonym.md §7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub birth_date_proofs: Vec<EpochBirthDateProof>,
}

/// What one party's own log says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Whose log.
    #[schema(value_type = String)]
    pub party: Oin,
    /// The transaction id of the grant.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// What a person may be told, oldest first.
    pub lines: Vec<StatementLine>,
    /// Whether the log lacks a question that the switchboard says this party asked: then these are not all lines.
    pub has_gaps: bool,
}

/// One record, reduced to what the person it is about may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// What happened: an event of docs/logging.md.
    pub event: Event,
    /// The organisation that acted.
    pub party: Party,
    /// What the person who acted is to that organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// Who acted; only where the agreement says that staff are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor: Option<ActorId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// The law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Which kinds of data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// On what ground, where it is told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationBasis>,
    /// How it ended: `success`, `refused` or `error`.
    pub result: Outcome,
    /// Why it was refused or failed: a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The exchange, by which the records of several parties about one act are joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub transaction: Option<TransactionId>,
    /// What was disclosed, with the transaction of the exchange that followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disclosed: Vec<DisclosedTo>,
    /// Which side of a mandate the person is, where somebody acted for somebody else. What was disclosed is told to the
    /// represented person only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

/// One thing that a question disclosed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedTo {
    /// At whom.
    pub holder: Party,
    /// What.
    #[schema(value_type = String)]
    pub category: Category,
    /// The exchange with the holder.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
}

#[cfg(test)]
mod tests {
    use kw_domain::{ChainName, GrantId};
    use kw_ledger::canonical;

    use super::*;
    use crate::Bytes32;
    use crate::grant::{AccessLogClaims, AccessLogProperties, Confirmation, GrantClaims, LogClaim};

    fn scope() -> LogScope {
        let now = Instant::from_millis(1_795_000_000_123);
        let id = |number| TransactionId::new(now, [number; 10]);
        LogScope {
            asked: vec![id(1), id(2)],
            from: Some(now),
            granted: vec![id(3)],
            handles: vec![Handle::from_bytes([4; 16])],
            until: Some(now),
        }
    }

    #[test]
    fn what_a_grant_commits_to_is_written_as_an_independent_canonicaliser_writes_it() {
        for scope in [scope(), LogScope::default()] {
            let expected = serde_json_canonicalizer::to_string(&scope).unwrap();
            assert_eq!(canonical(&scope).unwrap().as_str(), expected);
        }
        let now = Instant::from_millis(1_795_000_000_123);
        let oin = Oin::parse("00000099000000001000").unwrap();
        let claims: AccessLogClaims = GrantClaims {
            aud: oin,
            cnf: Confirmation { x5t_s256: Bytes32([1; 32]) },
            exp: 3,
            gid: ChainName::parse("youth").unwrap(),
            iat: 1,
            iss: oin,
            jti: GrantId::new(now, [2; 10]),
            log: Some(LogClaim { i: 7, o: "log".to_owned(), s: Bytes32([3; 32]) }),
            nbf: 2,
            prp: AccessLogProperties {
                actor_hash: Bytes32([4; 32]),
                cat: vec![Category::access_log()],
                legal_basis: LEGAL_BASIS.to_owned(),
                policy: "ab".repeat(32),
                purpose: Purpose::subject_access(),
                scope: Bytes32([5; 32]),
            },
            sub: oin,
            txn: TransactionId::new(now, [6; 10]),
        };
        let expected = serde_json_canonicalizer::to_string(&claims).unwrap();
        assert_eq!(canonical(&claims).unwrap().as_str(), expected);
        let read: Result<GrantClaims, _> = serde_json::from_str(&expected);
        assert!(read.is_err(), "an access-log grant is no pull grant");
        assert_eq!(serde_json::from_str::<AccessLogClaims>(&expected).unwrap(), claims);
    }

    #[test]
    fn a_period_has_its_first_moment_and_not_its_last() {
        let at = Instant::from_millis;
        let scope = LogScope { from: Some(at(10)), until: Some(at(20)), ..LogScope::default() };
        let inside: Vec<bool> = [9, 10, 19, 20].map(|millis| scope.covers(at(millis))).to_vec();
        assert_eq!(inside, [false, true, true, false]);
        assert!(LogScope::default().covers(at(0)) && LogScope::default().is_empty());
    }

    #[test]
    fn debug_of_a_scope_shows_no_handle() {
        let scope = scope();
        assert!(!format!("{scope:?}").contains(&scope.handles[0].to_string()));
    }
}
