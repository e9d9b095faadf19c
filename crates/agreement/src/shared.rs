//! Attributes that several holders give.

use std::collections::BTreeMap;

use kw_domain::{Category, Oin};

use crate::Localised;

/// One attribute that occurs in documents of several categories. The requester compares its values and shows where
/// holders disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAttribute {
    /// Its name in the dossier (kebab-case).
    pub name: String,
    /// Its name for people.
    pub title: Localised,
    /// Where it stands in the documents of each category: a JSON Pointer (RFC 6901).
    pub values: BTreeMap<Category, String>,
    /// The holder whose value is leading, if there is one.
    pub authoritative: Option<Oin>,
}
