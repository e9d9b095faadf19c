use std::sync::atomic::Ordering;
use std::time::Duration;

use kw_domain::{Handle, ManualClock, Role};
use kw_protocol::Bytes32;
use kw_protocol::grant::GRANT_TYPE;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{self, CERTIFICATE, SALT, Signer, actor, claims, requester};

struct Town {
    agreement: Agreement,
    clock: Arc<ManualClock>,
    signer: Arc<Signer>,
    verifier: GrantVerifier,
}

fn town() -> Town {
    let clock = testing::clock();
    let signer = Signer::new("1");
    let keys = signer.keys(&clock);
    let verifier = GrantVerifier::new(testing::holder(), keys, Arc::clone(&clock) as Arc<dyn Clock>);
    Town { agreement: testing::agreement(), clock, signer, verifier }
}

impl Town {
    fn claims(&self) -> GrantClaims {
        claims(&self.agreement, self.clock.now(), Handle::from_bytes([1; 16]), 1)
    }

    async fn verify(&self, grant: &str) -> Result<GrantClaims, GrantError> {
        self.verify_for(grant, &actor()).await
    }

    async fn verify_for(&self, grant: &str, actor: &Actor) -> Result<GrantClaims, GrantError> {
        let presented = Presented {
            grant,
            caller: requester(),
            certificate_sha256: &CERTIFICATE,
            actor,
            actor_salt: &SALT,
        };
        self.verifier.verify(&self.agreement, presented).await
    }

    async fn refused(&self, change: impl FnOnce(&mut GrantClaims)) -> GrantError {
        let mut claims = self.claims();
        change(&mut claims);
        self.verify(&self.signer.sign(&claims)).await.unwrap_err()
    }
}

#[tokio::test]
async fn a_good_grant_gives_its_claims() {
    let town = town();
    assert_eq!(town.verify(&town.signer.sign(&town.claims())).await, Ok(town.claims()));
}

#[tokio::test]
async fn a_grant_without_a_place_in_the_switchboards_log_is_refused() {
    let town = town();
    assert_eq!(town.refused(|claims| claims.log = None).await, GrantError::Unlogged);
    let other = |claims: &mut GrantClaims| claims.log.as_mut().unwrap().o.push('x');
    assert_eq!(town.refused(other).await, GrantError::Unlogged);
}

#[test]
fn the_promised_leaf_is_over_the_claims_without_their_place() {
    let town = town();
    let log = town.claims().log.unwrap();
    let promised = promised(&town.claims(), town.clock.now()).unwrap();
    let bare = serde_json_canonicalizer::to_string(&GrantClaims { log: None, ..town.claims() }).unwrap();
    let leaf = Leaf::commit(LeafKind::Access, &Salt(log.s.0), &kw_ledger::Canonical::from_stored(bare));
    assert_eq!((promised.origin, promised.index, promised.leaf), (log.o, log.i, leaf.hash));
    assert!(super::promised(&GrantClaims { log: None, ..town.claims() }, town.clock.now()).is_none());
}

#[tokio::test]
async fn each_claim_that_is_of_another_is_refused() {
    let town = town();
    let other = Oin::parse("00000099000000013000").unwrap();
    assert_eq!(town.refused(|claims| claims.aud = other).await, GrantError::Audience);
    assert_eq!(town.refused(|claims| claims.iss = other).await, GrantError::Issuer);
    assert_eq!(town.refused(|claims| claims.sub = other).await, GrantError::Requester);
    let chain = kw_domain::ChainName::parse("other").unwrap();
    assert_eq!(town.refused(|claims| claims.gid = chain).await, GrantError::Chain);
    assert_eq!(town.refused(|claims| claims.cnf.x5t_s256 = Bytes32([7; 32])).await, GrantError::Certificate);
    let actor = town.refused(|claims| claims.prp.actor_hash = Bytes32([7; 32])).await;
    assert_eq!((actor.code(), actor), (ProblemCode::ActorMismatch, GrantError::Actor));
}

#[tokio::test]
async fn another_person_with_the_same_grant_is_refused() {
    let town = town();
    let grant = town.signer.sign(&town.claims());
    let promoted = Actor { role: Role::parse("youth-doctor").unwrap(), ..actor() };
    assert_eq!(town.verify_for(&grant, &promoted).await, Err(GrantError::Actor));
    let proven = Actor { assurance: Assurance::Proven, ..actor() };
    assert_eq!(town.verify_for(&grant, &proven).await, Err(GrantError::Actor));
}

#[tokio::test]
async fn a_grant_lives_from_its_start_to_its_end_with_thirty_seconds_on_both_sides() {
    let town = town();
    let now = town.clock.now().as_seconds();
    for (iat, exp, expected) in [
        (now + 30, now + 60, None),
        (now + 31, now + 60, Some(GrantError::Early)),
        (now - 60, now - 29, None),
        (now - 60, now - 30, Some(GrantError::Expired)),
        (now, now + 121, Some(GrantError::Life)),
        (now, now, Some(GrantError::Life)),
        (i64::MIN, now, Some(GrantError::Life)),
    ] {
        let mut claims = town.claims();
        (claims.iat, claims.nbf, claims.exp) = (iat, iat, exp);
        assert_eq!(
            town.verify(&town.signer.sign(&claims)).await.err(),
            expected,
            "{}..{}",
            iat - now,
            exp - now
        );
    }
    let later = town.refused(|claims| claims.nbf = now + 31).await;
    assert_eq!((later.code(), later), (ProblemCode::GrantExpired, GrantError::Early));
}

#[tokio::test]
async fn only_one_algorithm_and_one_type_get_as_far_as_a_key() {
    let town = town();
    let claims = serde_json::to_value(town.claims()).unwrap();
    for (header, expected) in [
        (json!({"alg": "none", "kid": "1", "typ": "pull-grant+jwt"}), GrantError::Algorithm),
        (json!({"alg": "HS256", "kid": "1", "typ": "pull-grant+jwt"}), GrantError::Algorithm),
        (json!({"alg": "es256", "kid": "1", "typ": "pull-grant+jwt"}), GrantError::Algorithm),
        (json!({"alg": "ES256", "kid": "1", "typ": "JWT"}), GrantError::Type),
        (json!({"alg": "ES256", "kid": "1"}), GrantError::Form),
        (json!({"alg": "ES256", "kid": "1", "typ": "pull-grant+jwt", "crit": ["x"]}), GrantError::Form),
        (json!({"alg": "ES256", "kid": "1", "typ": "pull-grant+jwt", "jwk": {}}), GrantError::Form),
    ] {
        assert_eq!(town.verify(&town.signer.sign_with(&header, &claims)).await, Err(expected), "{header}");
    }
    assert_eq!(town.signer.fetches.load(Ordering::SeqCst), 0, "no key was looked up for any of them");
}

#[tokio::test]
async fn a_changed_or_oddly_written_token_is_refused() {
    let town = town();
    let good = town.signer.sign(&town.claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, body) = signed.split_once('.').unwrap();
    let mut other = town.claims();
    other.prp.cat.clear();
    let forged = town.signer.sign(&other);
    let other_body = forged.split('.').nth(1).unwrap();
    assert_eq!(town.verify(&format!("{header}.{other_body}.{signature}")).await, Err(GrantError::Signature));
    assert_eq!(town.verify(&format!("{signed}.")).await, Err(GrantError::Signature));
    for wrong in [
        format!("{good}="),
        format!("{good}.{signature}"),
        signed.to_owned(),
        format!("{header}=.{body}.{signature}"),
        format!("{good} "),
        String::new(),
        "..".to_owned(),
        "a".repeat(MAX_GRANT + 1),
    ] {
        assert_eq!(town.verify(&wrong).await, Err(GrantError::Form), "{wrong:.20}");
    }
    let stranger = Signer::new("1");
    assert_eq!(town.verify(&stranger.sign(&town.claims())).await, Err(GrantError::Signature));
}

#[tokio::test]
async fn keys_serve_a_day_while_the_switchboard_is_down_and_no_longer() {
    let town = town();
    town.verify(&town.signer.sign(&town.claims())).await.unwrap();
    *town.signer.published.lock().unwrap() = Err(kw_client::ClientError::Unreachable);
    town.clock.advance(Duration::from_hours(24));
    town.verify(&town.signer.sign(&town.claims())).await.unwrap();
    assert_eq!(town.signer.fetches.load(Ordering::SeqCst), 1);
    town.clock.advance(Duration::from_secs(1));
    let refused = town.verify(&town.signer.sign(&town.claims())).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::Unavailable);
}

#[tokio::test]
async fn an_unknown_key_makes_the_set_be_fetched_at_most_once_a_minute() {
    let town = town();
    town.verify(&town.signer.sign(&town.claims())).await.unwrap();
    let next = Signer::new("2");
    for _ in 0..3 {
        assert_eq!(town.verify(&next.sign(&town.claims())).await, Err(GrantError::UnknownKey));
    }
    assert_eq!(town.signer.fetches.load(Ordering::SeqCst), 1);
    town.signer.published.lock().unwrap().as_mut().unwrap().keys.push(next.jwk());
    town.clock.advance(Duration::from_mins(1));
    town.verify(&next.sign(&town.claims())).await.unwrap();
    town.verify(&town.signer.sign(&town.claims())).await.unwrap();
    assert_eq!(town.signer.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_key_that_is_no_longer_published_is_refused_after_a_refresh() {
    let clock = testing::clock();
    let signer = Signer::new("1");
    let keys = signer.keys(&clock);
    keys.refresh().await.unwrap();
    assert!(keys.find("1").await.is_ok());
    signer.published.lock().unwrap().as_mut().unwrap().keys.clear();
    keys.refresh().await.unwrap();
    assert_eq!(keys.find("1").await, Err(GrantError::UnknownKey));
}

#[test]
fn the_actor_is_hashed_in_the_form_of_an_independent_canonicaliser() {
    let mut plain = SALT.0.to_vec();
    plain.extend(serde_json_canonicalizer::to_vec(&actor()).unwrap());
    let expected = aws_lc_rs::digest::digest(&SHA256, &plain);
    assert_eq!(actor_hash(&SALT, &actor()).unwrap(), expected.as_ref());
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "[A-Za-z0-9_=.-]{0,80}|.{0,40}") {
        prop_assert!(Compact::parse(&text, GRANT_TYPE).is_err());
    }
}

#[test]
fn what_debug_shows_of_a_presented_grant_tells_nobody_who_asked() {
    let presented = Presented {
        grant: "header.claims.signature",
        caller: requester(),
        certificate_sha256: &CERTIFICATE,
        actor: &actor(),
        actor_salt: &SALT,
    };
    let shown = format!("{presented:?}");
    assert!(shown.contains("00000099000000011000"), "{shown}");
    for value in ["claims", "jansen", "youth-care-worker"] {
        assert!(!shown.contains(value), "{value} is in {shown}");
    }
}
