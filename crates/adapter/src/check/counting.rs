//! What would be registered: the records that were read, counted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kw_domain::{Category, DatePrecision, SubjectScheme};

use super::CheckPlan;
use super::paging::ReadPart;
use super::report::{CategoryCheck, Grade, SourceCheck};
use super::wording::masked;
use crate::description::{CategoryDescription, SourceDescription};
use crate::sync::is_past_age_limit;
use crate::{Change, LocalId, Source};

/// Fills in a report's categories: those that are configured, described or given.
pub(super) fn count(
    source: &dyn Source,
    description: &SourceDescription,
    read: &ReadPart,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
) {
    let configured = source.categories();
    let mut categories: BTreeSet<Category> = configured.clone();
    categories.extend(description.categories.keys().cloned());
    categories.extend(read.changes.iter().map(|change| category_of(change).clone()));
    let nothing = CategoryDescription::default();
    let mut counted: BTreeMap<Category, (CategoryCheck, Seen)> = BTreeMap::new();
    for category in categories {
        let described = description.categories.get(&category).unwrap_or(&nothing);
        let check = CategoryCheck {
            category: Some(category.clone()),
            agreed: plan.agreement.map(|(agreement, holder)| agreement.may_register(holder, &category)),
            rows: described.rows,
            refused: refused_of(&category, described, read),
            roles: described.roles.clone(),
            fields: described.fields.clone(),
            ..CategoryCheck::default()
        };
        for concern in &described.concerns {
            let (what, next) = (masked(&concern.what), masked(&concern.next));
            report.found(Grade::Doubtful, "configuration", Some(&category), what, next);
        }
        if !configured.contains(&category) {
            report.found(
                Grade::Wrong,
                "categories",
                Some(&category),
                "the source gives records of a category that it does not name",
                "let `categories` name every category that `changes` gives",
            );
        }
        counted.insert(category, (check, Seen::default()));
    }
    for change in &read.changes {
        if let Some((check, seen)) = counted.get_mut(category_of(change)) {
            seen.add(change, check, plan);
        }
    }
    report.categories = counted
        .into_values()
        .map(|(mut check, seen)| {
            check.subjects = seen.subjects.len() as u64;
            check
        })
        .collect();
}

/// Rows that cannot be used, where it can be told that they are of this category.
fn refused_of(category: &Category, described: &CategoryDescription, read: &ReadPart) -> u64 {
    let of_it = |row: &&crate::RefusedRow| match &row.record {
        Some((of, _)) => of == category,
        None => row.origin == category.as_str() || described.origins.contains(&row.origin),
    };
    read.refused.iter().filter(of_it).count() as u64
}

fn category_of(change: &Change) -> &Category {
    match change {
        Change::Gone { category, .. } => category,
        Change::Present(record) => &record.category,
    }
}

/// What was seen of a category so far.
#[derive(Default)]
struct Seen {
    records: HashSet<LocalId>,
    subjects: HashSet<Vec<u8>>,
}

impl Seen {
    fn add(&mut self, change: &Change, check: &mut CategoryCheck, plan: &CheckPlan<'_>) {
        let record = match change {
            Change::Gone { .. } => {
                check.gone += 1;
                return;
            }
            Change::Present(record) => record,
        };
        check.records += 1;
        if !self.records.insert(record.record.clone()) {
            check.duplicates += 1;
            return;
        }
        self.subjects.insert(record.subject.canonical().to_vec());
        *check.subject_schemes.entry(scheme(record.subject.scheme()).to_owned()).or_default() += 1;
        let counts = &mut check.birth_dates;
        *match record.birth_date.map(|date| date.precision()) {
            Some(DatePrecision::Day) => &mut counts.day,
            Some(DatePrecision::Month) => &mut counts.month,
            Some(DatePrecision::Year) => &mut counts.year,
            None => &mut counts.none,
        } += 1;
        let limit = plan
            .agreement
            .and_then(|(agreement, _)| agreement.category(&record.category))
            .and_then(|rules| rules.age_limit);
        if is_past_age_limit(limit, record.birth_date.as_ref(), plan.now) {
            check.past_age_limit += 1;
        } else if check.agreed != Some(false) {
            check.registrable += 1;
        }
    }
}

fn scheme(scheme: SubjectScheme) -> &'static str {
    match scheme {
        SubjectScheme::Bsn => "bsn",
        SubjectScheme::Case => "case",
        SubjectScheme::Kvk => "kvk",
        SubjectScheme::Rsin => "rsin",
    }
}
