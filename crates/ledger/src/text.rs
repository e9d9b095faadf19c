//! Numbers and bytes in texts: one spelling each, so that what was signed cannot be written differently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// An ASCII decimal without sign or leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0"
        || (!text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

/// Base 64 of RFC 4648 §4: standard alphabet, padded, no bits left over.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The same, written.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, number) in
            [("0", 0), ("7", 7), ("20852163", 20_852_163), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(decimal(text), Some(number));
        }
        for text in ["", "00", "07", "+7", "-0", "-7", " 7", "7 ", "0x7", "7\n", "٧", "18446744073709551616"]
        {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }

    #[test]
    fn bytes_have_one_spelling() {
        assert_eq!(from_base64("+/8="), Some(vec![0xfb, 0xff]));
        for text in ["+/8", "-_8=", "+/9=", "+/8=\n", "+/8= ", "+/8=="] {
            assert_eq!(from_base64(text), None, "{text:?}");
        }
    }
}
