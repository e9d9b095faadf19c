//! Where its users sign in, by the agreement.

use kw_agreement::{Agreement, Environment};
use kw_domain::Oin;
use kw_web::{ProviderTerms, Roles};

/// The organisation's provider, and what its roles mean. Nothing when the agreement names none: then nobody signs in.
pub(crate) fn terms(agreement: &Agreement, own: Oin) -> Option<ProviderTerms> {
    let provider = agreement.partner(own).filter(|partner| !partner.suspended)?.identity_provider.as_ref()?;
    Some(ProviderTerms {
        issuer: provider.issuer.clone(),
        client_id: provider.audience.clone(),
        scopes: Vec::new(),
        roles: Roles {
            actor_claim: provider.actor_claim.clone(),
            role_claim: provider.role_claim.clone(),
            roles: provider.roles.clone(),
            everybody: None,
        },
        loopback: agreement.environment() == Environment::Test,
    })
}
