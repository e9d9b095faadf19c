//! The agreement as the rules see it: `policy/agreement.schema.json`.

use std::collections::BTreeMap;

use kw_domain::{Category, Oin, Purpose, Role};
use serde_json::{Map, Value, json};

use crate::{CategoryRules, Environment, Partner, PurposeRules, RepresentationRules, RoleRules};

/// What of the agreement the rules see.
pub(crate) struct Described<'a> {
    pub(crate) environment: Environment,
    pub(crate) partners: &'a BTreeMap<Oin, Partner>,
    pub(crate) roles: &'a BTreeMap<Role, RoleRules>,
    pub(crate) categories: &'a BTreeMap<Category, CategoryRules>,
    pub(crate) purposes: &'a BTreeMap<Purpose, PurposeRules>,
    pub(crate) representation: &'a RepresentationRules,
}

/// Writes it down. No names of people's organisations, keys or addresses: rules are about kinds.
pub(crate) fn describe(described: &Described<'_>) -> Value {
    json!({
        "categories": object(described.categories, |category| json!({
            "consent": category.consent.as_str(),
            "sensitivity": category.sensitivity.as_str(),
        })),
        "environment": described.environment.as_str(),
        "mandates": described.representation.kinds.iter().map(|(kind, rules)| (kind.as_str().to_owned(), json!({
            "acts": rules.acts.iter().map(|act| act.as_str()).collect::<Vec<_>>(),
            "categories": rules.categories,
        }))).collect::<Map<_, _>>(),
        "partners": object(described.partners, partner),
        "purposes": object(described.purposes, |purpose| json!({
            "actor_must_be_proven": purpose.actor_must_be_proven,
            "relation_bases": purpose.relation_bases.iter().map(|basis| basis.as_str()).collect::<Vec<_>>(),
            "representation": purpose.representation,
            "roles": purpose.roles,
        })),
        "roles": object(described.roles, |role| json!({
            "kinds": role.kinds.iter().map(crate::PartnerKind::as_str).collect::<Vec<_>>(),
        })),
    })
}

fn partner(partner: &Partner) -> Value {
    let scopes = |frame: &crate::DelegationFrame| {
        let scopes: Vec<_> = frame.scopes.iter().map(|scope| scope.as_str()).collect();
        (frame.supplier.to_string(), json!(scopes))
    };
    json!({
        "delegations": partner.delegations.iter().map(scopes).collect::<Map<_, _>>(),
        "kind": partner.kind.as_str(),
        "registers": partner.registers,
        "suspended": partner.suspended,
    })
}

fn object<K: ToString, V>(entries: &BTreeMap<K, V>, describe: impl Fn(&V) -> Value) -> Value {
    entries.iter().map(|(key, value)| (key.to_string(), describe(value))).collect::<Map<_, _>>().into()
}
