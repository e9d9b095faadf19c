//! Grants that the switchboard did not make.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{ActorId, Role};
use kw_protocol::Bytes16;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::Pull;
use kw_protocol::query::{Actor, Assurance};
use serde_json::{Value, json};

use super::judging::Refusals;
use super::{Adapter, Answered, Caller, Request, Unsent};
use crate::catalogue::{NO_ALGORITHM, NO_GRANT, UNKNOWN_KEY};
use crate::report::{Findings, not_tried};

pub(super) async fn try_without_grant(
    adapter: &dyn Adapter,
    findings: &mut Findings,
    refusals: &mut Refusals,
) {
    let claims = json!({ "aud": adapter.holder(), "exp": adapter.now().as_seconds() + 60 });
    let cases = [
        (&NO_ALGORITHM, token(&json!({ "alg": "none", "kid": "1", "typ": "pull-grant+jwt" }), &claims, b"")),
        (
            &UNKNOWN_KEY,
            token(&json!({ "alg": "ES256", "kid": "nobody's", "typ": "pull-grant+jwt" }), &claims, &[7; 64]),
        ),
        (&NO_GRANT, "this is no grant".to_owned()),
    ];
    for (check, token) in cases {
        let Some(actor) = nobody() else {
            findings.note(check, not_tried("no name for an actor"));
            continue;
        };
        let pull = Pull {
            grant: token.clone(),
            actor,
            actor_salt: Bytes16([0; 16]),
            subject_proofs: Vec::new(),
            birth_date_proofs: Vec::new(),
        };
        let answer = send(adapter, Caller::Partner, &pull).await;
        refusals.sent(token);
        findings.note(check, refusals.expect(answer, &[ProblemCode::GrantRefused]));
    }
}

fn nobody() -> Option<Actor> {
    let (id, role) = (ActorId::parse("conformance").ok()?, Role::parse("conformance").ok()?);
    Some(Actor { id, role, assurance: Assurance::Asserted, proof: None })
}

/// The pull as it goes over the wire.
pub(super) async fn send(adapter: &dyn Adapter, caller: Caller, pull: &Pull) -> Result<Answered, Unsent> {
    let body = serde_json::to_vec(pull).map_err(|_| Unsent("the request cannot be written".to_owned()))?;
    let request = Request { method: "POST", path: "/v1/pulls", media_type: "application/json", body };
    adapter.send(caller, request).await
}

fn token(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// The same grant with another signature.
pub(super) fn with_other_signature(token: &str) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).ok()?;
    *bytes.first_mut()? ^= 1;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The same grant with a later end.
pub(super) fn with_later_end(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let end = claims.get("exp")?.as_i64()?;
    claims["exp"] = json!(end + 1);
    Some(format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string())))
}
