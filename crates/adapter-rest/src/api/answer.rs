//! What a server answered, within its bound.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use chrono::DateTime;
use kw_adapter::SourceError;
use kw_adapter::mapping::{Once, says_twice};
use kw_domain::Instant;
use reqwest::header::{DATE, HeaderMap, LINK, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// An answer that was read to its end.
pub struct Answer {
    /// 2xx, or a refusal that is about this one request (such as 404 or 422).
    pub status: StatusCode,
    /// The moment that the server says it is.
    pub date: Option<Instant>,
    /// The target of `Link: <…>; rel="next"` (RFC 8288).
    pub next: Option<String>,
    body: bytes::Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self, what: &str) -> Result<Value, SourceError> {
        let read: Result<Once, _> = serde_json::from_slice(&self.body);
        read.map(|Once(value)| value).map_err(|error| {
            let wrong = if says_twice(&error) {
                "a name stands twice in one object of the answer"
            } else {
                "the answer is not JSON"
            };
            SourceError::Content(format!("{what}: {wrong}"))
        })
    }

    /// The body as JSON if the status is a success.
    pub fn success(&self, what: &str) -> Result<Value, SourceError> {
        if self.status.is_success() {
            return self.json(what);
        }
        Err(self.refused(what))
    }

    /// What it means that this is no success, where nothing better is known.
    pub fn refused(&self, what: &str) -> SourceError {
        SourceError::Configuration(format!(
            "{what}: the server answers {}: look at the address and its parameters",
            self.status
        ))
    }

    /// How large the body is.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Reads a body of at most `bound` bytes.
pub(super) async fn read(what: &str, mut response: Response, bound: usize) -> Result<Answer, SourceError> {
    let too_large = || {
        SourceError::Content(format!(
            "{what}: the answer is larger than {bound} bytes: ask for smaller pages"
        ))
    };
    if response.content_length().is_some_and(|length| length > bound as u64) {
        return Err(too_large());
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport_fault(what, &error))? {
        if body.len() + chunk.len() > bound {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, date: date(&headers), next: next(&headers), body: body.freeze() })
}

/// Why there is no answer. The library's own text is dropped: it holds the address.
pub(super) fn transport_fault(what: &str, error: &reqwest::Error) -> SourceError {
    let said = if refused_in_tls(error) {
        "the TLS identity was refused, ours or the server's: check trust_anchors and client_certificate"
    } else if error.is_timeout() {
        "the server took longer than timeout_ms"
    } else if error.is_connect() {
        "the server cannot be reached"
    } else {
        "the connection to the server broke off"
    };
    SourceError::Unavailable(format!("{what}: {said}"))
}

/// How long the server asks to be left alone. A moment instead of seconds is read against its own clock.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let asks = response.status() == StatusCode::TOO_MANY_REQUESTS
        || response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let text = response.headers().get(RETRY_AFTER).filter(|_| asks)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(moment(text)?.since(date(response.headers())?))
}

fn date(headers: &HeaderMap) -> Option<Instant> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

fn moment(text: &str) -> Option<Instant> {
    Some(Instant::from(DateTime::parse_from_rfc2822(text).ok()?.to_utc()))
}

/// The target with relation `next`, among all links of all headers.
fn next(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
}

fn next_in(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (parameters, others) = until(after, ',');
        let mut left = parameters;
        while !left.is_empty() {
            let (one, more) = until(left, ';');
            left = more;
            let Some((name, value)) = one.split_once('=') else { continue };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            if name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|one| one.eq_ignore_ascii_case("next"))
            {
                return Some(target.to_owned());
            }
        }
        rest = others;
    }
    None
}

/// What stands before a separator, and after it; one in quotes separates nothing.
fn until(text: &str, separator: char) -> (&str, &str) {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            c if c == separator && !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// The TLS layer reports a refused certificate, its own or the alert of the other side, as invalid data.
fn refused_in_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = cause {
        cause = match one.downcast_ref::<io::Error>() {
            Some(io) if io.kind() == io::ErrorKind::InvalidData => return true,
            // It hides the error that it wraps from `source`.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => one.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_the_links() {
        for (header, expected) in [
            (r#"<https://a.example/x?p=2>; rel="next""#, Some("https://a.example/x?p=2")),
            (r#"</x?p=1>; rel=prev, </x?p=3>; rel=next; title="a, b""#, Some("/x?p=3")),
            (r#"</x>; title="no, <y>; rel=next", </z>; REL="last next""#, Some("/z")),
            (r#"</x>; rel="nextish""#, None),
            ("</x", None),
            ("", None),
        ] {
            assert_eq!(next_in(header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn moments_of_headers_are_read() {
        assert_eq!(moment("Sun, 22 Nov 2026 08:42:42 GMT"), Instant::parse("2026-11-22T08:42:42Z").ok());
        assert_eq!(moment("yesterday"), None);
    }
}
