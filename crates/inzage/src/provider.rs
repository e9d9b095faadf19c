//! Where its users sign in, by the agreement, and what the provider says of them.

use std::collections::BTreeMap;

use kw_agreement::{Agreement, Environment};
use kw_domain::{Oin, Role};
use kw_web::{Choices, ProviderTerms, Roles};

use crate::person::Person;

/// The claim with who acts, by the name of DigiD's own profile (ST-SAML 1.0).
pub(crate) const ACTING: &str = "urn:nl-eid-gdi:1.0:ActingSubjectID";
/// The claim with for whom: the same person where somebody acts for themselves.
pub(crate) const LEGAL: &str = "urn:nl-eid-gdi:1.0:LegalSubjectID";
/// The claim with why somebody acts for another.
pub(crate) const REPRESENTATION: &str = "urn:nl-eid-gdi:1.1:RepresentationType";
/// The claim with when who acts was born (OpenID Connect Core 5.1): nobody is as old as they say.
pub(crate) const BORN: &str = "birthdate";
/// The claim with the mandate that was chosen, and how far it goes.
pub(crate) const MANDATE: &str = "mandate";

/// What people choose when they sign in.
pub(crate) const CHOICES: Choices = Choices {
    scopes: &["onbehalfof", "onbehalfofchild"],
    about: LEGAL,
    whom: |user| Some(Person::of(user).ok()?.mandate?.name),
};

/// The provider of statements. Nothing when the agreement names none, or not the partner: then nobody signs in.
pub(crate) fn terms(agreement: &Agreement, own: Oin, client_id: &str) -> Option<ProviderTerms> {
    agreement.partner(own).filter(|partner| !partner.suspended)?;
    let provider = agreement.representation().provider.as_ref()?;
    Some(ProviderTerms {
        issuer: provider.issuer.clone(),
        client_id: client_id.to_owned(),
        scopes: Vec::new(),
        roles: Roles {
            actor_claim: "sub".to_owned(),
            role_claim: "roles".to_owned(),
            roles: BTreeMap::new(),
            everybody: Role::parse("citizen").ok(),
        },
        loopback: agreement.environment() == Environment::Test,
    })
}
