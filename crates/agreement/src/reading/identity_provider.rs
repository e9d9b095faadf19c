//! `[partners.identity_provider]` and `[console.identity_provider]`: where staff sign in.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::Role;

use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::references;
use crate::reading::values;
use crate::{ConsoleRole, IdentityProvider};

pub(crate) fn read(
    node: &Node<'_>,
    environment: Option<Environment>,
    declared: &[&str],
) -> Option<IdentityProvider> {
    let mut fields = node.fields()?;
    let issuer = fields.required("issuer").and_then(|node| values::provider_address(&node, environment));
    let jwks_uri = fields.required("jwks_uri").and_then(|node| values::provider_address(&node, environment));
    let audience = fields.required("audience").and_then(|node| values::line(&node));
    let mut claim = |key, usual: &str| match fields.optional(key) {
        Some(node) => claim_name(&node),
        None => Some(usual.to_owned()),
    };
    let (actor_claim, role_claim) = (claim("actor_claim", "sub"), claim("role_claim", "roles"));
    let roles = fields.required("roles").and_then(|node| roles(&node, declared));
    let max_age = match fields.optional("max_age") {
        Some(node) => values::duration(&node, SHORTEST_AGE, LONGEST_AGE),
        None => Some(USUAL_AGE),
    };
    fields.finish();
    Some(IdentityProvider {
        issuer: issuer?,
        jwks_uri: jwks_uri?,
        audience: audience?,
        actor_claim: actor_claim?,
        role_claim: role_claim?,
        roles: roles?,
        max_age: max_age?,
    })
}

/// `[console]`: the people who use its pages have no role in the chain, so its words are two of its own.
pub(crate) fn read_console(
    top: &mut Fields<'_>,
    environment: Option<Environment>,
) -> Result<Option<IdentityProvider>, ()> {
    let Some(section) = top.optional("console") else { return Ok(None) };
    let mut fields = section.fields().ok_or(())?;
    let words = [ConsoleRole::Auditor.as_str(), ConsoleRole::Operator.as_str()];
    let provider = fields.required("identity_provider").and_then(|node| read(&node, environment, &words));
    fields.finish();
    provider.map(Some).ok_or(())
}

fn claim_name(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if (1..=64).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    node.refuse("a claim has a name of 1 to 64 visible ASCII characters", "write it as ID tokens have it");
    None
}

fn roles(node: &Node<'_>, declared: &[&str]) -> Option<BTreeMap<String, Role>> {
    let mut roles = BTreeMap::new();
    let entries = node.fields()?.entries();
    for entry in &entries {
        if entry.key.is_empty() || entry.key.len() > 300 || entry.key.chars().any(char::is_control) {
            entry.refuse_key("expected one line of 1 to 300 bytes", "write the provider's word for the role");
        }
        if let Some(role) = references::word(&entry.node, "role", declared, Role::parse) {
            roles.insert(entry.key.to_owned(), role);
        }
    }
    if entries.is_empty() {
        node.refuse(
            "without roles a token proves that nobody may ask",
            "write \"provider's word\" = \"role\"",
        );
    }
    Some(roles)
}

const SHORTEST_AGE: Duration = Duration::from_secs(10);
const USUAL_AGE: Duration = Duration::from_hours(1);
/// A day at work, with its evening.
const LONGEST_AGE: Duration = Duration::from_hours(24);
