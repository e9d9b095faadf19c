//! Who may ask, and who signs in there.

use std::fmt;

use serde_json::Value;

/// An application of an organisation, with its staff.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name here.
    pub id: String,
    /// Whose it is.
    pub organisation: String,
    /// Where people may be sent back to, exactly.
    pub redirect_uris: Vec<String>,
    /// The public key (a JWK for ES256) with which it shows who it is (`private_key_jwt`).
    pub key: Value,
    /// Who can sign in.
    pub members: Vec<Member>,
}

/// A made-up member of staff.
#[derive(Clone)]
pub struct Member {
    /// The actor's id.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// What they are, as the organisation calls it.
    pub roles: Vec<String>,
    /// What only they know; it stands on the page, as they are made up.
    pub secret: String,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }
}
