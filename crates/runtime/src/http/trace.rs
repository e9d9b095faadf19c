//! Which request this is: W3C trace context and the FSC transaction.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kw_domain::{Instant, TransactionId};
use kw_protocol::problem::ProblemCode;

use crate::entropy::Entropy;
use crate::problem::{Refusal, hex};

/// The W3C trace context header.
pub(crate) const TRACEPARENT: &str = "traceparent";
/// The transaction header of FSC Logging.
pub(crate) const TRANSACTION: &str = "fsc-transaction-id";

/// The trace and the transaction that a request belongs to; an extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// W3C trace context: the caller's trace id, and a span of our own.
    pub parent: TraceParent,
    /// The exchange this request is part of.
    pub transaction: TransactionId,
}

impl Trace {
    /// The trace id, 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        hex(&self.parent.trace_id)
    }

    /// Reads the headers, and makes what is not there.
    ///
    /// A malformed `traceparent` starts a new trace, as W3C demands. A malformed transaction id is refused: two parties
    /// could otherwise never match their records.
    pub(crate) fn of(headers: &HeaderMap, now: Instant, entropy: &Entropy) -> (Self, Option<Refusal>) {
        let given = headers.get(TRACEPARENT).filter(|_| headers.get_all(TRACEPARENT).count() == 1);
        let parent = given
            .and_then(|value| TraceParent::parse(value.to_str().ok()?))
            .map_or_else(|| TraceParent::fresh(entropy), |parent| parent.child(entropy));
        let mut refusal = None;
        let transaction = headers.get(TRANSACTION).and_then(|value| {
            let parsed = value.to_str().ok().and_then(|text| TransactionId::parse(text).ok());
            if parsed.is_none() {
                refusal = Some(
                    Refusal::new(ProblemCode::Invalid, "Send a UUID of version 7, or leave the header out.")
                        .field("Fsc-Transaction-Id", "expected a UUID of version 7 in its hyphenated form"),
                );
            }
            parsed
        });
        let transaction = transaction.unwrap_or_else(|| entropy.id(now));
        (Self { parent, transaction }, refusal)
    }
}

impl FromRequest for Trace {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let trace = request.extensions().get::<Self>().copied();
        ready(trace.ok_or_else(|| Refusal::fault("this application does not wrap the HTTP conventions")))
    }
}

/// One `traceparent` (W3C Trace Context, version 00).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The whole exchange, over all parties.
    pub trace_id: [u8; 16],
    /// This step of it.
    pub span_id: [u8; 8],
    /// Bit 0: the caller records this trace.
    pub flags: u8,
}

impl TraceParent {
    /// A new trace.
    pub fn fresh(entropy: &Entropy) -> Self {
        Self { trace_id: nonzero(entropy), span_id: nonzero(entropy), flags: 0 }
    }

    /// The next step in the same trace.
    pub fn child(self, entropy: &Entropy) -> Self {
        Self { span_id: nonzero(entropy), ..self }
    }

    /// Parses the header. `None` for anything that W3C calls invalid; later versions are read by what they share with 00.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.split_at_checked(55)?;
        let mut parts = head.split('-');
        let version = parts.next()?;
        let trace_id: [u8; 16] = from_hex(parts.next()?)?;
        let span_id: [u8; 8] = from_hex(parts.next()?)?;
        let [flags] = from_hex::<1>(parts.next()?)?;
        let [version] = from_hex::<1>(version)?;
        let well_ended =
            if version == 0 { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
        let valid = parts.next().is_none() && version != 0xff && well_ended;
        (valid && trace_id != [0; 16] && span_id != [0; 8]).then_some(Self {
            trace_id,
            span_id,
            flags: flags & 1,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", hex(&self.trace_id), hex(&self.span_id), self.flags)
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceParent({self})")
    }
}

fn nonzero<const N: usize>(entropy: &Entropy) -> [u8; N] {
    loop {
        let drawn = entropy.draw();
        if drawn != [0; N] {
            return drawn;
        }
    }
}

/// Lower-case only: W3C forbids capitals.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn of(headers: &[(&'static str, &'static str)]) -> (Trace, Option<Refusal>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Trace::of(&map, Instant::from_millis(1), &Entropy::seeded(1))
    }

    #[test]
    fn a_valid_parent_keeps_its_trace_and_gets_a_span_of_our_own() {
        let (trace, refusal) = of(&[(TRACEPARENT, GIVEN)]);
        assert_eq!(refusal, None);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.parent.flags, 1);
        assert_ne!(hex(&trace.parent.span_id), "00f067aa0ba902b7");
    }

    #[test]
    fn what_w3c_calls_invalid_starts_a_new_trace() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "0-04bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
        assert!(TraceParent::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x").is_some());
        let (trace, _) = of(&[(TRACEPARENT, GIVEN), (TRACEPARENT, GIVEN)]);
        assert_ne!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736", "two parents are none");
    }

    #[test]
    fn a_transaction_is_kept_made_or_refused_but_never_replaced() {
        let (trace, refusal) = of(&[(TRANSACTION, "01890a5d-ac96-774b-bcce-b302099a8057")]);
        assert_eq!(trace.transaction.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(refusal, None);
        assert_eq!(of(&[]).1, None);
        let refusal = of(&[(TRANSACTION, "6ba7b810-9dad-11d1-80b4-00c04fd430c8")]).1.unwrap();
        assert_eq!(refusal.code(), ProblemCode::Invalid);
        assert!(!refusal.to_string().contains("6ba7b810"));
    }

    proptest! {
        #[test]
        fn no_header_makes_parsing_panic(text in "\\PC{0,70}") {
            let _ = TraceParent::parse(&text);
        }

        #[test]
        fn what_we_write_we_read_back(trace_id in any::<[u8; 16]>(), span_id in any::<[u8; 8]>(), flags in 0u8..2) {
            prop_assume!(trace_id != [0; 16] && span_id != [0; 8]);
            let parent = TraceParent { trace_id, span_id, flags };
            prop_assert_eq!(TraceParent::parse(&parent.to_string()), Some(parent));
        }
    }
}
