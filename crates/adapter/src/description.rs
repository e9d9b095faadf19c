//! What a source makes of its system, for a person who checks a configuration before anything is registered.
//!
//! Names of settings, columns and members stand here, never a value of a record. A name that may itself be a value (the
//! first line of a file without a header, the members of a JSON object) is left out by the source, or replaced.

use std::collections::BTreeMap;

use kw_domain::Category;
use serde::{Deserialize, Serialize};

/// What a source says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceDescription {
    /// What it is, in a few words: `a MariaDB database, version 10.11, over TLS`. Empty when the source does not say.
    pub system: String,
    /// What is made of each category. A category may be missing.
    pub categories: BTreeMap<Category, CategoryDescription>,
}

/// How the records of one category are made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryDescription {
    /// What [`crate::RefusedRow::origin`] says of rows of this category.
    pub origins: Vec<String>,
    /// Which column or member is what.
    pub roles: Vec<RoleDescription>,
    /// Which column or member becomes what in the document. Empty when all of them pass through.
    pub fields: Vec<FieldDescription>,
    /// How many rows make its records, where that differs from the number of records and can be told.
    pub rows: Option<u64>,
    /// Whether it can tell what changed since it was last read. If not, everything comes again at each sync.
    pub tells_changes: Option<bool>,
    /// What the source itself finds wrong or doubtful.
    pub concerns: Vec<Concern>,
}

/// A column or member with a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleDescription {
    /// What it is.
    pub role: FieldRole,
    /// Its name, as configured or as found; none when there is no such column.
    pub column: Option<String>,
    /// Why this one: `configured`, `found by its name`.
    pub why: String,
}

/// What a column or member can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldRole {
    /// What the content is true as of.
    AsOf,
    /// The birth date.
    BirthDate,
    /// When the record last changed.
    ChangedAt,
    /// The whole document.
    Document,
    /// Whether the record no longer holds.
    Gone,
    /// The record's own key.
    Key,
    /// Whom the record is about.
    Subject,
    /// What is under investigation.
    UnderInvestigation,
}

/// A column or member that goes into the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDescription {
    /// Its name at the source.
    pub from: String,
    /// A JSON pointer into the document.
    pub to: String,
    /// What it becomes, in the words of the configuration: `date`, `number`, `any`.
    pub becomes: String,
}

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Concern {
    /// What it is.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

impl FieldRole {
    /// In words for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsOf => "as-of moment",
            Self::BirthDate => "birth date",
            Self::ChangedAt => "last change",
            Self::Document => "document",
            Self::Gone => "no longer holds",
            Self::Key => "own key",
            Self::Subject => "subject",
            Self::UnderInvestigation => "under investigation",
        }
    }
}

impl RoleDescription {
    /// A column that was found or named.
    pub fn new(role: FieldRole, column: impl Into<String>, why: impl Into<String>) -> Self {
        Self { role, column: Some(column.into()), why: why.into() }
    }

    /// No column is this; `why` says what is done instead.
    pub fn absent(role: FieldRole, why: impl Into<String>) -> Self {
        Self { role, column: None, why: why.into() }
    }
}

impl Concern {
    /// What it is, and what to do about it.
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }
}
