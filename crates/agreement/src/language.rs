//! The languages in which a chain speaks to people.

use serde::{Deserialize, Serialize};

/// A language of the pages and of the agreement's titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Dutch.
    #[serde(rename = "nl")]
    Dutch,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Dutch, Self::English];

    /// The language as a BCP 47 tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }
}

/// A title in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Localised {
    /// In Dutch.
    pub nl: String,
    /// In English.
    pub en: String,
}

impl Localised {
    /// The title in one language.
    pub fn within(&self, language: Language) -> &str {
        match language {
            Language::Dutch => &self.nl,
            Language::English => &self.en,
        }
    }

    /// Whether something is said in every language.
    pub(crate) fn is_said(&self) -> bool {
        Language::ALL.iter().all(|language| !self.within(*language).trim().is_empty())
    }
}
