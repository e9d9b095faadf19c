//! The facts about one partner.

use kw_protocol::evaluation::BudgetClass;

use super::{Place, hex};
use crate::{Agreement, Budget, ContactPoint, DelegationFrame, IdentityProvider, Partner};

pub(super) fn facts(place: &mut Place<'_>, agreement: &Agreement, partner: &Partner) {
    let Partner {
        oin: _,
        name,
        kind,
        endpoint,
        population,
        contact,
        contacts,
        authorisation_endpoint,
        identity_provider,
        delegations,
        suspended,
        registers,
        log_origin,
        log_key,
        witness_key,
        // What they come to, with those of the chain, is below.
        budgets: _,
    } = partner;
    place.text("name", name);
    place.text("kind", kind);
    place.text("endpoint", endpoint);
    place.number("population", *population);
    place.text("contact", contact);
    place.set(
        "contacts",
        contacts.iter().map(|ContactPoint { role, address }| format!("{}: {address}", role.as_str())),
    );
    place.maybe("authorisation_endpoint", authorisation_endpoint.as_ref());
    if let Some(provider) = identity_provider {
        self::identity_provider(&mut place.entry("identity_provider"), provider);
    }
    for DelegationFrame { supplier, scopes, max_term } in delegations {
        let mut all = place.below("delegations");
        let mut place = all.entry(supplier);
        place.set("scopes", scopes.iter().map(|scope| scope.as_str()));
        place.text("max_term", max_term);
    }
    place.flag("suspended", *suspended);
    place.set("registers", registers);
    place.text("log_origin", log_origin);
    place.text("log_key", hex(log_key));
    place.maybe("witness_key", witness_key.as_ref().map(|key| hex(key)));
    for (class, budget) in [
        ("query", agreement.budget(BudgetClass::Query, partner)),
        ("register", agreement.budget(BudgetClass::Register, partner)),
        ("refresh", agreement.budget(BudgetClass::Refresh, partner)),
        ("switchboard_query", agreement.query_quota(partner)),
    ] {
        let Budget { burst, hour, day } = budget;
        let mut all = place.below("budgets");
        let mut place = all.below(class);
        place.number("burst", burst);
        place.number("hour", hour);
        place.number("day", day);
    }
}

pub(super) fn identity_provider(place: &mut Place<'_>, provider: &IdentityProvider) {
    let IdentityProvider { issuer, jwks_uri, audience, actor_claim, role_claim, roles, max_age } = provider;
    let claims = format!("{actor_claim}, {role_claim}");
    place.text("who", format!("{issuer}, {jwks_uri}, {audience}, {claims}"));
    for (word, role) in roles {
        place.below("roles").text(word, role);
    }
    place.number("max_age", max_age.as_secs());
}
