//! Where the members of staff sign in.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::Role;

/// An OpenID provider: a partner's, or that of the console's users. What it says of an actor is proof; without it there is the partner's word only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its issuer identifier, exactly as ID tokens have it (OpenID Connect Core §2, `iss`).
    pub issuer: String,
    /// Where its keys are (RFC 7517).
    pub jwks_uri: String,
    /// Who the tokens must be for: the client id (`aud`).
    pub audience: String,
    /// The claim that holds the actor's id; `sub` unless said otherwise.
    pub actor_claim: String,
    /// The claim that holds the actor's roles: a text or a list of texts.
    pub role_claim: String,
    /// What the provider calls a role → what the agreement calls it.
    pub roles: BTreeMap<String, Role>,
    /// A token that was issued longer ago proves nothing any more.
    pub max_age: Duration,
}

/// What somebody may be on the pages of the switchboard's console. These are no roles of the chain: nobody asks about a
/// person with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsoleRole {
    /// Reads the access logs, for an auditor of the agreement.
    Auditor,
    /// Keeps the switchboard running, and sees nothing about persons.
    Operator,
}

impl ConsoleRole {
    /// The role as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}
