//! An adapter that is right, and the same with one fault at a time. It has no sockets: those of a real one are tried in the
//! tests of the program.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_conformance::catalogue::ADAPTER;
use kw_conformance::{
    Adapter, Answered, Caller, Grant, Outcome, Proofs, Request, Unsent, Whose, try_adapter,
};
use kw_domain::{ActorId, Category, Instant, Oin, Role, TransactionId};
use kw_protocol::problem::{Problem, ProblemCode, TYPE_BASE};
use kw_protocol::pull::{EpochBirthDateProof, EpochProof, Provenance, Pull, Pulled};
use kw_protocol::query::{Actor, Assurance};
use kw_protocol::{Bytes16, SecretBytes32};
use serde_json::{Value, json};

use crate::{agreement, with};

/// An adapter that leaves out the checks that it is told to leave out.
#[derive(Debug)]
struct StandIn {
    holder: Oin,
    /// The id of the check that it fails.
    fails: &'static str,
    issued: Mutex<u32>,
    used: Mutex<BTreeSet<(String, Vec<u8>)>>,
    requests: Mutex<u32>,
}

const SIGNATURE: [u8; 4] = [1, 2, 3, 4];
const SUBJECT: u8 = 1;
const STRANGER: u8 = 2;

impl StandIn {
    fn refusal(&self, code: ProblemCode, told: &str) -> Answered {
        let problem = Problem {
            kind: format!("{TYPE_BASE}{}", code.code()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: if self.fails == "refusals-tell-nothing" { told.to_owned() } else { "No.".to_owned() },
            retryable: code.retryable(),
            trace_id: None,
            errors: Vec::new(),
        };
        answered(code.status(), "application/problem+json", serde_json::to_vec(&problem).unwrap())
    }

    fn token(&self, audience: Oin) -> String {
        let mut issued = self.issued.lock().unwrap();
        *issued += 1;
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "aud": audience, "exp": 1_000, "jti": *issued });
        let header = json!({ "alg": "ES256", "kid": "1" });
        format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(SIGNATURE))
    }

    /// Why not, in the order of a real one.
    fn judge(&self, caller: Caller, pull: &Pull, request: &[u8]) -> Result<Vec<u8>, ProblemCode> {
        let looks = |check: &str| self.fails != check;
        let parts: Vec<&str> = pull.grant.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(if looks("no-grant") { ProblemCode::GrantRefused } else { ProblemCode::Fault });
        };
        let read =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let (header, claims) = (read(header), read(claims));
        if header["alg"] == "none" && looks("no-algorithm") {
            return Err(ProblemCode::GrantRefused);
        }
        if header["kid"] == "nobody's" && looks("unknown-key") {
            return Err(ProblemCode::GrantRefused);
        }
        if header["alg"] == "none" || header["kid"] == "nobody's" {
            return Ok(self.document());
        }
        let signed = URL_SAFE_NO_PAD.decode(signature).unwrap();
        if header["kid"] == "1" {
            if signed != SIGNATURE && looks("tampered-signature") {
                return Err(ProblemCode::GrantRefused);
            }
            if claims["exp"] != 1_000 && looks("tampered-claims") {
                return Err(ProblemCode::GrantRefused);
            }
        }
        if claims["aud"] != self.holder.as_str() && looks("other-holder") {
            return Err(ProblemCode::GrantRefused);
        }
        if caller == Caller::Partner && looks("other-certificate") {
            return Err(ProblemCode::GrantRefused);
        }
        if pull.actor.id.as_str() == "somebody-else" && looks("other-actor") {
            return Err(ProblemCode::ActorMismatch);
        }
        let mut used = self.used.lock().unwrap();
        let same = used.contains(&(pull.grant.clone(), request.to_vec()));
        if same && !looks("same-again") {
            return Err(ProblemCode::GrantReused);
        }
        if used.iter().any(|(grant, _)| *grant == pull.grant) && !same && looks("once") {
            return Err(ProblemCode::GrantReused);
        }
        used.insert((pull.grant.clone(), request.to_vec()));
        match pull.subject_proofs.first() {
            None if looks("no-proof") => return Err(ProblemCode::SubjectMismatch),
            Some(proof) if proof.proof.0[0] == STRANGER && looks("other-person") => {
                return Err(ProblemCode::SubjectMismatch);
            }
            _ => {}
        }
        let other_date = pull.birth_date_proofs.iter().any(|proof| proof.day.is_none());
        if other_date && looks("other-birth-date") {
            return Err(ProblemCode::BirthDateMismatch);
        }
        if self.fails == "delivers" { Err(ProblemCode::SourceUnavailable) } else { Ok(self.document()) }
    }

    fn document(&self) -> Vec<u8> {
        let delivered = match self.fails {
            "document-fits" => json!({ "person": 7 }),
            _ => json!({ "person": { "familyName": "Jansen", "birthDate": "2012-05-03" } }),
        };
        serde_json::to_vec(&Pulled {
            holder: self.holder,
            category: category(),
            transaction: TransactionId::new(self.now(), [0; 10]),
            document: Some(delivered),
            provenance: Provenance {
                source: kw_domain::SourceName::parse("shelf").unwrap(),
                as_of: self.now(),
                under_investigation: Vec::new(),
            },
            birth_date_compared: None,
        })
        .unwrap()
    }
}

fn category() -> Category {
    Category::parse("school-attendance").unwrap()
}

fn answered(status: u16, media_type: &str, body: Vec<u8>) -> Answered {
    Answered { status, media_type: media_type.to_owned(), body, took: Duration::from_millis(3) }
}

#[async_trait]
impl Adapter for StandIn {
    fn holder(&self) -> Oin {
        self.holder
    }

    fn without_grants(&self) -> Option<&'static str> {
        None
    }

    async fn grant(&self) -> Result<Grant, Unsent> {
        let actor = Actor {
            id: ActorId::parse("j.jansen").unwrap(),
            role: Role::parse("worker").unwrap(),
            assurance: Assurance::Asserted,
            proof: None,
        };
        let other = Oin::parse("00000099000000009999").unwrap();
        Ok(Grant {
            token: self.token(self.holder),
            actor,
            actor_salt: Bytes16([1; 16]),
            expires_at: Instant::from_millis(0),
            category: category(),
            elsewhere: Some((self.token(other), Bytes16([2; 16]))),
        })
    }

    fn proofs(&self, _: &str, whose: Whose) -> Proofs {
        let who = if whose == Whose::SomebodyElse { STRANGER } else { SUBJECT };
        let day = (whose != Whose::WrongBirthDate).then_some(SecretBytes32([3; 32]));
        Proofs {
            subject: vec![EpochProof { epoch: 1, proof: SecretBytes32([who; 32]) }],
            birth_date: vec![EpochBirthDateProof { epoch: 1, day, month: None, year: None }],
        }
    }

    async fn send(&self, caller: Caller, request: Request) -> Result<Answered, Unsent> {
        *self.requests.lock().unwrap() += 1;
        let told = String::from_utf8_lossy(&request.body).chars().filter(|c| *c != '"').collect::<String>();
        let expired = self.fails != "expired" && *self.requests.lock().unwrap() == EXPIRED_REQUEST;
        let refuse = |code: ProblemCode| Ok(self.refusal(code, &told));
        if request.path != "/v1/pulls" && self.fails != "unknown-path" {
            return refuse(ProblemCode::NotFound);
        }
        if request.method != "POST" && self.fails != "unknown-method" {
            return refuse(ProblemCode::MethodNotAllowed);
        }
        if request.media_type != "application/json" && self.fails != "media-type" {
            return refuse(ProblemCode::UnsupportedMediaType);
        }
        if request.body.len() > 1_000_000 && self.fails != "too-large" {
            return refuse(ProblemCode::TooLarge);
        }
        let Ok(pull) = serde_json::from_slice::<Pull>(&request.body) else {
            return if self.fails == "malformed" {
                Ok(answered(200, "", Vec::new()))
            } else {
                refuse(ProblemCode::Invalid)
            };
        };
        if expired {
            return refuse(ProblemCode::GrantExpired);
        }
        if self.fails == "still-delivers" && *self.requests.lock().unwrap() > EXPIRED_REQUEST {
            return Err(Unsent("the connection broke".to_owned()));
        }
        match self.judge(caller, &pull, &request.body) {
            Err(code) => refuse(code),
            Ok(body) => {
                let took = Duration::from_secs(if self.fails == "in-time" { 3 } else { 0 });
                Ok(Answered { took, ..answered(200, "application/json", body) })
            }
        }
    }

    fn personal(&self) -> Vec<String> {
        vec!["999990342".to_owned()]
    }

    async fn certificate_days(&self) -> Result<i64, Unsent> {
        Ok(if self.fails == "its-certificate" { 3 } else { 90 })
    }

    async fn refuses_old_tls(&self) -> Result<bool, Unsent> {
        Ok(self.fails != "tls-version")
    }

    async fn refuses_without_certificate(&self) -> Result<bool, Unsent> {
        Ok(self.fails != "client-certificate")
    }

    async fn is_well(&self) -> Result<Option<bool>, Unsent> {
        Ok(Some(self.fails != "health"))
    }

    fn now(&self) -> Instant {
        Instant::from_millis(1_800_000_000_000)
    }
}

/// Which request of a run is the one with the grant that has expired.
const EXPIRED_REQUEST: u32 = 21;

async fn tried(fails: &'static str, agreement: &Agreement, holder: Oin) -> Vec<kw_conformance::Finding> {
    let stand_in = StandIn {
        holder,
        fails,
        issued: Mutex::default(),
        used: Mutex::default(),
        requests: Mutex::default(),
    };
    try_adapter(&stand_in, agreement, true).await
}

#[tokio::test]
async fn a_right_adapter_passes_every_check() {
    let (agreement, holder) = agreement();
    let findings = tried("nothing", &agreement, holder).await;
    let all: Vec<&str> = ADAPTER.iter().map(|check| check.id).collect();
    assert_eq!(with(&findings, Outcome::Passed), all, "{findings:#?}");
}

#[tokio::test]
async fn each_check_fails_for_an_adapter_that_does_that_wrong() {
    let (agreement, holder) = agreement();
    for check in ADAPTER {
        let findings = tried(check.id, &agreement, holder).await;
        assert!(with(&findings, Outcome::Failed).contains(&check.id), "{}: {findings:#?}", check.id);
    }
}
