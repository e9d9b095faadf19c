//! Where its users sign in, by the agreement.

use kw_agreement::{Agreement, Environment};
use kw_web::{ProviderTerms, Roles};

/// The provider, and what its roles mean. Nothing when the agreement names none.
pub(crate) fn terms(agreement: &Agreement) -> Option<ProviderTerms> {
    let provider = agreement.console_provider()?;
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
