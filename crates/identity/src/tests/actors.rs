use std::sync::Arc;

use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, IdentityProviderDraft};
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

/// The youth chain, whose first partner has a provider of its own.
fn setting() -> Setting {
    let clock = Arc::new(ManualClock::new(now()));
    let key = SigningKey::generate().unwrap();
    let provider = Arc::new(Scripted::publishing(&[&key]));
    let providers = Providers::new(&IdentitySettings::default(), Arc::clone(&clock) as _).unwrap();
    let keys = ProviderKeys::new(Arc::clone(&provider) as _, Arc::clone(&clock) as _);
    providers.know(JWKS, Loopback::Admitted, keys);
    let proofs = ActorProofs::new(providers, Arc::clone(&clock) as _);
    Setting { clock, provider, proofs, agreement: agreement("teacher"), key }
}

impl Setting {
    async fn check(&self, actor: &Actor) -> Result<Assurance, ActorError> {
        self.proofs.check(&self.agreement, party(0), actor).await
    }

    fn token(&self) -> IdToken {
        self.key.sign(&claims()).unwrap()
    }
}

fn draft() -> AgreementDraft {
    AgreementDraft::parse(include_str!("../../../../examples/chains/youth.toml")).unwrap()
}

/// The provider's word for a youth-care worker is `word`.
fn agreement(word: &str) -> Agreement {
    let mut draft = draft();
    draft.partners[0].identity_provider = Some(IdentityProviderDraft {
        issuer: ISSUER.into(),
        jwks_uri: JWKS.into(),
        audience: AUDIENCE.into(),
        roles: [(word.to_owned(), "youth-care-worker".to_owned())].into(),
        ..IdentityProviderDraft::default()
    });
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

fn party(place: usize) -> Oin {
    draft().partners[place].oin.parse().unwrap()
}

fn asserted() -> Actor {
    Actor {
        id: ActorId::parse("j.jansen").unwrap(),
        role: Role::parse("youth-care-worker").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

fn proven(token: IdToken) -> Actor {
    Actor { assurance: Assurance::Proven, proof: Some(token), ..asserted() }
}

#[actix_web::test]
async fn an_actor_is_proven_by_a_token_that_names_them_and_their_role() {
    let setting = setting();
    assert_eq!(setting.check(&asserted()).await, Ok(Assurance::Asserted));
    assert_eq!(setting.check(&proven(setting.token())).await, Ok(Assurance::Proven));
    let one_role = setting.key.sign(&with("roles", json!("teacher"))).unwrap();
    assert_eq!(setting.check(&proven(one_role)).await, Ok(Assurance::Proven));
}

#[actix_web::test]
async fn a_claim_without_its_proof_is_refused_and_so_is_a_proof_without_its_claim() {
    let setting = setting();
    let unproven = Actor { assurance: Assurance::Proven, ..asserted() };
    assert_eq!(setting.check(&unproven).await, Err(ActorError::Missing));
    let unclaimed = Actor { proof: Some(setting.token()), ..asserted() };
    assert_eq!(setting.check(&unclaimed).await, Err(ActorError::Asserted));
}

#[actix_web::test]
async fn a_token_about_another_person_or_without_the_role_proves_nothing() {
    let setting = setting();
    let other = setting.key.sign(&with("sub", json!("p.pieters"))).unwrap();
    assert_eq!(setting.check(&proven(other)).await, Err(ActorError::OtherPerson));
    for roles in
        [json!(["staff"]), json!([]), json!("youth-care-worker"), json!({"teacher": true}), json!(null)]
    {
        let token = setting.key.sign(&with("roles", roles.clone())).unwrap();
        assert_eq!(setting.check(&proven(token)).await, Err(ActorError::OtherRole), "{roles}");
    }
    let promoted = Actor { role: Role::parse("youth-doctor").unwrap(), ..proven(setting.token()) };
    assert_eq!(setting.check(&promoted).await, Err(ActorError::OtherRole));
}

#[actix_web::test]
async fn a_token_of_one_partner_proves_nothing_for_another() {
    let setting = setting();
    let elsewhere = setting.proofs.check(&setting.agreement, party(1), &proven(setting.token())).await;
    assert_eq!(elsewhere, Err(ActorError::NoProvider));
}

#[actix_web::test]
async fn a_proof_is_looked_at_once_and_no_longer_believed_than_it_lives() {
    let setting = setting();
    let actor = proven(setting.token());
    for _ in 0..10 {
        assert_eq!(setting.check(&actor).await, Ok(Assurance::Proven));
    }
    assert_eq!(setting.provider.fetches(), 1);
    // The provider takes the key back: ten minutes later nothing that it signed counts.
    setting.provider.now_answers(Ok(set_of(&[])));
    setting.clock.advance(Duration::from_secs(601));
    assert_eq!(setting.check(&actor).await, Err(ActorError::Token(TokenError::UnknownKey)));

    let setting = self::setting();
    let short = with("exp", json!(now().as_seconds() + 60));
    let actor = proven(setting.key.sign(&short).unwrap());
    assert_eq!(setting.check(&actor).await, Ok(Assurance::Proven));
    setting.clock.advance(Duration::from_secs(91));
    assert_eq!(setting.check(&actor).await, Err(ActorError::Token(TokenError::Expired)));
}

#[actix_web::test]
async fn what_was_good_under_one_agreement_is_looked_at_again_under_another() {
    let mut setting = setting();
    let actor = proven(setting.token());
    assert_eq!(setting.check(&actor).await, Ok(Assurance::Proven));
    setting.agreement = agreement("somebody-else");
    assert_eq!(setting.check(&actor).await, Err(ActorError::OtherRole));
}

#[actix_web::test]
async fn a_provider_that_cannot_be_asked_is_no_refusal_of_the_person() {
    let setting = setting();
    setting.provider.now_answers(Err(FetchError::TimedOut));
    let error = setting.check(&proven(setting.token())).await.unwrap_err();
    assert_eq!(error.code(), ProblemCode::Unavailable);
    for refused in [ActorError::Missing, ActorError::OtherRole, ActorError::Token(TokenError::Expired)] {
        assert_eq!(refused.code(), ProblemCode::ActorUnproven);
        assert!(refused.detail().ends_with('.'), "{}", refused.detail());
    }
}
