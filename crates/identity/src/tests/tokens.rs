use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{TokenError, Verified};

fn verdict(keys: &KeySet, token: &IdToken) -> Result<Verified<Map<String, Value>>, TokenError> {
    keys.verify(token, expected(), now())
}

fn refusal(keys: &KeySet, token: &IdToken) -> TokenError {
    verdict(keys, token).unwrap_err()
}

#[test]
fn a_token_of_the_provider_for_us_is_believed() {
    let key = SigningKey::generate().unwrap();
    let token = key.sign(&claims()).unwrap();
    let verified = verdict(&set_of(&[&key]), &token).unwrap();
    assert_eq!(verified.subject, "j.jansen");
    assert_eq!(verified.claims["roles"], json!(["teacher", "staff"]));
    assert_eq!(verified.expires_at.since(verified.issued_at), Duration::from_hours(1));
    assert!(!format!("{verified:?}").contains("jansen"));
}

#[test]
fn a_token_that_nobody_signed_is_refused() {
    let key = SigningKey::generate().unwrap();
    let keys = set_of(&[&key]);
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": name, "kid": key.kid() });
        assert_eq!(refusal(&keys, &forged(&header, &claims(), |_| vec![0])), TokenError::Algorithm);
        assert_eq!(refusal(&keys, &forged(&header, &claims(), |_| Vec::new())), TokenError::Form);
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let key = SigningKey::generate().unwrap();
    let point = key.public_jwk();
    for secret in [point.to_string().into_bytes(), B64.decode(point["x"].as_str().unwrap()).unwrap()] {
        for name in ["HS256", "HS384", "HS512"] {
            let header = json!({ "alg": name, "kid": key.kid() });
            let token = forged(&header, &claims(), |signed| {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed).as_ref().to_vec()
            });
            assert_eq!(refusal(&set_of(&[&key]), &token), TokenError::Algorithm);
        }
    }
}

#[test]
fn a_key_that_the_token_brings_counts_for_nothing() {
    let (key, own) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let token = own.sign(&claims()).unwrap();
    let [_, body, signature] = token.reveal().split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let header =
        json!({ "alg": "ES256", "kid": key.kid(), "jwk": own.public_jwk(), "jku": "https://evil.example" });
    let token = IdToken::new(format!("{}.{body}.{signature}", B64.encode(header.to_string())));
    assert_eq!(refusal(&set_of(&[&key]), &token), TokenError::Signature);
}

#[test]
fn a_token_signed_with_another_key_of_the_provider_than_it_names_is_refused() {
    let (first, second) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let keys = set_of(&[&first, &second]);
    let token = first.sign(&claims()).unwrap();
    let [_, body, signature] = token.reveal().split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let header = json!({ "alg": "ES256", "kid": second.kid() });
    let confused = IdToken::new(format!("{}.{body}.{signature}", B64.encode(header.to_string())));
    assert_eq!(refusal(&keys, &confused), TokenError::Signature);
    let header = json!({ "alg": "ES256", "kid": "another" });
    let unknown = IdToken::new(format!("{}.{body}.{signature}", B64.encode(header.to_string())));
    assert_eq!(refusal(&keys, &unknown), TokenError::UnknownKey);
    let nameless = IdToken::new(format!("{}.{body}.{signature}", B64.encode(r#"{"alg":"ES256"}"#)));
    assert_eq!(refusal(&keys, &nameless), TokenError::Form);
}

#[test]
fn every_claim_that_is_judged_can_be_refused() {
    let key = SigningKey::generate().unwrap();
    let keys = set_of(&[&key]);
    let seconds = now().as_seconds();
    for (claims, why) in [
        (with("iss", json!("https://login.other.example")), TokenError::Issuer),
        (with("iss", json!("https://login.school.example/")), TokenError::Issuer),
        (with("iss", Value::Null), TokenError::Claims),
        (with("sub", Value::Null), TokenError::Claims),
        (with("aud", json!("another")), TokenError::Audience),
        (with("aud", json!([])), TokenError::Audience),
        (with("aud", json!(["another", AUDIENCE])), TokenError::Audience),
        (with("azp", json!("another")), TokenError::Audience),
        (with("exp", json!(seconds - 31)), TokenError::Expired),
        (with("exp", json!("tomorrow")), TokenError::Claims),
        (with("exp", json!(-1)), TokenError::Claims),
        (with("exp", Value::Null), TokenError::Claims),
        (with("iat", json!(seconds + 31)), TokenError::Early),
        (with("nbf", json!(seconds + 31)), TokenError::Early),
        (with("iat", json!(seconds - 3631)), TokenError::Old),
        (with("iat", Value::Null), TokenError::Claims),
    ] {
        assert_eq!(refusal(&keys, &key.sign(&claims).unwrap()), why, "{claims}");
    }
    for good in [
        with("aud", json!([AUDIENCE])),
        with("azp", json!(AUDIENCE)),
        with("exp", json!(seconds - 29)),
        with("exp", json!(seconds as f64 + 0.5)),
        with("iat", json!(seconds + 29)),
    ] {
        assert!(verdict(&keys, &key.sign(&good).unwrap()).is_ok(), "{good}");
    }
    let mut several = with("aud", json!(["another", AUDIENCE]));
    several["azp"] = json!(AUDIENCE);
    assert!(verdict(&keys, &key.sign(&several).unwrap()).is_ok());
}

#[test]
fn a_sign_in_that_was_begun_here_is_known_by_its_nonce() {
    let key = SigningKey::generate().unwrap();
    let keys = set_of(&[&key]);
    let token = key.sign(&claims()).unwrap();
    let asking = |nonce| {
        keys.verify::<Map<String, Value>>(&token, Expected { nonce: Some(nonce), ..expected() }, now())
    };
    assert!(asking("n-1").is_ok());
    assert_eq!(asking("n-2").unwrap_err(), TokenError::Nonce);
    let without = key.sign(&with("nonce", Value::Null)).unwrap();
    let asked = Expected { nonce: Some("n-1"), ..expected() };
    assert_eq!(keys.verify::<Value>(&without, asked, now()).unwrap_err(), TokenError::Nonce);
}

#[test]
fn another_kind_of_token_and_one_that_is_not_understood_are_refused() {
    let key = SigningKey::generate().unwrap();
    let keys = set_of(&[&key]);
    let sign = |_: &[u8]| vec![1; 64];
    let header = json!({ "alg": "ES256", "kid": key.kid(), "typ": "at+jwt" });
    assert_eq!(refusal(&keys, &forged(&header, &claims(), sign)), TokenError::Type);
    let header = json!({ "alg": "ES256", "kid": key.kid(), "crit": ["b64"], "b64": false });
    assert_eq!(refusal(&keys, &forged(&header, &claims(), sign)), TokenError::Form);
    for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é"] {
        assert_eq!(refusal(&keys, &IdToken::new(text)), TokenError::Form, "{text}");
    }
    let long = IdToken::new("a".repeat(IdToken::MAX_BYTES + 1));
    assert_eq!(refusal(&keys, &long), TokenError::Oversized);
}

#[test]
fn each_accepted_algorithm_works_with_its_own_kind_of_key_only() {
    let (ed, ed_jwk) = ed25519();
    let (rsa, rsa_jwk) = rsa(KeySize::Rsa2048);
    let keys = parsed(&[ed_jwk, rsa_jwk]);
    let by_ed = |signed: &[u8]| ed.sign(signed).as_ref().to_vec();
    let by_rsa = |how: &'static dyn RsaEncoding| {
        let rsa = &rsa;
        move |signed: &[u8]| {
            let mut signature = vec![0; rsa.public_modulus_len()];
            rsa.sign(how, &SystemRandom::new(), signed, &mut signature).unwrap();
            signature
        }
    };
    let header = |algorithm: &str, kid: &str| json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
    assert!(verdict(&keys, &forged(&header("EdDSA", "ed"), &claims(), by_ed)).is_ok());
    for (name, how) in [("RS256", &RSA_PKCS1_SHA256 as &dyn RsaEncoding), ("PS256", &RSA_PSS_SHA256)] {
        assert!(verdict(&keys, &forged(&header(name, "rsa"), &claims(), by_rsa(how))).is_ok(), "{name}");
    }
    for (name, kid) in [("RS256", "ed"), ("ES256", "ed"), ("EdDSA", "rsa"), ("ES256", "rsa")] {
        assert_eq!(
            refusal(&keys, &forged(&header(name, kid), &claims(), by_ed)),
            TokenError::Signature,
            "{name} with {kid}"
        );
    }
}

#[test]
fn a_key_is_used_for_what_it_was_published_for() {
    let key = SigningKey::generate().unwrap();
    let with_member = |name: &str, value: Value| {
        let mut jwk = key.public_jwk();
        jwk[name] = value;
        parsed(&[jwk])
    };
    let token = key.sign(&claims()).unwrap();
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("alg", json!("ES384")),
        ("crv", json!("P-384")),
        ("kty", json!("RSA")),
        ("x", json!("AAAA")),
    ] {
        assert_eq!(refusal(&with_member(name, value), &token), TokenError::UnknownKey, "{name}");
    }
    assert!(verdict(&with_member("key_ops", json!(["verify"])), &token).is_ok());
}

#[test]
fn one_name_on_two_kinds_of_key_is_no_confusion() {
    let key = SigningKey::generate().unwrap();
    let (_, mut ed) = ed25519();
    ed["kid"] = json!(key.kid());
    let keys = parsed(&[
        ed,
        json!("no key"),
        json!({ "kty": "oct", "kid": key.kid(), "k": "AAAA" }),
        key.public_jwk(),
    ]);
    assert!(verdict(&keys, &key.sign(&claims()).unwrap()).is_ok());
}

#[test]
fn what_is_no_key_set_is_not_read() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), FetchError::Malformed);
    }
    assert!(KeySet::parse(br#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#).unwrap().is_empty());
}

proptest! {
    #[test]
    fn no_text_is_believed_and_none_stops_the_program(text in "[A-Za-z0-9_.=-]{0,200}") {
        let key = SigningKey::generate().unwrap();
        prop_assert!(verdict(&set_of(&[&key]), &IdToken::new(text)).is_err());
    }

    #[test]
    fn a_token_with_one_letter_changed_is_refused(place in 0_usize..400, letter in "[A-Za-z0-9_.-]") {
        let key = SigningKey::generate().unwrap();
        let token = key.sign(&claims()).unwrap();
        let mut text = token.reveal().to_owned();
        // The last letter of a part holds bits that say nothing; those in the header and the body do.
        let place = place % (text.rfind('.').unwrap_or(1) - 1);
        prop_assume!(text[place..=place] != letter);
        text.replace_range(place..=place, &letter);
        prop_assert!(verdict(&set_of(&[&key]), &IdToken::new(text)).is_err());
    }
}

fn parsed(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn ed25519() -> (Ed25519KeyPair, Value) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let x = B64.encode(pair.public_key().as_ref());
    (pair, json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x }))
}

fn rsa(size: KeySize) -> (RsaKeyPair, Value) {
    let pair = RsaKeyPair::generate(size).unwrap();
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let jwk = json!({ "kty": "RSA", "kid": "rsa", "n": B64.encode(public.n), "e": B64.encode(public.e) });
    (pair, jwk)
}
