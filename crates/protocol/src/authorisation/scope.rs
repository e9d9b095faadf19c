//! What is asked for: categories, and whether it is for somebody else.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::Category;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mandate::MandateKind;

/// Why the person may act for somebody else: a word in the scope (MedMij, extension Vertegenwoordiging).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepresentationScope {
    /// With a voluntary mandate.
    Onbehalfof,
    /// With parental authority.
    Onbehalfofchild,
}

impl RepresentationScope {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Onbehalfof, Self::Onbehalfofchild];

    /// The word in the scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Onbehalfof => "onbehalfof",
            Self::Onbehalfofchild => "onbehalfofchild",
        }
    }

    /// The kind of mandate that it asks for.
    pub fn mandate_kind(self) -> MandateKind {
        match self {
            Self::Onbehalfof => MandateKind::Voluntary,
            Self::Onbehalfofchild => MandateKind::ParentalAuthority,
        }
    }

    /// The word that asks for this kind of mandate. Kinds without one cannot be used in this flow.
    pub fn of_kind(kind: MandateKind) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.mandate_kind() == kind)
    }
}

/// A scope (RFC 6749 §3.3): words separated by one space, each once. Every word is a category, except those of
/// [`RepresentationScope`], of which there is at most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What is asked for. Never empty.
    pub categories: BTreeSet<Category>,
    /// Whether it is for somebody else, and why.
    pub representation: Option<RepresentationScope>,
}

/// Why a scope cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No category: the asker must say what it wants.
    #[error("a scope names at least one category")]
    Empty,
    /// More than [`Scope::MAX_CATEGORIES`].
    #[error("a scope names at most 16 categories")]
    TooMany,
    /// A word twice, or two kinds of representation.
    #[error("a scope has each word once, and onbehalfof or onbehalfofchild but not both")]
    Repeated,
    /// A word that cannot be a category.
    #[error("a scope is made of categories, onbehalfof and onbehalfofchild, with one space between")]
    Word,
}

impl Scope {
    /// The most categories in one request.
    pub const MAX_CATEGORIES: usize = 16;

    /// Reads a scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut scope = Self { categories: BTreeSet::new(), representation: None };
        if text.is_empty() {
            return Err(ScopeError::Empty);
        }
        for word in text.split(' ') {
            if let Some(representation) =
                RepresentationScope::ALL.into_iter().find(|one| one.as_str() == word)
            {
                if scope.representation.replace(representation).is_some() {
                    return Err(ScopeError::Repeated);
                }
                continue;
            }
            let category = Category::parse(word).map_err(|_| ScopeError::Word)?;
            if !scope.categories.insert(category) {
                return Err(ScopeError::Repeated);
            }
            if scope.categories.len() > Self::MAX_CATEGORIES {
                return Err(ScopeError::TooMany);
            }
        }
        if scope.categories.is_empty() { Err(ScopeError::Empty) } else { Ok(scope) }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.categories.iter().map(Category::as_str);
        let words: Vec<&str> = words.chain(self.representation.map(RepresentationScope::as_str)).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back() {
        for text in ["a-plan", "a-plan b-plan", "a-plan onbehalfof", "a-plan b-plan onbehalfofchild"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_scope_without_category_with_a_word_twice_or_both_kinds_is_refused() {
        for (text, error) in [
            ("", ScopeError::Empty),
            ("onbehalfof", ScopeError::Empty),
            ("plan plan", ScopeError::Repeated),
            ("plan onbehalfof onbehalfof", ScopeError::Repeated),
            ("plan onbehalfof onbehalfofchild", ScopeError::Repeated),
            ("plan  other", ScopeError::Word),
            (" plan", ScopeError::Word),
            ("Plan", ScopeError::Word),
            ("plan\tother", ScopeError::Word),
        ] {
            assert_eq!(Scope::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_scope_of_too_many_categories_is_refused() {
        let words: Vec<String> = (0..=Scope::MAX_CATEGORIES).map(|number| format!("plan-{number}")).collect();
        assert_eq!(Scope::parse(&words.join(" ")), Err(ScopeError::TooMany));
        assert!(Scope::parse(&words[1..].join(" ")).is_ok());
    }

    #[test]
    fn kinds_of_mandate_and_words_go_together() {
        for scope in RepresentationScope::ALL {
            assert_eq!(RepresentationScope::of_kind(scope.mandate_kind()), Some(scope));
        }
        assert_eq!(RepresentationScope::of_kind(MandateKind::Mentorship), None);
    }
}
