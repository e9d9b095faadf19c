//! `[representation]`: who may act for whom.

use std::collections::BTreeMap;

use kw_domain::{Category, Oin};

use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::hint;
use crate::reading::references::{self, Declared};
use crate::reading::values;
use crate::{
    AgeBand, MandateAct, MandateKind, MandateRules, RepresentationRules, Side, StatementProvider, Term,
};

pub(crate) fn read(
    top: &mut Fields<'_>,
    environment: Option<Environment>,
    declared: &Declared<'_>,
) -> Option<RepresentationRules> {
    let Some(section) = top.optional("representation") else { return Some(RepresentationRules::default()) };
    let mut fields = section.fields()?;
    let provider = match fields.optional("provider") {
        Some(node) => provider(&node, environment, declared).map(Some),
        None => Some(None),
    };
    let kinds = match fields.optional("kinds") {
        Some(node) => kinds(&node, declared),
        None => Some(BTreeMap::new()),
    };
    fields.finish();
    Some(RepresentationRules { kinds: kinds?, provider: provider? })
}

fn provider(
    node: &Node<'_>,
    environment: Option<Environment>,
    declared: &Declared<'_>,
) -> Option<StatementProvider> {
    let mut fields = node.fields()?;
    let oin = fields
        .required("oin")
        .and_then(|node| references::word(&node, "partner", &declared.partners, Oin::parse));
    let issuer = fields.required("issuer").and_then(|node| values::provider_address(&node, environment));
    let assurance_levels = fields.required("assurance_levels").and_then(|node| assurance_levels(&node));
    fields.finish();
    Some(StatementProvider { oin: oin?, issuer: issuer?, assurance_levels: assurance_levels? })
}

fn assurance_levels(node: &Node<'_>) -> Option<Vec<String>> {
    let mut levels = Vec::new();
    let items = node.items()?;
    for item in &items {
        if let Some(level) = values::assurance_level(item) {
            if levels.contains(&level) {
                item.refuse("this level stands here twice", "remove one");
            }
            levels.push(level);
        }
    }
    if items.is_empty() {
        node.refuse(
            "without a level of assurance no statement counts",
            "list the levels that the chain accepts, the weakest first",
        );
    }
    Some(levels)
}

fn kinds(node: &Node<'_>, declared: &Declared<'_>) -> Option<BTreeMap<MandateKind, MandateRules>> {
    let mut kinds = BTreeMap::new();
    let mut all_read = true;
    for entry in node.fields()?.entries() {
        let kind = MandateKind::parse(entry.key);
        if kind.is_none() {
            let known = MandateKind::ALL.map(MandateKind::as_str);
            entry.refuse_key("there is no such kind of mandate", hint::among(entry.key, &known));
        }
        match (kind, rules(&entry.node, declared)) {
            (Some(kind), Some(rules)) => _ = kinds.insert(kind, rules),
            _ => all_read = false,
        }
    }
    all_read.then_some(kinds)
}

fn rules(node: &Node<'_>, declared: &Declared<'_>) -> Option<MandateRules> {
    let mut fields = node.fields()?;
    let registrars = fields.required("registrars").and_then(|node| {
        let registrars = references::words(&node, "partner", &declared.partners, Oin::parse)?;
        values::complain_if_empty(&node, &registrars, "without a registrar nobody has such a mandate");
        Some(registrars)
    });
    let categories = fields.required("categories").and_then(|node| {
        let categories = references::words(&node, "category", &declared.categories, Category::parse)?;
        values::complain_if_empty(&node, &categories, "a mandate over no category allows nothing");
        Some(categories)
    });
    let acts = fields.required("acts").and_then(|node| {
        let acts = values::choices(&node, &MandateAct::ALL, MandateAct::as_str)?;
        values::complain_if_empty(&node, &acts, "a mandate without acts allows nothing");
        Some(acts)
    });
    let max_term = fields.required("max_term").and_then(|node| values::term(&node, Term::days(1), LONGEST));
    let ages = fields.required("ages").and_then(|node| ages(&node));
    fields.finish();
    Some(MandateRules {
        registrars: registrars?,
        categories: categories?,
        acts: acts?,
        max_term: max_term?,
        ages: ages?,
    })
}

fn ages(node: &Node<'_>) -> Option<Vec<AgeBand>> {
    let mut bands: Vec<(AgeBand, usize)> = Vec::new();
    let mut all_read = true;
    let items = node.items()?;
    for item in &items {
        let Some(band) = band(item) else {
            all_read = false;
            continue;
        };
        for (other, line) in &bands {
            if other.name == band.name {
                item.refuse(format!("the band of line {line} has this name already"), "name each once");
            }
            let apart = other.below.is_some_and(|below| below <= band.from)
                || band.below.is_some_and(|below| below <= other.from);
            if !apart {
                item.refuse(
                    format!("these ages overlap those of line {line}: who must confirm would be unclear"),
                    "let one band begin where the other ends",
                );
            }
        }
        bands.push((band, item.line()));
    }
    if items.is_empty() {
        node.refuse("without ages nobody has such a mandate", "add { name = \"any-age\", from = 0 }");
    }
    let mut bands: Vec<AgeBand> = bands.into_iter().map(|(band, _)| band).collect();
    bands.sort_by_key(|band| band.from);
    all_read.then_some(bands)
}

fn band(node: &Node<'_>) -> Option<AgeBand> {
    let mut fields = node.fields()?;
    // A band is named like a category; the complaint must not call it one.
    let name = fields.required("name").and_then(|node| {
        node.parsed(|text| Category::parse(text).map(|_| text.to_owned()).map_err(|_| NAME_FORM))
    });
    let from = fields.required("from").and_then(|node| node.number(0..OLDEST + 1));
    let below = match fields.optional("below") {
        Some(node) => node.number(1..OLDEST + 2).map(Some),
        None => Some(None),
    };
    let confirmed_by = match fields.optional("confirmed_by") {
        Some(node) => values::choices(&node, &Side::ALL, Side::as_str),
        None => Some([].into()),
    };
    fields.finish();
    let (from, below) = (from?, below?);
    if below.is_some_and(|below| below <= from) {
        node.refuse("a band ends after it begins", "write a smaller from or a greater below");
    }
    let years = |age: u64| u32::try_from(age).ok();
    Some(AgeBand {
        name: name?,
        from: years(from)?,
        below: below.and_then(years),
        confirmed_by: confirmed_by?,
    })
}

const NAME_FORM: &str =
    "a band is named with 1 to 64 lower-case letters, digits and hyphens, and begins with a letter";
/// A guardianship has no end of its own; it is looked at again within this time.
const LONGEST: Term = Term::years(30);
const OLDEST: u64 = 130;
