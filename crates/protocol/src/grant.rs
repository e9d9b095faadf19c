//! Grants: compact JWS, ES256, each bound to one requester's certificate and one holder. A pull grant opens one record; a
//! feedback grant lets a doubt about one be reported; an access-log grant opens what one party's own log says about one person.
//! Their `typ` differs, so that none can pass for another (RFC 8725 §3.11).

use kw_domain::{Category, ChainName, GrantId, Handle, MandateId, Oin, Purpose, TransactionId};
use kw_ledger::Recordable;
use serde::{Deserialize, Serialize};

use crate::mandate::{MandateAct, MandateKind};
use crate::query::RelationBasis;
use crate::{Bytes16, Bytes32};

/// The `typ` of a pull grant's header.
pub const GRANT_TYPE: &str = "pull-grant+jwt";
/// The `typ` of an access-log grant's header.
pub const ACCESS_LOG_GRANT_TYPE: &str = "access-log-grant+jwt";
/// The `typ` of a feedback grant's header.
pub const FEEDBACK_GRANT_TYPE: &str = "feedback-grant+jwt";
/// The longest life of a grant, in seconds.
pub const MAX_LIFE_SECONDS: i64 = 120;
/// How far apart the clocks of issuer and holder may be, in seconds.
pub const LEEWAY_SECONDS: i64 = 30;

/// The JOSE header of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantHeader {
    /// Always `ES256`.
    pub alg: String,
    /// The signing key's id in the JWKS.
    pub kid: String,
    /// [`GRANT_TYPE`], [`ACCESS_LOG_GRANT_TYPE`] or [`FEEDBACK_GRANT_TYPE`].
    pub typ: String,
}

/// The claims of a grant; of a pull grant, unless said otherwise.
///
/// The fields stand in the order of their names, so that serde's compact output *is* the canonical JSON of RFC 8785 that
/// the ledger leaf of the grant commits to (with `log` left out).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantClaims<P = GrantProperties> {
    /// The holder.
    pub aud: Oin,
    /// Whose certificate may use it.
    pub cnf: Confirmation,
    /// Void from then, seconds since 1970.
    pub exp: i64,
    /// The chain.
    pub gid: ChainName,
    /// Issued then.
    pub iat: i64,
    /// The switchboard.
    pub iss: Oin,
    /// This grant.
    pub jti: GrantId,
    /// Where the ledger committed to this grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogClaim>,
    /// Void before then.
    pub nbf: i64,
    /// What it opens, and why.
    pub prp: P,
    /// The requester.
    pub sub: Oin,
    /// The transaction id of the exchange with the holder.
    pub txn: TransactionId,
}

impl<P: Serialize> Recordable for GrantClaims<P> {}

impl<P> GrantClaims<P> {
    /// The same grant, for what `opens` makes of what it opens.
    pub fn opening<Q>(self, opens: impl FnOnce(P) -> Q) -> GrantClaims<Q> {
        let Self { aud, cnf, exp, gid, iat, iss, jti, log, nbf, prp, sub, txn } = self;
        GrantClaims { aud, cnf, exp, gid, iat, iss, jti, log, nbf, prp: opens(prp), sub, txn }
    }
}

/// The claims of an access-log grant.
pub type AccessLogClaims = GrantClaims<AccessLogProperties>;

/// What a grant can open.
pub trait Opens {
    /// The `typ` of the header.
    const TYPE: &'static str;

    /// SHA-256(salt ‖ canonical JSON of the actor).
    fn actor_hash(&self) -> &Bytes32;
}

/// RFC 8705 §3.1: the SHA-256 of the requester's certificate (DER).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// base64url, unpadded.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: Bytes32,
}

/// What may be pulled, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantProperties {
    /// SHA-256(salt ‖ canonical JSON of the actor).
    pub actor_hash: Bytes32,
    /// The categories.
    pub cat: Vec<Category>,
    /// The holder's name for the pointer.
    pub hdl: Handle,
    /// The law.
    pub legal_basis: String,
    /// The agreement's hash.
    pub policy: String,
    /// Why.
    pub purpose: Purpose,
    /// On what ground.
    pub relation: RelationBasis,
    /// Under which mandate the asker acts for the subject; then both proofs are demanded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub representation: Option<GrantRepresentation>,
    /// The supplier whose certificate may use it, when one acts for the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Oin>,
}

/// The mandate behind a grant. Fields in the order of their names, as everything in a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRepresentation {
    /// What the representative may do with it.
    pub act: MandateAct,
    /// The represented person's age band, by its name in the agreement: the holder compares it with the birth date.
    pub band: String,
    /// Of which kind.
    pub kind: MandateKind,
    /// Which one.
    pub mandate: MandateId,
}

impl GrantRepresentation {
    /// The mandate as records name it: `kind:id`.
    pub fn recorded(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.mandate)
    }
}

impl Opens for GrantProperties {
    const TYPE: &'static str = GRANT_TYPE;

    fn actor_hash(&self) -> &Bytes32 {
        &self.actor_hash
    }
}

/// What a feedback report may be sent about, and why: the same as a pull grant says, under another `typ`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedbackProperties(pub GrantProperties);

impl Opens for FeedbackProperties {
    const TYPE: &'static str = FEEDBACK_GRANT_TYPE;

    fn actor_hash(&self) -> &Bytes32 {
        &self.0.actor_hash
    }
}

/// The claims of a feedback grant.
pub type FeedbackClaims = GrantClaims<FeedbackProperties>;

/// What of a party's log may be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLogProperties {
    /// SHA-256(salt ‖ canonical JSON of the actor).
    pub actor_hash: Bytes32,
    /// Always [`Category::access_log`].
    pub cat: Vec<Category>,
    /// The law.
    pub legal_basis: String,
    /// The agreement's hash.
    pub policy: String,
    /// Always [`Purpose::subject_access`].
    pub purpose: Purpose,
    /// SHA-256 of the canonical JSON of the [`LogScope`](crate::access_report::LogScope), which travels beside the grant:
    /// it may be long.
    pub scope: Bytes32,
}

impl Opens for AccessLogProperties {
    const TYPE: &'static str = ACCESS_LOG_GRANT_TYPE;

    fn actor_hash(&self) -> &Bytes32 {
        &self.actor_hash
    }
}

/// The place of the grant's leaf in the switchboard's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogClaim {
    /// The leaf's index.
    pub i: u64,
    /// The log's origin.
    pub o: String,
    /// The leaf's salt.
    pub s: Bytes32,
}

/// The salt that hides the actor from everybody but the holder.
pub type ActorSalt = Bytes16;
