//! Pull grants: no token makes parsing panic, no token is believed that the switchboard did not sign, and what it did
//! sign is believed only for this holder, requester, certificate, actor and time.
//!
//! An input with a line feed is a header and claims, signed here as the switchboard would; any other is a whole token.
#![no_main]

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_adapter::grants::{FetchingKeys, GrantKeys, GrantVerifier, KeySource, Presented, actor_hash};
use kw_agreement::Agreement;
use kw_client::{Jwk, Jwks};
use kw_domain::{ActorId, Clock, Instant, ManualClock, Oin, Role};
use kw_protocol::Bytes16;
use kw_protocol::query::{Actor, Assurance};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

const SALT: Bytes16 = Bytes16([5; 16]);
const CERTIFICATE: [u8; 32] = [6; 32];
const NOW: &str = "2026-11-21T09:30:00Z";

#[derive(Debug)]
struct Published(Jwks);

impl KeySource for Published {
    fn fetch(&self) -> FetchingKeys<'_> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

struct Setting {
    agreement: Agreement,
    pair: EcdsaKeyPair,
    verifier: GrantVerifier,
    holder: Oin,
    requester: Oin,
    actor: Actor,
    runtime: Runtime,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let point = pair.public_key().as_ref();
    let jwk = Jwk {
        kty: "EC".into(),
        kid: "k".into(),
        crv: "P-256".into(),
        x: URL_SAFE_NO_PAD.encode(&point[1..33]),
        y: URL_SAFE_NO_PAD.encode(&point[33..65]),
        alg: None,
        key_use: None,
    };
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Instant::parse(NOW).expect("a moment")));
    let keys = GrantKeys::new(Arc::new(Published(Jwks { keys: vec![jwk] })), Arc::clone(&clock));
    let holder = Oin::parse("00000099000000012000").expect("an OIN");
    Setting {
        agreement: Agreement::parse(include_str!("../../examples/chains/youth.toml")).expect("the example"),
        pair,
        verifier: GrantVerifier::new(holder, keys, clock),
        holder,
        requester: Oin::parse("00000099000000011000").expect("an OIN"),
        actor: Actor {
            id: ActorId::parse("j.jansen").expect("an id"),
            role: Role::parse("youth-care-worker").expect("a role"),
            assurance: Assurance::Asserted,
            proof: None,
        },
        runtime: Builder::new_current_thread().build().expect("a runtime"),
    }
});

fuzz_target!(|text: &str| {
    let setting = &*SETTING;
    let signed = text.split_once('\n').map(|(header, claims)| {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = setting.pair.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    });
    let presented = Presented {
        grant: signed.as_deref().unwrap_or(text),
        caller: setting.requester,
        certificate_sha256: &CERTIFICATE,
        actor: &setting.actor,
        actor_salt: &SALT,
    };
    let outcome = setting.runtime.block_on(setting.verifier.verify(&setting.agreement, presented));
    let Ok(claims) = outcome else { return };
    assert!(signed.is_some(), "a token that nobody signed is believed");
    assert_eq!((claims.aud, claims.sub), (setting.holder, setting.requester));
    assert_eq!((claims.iss, &claims.gid), (setting.agreement.switchboard().oin, setting.agreement.chain()));
    assert_eq!(claims.cnf.x5t_s256.0, CERTIFICATE);
    assert_eq!(actor_hash(&SALT, &setting.actor).ok(), Some(claims.prp.actor_hash.0));
    let now = Instant::parse(NOW).expect("a moment").as_seconds();
    assert!(claims.exp - claims.iat <= 120 && claims.exp > now - 30 && claims.nbf <= now + 30);
});
