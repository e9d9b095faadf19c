//! The extractor for JSON bodies.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use kw_protocol::problem::ProblemCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::problem::Refusal;

/// What every body may take.
const SHORTEST_WAIT: Duration = Duration::from_secs(10);
/// Bytes a second that a line has to manage beyond it.
const SLOWEST: usize = 32 * 1024;
const LONGEST_WAIT: Duration = Duration::from_mins(1);
use crate::shape;

/// How large a body may be, in bytes; as `app_data` of a resource it replaces the service's own limit.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A JSON body. Strict: `application/json` in UTF-8, within the limit, one document and nothing after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<T>(pub T);

/// In a resource's data: JSON of another media type than `application/json`, and that one only.
#[derive(Debug, Clone, Copy)]
pub struct BodyType(pub &'static str);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let wanted = request.app_data::<BodyType>().map_or("application/json", |wanted| wanted.0);
        let media_type = require_media_type(request, wanted);
        let limit = request.app_data::<BodyLimit>().map_or(256 * 1024, |limit| limit.0);
        let length = request.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse().ok());
        let payload = payload.take();
        Box::pin(async move {
            media_type?;
            let bytes = collect(payload, length, limit).await?;
            parse(&bytes).map(Self)
        })
    }
}

/// Refuses a request whose media type is another than `wanted`; a charset other than UTF-8 is another.
pub fn require_media_type(request: &HttpRequest, wanted: &'static str) -> Result<(), Refusal> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let right_type = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted));
    let right_charset = parts.all(|parameter| parameter.eq_ignore_ascii_case("charset=utf-8"));
    let encoded = request.headers().contains_key("content-encoding");
    if right_type && right_charset && !encoded {
        return Ok(());
    }
    let detail = format!("Send the body as {wanted}, in UTF-8 and without a content encoding.");
    Err(Refusal::new(ProblemCode::UnsupportedMediaType, detail))
}

async fn collect(payload: Payload, length: Option<usize>, limit: usize) -> Result<Vec<u8>, Refusal> {
    let longest = SHORTEST_WAIT + Duration::from_secs((limit / SLOWEST) as u64);
    timeout(longest.min(LONGEST_WAIT), gather(payload, length, limit)).await.map_err(|_| too_slow())?
}

async fn gather(mut payload: Payload, length: Option<usize>, limit: usize) -> Result<Vec<u8>, Refusal> {
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(length.unwrap_or_default());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Refusal::new(ProblemCode::Invalid, "The body ended before it was complete. Send it again.")
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A body that does not come holds a connection that others may need.
pub fn too_slow() -> Refusal {
    Refusal::new(ProblemCode::TooSlow, "The body did not come in time. Send it again, over a faster line.")
}

pub(crate) fn too_large(limit: usize) -> Refusal {
    let detail = format!("The body may have at most {limit} bytes here. Send less at a time.");
    Refusal::new(ProblemCode::TooLarge, detail)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return not_json(inner);
        }
        let value = serde_json::from_slice(bytes).unwrap_or_default();
        let finding = shape::finding(error.path(), &inner.to_string(), |message| {
            shape::repeats_scalar(message, &value)
        });
        Refusal::new(ProblemCode::Invalid, "A field does not fit. Correct it and send the request again.")
            .field(finding.pointer(), finding.detail)
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let place = format!("line {} column {}", error.line(), error.column());
    Refusal::new(
        ProblemCode::Invalid,
        format!("The body is not one JSON document: it breaks off at {place}."),
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Order {
        count: u8,
    }

    async fn extract(request: TestRequest) -> Result<Order, Refusal> {
        let (request, mut payload) = request.app_data(BodyLimit(64)).to_http_parts();
        Body::<Order>::from_request(&request, &mut payload).await.map(|body| body.0)
    }

    fn json(text: &'static str) -> TestRequest {
        TestRequest::post().insert_header((CONTENT_TYPE, "application/json")).set_payload(text)
    }

    #[actix_web::test]
    async fn a_document_that_fits_is_read() {
        assert_eq!(extract(json(r#"{"count": 3}"#)).await, Ok(Order { count: 3 }));
        let with_charset = TestRequest::post()
            .insert_header((CONTENT_TYPE, "Application/JSON; charset=UTF-8"))
            .set_payload(r#"{"count":3}"#);
        assert_eq!(extract(with_charset).await, Ok(Order { count: 3 }));
    }

    #[actix_web::test]
    async fn what_is_not_one_json_document_is_invalid() {
        for text in ["", "{", "nothing", r#"{"count": 3} {"count": 4}"#, "\u{feff}{}"] {
            assert_eq!(extract(json(text)).await.unwrap_err().code(), ProblemCode::Invalid, "{text}");
        }
    }

    #[actix_web::test]
    async fn the_wrong_field_is_named_and_its_value_is_not() {
        let refusal = extract(json(r#"{"count": "123456782"}"#)).await.unwrap_err();
        assert_eq!(refusal.fields()[0].pointer, "/count");
        assert!(!serde_json::to_string(&refusal.to_problem()).unwrap().contains("123456782"));
        let refusal = extract(json(r#"{"count": 1, "123456782": 2}"#)).await.unwrap_err();
        assert_eq!(refusal.fields()[0].pointer, "");
        assert!(!serde_json::to_string(&refusal.to_problem()).unwrap().contains("123456782"));
    }

    #[actix_web::test]
    async fn other_media_types_are_not_understood() {
        for kind in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            let request = TestRequest::post().insert_header((CONTENT_TYPE, kind)).set_payload("{}");
            let refusal = extract(request).await.unwrap_err();
            assert_eq!(refusal.code(), ProblemCode::UnsupportedMediaType, "{kind}");
        }
        let zipped = json("{}").insert_header(("content-encoding", "gzip"));
        assert_eq!(extract(zipped).await.unwrap_err().code(), ProblemCode::UnsupportedMediaType);
    }

    #[actix_web::test]
    async fn a_body_over_the_limit_is_too_large_whether_it_says_so_or_not() {
        let long =
            json(r#"{"count": 3, "padding": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#);
        assert_eq!(extract(long).await.unwrap_err().code(), ProblemCode::TooLarge);
        let claimed = json("{}").insert_header(("content-length", "65"));
        assert_eq!(extract(claimed).await.unwrap_err().code(), ProblemCode::TooLarge);
    }
}
