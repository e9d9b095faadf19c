use std::sync::Arc;

use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_domain::{ActorId, ManualClock, Oin, Role};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use serde_json::json;

use super::*;
use crate::{ActorError, ActorProofs, IdentitySettings, Loopback, ProviderKeys, Providers, TokenError};

const JWKS: &str = "https://login.school.example/jwks";

struct Setting {
    clock: Arc<ManualClock>,
    provider: Arc<Scripted>,
    proofs: ActorProofs,
    agreement: Agreement,
    key: SigningKey,
}

/// The youth chain, whose first partner has a provider.
fn setting() -> Setting {
    let clock = Arc::new(ManualClock::new(now()));
    let key = SigningKey::generate().unwrap();
    let provider = Arc::new(Scripted::publishing(&[&key]));
    let providers = Providers::new(&IdentitySettings::default(), Arc::clone(&clock) as _).unwrap();
    let keys = ProviderKeys::new(Arc::clone(&provider) as _, Arc::clone(&clock) as _);
    providers.know(JWKS, Loopback::Admitted, keys);
    let proofs = ActorProofs::new(providers, Arc::clone(&clock) as _);
    Setting { clock, provider, proofs, agreement: agreement("[roles-of-provider]"), key }
}

fn party() -> Oin {
    draft().partners[0].oin.parse().unwrap()
}

fn draft() -> AgreementDraft {
    AgreementDraft::parse(include_str!("../../../../examples/chains/youth.toml")).unwrap()
}

fn proven(token: IdToken) -> Actor {
    Actor { assurance: Assurance::Proven, proof: Some(token), ..asserted() }
}

fn asserted() -> Actor {
    Actor {
        id: ActorId::parse("j.jansen").unwrap(),
        role: Role::parse("school-attendance-officer").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}
