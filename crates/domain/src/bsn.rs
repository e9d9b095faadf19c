//! The Dutch citizen service number (burgerservicenummer).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A citizen service number: exactly nine digits that pass the 11-proef (Wet algemene bepalingen
/// burgerservicenummer, art. 1; weights 9, 8, 7, 6, 5, 4, 3, 2, −1).
///
/// The digits are wiped from memory on drop, and neither `Debug` nor `Display` shows more than the last two.
/// There is no `Serialize`: a BSN leaves a partner's process in no form at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize, ZeroizeOnDrop)]
pub struct Bsn([u8; 9]);

impl Bsn {
    /// Parses eight or nine digits; eight are padded with a leading zero, as registers often drop it.
    pub fn parse(text: &str) -> Result<Self, BsnError> {
        let given = text.trim().as_bytes();
        if !given.iter().all(u8::is_ascii_digit) {
            return Err(BsnError::NotDigits);
        }
        if !(8..=9).contains(&given.len()) {
            return Err(BsnError::WrongLength);
        }
        let mut digits = Zeroizing::new([b'0'; 9]);
        digits[9 - given.len()..].copy_from_slice(given);
        if !passes_eleven_test(&digits) {
            return Err(BsnError::FailsElevenTest);
        }
        Ok(Self(*digits))
    }

    /// Whether a text that is going to leave the partner seems to hold a BSN: eight or nine digits that stand alone and pass
    /// the 11-proef, or nine written in the usual groups (`1234.56.782`, `123 456 782`, `123-456-782`).
    ///
    /// One in eleven numbers of nine digits passes by chance: such a case number has to be written with a letter before it.
    pub fn occurs_in(text: &str) -> bool {
        let text = &plain_digits(text);
        let runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        if runs.clone().any(|run| Self::parse(run).is_ok()) {
            return true;
        }
        let tokens = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | ' ')));
        tokens.map(|token| token.trim_matches(['.', '-', ' '])).any(|token| {
            ['.', '-', ' '].iter().any(|separator| {
                let groups: Vec<&str> = token.split(*separator).collect();
                groups.windows(3).any(|three| {
                    let lengths: Vec<usize> = three.iter().map(|group| group.len()).collect();
                    matches!(lengths.as_slice(), [4, 2, 3] | [3, 3, 3])
                        && Self::parse(&three.concat()).is_ok()
                })
            })
        })
    }

    /// The nine digits. Call this only to blind the number or to look it up in the partner's own source.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the number lies in a range that is never issued to a person (`9999…` and `0000000…`), which is what a
    /// demonstration or test may use.
    pub fn is_test_number(&self) -> bool {
        self.0.starts_with(b"9999") || self.0.starts_with(b"0000000")
    }
}

/// Digits of other scripts and widths as those of ours: people read the same number.
fn plain_digits(text: &str) -> String {
    const ZEROS: [char; 6] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}', '\u{1d7ce}'];
    let plain = |c: char| {
        let digit = ZEROS.iter().filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero)));
        digit.filter(|digit| *digit < 10).find_map(|digit| char::from_digit(digit, 10)).unwrap_or(c)
    };
    text.chars().map(plain).collect()
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bsn({self})")
    }
}

impl fmt::Display for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "•••••••{}", &self.expose()[7..])
    }
}

/// Why a text is not a citizen service number. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BsnError {
    /// Nine digits were given, but they are not a number that is ever issued.
    #[error("the number fails the 11-proef: check it for a typing error")]
    FailsElevenTest,
    /// Something else than digits was given.
    #[error("a BSN has digits only")]
    NotDigits,
    /// Too few or too many digits were given.
    #[error("a BSN has nine digits (eight when the leading zero was dropped)")]
    WrongLength,
}

fn passes_eleven_test(digits: &[u8; 9]) -> bool {
    let weighted: i32 = digits
        .iter()
        .zip([9, 8, 7, 6, 5, 4, 3, 2, -1])
        .map(|(digit, weight)| i32::from(digit - b'0') * weight)
        .sum();
    weighted % 11 == 0 && digits != b"000000000"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_published_for_testing_are_accepted() {
        for number in
            ["999990342", "999994086", "999995492", "999991802", "999999321", "000000024", "900184590"]
        {
            assert!(Bsn::parse(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn a_dropped_leading_zero_gives_the_same_number() {
        assert_eq!(Bsn::parse("00000024"), Bsn::parse("000000024"));
    }

    #[test]
    fn what_is_not_a_number_is_refused_with_the_reason() {
        assert_eq!(Bsn::parse("999940003"), Err(BsnError::FailsElevenTest));
        assert_eq!(Bsn::parse("000000000"), Err(BsnError::FailsElevenTest));
        assert_eq!(Bsn::parse("99999034a"), Err(BsnError::NotDigits));
        assert_eq!(Bsn::parse("9999"), Err(BsnError::WrongLength));
        assert_eq!(Bsn::parse("9999903420"), Err(BsnError::WrongLength));
        assert_eq!(Bsn::parse(""), Err(BsnError::WrongLength));
    }

    #[test]
    fn printing_shows_two_digits_at_most() {
        let bsn = Bsn::parse("999990342").unwrap();
        assert_eq!(format!("{bsn} {bsn:?}"), "•••••••42 Bsn(•••••••42)");
    }

    #[test]
    fn a_number_in_a_text_is_noticed_in_every_usual_form() {
        for text in [
            "999990342",
            "９９９９９０３４２",
            "zaak 999990342.",
            "9999.90.342",
            "999 990 342",
            "a/999-990-342",
            "bsn:00000024",
        ] {
            assert!(Bsn::occurs_in(text), "{text}");
        }
        for text in ["", "Z-2026-00123", "2026-11-21", "999990343", "0205551234", "1999990342", "j.jansen"] {
            assert!(!Bsn::occurs_in(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_never_passes(number in 0u32..999_999_999, place in 0usize..9, add in 1u8..10) {
            let valid = (number..number + 1_000).map(|n| format!("{:09}", n % 1_000_000_000)).find(|text| Bsn::parse(text).is_ok());
            let mut wrong = valid.unwrap().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + add) % 10;
            prop_assert!(Bsn::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
        }

        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,40}") {
            let _ = Bsn::parse(&text);
        }
    }
}
