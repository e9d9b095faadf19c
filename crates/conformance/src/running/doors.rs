//! The listener: certificates, TLS, health, and the form of what is answered to what nobody offers.

use kw_protocol::problem::ProblemCode;

use super::judging::Refusals;
use super::{Adapter, Caller, Request};
use crate::catalogue::{
    CLIENT_CERTIFICATE, HEALTH, ITS_CERTIFICATE, MALFORMED, MEDIA_TYPE, TLS_VERSION, TOO_LARGE,
    UNKNOWN_METHOD, UNKNOWN_PATH,
};
use crate::report::{Findings, failed, not_tried, passed};

const PULLS: &str = "/v1/pulls";
const JSON: &str = "application/json";

pub(super) async fn try_connection(adapter: &dyn Adapter, findings: &mut Findings) {
    let seen = match adapter.certificate_days().await {
        Ok(days) if days >= 30 => passed(format!("valid for {days} days")),
        Ok(days) => failed(format!("valid for {days} days")),
        Err(error) => failed(error.to_string()),
    };
    findings.note(&ITS_CERTIFICATE, seen);
    let seen = match adapter.refuses_old_tls().await {
        Ok(true) => passed("it is turned away"),
        Ok(false) => failed("it is let in"),
        Err(error) => failed(error.to_string()),
    };
    findings.note(&TLS_VERSION, seen);
    let seen = match adapter.refuses_without_certificate().await {
        Ok(true) => passed("it is turned away"),
        Ok(false) => failed("it is answered"),
        Err(error) => failed(error.to_string()),
    };
    findings.note(&CLIENT_CERTIFICATE, seen);
    let seen = match adapter.is_well().await {
        Ok(Some(true)) => passed("it lives and is ready"),
        Ok(Some(false)) => failed("it is not ready"),
        Ok(None) => not_tried("nobody said where the admin listener is"),
        Err(error) => failed(error.to_string()),
    };
    findings.note(&HEALTH, seen);
}

pub(super) async fn try_conventions(adapter: &dyn Adapter, findings: &mut Findings, refusals: &mut Refusals) {
    let request = |method, path, media_type, body: &str| Request {
        method,
        path,
        media_type,
        body: body.as_bytes().to_vec(),
    };
    let cases = [
        (&UNKNOWN_PATH, request("POST", "/v1/no-such-path", JSON, "{}"), ProblemCode::NotFound),
        (&UNKNOWN_METHOD, request("DELETE", PULLS, JSON, ""), ProblemCode::MethodNotAllowed),
        (&MEDIA_TYPE, request("POST", PULLS, "text/plain", "{}"), ProblemCode::UnsupportedMediaType),
    ];
    for (check, request, code) in cases {
        let answer = adapter.send(Caller::Partner, request).await;
        findings.note(check, refusals.expect(answer, &[code]));
    }
    let broken = adapter.send(Caller::Partner, request("POST", PULLS, JSON, "{\"grant\": ")).await;
    let mut seen = refusals.expect(broken, &[ProblemCode::Invalid]);
    if matches!(seen, crate::report::Seen::Passed(_)) {
        let strange = r#"{"grant":"a.b.c","actor":{"id":"a","role":"b"},"actorSalt":"AAAAAAAAAAAAAAAAAAAAAA","subjectProofs":[],"more":1}"#;
        let answer = adapter.send(Caller::Partner, request("POST", PULLS, JSON, strange)).await;
        seen = refusals.expect(answer, &[ProblemCode::Invalid]);
    }
    findings.note(&MALFORMED, seen);
    findings.note(&TOO_LARGE, too_large(adapter, refusals).await);
}

async fn too_large(adapter: &dyn Adapter, refusals: &mut Refusals) -> crate::report::Seen {
    let mut body = b"{\"grant\":\"".to_vec();
    body.resize(8 * 1024 * 1024, b'a');
    body.extend_from_slice(b"\"}");
    let large = Request { method: "POST", path: PULLS, media_type: JSON, body };
    if let Ok(answered) = adapter.send(Caller::Partner, large).await {
        return refusals.expect(Ok(answered), &[ProblemCode::TooLarge]);
    }
    // A server may hang up on such a body; then the next request must be served.
    let next = Request { method: "POST", path: "/v1/no-such-path", media_type: JSON, body: b"{}".to_vec() };
    match adapter.send(Caller::Partner, next).await {
        Ok(answered) if answered.status == 404 => passed("it hung up, and serves the next request"),
        _ => failed("it hung up, and does not serve the next request"),
    }
}
