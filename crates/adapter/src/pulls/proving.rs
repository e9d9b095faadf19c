//! Who asks, checked at the holder.

use async_trait::async_trait;
use kw_agreement::draft::IdentityProviderDraft;
use kw_identity::{
    ActorProofs, FetchError, FetchKeys, IdentitySettings, KeySet, Loopback, ProviderKeys, Providers,
    SigningKey,
};
use kw_ledger::Verdict;
use kw_protocol::IdToken;
use kw_protocol::query::{Actor, Assurance};
use serde_json::json;

use super::tests::Town;
use super::*;
use crate::grants::actor_hash;
use crate::testing::{SALT, actor, agreement_with};

const ISSUER: &str = "https://login.jeugdzorg.example";
const JWKS: &str = "https://login.jeugdzorg.example/jwks";

/// A provider in memory.
#[derive(Debug)]
struct Fixed(KeySet);

#[async_trait]
impl FetchKeys for Fixed {
    async fn fetch(&self) -> Result<KeySet, FetchError> {
        Ok(self.0.clone())
    }
}

/// A town whose requester has a provider, and where the purpose demands proof.
async fn town() -> (Town, SigningKey) {
    let agreement = agreement_with(|draft| {
        draft.partners[0].identity_provider = Some(IdentityProviderDraft {
            issuer: ISSUER.into(),
            jwks_uri: JWKS.into(),
            audience: "ketenwijzer".into(),
            roles: [("worker".into(), "youth-care-worker".into())].into(),
            ..IdentityProviderDraft::default()
        });
        draft.purposes.get_mut("coordinate-help").unwrap().actor_must_be_proven = true;
    });
    let mut town = Town::with(agreement).await;
    let key = SigningKey::generate().unwrap();
    let published = json!({ "keys": [key.public_jwk()] }).to_string();
    let source = Arc::new(Fixed(KeySet::parse(published.as_bytes()).unwrap()));
    let clock: Arc<dyn Clock> = Arc::clone(&town.clock) as _;
    let providers = Providers::new(&IdentitySettings::default(), Arc::clone(&clock)).unwrap();
    providers.know(JWKS, Loopback::Admitted, ProviderKeys::new(source, Arc::clone(&clock)));
    town.pulls.proofs = ActorProofs::new(providers, clock);
    (town, key)
}

fn token(town: &Town, key: &SigningKey, sub: &str) -> IdToken {
    let now = town.clock.now().as_seconds();
    let claims = json!({
        "iss": ISSUER, "aud": "ketenwijzer", "sub": sub, "roles": "worker", "iat": now, "exp": now + 3600,
    });
    key.sign(&claims).unwrap()
}

fn pull_by(town: &Town, actor: Actor) -> Pull {
    let mut claims = town.claims();
    claims.prp.actor_hash.0 = actor_hash(&SALT, &actor).unwrap();
    Pull { actor, ..town.pull(&claims, None) }
}

fn proven(proof: Option<IdToken>) -> Actor {
    Actor { assurance: Assurance::Proven, proof, ..actor() }
}

#[tokio::test]
async fn a_proven_actor_is_served_and_recorded_as_proven_and_the_token_is_not() {
    let (town, key) = town().await;
    let token = token(&town, &key, "j.jansen");
    let pull = pull_by(&town, proven(Some(token.clone())));
    town.answer(&pull).await.unwrap();
    let records = town.records();
    let [record] = records.as_slice() else { panic!("one record") };
    assert_eq!(record.actor.as_ref().unwrap().assurance, "proven");
    let body = token.reveal().split('.').nth(1).unwrap();
    assert!(!serde_json::to_string(record).unwrap().contains(body));
    assert!(!format!("{pull:?}").contains(body));
}

#[tokio::test]
async fn an_assertion_does_not_pass_where_proof_is_demanded() {
    let (town, _) = town().await;
    assert_eq!(town.answer(&pull_by(&town, actor())).await.unwrap_err(), ProblemCode::Denied);
    assert_eq!(town.reasons(), [Some("actor-must-be-proven".to_owned())]);
}

#[tokio::test]
async fn who_claims_to_be_proven_and_is_not_is_refused_and_recorded_as_asserted() {
    let (town, key) = town().await;
    let other = SigningKey::generate().unwrap();
    for (proof, why) in [
        (None, "actor-proof-missing"),
        (Some(token(&town, &key, "p.pieters")), "actor-proof-other-person"),
        (Some(token(&town, &other, "j.jansen")), "id-token-unknown-key"),
        (Some(IdToken::new("a.b.c")), "id-token-form"),
    ] {
        // Not each of the same kind in a second goes into the ledger.
        town.clock.advance(Duration::from_secs(2));
        let refused = town.answer(&pull_by(&town, proven(proof))).await.unwrap_err();
        assert_eq!(refused, ProblemCode::ActorUnproven, "{why}");
        let records = town.records();
        let record = records.last().unwrap();
        assert_eq!(
            (record.decision.verdict, record.decision.reason.as_deref()),
            (Verdict::Denied, Some(why))
        );
        assert_eq!(record.actor.as_ref().unwrap().assurance, "asserted");
        assert!(town.fetched() == 0, "nothing was asked of the source");
    }
}

#[tokio::test]
async fn a_refused_proof_does_not_use_the_grant_up() {
    let (town, key) = town().await;
    let good = pull_by(&town, proven(Some(token(&town, &key, "j.jansen"))));
    let bad = Pull { actor: proven(Some(token(&town, &key, "p.pieters"))), ..good.clone() };
    assert_eq!(town.answer(&bad).await.unwrap_err(), ProblemCode::ActorUnproven);
    town.answer(&good).await.unwrap();
}
