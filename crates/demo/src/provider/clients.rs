//! Who may ask, and how they show who they are: an assertion signed with their own key (RFC 7523 §3).

use std::collections::HashMap;
use std::time::Duration;

use kw_domain::Instant;
use kw_identity::{Expected, KeySet, TokenError};
use kw_protocol::IdToken;
use serde::Deserialize;
use serde_json::json;

use super::oauth::{Parameters, TokenFailure};
use super::{Client, Provider, ProviderError};

pub(super) struct Clients(HashMap<String, (Client, KeySet)>);

impl Clients {
    pub(super) fn new(clients: Vec<Client>) -> Result<Self, ProviderError> {
        let known = clients.into_iter().map(|client| {
            let set = json!({ "keys": [client.key] }).to_string();
            match KeySet::parse(set.as_bytes()) {
                Ok(keys) if !keys.is_empty() => Ok((client.id.clone(), (client, keys))),
                _ => Err(ProviderError::ClientKey { id: client.id }),
            }
        });
        Ok(Self(known.collect::<Result<_, _>>()?))
    }

    pub(super) fn find(&self, id: &str) -> Option<&Client> {
        self.0.get(id).map(|(client, _)| client)
    }
}

#[derive(Deserialize)]
struct Assertion {
    jti: String,
}

impl Provider {
    /// The client that a request to the token endpoint is of.
    pub(super) fn client_of(&self, form: &Parameters, now: Instant) -> Result<&Client, TokenFailure> {
        let (Some(ASSERTION_TYPE), Some(assertion)) =
            (form.get("client_assertion_type"), form.get("client_assertion"))
        else {
            return Err(TokenFailure::Client);
        };
        let assertion = IdToken::new(assertion);
        let named = form.get("client_id").ok_or(TokenFailure::Client)?;
        let (client, keys) = self.clients.0.get(named).ok_or(TokenFailure::Client)?;
        let token_endpoint = format!("{}/token", self.issuer);
        let check = |audience: &str| {
            let expected =
                Expected { issuer: &client.id, audience, nonce: None, max_age: Some(LONGEST_ASSERTION) };
            keys.verify::<Assertion>(&assertion, expected, now)
        };
        // Both are in use: the issuer is what newer drafts demand.
        let verified = match check(&self.issuer) {
            Err(TokenError::Audience) => check(&token_endpoint),
            other => other,
        };
        let verified = verified.map_err(|_| TokenFailure::Client)?;
        let short = verified.expires_at <= now.plus(LONGEST_ASSERTION * 2);
        let until = verified.expires_at.plus(LONGEST_ASSERTION);
        let fresh = self.state().first_use(&client.id, &verified.claims.jti, until, now);
        if verified.subject == client.id && short && fresh { Ok(client) } else { Err(TokenFailure::Client) }
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LONGEST_ASSERTION: Duration = Duration::from_mins(5);
