//! The organisation identification number (organisatie-identificatienummer).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An OIN: 20 positions, an eight-digit prefix that names the register, a core of digits or capitals, and a suffix of
/// digits (Logius, OIN-stelsel). It identifies a party and comes from its certificate, never from a message body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oin([u8; 20]);

/// The register that an OIN's prefix names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OinKind {
    /// `00000007`: school (BRIN).
    Brin,
    /// `00000002`: fiscal number.
    Fiscal,
    /// `00000008`: organisation abroad.
    Foreign,
    /// `00000003`: trade register (KvK).
    Kvk,
    /// `00000006`: issued by Logius.
    Logius,
    /// `00000001`: legal entity (RSIN).
    Rsin,
    /// `00000004`: a part of an organisation.
    SubOin,
    /// `00000099`: test; refused in production.
    Test,
    /// `00000010`: travel agencies and the like (TRR).
    Trr,
    /// `00000009`: care provider (UZI).
    Uzi,
}

impl Oin {
    /// Parses and checks the 20 positions.
    pub fn parse(text: &str) -> Result<Self, OinError> {
        let positions: [u8; 20] = text.as_bytes().try_into().map_err(|_| OinError::WrongLength)?;
        let (prefix, rest) = positions.split_at(8);
        if kind_of(prefix).is_none() {
            return Err(OinError::UnknownPrefix);
        }
        let (core, suffix) = rest.split_at(9);
        if !core.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
            || !suffix.iter().all(u8::is_ascii_digit)
        {
            return Err(OinError::WrongCharacter);
        }
        Ok(Self(positions))
    }

    /// The 20 positions as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The register that issued the core number.
    pub fn kind(&self) -> OinKind {
        kind_of(&self.0[..8]).unwrap_or(OinKind::Test)
    }

    /// Whether this is a test number (prefix `00000099`).
    pub fn is_test(&self) -> bool {
        self.kind() == OinKind::Test
    }
}

impl fmt::Debug for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oin({self})")
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Oin {
    type Err = OinError;

    fn from_str(text: &str) -> Result<Self, OinError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Oin {
    type Error = OinError;

    fn try_from(text: String) -> Result<Self, OinError> {
        Self::parse(&text)
    }
}

impl From<Oin> for String {
    fn from(oin: Oin) -> Self {
        oin.as_str().to_owned()
    }
}

/// Why a text is not an OIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OinError {
    /// The first eight positions name no register.
    #[error(
        "the first eight positions are not a known OIN prefix (00000001 to 00000004, 00000006 to 00000010, 00000099)"
    )]
    UnknownPrefix,
    /// A position holds a character that does not belong there.
    #[error("an OIN has digits and capitals only, and ends in three digits")]
    WrongCharacter,
    /// There are not 20 positions.
    #[error("an OIN has exactly 20 positions")]
    WrongLength,
}

fn kind_of(prefix: &[u8]) -> Option<OinKind> {
    Some(match prefix {
        b"00000001" => OinKind::Rsin,
        b"00000002" => OinKind::Fiscal,
        b"00000003" => OinKind::Kvk,
        b"00000004" => OinKind::SubOin,
        b"00000006" => OinKind::Logius,
        b"00000007" => OinKind::Brin,
        b"00000008" => OinKind::Foreign,
        b"00000009" => OinKind::Uzi,
        b"00000010" => OinKind::Trr,
        b"00000099" => OinKind::Test,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_every_register_are_accepted() {
        for (text, kind) in [
            ("00000001003214345000", OinKind::Rsin),
            ("00000003271247010000", OinKind::Kvk),
            ("0000000706XY12345000", OinKind::Brin),
            ("00000099000000001000", OinKind::Test),
        ] {
            assert_eq!(Oin::parse(text).map(|oin| oin.kind()), Ok(kind), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_oin_is_refused_with_the_reason() {
        assert_eq!(Oin::parse("0000000100321434500"), Err(OinError::WrongLength));
        assert_eq!(Oin::parse("00000005003214345000"), Err(OinError::UnknownPrefix));
        assert_eq!(Oin::parse("0000000100321434500x"), Err(OinError::WrongCharacter));
        assert_eq!(Oin::parse("00000001é03214345000"), Err(OinError::WrongLength));
        assert_eq!(Oin::parse("00000001é0321434500"), Err(OinError::WrongCharacter));
    }

    #[test]
    fn json_holds_the_bare_number_and_is_checked_when_read() {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let json = serde_json::to_string(&oin).unwrap();
        assert_eq!(json, "\"00000099000000001000\"");
        assert_eq!(serde_json::from_str::<Oin>(&json).unwrap(), oin);
        assert!(serde_json::from_str::<Oin>("\"1\"").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,30}") {
            let _ = Oin::parse(&text);
        }
    }
}
