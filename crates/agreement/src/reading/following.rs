//! `[match]` and `[feedback]`: what follows from what partners tell each other.

use std::collections::BTreeMap;

use kw_domain::{Category, Oin};

use crate::reading::cursor::Fields;
use crate::reading::references::{self, Declared};
use crate::{CategoryRules, FeedbackRules, MatchRules};

pub(crate) fn read_match(
    top: &mut Fields<'_>,
    declared: &Declared<'_>,
    categories: Option<&BTreeMap<Category, CategoryRules>>,
) -> Option<MatchRules> {
    let usual = MatchRules::default();
    let Some(section) = top.optional("match") else { return Some(usual) };
    let mut fields = section.fields()?;
    let mut parties = |key| match fields.optional(key) {
        Some(node) => references::words(&node, "partner", &declared.partners, Oin::parse),
        None => Some(usual.coordinators.clone()),
    };
    let (coordinators, registrars) = (parties("coordinators"), parties("registrars"));
    let contact_within = match fields.optional("contact_within") {
        Some(node) => working_days(&node),
        None => Some(usual.contact_within),
    };
    fields.finish();
    let rules =
        MatchRules { coordinators: coordinators?, contact_within: contact_within?, registrars: registrars? };
    let family = |rules: &CategoryRules| rules.matching.as_ref().is_some_and(|matching| matching.family);
    if !rules.registrars.is_empty() && !categories?.values().any(family) {
        section.refuse(
            "relations are declared for family match, and no category has that",
            "leave registrars out, or cite the law in a category: match = { legal_basis = \"…\", family = true }",
        );
    }
    Some(rules)
}

pub(crate) fn read_feedback(top: &mut Fields<'_>) -> Option<FeedbackRules> {
    let usual = FeedbackRules::default();
    let Some(section) = top.optional("feedback") else { return Some(usual) };
    let mut fields = section.fields()?;
    let take_up_within = match fields.optional("take_up_within") {
        Some(node) => working_days(&node),
        None => Some(usual.take_up_within),
    };
    fields.finish();
    Some(FeedbackRules { take_up_within: take_up_within? })
}

fn working_days(node: &crate::reading::cursor::Node<'_>) -> Option<u32> {
    node.number(1..MOST + 1).and_then(|days| u32::try_from(days).ok())
}

/// Twelve weeks.
const MOST: u64 = 60;
