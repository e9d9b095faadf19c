//! Fields that are numbers with a form of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::field::{LogField, Told, Value, sealed::Sealed};

/// A SHA-256 of something public: a certificate, an agreement, a root. Never of anything about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 hexadecimal digits, and shows zeros for what is none.
    pub fn from_hex(text: &str) -> Self {
        let mut bytes = [0; 32];
        if text.len() == 64 && text.is_ascii() {
            for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
                *byte = text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).unwrap_or(0);
            }
        }
        Self(bytes)
    }
}

impl Sealed for Digest {}

impl LogField for Digest {
    const KIND: &'static str = "SHA-256";

    fn told(&self) -> Told<'_> {
        hexadecimal(&self.0)
    }
}

/// The trace id of a request (W3C Trace Context), or another random number that a caller is told and the log repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId<const N: usize = 16>(pub [u8; N]);

impl<const N: usize> Sealed for TraceId<N> {}

impl<const N: usize> LogField for TraceId<N> {
    const KIND: &'static str = "trace id";

    fn told(&self) -> Told<'_> {
        hexadecimal(&self.0)
    }
}

/// Where the own listeners listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses(pub BTreeMap<&'static str, SocketAddr>);

impl Sealed for Addresses {}

impl LogField for Addresses {
    const KIND: &'static str = "own addresses";

    fn told(&self) -> Told<'_> {
        let each: Vec<_> = self.0.iter().map(|(name, address)| format!("{name} {address}")).collect();
        Told(Value::Text(Cow::Owned(each.join(", "))))
    }
}

fn hexadecimal(bytes: &[u8]) -> Told<'static> {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Told(Value::Text(Cow::Owned(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_shown_as_it_was_read_and_a_text_is_never_one() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(Digest::from_hex(&text).told(), Told(Value::Text(text.into())));
        for no_digest in ["999990342", "é", ""] {
            assert_eq!(Digest::from_hex(no_digest), Digest([0; 32]));
        }
    }
}
