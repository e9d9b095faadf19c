//! The words of a chain: categories, purposes, roles and the like.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not a word of this kind. The text is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VocabularyError {
    /// Lower-case letters, digits and single hyphens were expected.
    #[error("a {kind} has 1 to {max} lower-case letters, digits and hyphens, and begins with a letter")]
    NotKebabCase {
        /// What the text should have been.
        kind: &'static str,
        /// The longest length allowed, in bytes.
        max: usize,
    },
    /// Printable text was expected.
    #[error("a {kind} has 1 to {max} bytes of printable text")]
    NotText {
        /// What the text should have been.
        kind: &'static str,
        /// The longest length allowed, in bytes.
        max: usize,
    },
}

macro_rules! words {
    ($($(#[$doc:meta])+ $name:ident($kind:literal, $max:literal, $check:ident);)+) => {$(
        $(#[$doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses and checks the text.
            pub fn parse(text: &str) -> Result<Self, VocabularyError> {
                $check(text, $kind, $max)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = VocabularyError;

            fn from_str(text: &str) -> Result<Self, VocabularyError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = VocabularyError;

            fn try_from(text: String) -> Result<Self, VocabularyError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.0.into()
            }
        }
    )+};
}

words! {
    /// The id of the person who asks, as their organisation knows them.
    ActorId("actor id", 128, check_text);
    /// The case for which somebody asks (zaakreferentie).
    CaseReference("case reference", 128, check_text);
    /// A kind of data that holders may have (gegevenscategorie).
    Category("category", 64, check_kebab);
    /// The name of a chain.
    ChainName("chain name", 64, check_kebab);
    /// Why somebody asks (doelbinding).
    Purpose("purpose", 64, check_kebab);
    /// What somebody is to their organisation.
    Role("role", 64, check_kebab);
    /// The software installation at a holder that data come from (bronsysteem).
    SourceName("source name", 64, check_kebab);
}

/// The category of what the logs of the chain say about a person. No agreement defines it: it can be had by the person's own
/// question only (GDPR art. 15).
const ACCESS_LOG: &str = "access-log";
/// The purpose of that question. No agreement defines it.
const SUBJECT_ACCESS: &str = "subject-access";

impl Category {
    /// What the logs of the chain say about a person: the one category that is not an agreement's to define.
    pub fn access_log() -> Self {
        Self(ACCESS_LOG.into())
    }

    /// Whether this is [`Self::access_log`].
    pub fn is_access_log(&self) -> bool {
        &*self.0 == ACCESS_LOG
    }
}

impl Purpose {
    /// A person's own question who registered and who looked (GDPR art. 15): the one purpose that is not an agreement's to
    /// define.
    pub fn subject_access() -> Self {
        Self(SUBJECT_ACCESS.into())
    }

    /// Whether this is [`Self::subject_access`].
    pub fn is_subject_access(&self) -> bool {
        &*self.0 == SUBJECT_ACCESS
    }
}

impl ActorId {
    /// Whether two ids may be of one person, whatever the case of letters and the spaces: when in doubt it is one.
    pub fn is_same_person(&self, other: &Self) -> bool {
        let plain = |id: &Self| -> String {
            id.as_str().chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
        };
        plain(self) == plain(other)
    }
}

impl Role {
    /// Of whoever reads access logs for an auditor of the agreement.
    pub fn auditor() -> Self {
        Self("auditor".into())
    }

    /// Of whoever runs a service and is at its machine.
    pub fn operator() -> Self {
        Self("operator".into())
    }
}

fn check_kebab(text: &str, kind: &'static str, max: usize) -> Result<(), VocabularyError> {
    let well_formed = text.len() <= max
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    if well_formed { Ok(()) } else { Err(VocabularyError::NotKebabCase { kind, max }) }
}

/// What people see as one text is one text: nothing that does not show, and no space around it.
fn check_text(text: &str, kind: &'static str, max: usize) -> Result<(), VocabularyError> {
    let well_formed = !text.is_empty()
        && text.trim() == text
        && text.len() <= max
        && !text.chars().any(|c| c.is_control() || is_unseen(c));
    if well_formed { Ok(()) } else { Err(VocabularyError::NotText { kind, max }) }
}

/// Characters that show as nothing, as a plain space, or that turn others around (general categories Cf and Zs but U+0020, fillers,
/// variation selectors and tags; Unicode 16, chapter 23).
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}' | '\u{1160}'
        | '\u{1680}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kebab_case_is_the_only_form() {
        for good in ["a", "youth-care", "jgz2", "a-1"] {
            assert!(Category::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "1a", "a b", "é", &"a".repeat(65)] {
            assert!(Category::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_reserved_words_are_words() {
        assert_eq!(Category::parse("access-log").unwrap(), Category::access_log());
        assert_eq!(Purpose::parse("subject-access").unwrap(), Purpose::subject_access());
        assert!(!Category::parse("access-logs").unwrap().is_access_log());
        assert!(Purpose::subject_access().is_subject_access());
    }

    #[test]
    fn the_roles_of_the_house_are_words_like_any_other() {
        for role in [Role::auditor(), Role::operator()] {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
        }
    }

    #[test]
    fn free_text_has_no_control_characters_and_a_bound() {
        assert!(ActorId::parse("j.jansen@school").is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(129)] {
            assert!(ActorId::parse(bad).is_err());
        }
    }

    #[test]
    fn nobody_is_two_people_by_what_does_not_show() {
        for bad in ["a.a ", " a.a", "a.\u{200b}a", "a\u{a0}a", "a\u{202e}a", "a\u{feff}", "\u{3164}"] {
            assert!(ActorId::parse(bad).is_err(), "{bad:?}");
        }
        let id = |text| ActorId::parse(text).unwrap();
        assert!(id("A. Jansen").is_same_person(&id("a.jansen")));
        assert!(id("ÉLISE").is_same_person(&id("élise")));
        assert!(!id("a.jansen").is_same_person(&id("b.jansen")));
    }

    proptest! {
        #[test]
        fn what_parses_reads_back_from_json(text in "[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,8}){0,3}") {
            let word = Purpose::parse(&text).unwrap();
            let json = serde_json::to_string(&word).unwrap();
            prop_assert_eq!(serde_json::from_str::<Purpose>(&json).unwrap(), word);
        }
    }
}
