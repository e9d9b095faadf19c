//! A chain in memory for the tests of this crate: an agreement, a switchboard's signing key, a clock.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_agreement::draft::{AgeBandDraft, AgreementDraft, MandateDraft};
use kw_client::{ClientError, Jwk, Jwks};
use kw_domain::{
    ActorId, Category, GrantId, Handle, Instant, ManualClock, Oin, Purpose, Role, TransactionId,
};
use kw_identity::{ActorProofs, IdentitySettings};
use kw_protocol::consent::{CheckConsent, ConsentChecked, ConsentVerdict};
use kw_protocol::grant::{Confirmation, GrantClaims, GrantProperties, LogClaim, Opens};
use kw_protocol::query::{Actor, Assurance, RelationBasis};
use kw_protocol::{Bytes16, Bytes32};
use kw_store::partner::Partner;
use kw_store::{DatabaseConfig, Store};
use serde::Serialize;

use crate::grants::{FetchingKeys, GrantKeys, KeySource, actor_hash};
use crate::pulls::{CheckingConsent, ConsentSource};

pub(crate) const SALT: Bytes16 = Bytes16([5; 16]);
pub(crate) const CERTIFICATE: [u8; 32] = [6; 32];

pub(crate) fn holder() -> Oin {
    Oin::parse("00000099000000012000").unwrap()
}

pub(crate) fn requester() -> Oin {
    Oin::parse("00000099000000011000").unwrap()
}

pub(crate) fn attendance() -> Category {
    Category::parse("school-attendance").unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Instant::parse("2026-11-21T09:30:00Z").unwrap()))
}

/// The youth chain, with a closed schema for the school's documents.
pub(crate) fn agreement_with(change: impl FnOnce(&mut AgreementDraft)) -> Agreement {
    let mut draft = AgreementDraft::parse(include_str!("../../../examples/chains/youth.toml")).unwrap();
    let schema = draft.categories.get_mut("school-attendance").unwrap().schema.as_mut().unwrap();
    schema.insert("additionalProperties".into(), false.into());
    change(&mut draft);
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

/// Parents may see what the school has, of children under 16.
pub(crate) fn with_parental_authority(draft: &mut AgreementDraft) {
    let band = |name: &str, from, below| AgeBandDraft {
        name: name.to_owned(),
        from,
        below: Some(below),
        confirmed_by: Vec::new(),
    };
    let parental = MandateDraft {
        registrars: vec!["00000099000000013000".to_owned()],
        categories: vec!["school-attendance".to_owned()],
        acts: vec!["view".to_owned()],
        max_term: "P12Y".to_owned(),
        ages: vec![band("under-12", 0, 12), band("from-12", 12, 16)],
    };
    draft.representation.kinds.insert("parental-authority".to_owned(), parental);
    draft.purposes.get_mut("coordinate-help").unwrap().representation = true;
}

pub(crate) fn agreement() -> Agreement {
    agreement_with(|_| {})
}

pub(crate) fn store_in(folder: &Path) -> Store<Partner> {
    store_that_breaks(folder, Arc::default())
}

/// A store whose writer dies at the next write once `broken` is set: reading still works.
pub(crate) fn store_that_breaks(folder: &Path, broken: Arc<AtomicBool>) -> Store<Partner> {
    let config = DatabaseConfig::at(folder.join("partner.db").to_str().unwrap());
    let counter = AtomicU32::new(0);
    Store::open(&config, "youth-demostad/partner/test", move |bytes: &mut [u8]| {
        assert!(!broken.load(Ordering::SeqCst), "the test breaks the writer");
        bytes.fill(counter.fetch_add(1, Ordering::SeqCst) as u8);
    })
    .unwrap()
}

/// No provider is known.
pub(crate) fn proofs(clock: &Arc<ManualClock>) -> ActorProofs {
    ActorProofs::configured(&IdentitySettings::default(), Arc::clone(clock) as Arc<_>).unwrap()
}

pub(crate) fn actor() -> Actor {
    Actor {
        id: ActorId::parse("j.jansen").unwrap(),
        role: Role::parse("youth-care-worker").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

/// The switchboard's key, and its published set, which can be taken down.
#[derive(Debug)]
pub(crate) struct Signer {
    pair: EcdsaKeyPair,
    kid: &'static str,
    pub(crate) published: Mutex<Result<Jwks, ClientError>>,
    pub(crate) fetches: AtomicU32,
}

impl Signer {
    pub(crate) fn new(kid: &'static str) -> Arc<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let mut signer = Self {
            pair,
            kid,
            published: Mutex::new(Err(ClientError::Unreachable)),
            fetches: AtomicU32::new(0),
        };
        let jwk = signer.jwk();
        signer.published = Mutex::new(Ok(Jwks { keys: vec![jwk] }));
        Arc::new(signer)
    }

    pub(crate) fn jwk(&self) -> Jwk {
        let point = self.pair.public_key().as_ref();
        Jwk {
            kty: "EC".into(),
            kid: self.kid.into(),
            crv: "P-256".into(),
            x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: URL_SAFE_NO_PAD.encode(&point[33..65]),
            alg: Some("ES256".into()),
            key_use: Some("sig".into()),
        }
    }

    pub(crate) fn sign<P: Opens + Serialize>(&self, claims: &GrantClaims<P>) -> String {
        let header = serde_json::json!({"alg": "ES256", "kid": self.kid, "typ": P::TYPE});
        self.sign_with(&header, &serde_json::to_value(claims).unwrap())
    }

    pub(crate) fn sign_with(&self, header: &serde_json::Value, claims: &serde_json::Value) -> String {
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    pub(crate) fn keys(self: &Arc<Self>, clock: &Arc<ManualClock>) -> GrantKeys {
        GrantKeys::new(Arc::clone(self) as Arc<dyn KeySource>, Arc::clone(clock) as Arc<_>)
    }
}

impl KeySource for Signer {
    fn fetch(&self) -> FetchingKeys<'_> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let published = self.published.lock().unwrap().clone();
        Box::pin(async move { published })
    }
}

/// The switchboard's register of choices, which can be taken down.
#[derive(Debug)]
pub(crate) struct Register {
    says: Mutex<Result<ConsentChecked, ClientError>>,
    pub(crate) asked: AtomicU32,
}

impl Register {
    pub(crate) fn saying(verdict: ConsentVerdict, valid_until: Instant) -> Arc<Self> {
        let says = Mutex::new(Ok(ConsentChecked { verdict, valid_until }));
        Arc::new(Self { says, asked: AtomicU32::new(0) })
    }

    pub(crate) fn say(&self, answer: Result<ConsentChecked, ClientError>) {
        *self.says.lock().unwrap() = answer;
    }
}

impl ConsentSource for Register {
    fn check<'a>(&'a self, _: &'a CheckConsent) -> CheckingConsent<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let says = self.says.lock().unwrap().clone();
        Box::pin(async move { says })
    }
}

/// The claims of a good grant at `now` for this handle; `number` tells grants apart.
pub(crate) fn claims(agreement: &Agreement, now: Instant, handle: Handle, number: u8) -> GrantClaims {
    let at = now.as_seconds();
    GrantClaims {
        aud: holder(),
        cnf: Confirmation { x5t_s256: Bytes32(CERTIFICATE) },
        exp: at + 120,
        gid: agreement.chain().clone(),
        iat: at,
        iss: agreement.switchboard().oin,
        jti: GrantId::new(now, [number; 10]),
        log: Some(LogClaim {
            i: u64::from(number),
            o: agreement.switchboard().log_origin.clone(),
            s: Bytes32([number; 32]),
        }),
        nbf: at,
        prp: GrantProperties {
            actor_hash: Bytes32(actor_hash(&SALT, &actor()).unwrap()),
            cat: vec![attendance()],
            hdl: handle,
            legal_basis: "the switchboard's".into(),
            policy: agreement.hash().to_owned(),
            purpose: Purpose::parse("coordinate-help").unwrap(),
            relation: RelationBasis::Listed,
            representation: None,
            supplier: None,
        },
        sub: requester(),
        txn: TransactionId::new(now, [number; 10]),
    }
}
