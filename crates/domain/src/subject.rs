//! Who or what a pointer is about.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Bsn, BsnError};

/// A subject in its one canonical form, which is what gets blinded: two adapters can never derive different pseudonyms
/// for the same person (docs/pseudonym.md §2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A natural person: `nl.bsn:` and nine digits.
    Bsn(Bsn),
    /// A case: `case:<namespace>:<id>`.
    Case(Box<str>),
    /// An enterprise in the trade register: `nl.kvk:` and eight digits.
    Kvk([u8; 8]),
    /// A legal entity: `nl.rsin:` and nine digits that pass the 11-proef.
    Rsin(Bsn),
}

/// The kind of a subject, which may be shown where the subject may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectScheme {
    /// A natural person.
    Bsn,
    /// A case.
    Case,
    /// An enterprise.
    Kvk,
    /// A legal entity.
    Rsin,
}

impl Subject {
    /// Parses the canonical form with its scheme.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        if let Some(number) = text.strip_prefix("nl.bsn:") {
            return Ok(Self::Bsn(Bsn::parse(number)?));
        }
        if let Some(number) = text.strip_prefix("nl.rsin:") {
            return Bsn::parse(number).map(Self::Rsin).map_err(|_| SubjectError::Rsin);
        }
        if let Some(number) = text.strip_prefix("nl.kvk:") {
            let digits: [u8; 8] = number.as_bytes().try_into().map_err(|_| SubjectError::Kvk)?;
            return if digits.iter().all(u8::is_ascii_digit) {
                Ok(Self::Kvk(digits))
            } else {
                Err(SubjectError::Kvk)
            };
        }
        if let Some(rest) = text.strip_prefix("case:") {
            return parse_case(rest);
        }
        Err(SubjectError::UnknownScheme)
    }

    /// The canonical bytes that are blinded.
    pub fn canonical(&self) -> Zeroizing<Vec<u8>> {
        let text = match self {
            Self::Bsn(bsn) => format!("nl.bsn:{}", bsn.expose()),
            Self::Case(rest) => format!("case:{rest}"),
            Self::Kvk(digits) => format!("nl.kvk:{}", std::str::from_utf8(digits).unwrap_or_default()),
            Self::Rsin(number) => format!("nl.rsin:{}", number.expose()),
        };
        Zeroizing::new(text.into_bytes())
    }

    /// The kind of this subject.
    pub fn scheme(&self) -> SubjectScheme {
        match self {
            Self::Bsn(_) => SubjectScheme::Bsn,
            Self::Case(_) => SubjectScheme::Case,
            Self::Kvk(_) => SubjectScheme::Kvk,
            Self::Rsin(_) => SubjectScheme::Rsin,
        }
    }
}

impl From<Bsn> for Subject {
    fn from(bsn: Bsn) -> Self {
        Self::Bsn(bsn)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:?}, …)", self.scheme())
    }
}

/// Why a text is not a subject. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The number after `nl.bsn:` is wrong.
    #[error(transparent)]
    Bsn(#[from] BsnError),
    /// The text after `case:` is not `<namespace>:<id>`.
    #[error(
        "a case is written as case:<namespace>:<id>, with a namespace of lower-case letters, digits, dots and hyphens and an id of at most 128 visible ASCII characters"
    )]
    Case,
    /// The number after `nl.kvk:` is wrong.
    #[error("a KvK number has eight digits")]
    Kvk,
    /// The number after `nl.rsin:` is wrong.
    #[error("an RSIN has nine digits that pass the 11-proef")]
    Rsin,
    /// The text begins with no known scheme.
    #[error("a subject begins with nl.bsn:, nl.rsin:, nl.kvk: or case:")]
    UnknownScheme,
}

fn parse_case(rest: &str) -> Result<Subject, SubjectError> {
    let (namespace, id) = rest.split_once(':').ok_or(SubjectError::Case)?;
    let namespace_ok = (1..=64).contains(&namespace.len())
        && namespace.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'.' || c == b'-');
    let id_ok = (1..=128).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_graphic());
    if namespace_ok && id_ok { Ok(Subject::Case(rest.into())) } else { Err(SubjectError::Case) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scheme_has_one_canonical_form() {
        for (given, canonical) in [
            ("nl.bsn:00000024", "nl.bsn:000000024"),
            ("nl.rsin:003214345", "nl.rsin:003214345"),
            ("nl.kvk:27124701", "nl.kvk:27124701"),
            ("case:zaken.demo:Z-2026/17", "case:zaken.demo:Z-2026/17"),
        ] {
            let subject = Subject::parse(given).unwrap_or_else(|e| panic!("{given}: {e}"));
            assert_eq!(subject.canonical().as_slice(), canonical.as_bytes());
        }
    }

    #[test]
    fn what_is_not_a_subject_is_refused() {
        assert_eq!(Subject::parse("999990342"), Err(SubjectError::UnknownScheme));
        assert_eq!(Subject::parse("nl.bsn:999940003"), Err(SubjectError::Bsn(BsnError::FailsElevenTest)));
        assert_eq!(Subject::parse("nl.kvk:2712470"), Err(SubjectError::Kvk));
        assert_eq!(Subject::parse("case:Zaken:1"), Err(SubjectError::Case));
        assert_eq!(Subject::parse("case:zaken:a b"), Err(SubjectError::Case));
    }

    #[test]
    fn debug_shows_the_scheme_only() {
        assert_eq!(format!("{:?}", Subject::parse("nl.bsn:999990342").unwrap()), "Subject(Bsn, …)");
    }
}
