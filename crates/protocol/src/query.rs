//! Who holds what: `POST /v1/queries`.

use kw_domain::{
    ActorId, CaseReference, Category, Instant, MandateId, Oin, Purpose, QueryId, Role, TransactionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mandate::MandateAct;
use crate::pointer::SubjectElement;
use crate::{Bytes16, Bytes32, IdToken};

/// The person who asks. Always named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Actor {
    /// As their organisation knows them.
    #[schema(value_type = String)]
    pub id: ActorId,
    /// What they are to their organisation.
    #[schema(value_type = String)]
    pub role: Role,
    /// How strongly the organisation vouches for it.
    #[serde(default)]
    pub assurance: Assurance,
    /// What the organisation's identity provider said of this person when they signed in. Demanded with `proven`, and
    /// with nothing else; checked by the switchboard and by every holder, recorded by nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub proof: Option<IdToken>,
}

/// How strongly an actor's identity is vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// By the organisation's certificate only.
    #[default]
    Asserted,
    /// By an ID token of the organisation's identity provider.
    Proven,
}

/// On what ground the asker may ask about this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Relation {
    /// The kind of ground.
    pub basis: RelationBasis,
    /// In the asker's own words; required unless listed. Never any personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The kinds of ground (design §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RelationBasis {
    /// In need (noodknop): reviewed and alarmed.
    Emergency,
    /// The asker's organisation has a pointer or case of its own about this person.
    Listed,
    /// With a reason, reviewed afterwards.
    Motivated,
}

impl RelationBasis {
    /// All grounds, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Emergency, Self::Listed, Self::Motivated];

    /// The ground with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == text)
    }

    /// The basis as it stands in messages, the agreement and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Listed => "listed",
            Self::Motivated => "motivated",
        }
    }
}

/// Asks who holds what about one subject. An access of its own each time: there is no `Idempotency-Key`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Query {
    /// Whom it is about.
    pub subject: SubjectElement,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Who asks.
    pub actor: Actor,
    /// For which case.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// Which kinds of data; all that purpose and role allow when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// Only these holders; all when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub holders: Vec<Oin>,
    /// On what ground.
    pub relation: Relation,
    /// Who acts for the subject, when somebody does. The mandate is the ground then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<RepresentationClaim>,
    /// What the grants are for. Who may see a kind of data may report a doubt about it.
    #[serde(default, skip_serializing_if = "QueryAct::is_view")]
    pub act: QueryAct,
}

/// What the grants of an answer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QueryAct {
    /// A pull: `typ` is `pull-grant+jwt`.
    #[default]
    View,
    /// A feedback report (terugmelding): `typ` is `feedback-grant+jwt`. Nothing can be pulled with it.
    Feedback,
}

impl QueryAct {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_view(&self) -> bool {
        *self == Self::View
    }
}

/// Says that somebody acts for the subject. Whether that is so, the register of mandates knows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepresentationClaim {
    /// Who acts.
    pub representative: SubjectElement,
    /// What they want to do.
    #[serde(default)]
    pub act: MandateAct,
    /// Under which mandate; any that counts between the two when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mandate: Option<MandateId>,
}

/// Who holds what, with one grant per pointer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueryAnswer {
    /// This query.
    #[schema(value_type = String)]
    pub id: QueryId,
    /// When it was decided.
    #[schema(value_type = String)]
    pub decided_at: Instant,
    /// The agreement under which it was decided: lower-case hexadecimal SHA-256.
    pub policy: String,
    /// The categories that were searched.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// The disclosed holders. Policy may withhold others, always.
    pub holders: Vec<DisclosedHolder>,
    /// The asker's proof of this access.
    pub receipt: Receipt,
}

/// One pointer's holder, with the grant to pull there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedHolder {
    /// Who.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// What.
    #[schema(value_type = String)]
    pub category: Category,
    /// The transaction id of the pull.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// The pull grant: a compact JWS (docs/api.md, "Grants").
    pub grant: String,
    /// The salt of the grant's `actor_hash`; goes to the holder in the pull.
    #[schema(value_type = String)]
    pub actor_salt: Bytes16,
    /// The grant is void after then.
    #[schema(value_type = String)]
    pub expires_at: Instant,
}

/// What a party needs to prove its own access in the published log later (design §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The log's name.
    pub origin: String,
    /// The leaf's index.
    pub index: u64,
    /// The salt of the leaf.
    #[schema(value_type = String)]
    pub salt: Bytes32,
    /// The record as it was committed: canonical JSON (RFC 8785).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}
