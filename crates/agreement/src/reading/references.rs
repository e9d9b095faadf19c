//! The words that the file declares, for checking references to them.

use std::collections::BTreeSet;
use std::fmt::Display;

use toml::Spanned;
use toml::de::DeValue;

use crate::reading::cursor::{Entry, Fields, Node};
use crate::reading::hint;

/// Categories, roles, kinds of partner and OINs of partners as they are written, whether or not their own entries are sound.
pub(crate) struct Declared<'a> {
    pub(crate) categories: Vec<&'a str>,
    pub(crate) roles: Vec<&'a str>,
    pub(crate) kinds: Vec<&'a str>,
    pub(crate) partners: Vec<&'a str>,
    pub(crate) suppliers: Vec<&'a str>,
    /// Whether some kind of mandate exists.
    pub(crate) mandates: bool,
    /// Whether somebody may record consent.
    pub(crate) consent_registrars: bool,
    /// How many partners could cosign the switchboard's log.
    pub(crate) witnesses: usize,
}

impl<'a> Declared<'a> {
    pub(crate) fn read(top: &mut Fields<'a>) -> Self {
        let mut keys = |section| match top.optional(section).and_then(|node| node.value.as_table()) {
            Some(table) => table.keys().map(|key| key.get_ref().as_ref()).collect(),
            None => Vec::new(),
        };
        let (categories, roles) = (keys("categories"), keys("roles"));
        let partners = top.optional("partners").and_then(|node| node.value.as_array());
        let of_partners = |key: &str| {
            let mut texts: Vec<&str> = partners
                .into_iter()
                .flatten()
                .filter_map(|partner| partner.get_ref().get(key)?.get_ref().as_str())
                .collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        };
        let flag = |partner: &DeValue<'_>, key| partner.get(key).and_then(|node| node.get_ref().as_bool());
        let witnesses = partners.into_iter().flatten().map(Spanned::get_ref).filter(|partner| {
            partner.get("witness_key").is_some() && flag(partner, "suspended") != Some(true)
        });
        let suppliers = top.optional("suppliers").and_then(|node| node.value.as_array());
        let suppliers: Vec<&str> = suppliers
            .into_iter()
            .flatten()
            .filter_map(|supplier| supplier.get_ref().get("oin")?.get_ref().as_str())
            .collect();
        let mut below =
            |section, key| top.optional(section).and_then(|node| Some(node.value.get(key)?.get_ref()));
        let mandates = below("representation", "kinds")
            .and_then(DeValue::as_table)
            .is_some_and(|kinds| !kinds.is_empty());
        let consent_registrars = below("consent", "registrars")
            .and_then(DeValue::as_array)
            .is_some_and(|registrars| !registrars.is_empty());
        Self {
            categories,
            roles,
            kinds: of_partners("kind"),
            partners: of_partners("oin"),
            suppliers,
            mandates,
            consent_registrars,
            witnesses: witnesses.count(),
        }
    }
}

/// A list of different words, each of which must be among `declared`.
pub(crate) fn words<T: Ord, E: Display>(
    node: &Node<'_>,
    what: &'static str,
    declared: &[&str],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<BTreeSet<T>> {
    let mut words = BTreeSet::new();
    for item in node.items()? {
        let Some(text) = item.text() else { continue };
        if !declared.contains(&text) {
            // A word that is itself mistaken is no advice.
            let sound: Vec<&str> = declared.iter().copied().filter(|word| parse(word).is_ok()).collect();
            item.refuse(format!("the agreement has no such {what}"), hint::among(text, &sound));
        } else if let Some(word) = item.parsed(&parse)
            && !words.insert(word)
        {
            item.refuse(format!("this {what} stands here twice"), "remove one");
        }
    }
    Some(words)
}

/// A word that must be among `declared`.
pub(crate) fn word<T, E: Display>(
    node: &Node<'_>,
    what: &'static str,
    declared: &[&str],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    let text = node.text()?;
    if declared.contains(&text) {
        // A word that is itself mistaken has its complaint where it is declared.
        return parse(text).ok();
    }
    let sound: Vec<&str> = declared.iter().copied().filter(|word| parse(word).is_ok()).collect();
    node.refuse(format!("the agreement has no such {what}"), hint::among(text, &sound));
    None
}

/// The key of an entry as a word that must be among `declared`.
pub(crate) fn key<T, E: Display>(
    entry: &Entry<'_>,
    what: &'static str,
    declared: &[&str],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    if declared.contains(&entry.key) {
        return parse(entry.key).ok();
    }
    let sound: Vec<&str> = declared.iter().copied().filter(|word| parse(word).is_ok()).collect();
    entry.refuse_key(format!("the agreement has no such {what}"), hint::among(entry.key, &sound));
    None
}
