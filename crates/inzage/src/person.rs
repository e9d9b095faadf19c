//! Who signed in, and whom the pages are about: as the provider states it.

use std::fmt;

use kw_domain::{BirthDate, Bsn, Category, MandateId};
use kw_protocol::mandate::{MandateAct, MandateKind};
use kw_web::{Failure, User};
use serde::Deserialize;
use serde_json::Value;

use crate::provider::{ACTING, BORN, LEGAL, MANDATE, REPRESENTATION};

/// Who acts, and for whom.
#[derive(Clone)]
pub(crate) struct Person {
    acting: Bsn,
    legal: Bsn,
    /// When who signed in was born, where the provider says so.
    pub(crate) born: Option<BirthDate>,
    /// Under which mandate, where these are two people.
    pub(crate) mandate: Option<Held>,
}

/// The mandate under which somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: MandateId,
    pub(crate) kind: MandateKind,
    pub(crate) categories: Vec<Category>,
    pub(crate) acts: Vec<MandateAct>,
    /// What the pages call the person.
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Stated {
    id: MandateId,
    categories: Vec<Category>,
    acts: Vec<MandateAct>,
    name: String,
}

impl Person {
    /// A statement that names somebody else without a mandate is none.
    pub(crate) fn of(user: &User) -> Result<Self, Failure> {
        let text = |claim: &str| user.claims.get(claim).and_then(Value::as_str);
        let number = |claim| text(claim).and_then(|number| Bsn::parse(number).ok());
        let (Some(acting), Some(legal)) = (number(ACTING), number(LEGAL)) else {
            return Err(Failure::denied());
        };
        let stated = user.claims.get(MANDATE).cloned().map(serde_json::from_value::<Stated>);
        let kind = text(REPRESENTATION).map(MandateKind::parse);
        let mandate = match (stated, kind) {
            (None, None) if acting == legal => None,
            (Some(Ok(stated)), Some(Some(kind))) if acting != legal => {
                let name = stated.name.chars().filter(|c| !c.is_control()).take(80).collect();
                let Stated { id, categories, acts, .. } = stated;
                Some(Held { id, kind, categories, acts, name })
            }
            _ => return Err(Failure::denied()),
        };
        let born = text(BORN).and_then(|born| BirthDate::parse(born).ok());
        Ok(Self { acting, legal, born, mandate })
    }

    /// Whom the pages are about, in the canonical form.
    pub(crate) fn subject(&self) -> String {
        canonical(&self.legal)
    }

    /// Who signed in, in the canonical form.
    pub(crate) fn acting(&self) -> String {
        canonical(&self.acting)
    }

    /// Whether the mandate covers an act; people do everything for themselves.
    pub(crate) fn may(&self, act: MandateAct) -> bool {
        self.mandate.as_ref().is_none_or(|held| held.acts.contains(&act))
    }

    /// Whether the mandate covers a kind of data.
    pub(crate) fn covers(&self, category: &Category) -> bool {
        self.mandate.as_ref().is_none_or(|held| held.categories.contains(category))
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("mandate", &self.mandate.is_some()).finish_non_exhaustive()
    }
}

pub(crate) fn canonical(number: &Bsn) -> String {
    format!("nl.bsn:{}", number.expose())
}

#[cfg(test)]
impl Person {
    pub(crate) fn themselves() -> Self {
        let number = Bsn::parse("999990342").unwrap();
        Self { acting: number.clone(), legal: number, born: None, mandate: None }
    }

    pub(crate) fn representing(categories: &[&str], acts: &[&str]) -> Self {
        let mandate = Held {
            id: MandateId::parse("019a0000-0000-7000-8000-000000000000").unwrap(),
            kind: MandateKind::Voluntary,
            categories: categories.iter().map(|word| Category::parse(word).unwrap()).collect(),
            acts: acts.iter().map(|word| MandateAct::parse(word).unwrap()).collect(),
            name: "Sem".to_owned(),
        };
        Self { legal: Bsn::parse("999994086").unwrap(), mandate: Some(mandate), ..Self::themselves() }
    }
}
