//! Refusals and faults: the only two ways in which a service says no.
//!
//! A *refusal* is expected: a stable problem type, a status, and what to do next. A *fault* is not: the inside goes to
//! the log under a correlation id, and the caller sees the same body whatever broke.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use kw_protocol::problem::{FieldProblem, Problem, ProblemCode, TYPE_BASE};
use kw_telemetry::{Explain, Reason, TraceId};

use crate::entropy::Entropy;
use crate::events::Fault;

/// The media type of every refusal (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

const FAULT_DETAIL: &str =
    "Something broke inside the service. Try again later; if it stays, give the trace id to the operator.";

/// An expected refusal, on its way to the caller.
///
/// `detail` and the field details are written by us and never repeat any part of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldProblem>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal of this type; `detail` says what happened and what to do next.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// A fault: logs the reason under a fresh correlation id and tells the caller nothing about it.
    pub fn fault(error: impl Explain) -> Self {
        let correlation = Entropy::os().draw::<8>();
        Fault { correlation: TraceId(correlation), reason: Reason::of(&error) }.log();
        Self::new(ProblemCode::Fault, format!("{FAULT_DETAIL} Correlation id {}.", hex(&correlation)))
    }

    /// Names one wrong field: a JSON pointer (RFC 6901) into the body, or the name of a parameter or header.
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldProblem { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Says when to try again. Rounded up to whole seconds, and at least one.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The problem type.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// What happened and what to do next.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The wrong fields.
    pub fn fields(&self) -> &[FieldProblem] {
        &self.errors
    }

    /// Whether any field is wrong: a handler that collects field errors ends with `refusal.if_any()?`.
    pub fn if_any(self) -> Result<(), Self> {
        if self.errors.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The body as it goes over the wire.
    pub fn to_problem(&self) -> Problem {
        Problem {
            kind: format!("{TYPE_BASE}{}", self.code.code()),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            detail: self.detail.clone(),
            retryable: self.code.retryable(),
            trace_id: None,
            errors: self.errors.clone(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.code(), self.detail)
    }
}

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let problem = self.to_problem();
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON)));
        if let Some(wait) = self.retry_after {
            response.insert_header((RETRY_AFTER, HeaderValue::from(whole_seconds(wait))));
        }
        let mut response = response.body(encode(&problem));
        // The conventions write the body again with the trace id in it, which only they know.
        response.extensions_mut().insert(problem);
        response
    }
}

/// The JSON text of a problem.
pub(crate) fn encode(problem: &Problem) -> String {
    // A struct of strings, numbers and booleans always has a JSON form.
    serde_json::to_string(problem).unwrap_or_default()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn whole_seconds(wait: Duration) -> u64 {
    let up = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(up).max(1)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn a_refusal_is_problem_json_with_its_fields_and_the_time_to_wait() {
        let refusal = Refusal::new(ProblemCode::BudgetExhausted, "Wait until the hour is over.")
            .field("/elements", "at most 256")
            .retry_after(Duration::from_millis(1_200));
        let response = refusal.error_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), PROBLEM_JSON);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "2");
        let problem: Problem =
            serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
        assert_eq!(problem.code(), "budget-exhausted");
        assert!(problem.retryable);
        assert_eq!(problem.errors[0].pointer, "/elements");
    }

    #[test]
    fn every_fault_says_the_same_apart_from_its_correlation_id() {
        let one = Refusal::fault("disk full at /var/lib").to_problem();
        let other = Refusal::fault("something else").to_problem();
        assert_eq!(one.status, 500);
        assert!(!one.detail.contains("disk"));
        let fixed = |text: &str| text[..FAULT_DETAIL.len()].to_owned();
        assert_eq!(fixed(&one.detail), fixed(&other.detail));
        assert_ne!(one.detail, other.detail);
    }

    #[test]
    fn a_retry_after_is_never_zero() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
        assert_eq!(whole_seconds(Duration::from_millis(3_001)), 4);
    }

    #[test]
    fn every_code_has_a_status_that_http_knows() {
        for code in ProblemCode::ALL {
            assert_eq!(Refusal::new(*code, "").status_code().as_u16(), code.status());
        }
    }
}
