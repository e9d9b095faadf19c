//! What an auditor may ask of an access log: which records are meant, in one canonical form.
//!
//! A filter speaks of what a record says: time, parties, persons who acted, reasons, results. It has no field for a
//! subject: the records about one person are found only after two auditors agreed (docs/audit.md).

use std::fmt;

use kw_domain::{
    ActorId, Bsn, CaseReference, Category, Instant, Oin, Purpose, ResolutionId, Role, TransactionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccessRecord, Event, Outcome, Recordable, Verdict};

/// Which records are meant: those that fit every field that is there.
///
/// Fields stand in the order of their JSON names, so that serde's output is canonical (docs/decisions/0009).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessFilter {
    /// The person behind the act, as their organisation knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor: Option<ActorId>,
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// For this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseReference>,
    /// About this kind of data, asked or granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// What happened: one of the codes in docs/logging.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Instant>,
    /// Somebody who was involved as holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub holder: Option<Oin>,
    /// The law, as the agreement words it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub legal_basis: Option<LegalBasis>,
    /// The organisation that acted, or for which it acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub party: Option<Oin>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Outcome>,
    /// What the person was to their organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// The organisation whose service made the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub service: Option<Oin>,
    /// W3C trace id: 32 lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    pub trace: Option<TraceId>,
    /// The exchange itself, or a pull that was granted in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub transaction: Option<TransactionId>,
    /// Before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

impl Recordable for AccessFilter {}

impl AccessFilter {
    /// Whether a record is meant.
    pub fn matches(&self, record: &AccessRecord) -> bool {
        self.at(record.at) && self.what(record) && self.who(record) && self.why(record)
    }

    /// Whether it asks for nothing but a period. Only then can an erased record be told to belong.
    pub fn is_period_only(&self) -> bool {
        *self == Self { from: self.from, until: self.until, ..Self::default() }
    }

    /// What is wrong beyond the types of the fields: the field's JSON name and what was expected there.
    pub fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        let mut mistakes = Vec::new();
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            mistakes.push(("until", "expected a moment after `from`"));
        }
        // The filter is recorded as it is, and no record may hold a BSN.
        let texts = [
            ("actor", self.actor.as_ref().map(ActorId::as_str)),
            ("case", self.case.as_ref().map(CaseReference::as_str)),
            ("legalBasis", self.legal_basis.as_ref().map(LegalBasis::as_str)),
        ];
        let numbers = texts.iter().filter(|(_, text)| text.is_some_and(Bsn::occurs_in));
        mistakes.extend(numbers.map(|(field, _)| (*field, "expected no citizen service number")));
        mistakes
    }

    fn at(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    fn what(&self, record: &AccessRecord) -> bool {
        fits(self.event.as_ref(), Some(&record.event))
            && fits(self.result.as_ref(), Some(&record.result))
            && fits(self.verdict.as_ref(), Some(&record.decision.verdict))
            && fits(self.trace.as_ref().map(TraceId::as_str), record.trace.as_deref())
            && among(self.transaction.as_ref(), || {
                record.transaction.iter().chain(record.grants.iter().map(|grant| &grant.transaction))
            })
    }

    fn who(&self, record: &AccessRecord) -> bool {
        let actor = record.actor.as_ref();
        fits(self.actor.as_ref(), actor.map(|actor| &actor.id))
            && fits(self.role.as_ref(), actor.map(|actor| &actor.role))
            && fits(self.service.as_ref(), Some(&record.service))
            && among(self.party.as_ref(), || std::iter::once(&record.party).chain(&record.on_behalf_of))
            && among(self.holder.as_ref(), || {
                record.holders.iter().chain(record.grants.iter().map(|grant| &grant.holder))
            })
    }

    fn why(&self, record: &AccessRecord) -> bool {
        fits(self.purpose.as_ref(), record.purpose.as_ref())
            && fits(self.case.as_ref(), record.case.as_ref())
            && fits(self.legal_basis.as_ref().map(LegalBasis::as_str), record.legal_basis.as_deref())
            && fits(
                self.basis.map(Basis::as_str),
                record.relation.as_ref().map(|relation| relation.basis.as_str()),
            )
            && among(self.category.as_ref(), || {
                record.categories.iter().chain(record.grants.iter().map(|grant| &grant.category))
            })
    }
}

/// Nothing asked, or exactly this.
fn fits<T: PartialEq + ?Sized>(asked: Option<&T>, found: Option<&T>) -> bool {
    asked.is_none() || asked == found
}

/// Nothing asked, or one of these.
fn among<'a, T: PartialEq + 'a, I: Iterator<Item = &'a T>>(asked: Option<&T>, found: impl Fn() -> I) -> bool {
    asked.is_none_or(|asked| found().any(|one| one == asked))
}

/// One reading of the log, as the record of that reading says it (NEN 7513 §7.4: the search question).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Search {
    /// Only entries before this index: a later page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// Which records.
    #[serde(default)]
    pub filter: AccessFilter,
    /// About the subject of this resolution, which two auditors agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ResolutionId>,
}

impl Recordable for Search {}

/// On what ground somebody asked (design §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// In need.
    Emergency,
    /// With a pointer or case of the asker's own.
    Listed,
    /// With a reason.
    Motivated,
}

impl Basis {
    /// As it stands in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Listed => "listed",
            Self::Motivated => "motivated",
        }
    }
}

/// The text of a legal basis: at most 500 bytes, printable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LegalBasis(Box<str>);

/// A W3C trace id: 32 lower-case hexadecimal digits, not all zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId(Box<str>);

/// What was expected of a text in a filter. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct FilterTextError(&'static str);

impl LegalBasis {
    /// Parses the text.
    pub fn parse(text: &str) -> Result<Self, FilterTextError> {
        let well_formed = !text.trim().is_empty() && text.len() <= 500 && !text.chars().any(char::is_control);
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(FilterTextError("1 to 500 bytes of printable text"))
        }
    }
}

impl TraceId {
    /// Parses the digits.
    pub fn parse(text: &str) -> Result<Self, FilterTextError> {
        let digits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.bytes().any(|byte| byte != b'0') {
            Ok(Self(text.into()))
        } else {
            Err(FilterTextError("32 lower-case hexadecimal digits, not all zero"))
        }
    }
}

macro_rules! texts {
    ($($name:ident),+) => {$(
        impl $name {
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

        impl std::str::FromStr for $name {
            type Err = FilterTextError;

            fn from_str(text: &str) -> Result<Self, FilterTextError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FilterTextError;

            fn try_from(text: String) -> Result<Self, FilterTextError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.into()
            }
        }
    )+};
}

texts!(LegalBasis, TraceId);

#[cfg(test)]
mod tests;
