//! Compares every decision of an agreement with a table that a person wrote down.

use std::collections::{BTreeMap, BTreeSet};

use kw_agreement::{Agreement, Allowed, Decision, DecisionInput, DenialReason};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

/// What one row of the table allows.
struct Row {
    kinds: Vec<&'static str>,
    bases: &'static str,
    proven: bool,
    categories: BTreeSet<Category>,
}

/// Reads the table: a heading with the categories, then `purpose role kind|kind bases proof` and an `x` or `-` per
/// category. Bases by initial (`L`isted, `M`otivated, `E`mergency); proof is `proven` or `word`.
fn rows(table: &'static str) -> BTreeMap<(&'static str, &'static str), Row> {
    let mut lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    let categories: Vec<Category> =
        lines.next().unwrap().split_whitespace().map(|name| Category::parse(name).unwrap()).collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let [purpose, role, kinds, bases, proof, marks @ ..] = &cells[..] else { panic!("{line}") };
            assert_eq!(marks.len(), categories.len(), "{line}");
            let marked = categories.iter().zip(marks).filter(|(_, mark)| **mark == "x");
            let row = Row {
                kinds: kinds.split('|').collect(),
                bases,
                proven: *proof == "proven",
                categories: marked.map(|(category, _)| category.clone()).collect(),
            };
            ((*purpose, *role), row)
        })
        .collect()
}

/// Asks everything that can be asked: every party (and a stranger) × purpose × role × categories (none, each one, all,
/// an unknown one) × ground × assurance, with an unknown purpose and an unknown role among them. Returns how many
/// requests were allowed.
pub(crate) fn check(agreement: &Agreement, table: &'static str) -> usize {
    let rows = rows(table);
    let stranger = Oin::parse("00000099000000999000").unwrap();
    let parties: Vec<(Oin, Option<&str>)> = agreement
        .partners()
        .map(|partner| (partner.oin, Some(partner.kind.as_str())))
        .chain([(stranger, None), (agreement.switchboard().oin, None), (agreement.pseudonymiser().oin, None)])
        .collect();
    let purposes: BTreeSet<&str> = rows.keys().map(|(purpose, _)| *purpose).chain(["unheard-of"]).collect();
    let roles: BTreeSet<&str> = rows.keys().map(|(_, role)| *role).chain(["passer-by"]).collect();
    let all: Vec<Category> = agreement.categories().map(|(name, _)| name.clone()).collect();
    let mut wishes: Vec<Vec<Category>> = all.iter().map(|category| vec![category.clone()]).collect();
    wishes.extend([vec![], all, vec![Category::parse("unheard-of").unwrap()]]);

    let mut allowed = 0;
    for (requester, kind) in &parties {
        for purpose in &purposes {
            for role in &roles {
                for categories in &wishes {
                    for (initial, relation) in BASES {
                        for assurance in [Assurance::Asserted, Assurance::Proven] {
                            let expected = rows
                                .get(&(*purpose, *role))
                                .filter(|row| kind.is_some_and(|kind| row.kinds.contains(&kind)))
                                .filter(|row| row.bases.contains(initial))
                                .filter(|row| !row.proven || assurance == Assurance::Proven)
                                .filter(|row| categories.iter().all(|c| row.categories.contains(c)))
                                .map(|row| match &categories[..] {
                                    [] => row.categories.clone(),
                                    some => some.iter().cloned().collect(),
                                });
                            let decision = agreement.decide(&DecisionInput {
                                requester: *requester,
                                supplier: None,
                                purpose: &Purpose::parse(purpose).unwrap(),
                                role: &Role::parse(role).unwrap(),
                                categories,
                                relation,
                                assurance,
                                representation: None,
                                at: Instant::from_millis(0),
                            });
                            let found = match decision {
                                Decision::Allowed(Allowed { categories, .. }) => Some(categories),
                                Decision::Denied(reason) => {
                                    assert_eq!(kind.is_none(), reason == DenialReason::RequesterUnknown);
                                    None
                                }
                            };
                            allowed += usize::from(found.is_some());
                            assert_eq!(
                                found, expected,
                                "{kind:?} {purpose} {role} {categories:?} {relation:?} {assurance:?}"
                            );
                        }
                    }
                }
            }
        }
    }
    allowed
}

const BASES: [(char, RelationBasis); 3] =
    [('L', RelationBasis::Listed), ('M', RelationBasis::Motivated), ('E', RelationBasis::Emergency)];
