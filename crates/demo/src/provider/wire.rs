//! The messages of the provider's own interface: what its pages will say and send.

use std::fmt;

use kw_domain::{Category, Instant, MandateId};
use kw_protocol::mandate::{MandateAct, MandateKind, MandateStatus, Side};
use serde::{Deserialize, Serialize};

/// What a person is asked: `GET /interactions/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interaction {
    /// Who asks.
    pub client: String,
    /// Which kind of mandate is asked for; absent when the person acts for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<MandateKind>,
    /// Whether somebody signed in.
    pub signed_in: bool,
}

/// Signs in: `POST /interactions/{id}/authentication`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authentication {
    /// The name of the account.
    pub username: String,
    /// What only that person knows.
    pub secret: String,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authentication(…)")
    }
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticated {
    /// What to choose next.
    pub next: Choices,
}

/// What a person has to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choices {
    /// One of their mandates.
    Mandate,
    /// Nothing but to go on.
    #[serde(rename = "self")]
    Own,
}

/// For whom a person can act: `GET /interactions/{id}/mandates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// The active mandates of the kind that is asked for.
    pub mandates: Vec<OfferedMandate>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferedMandate {
    /// The register's name for it.
    pub mandate: MandateId,
    /// The represented person's given name.
    pub name: String,
    /// Why.
    pub kind: MandateKind,
}

/// For whom a person acts: `POST /interactions/{id}/choice`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// Under this mandate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateId>,
    /// For themselves.
    #[serde(default, rename = "self", skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// Where the person's browser goes next.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// Back to the client, with a code.
    pub redirect_to: String,
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The code is in it.
        f.write_str("Chosen(…)")
    }
}

/// Registers a mandate between two people with an account: `POST /test/mandates`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMandate {
    /// The account of who acts.
    pub representative: String,
    /// The account of for whom.
    pub represented: String,
    /// Why.
    pub kind: MandateKind,
    /// The represented person's age band.
    pub band: String,
    /// For which kinds of data.
    pub categories: Vec<Category>,
    /// For which acts.
    pub acts: Vec<MandateAct>,
    /// It ends then.
    pub valid_until: Instant,
    /// Which sides confirm it at once; those that the agreement demands when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<Vec<Side>>,
}

/// It is in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredHere {
    /// The register's name for it.
    pub mandate: MandateId,
    /// Where it is.
    pub status: MandateStatus,
}

/// Takes a mandate back: `POST /test/mandates/{id}/withdrawal`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Withdrawal {
    /// For this side; for the provider itself when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

/// It is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Where it is.
    pub status: MandateStatus,
}

/// What was stated: `GET /transactions`. It names nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statements {
    /// Oldest first.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// A random name.
    pub id: String,
    /// When.
    pub at: Instant,
    /// To whom.
    pub client: String,
    /// Who acts, as that client calls them.
    pub acting: String,
    /// Under which mandate, if it is for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateId>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MandateKind>,
    /// How sure the provider is.
    pub assurance: String,
    /// How many people the client was told that this person may act for.
    pub represented: usize,
}
