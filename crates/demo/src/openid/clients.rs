//! Who may ask, and how they show who they are: an assertion signed with their own key (RFC 7523 §3).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kw_domain::Instant;
use kw_identity::{Expected, KeySet, TokenError};
use kw_protocol::IdToken;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Expiring, Parameters, TokenFailure};

/// The clients of a provider by their names there, each with what the provider knows of it.
pub(crate) struct Clients<C> {
    known: HashMap<String, (C, KeySet)>,
    /// Assertions that were used, until they are void by themselves.
    used: Mutex<Expiring<()>>,
}

/// The key of the client of this name is no public JWK for ES256.
pub(crate) struct BadKey(pub(crate) String);

#[derive(Deserialize)]
struct Assertion {
    jti: String,
}

impl<C> Clients<C> {
    /// Name, key and the rest of each.
    pub(crate) fn new(clients: impl IntoIterator<Item = (String, Value, C)>) -> Result<Self, BadKey> {
        let known = clients.into_iter().map(|(id, key, client)| {
            let set = json!({ "keys": [key] }).to_string();
            match KeySet::parse(set.as_bytes()) {
                Ok(keys) if !keys.is_empty() => Ok((id, (client, keys))),
                _ => Err(BadKey(id)),
            }
        });
        Ok(Self {
            known: known.collect::<Result<_, _>>()?,
            used: Mutex::new(Expiring::new(LONGEST_ASSERTION * 4)),
        })
    }

    pub(crate) fn find(&self, id: &str) -> Option<&C> {
        self.known.get(id).map(|(client, _)| client)
    }

    /// The client that a request to the token endpoint is of, with its name.
    pub(crate) fn asking(
        &self,
        form: &Parameters,
        issuer: &str,
        now: Instant,
    ) -> Result<(&str, &C), TokenFailure> {
        let (Some(ASSERTION_TYPE), Some(assertion)) =
            (form.get("client_assertion_type"), form.get("client_assertion"))
        else {
            return Err(TokenFailure::Client);
        };
        let assertion = IdToken::new(assertion);
        let named = form.get("client_id").ok_or(TokenFailure::Client)?;
        let (id, (client, keys)) = self.known.get_key_value(named).ok_or(TokenFailure::Client)?;
        let token_endpoint = format!("{issuer}/token");
        let check = |audience: &str| {
            let expected = Expected { issuer: id, audience, nonce: None, max_age: Some(LONGEST_ASSERTION) };
            keys.verify::<Assertion>(&assertion, expected, now)
        };
        // Both are in use: the issuer is what newer drafts demand.
        let verified = match check(issuer) {
            Err(TokenError::Audience) => check(&token_endpoint),
            other => other,
        };
        let verified = verified.map_err(|_| TokenFailure::Client)?;
        let short = verified.expires_at <= now.plus(LONGEST_ASSERTION * 2);
        let fits = verified.subject == *id && short && self.first_use(id, &verified.claims.jti, now);
        if fits { Ok((id, client)) } else { Err(TokenFailure::Client) }
    }

    /// Whether this assertion was not used before.
    fn first_use(&self, client: &str, assertion: &str, now: Instant) -> bool {
        let name = format!("{client} {assertion}");
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.find(&name, now).is_none() && used.keep(name, (), now).is_ok()
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LONGEST_ASSERTION: Duration = Duration::from_mins(5);
