//! Reading page by page: what comes, and whether it comes again.

use std::collections::BTreeMap;

use super::report::{Grade, PagingCheck, RefusedRows, SourceCheck};
use super::wording::masked;
use super::{CheckPlan, Trouble, timed};
use crate::{Change, ChangePage, Cursor, RefusedRow, Source, SourceRecord};

/// What was read.
#[derive(Default)]
pub(super) struct ReadPart {
    pub(super) changes: Vec<Change>,
    pub(super) refused: Vec<RefusedRow>,
    /// Whether anything could be read.
    pub(super) any: bool,
}

/// Reads a bounded part from the start, the first two pages twice, and once more after the end.
pub(super) async fn read(source: &dyn Source, plan: &CheckPlan<'_>, report: &mut SourceCheck) -> ReadPart {
    let mut part = ReadPart::default();
    let mut paging = PagingCheck::default();
    let mut after: Option<Cursor> = None;
    loop {
        let number = paging.pages + 1;
        let page = match one(source, after.as_ref(), &format!("page {number}"), plan, report).await {
            Ok(page) => page,
            Err(trouble) => {
                trouble_with_page(report, number, &trouble);
                break;
            }
        };
        part.any = true;
        paging.pages = number;
        if number <= 2 {
            let again = one(source, after.as_ref(), &format!("page {number} again"), plan, report).await;
            let same = again.is_ok_and(|again| keys(&again) == keys(&page));
            if number == 1 {
                paging.first_page_repeats = Some(same);
            } else {
                paging.second_page_repeats = Some(same);
            }
        }
        if page.more && after.as_ref() == Some(&page.cursor) {
            report.found(
                Grade::Wrong,
                "paging",
                None,
                "the source says that there is more, and gives the same cursor again",
                "let each page end with a cursor of its own",
            );
            break;
        }
        part.changes.extend(page.changes);
        part.refused.extend(page.refused);
        after = Some(page.cursor);
        if !page.more {
            (paging.to_the_end, paging.complete) = (true, page.complete);
            paging.unchanged_records = unchanged(source, after.as_ref(), plan, report).await;
            break;
        }
        if part.changes.len() >= plan.bounds.records {
            break;
        }
    }
    report.refused = by_reason(&part.refused);
    if part.any {
        report.paging = Some(paging);
    }
    part
}

/// Reads the beginning again through a source that gives small pages: where the query compares otherwise than it orders,
/// or a key is not unique, records are missing between two pages.
pub(super) async fn compare(
    narrow: &dyn Source,
    read: &ReadPart,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
) {
    let mut found = Vec::new();
    let mut after: Option<Cursor> = None;
    for number in 1..=SMALL_PAGES {
        let step = format!("small page {number}");
        match one(narrow, after.as_ref(), &step, plan, report).await {
            Ok(page) => {
                found.extend(keys(&page));
                after = Some(page.cursor);
                if !page.more {
                    break;
                }
            }
            Err(trouble) => {
                trouble_with_page(report, number, &trouble);
                return;
            }
        }
    }
    let Some(paging) = &mut report.paging else { return };
    let expected: Vec<_> = read.changes.iter().map(key).collect();
    let common = found.len().min(expected.len());
    paging.small_pages_agree = Some(found[..common] == expected[..common]);
}

async fn one(
    source: &dyn Source,
    after: Option<&Cursor>,
    step: &str,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
) -> Result<ChangePage, Trouble> {
    timed(report, step, plan.bounds.page_deadline, source.changes(after)).await
}

/// What comes after the end, page by page, as far as anything does.
async fn unchanged(
    source: &dyn Source,
    after: Option<&Cursor>,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
) -> Option<u64> {
    let mut after = after.cloned();
    let mut records = 0;
    for number in 1..=SMALL_PAGES {
        let page =
            one(source, after.as_ref(), &format!("after the end, {number}"), plan, report).await.ok()?;
        records += page.changes.len() as u64;
        if !page.more || records >= plan.bounds.records as u64 {
            return Some(records);
        }
        after = Some(page.cursor);
    }
    Some(records)
}

fn trouble_with_page(report: &mut SourceCheck, number: u64, trouble: &Trouble) {
    let (grade, next) = if trouble.is_passing() {
        (Grade::Unavailable, "look whether the system is up and can be reached from here; then check again")
    } else {
        (Grade::Wrong, "mend the configuration or the source")
    };
    report.found(grade, "reading", None, format!("page {number} cannot be read: {}", trouble.words()), next);
}

/// What tells one change from another.
type Key = (bool, String, String, Vec<u8>, Option<String>);

fn keys(page: &ChangePage) -> Vec<Key> {
    page.changes.iter().map(key).collect()
}

fn key(change: &Change) -> Key {
    match change {
        Change::Gone { category, record } => {
            (false, category.to_string(), record.as_str().to_owned(), Vec::new(), None)
        }
        Change::Present(SourceRecord { category, record, subject, birth_date }) => {
            let born = birth_date.and_then(|date| date.digits_at(date.precision()));
            (true, category.to_string(), record.as_str().to_owned(), subject.canonical().to_vec(), born)
        }
    }
}

fn by_reason(refused: &[RefusedRow]) -> Vec<RefusedRows> {
    let mut reasons: BTreeMap<(String, String), RefusedRows> = BTreeMap::new();
    for row in refused {
        let (origin, reason) = (masked(&row.origin), masked(&row.reason));
        let entry = reasons.entry((origin.clone(), reason.clone())).or_insert(RefusedRows {
            origin,
            reason,
            count: 0,
            rows: Vec::new(),
        });
        entry.count += 1;
        if entry.rows.len() < NAMED_ROWS {
            entry.rows.extend(row.row);
        }
    }
    reasons.into_values().collect()
}

/// Rows of one reason that are named.
const NAMED_ROWS: usize = 10;
/// Small pages that are read.
const SMALL_PAGES: u64 = 10;
