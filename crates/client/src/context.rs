//! What every call carries besides its body.

use std::fmt::Write as _;
use std::sync::Arc;

use kw_domain::{Clock, Instant, TransactionId};
use reqwest::RequestBuilder;

use crate::Entropy;

/// The clock and the randomness of a client. Cheap to clone.
///
/// Each call gets a trace id and a span id of its own, so that two parties cannot tell from them that two calls serve
/// one question (design §3, "Handles").
#[derive(Debug, Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    entropy: Entropy,
}

impl Context {
    /// A context of this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Where randomness comes from.
    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// A fresh transaction id.
    pub fn transaction(&self) -> TransactionId {
        TransactionId::new(self.clock.now(), self.entropy.bytes())
    }

    /// Adds `traceparent` (W3C Trace Context, version 00) and `Fsc-Transaction-Id`.
    pub(crate) fn stamp(&self, request: RequestBuilder, transaction: TransactionId) -> RequestBuilder {
        let ids = self.entropy.bytes::<24>();
        let mut traceparent = String::with_capacity(55);
        traceparent.push_str("00-");
        for (place, byte) in ids.iter().enumerate() {
            if place == 16 {
                traceparent.push('-');
            }
            // Writing to a string cannot fail.
            let _ = write!(traceparent, "{byte:02x}");
        }
        traceparent.push_str("-01");
        request.header("traceparent", traceparent).header("fsc-transaction-id", transaction.to_string())
    }
}
