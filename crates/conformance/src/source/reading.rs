//! Pages, cursors and rows.

use kw_adapter::Cursor;

use super::SourceTrial;
use super::read::{Reading, told};
use crate::catalogue::{
    CHANGES_ARE_QUIET, ITS_CATEGORIES, NO_REPEATS, POISON, READS_ALIKE, READS_TO_ITS_END, RESUMES,
    ROWS_ARE_USABLE, SAYS_COMPLETE, STRANGE_CURSOR,
};
use crate::report::{Findings, Seen, failed, not_tried, passed};

pub(super) async fn try_reading(trial: &SourceTrial, first: &Reading, findings: &mut Findings) {
    let (records, pages) = (first.records.len(), first.cursors.len());
    findings.note(
        &READS_TO_ITS_END,
        passed(format!(
            "{records} records in {pages} pages, the slowest in {} ms",
            first.longest_page.as_millis()
        )),
    );
    findings.note(
        &NO_REPEATS,
        match first.repeats {
            0 => passed("every key came once"),
            some => failed(format!("{some} records came again")),
        },
    );
    findings.note(&SAYS_COMPLETE, complete(first));
    findings.note(&ITS_CATEGORIES, categories(trial, first));
    rows(first, findings);
    findings.begin();
    findings.note(&READS_ALIKE, alike(trial, first).await);
    findings.note(&RESUMES, resumes(trial, first).await);
    findings.note(&CHANGES_ARE_QUIET, quiet(trial, first).await);
    findings.note(&STRANGE_CURSOR, strange(trial, first).await);
}

fn complete(first: &Reading) -> Seen {
    if first.is_complete {
        return passed("it is everything");
    }
    if first.refused.iter().any(|row| row.record.is_none()) {
        return not_tried("there are rows that nobody can place, so it cannot be complete");
    }
    failed("a page of it says that it is not")
}

fn categories(trial: &SourceTrial, first: &Reading) -> Seen {
    let own = trial.source.categories();
    let strange = first.records.keys().filter(|(category, _)| !own.contains(category)).count();
    let denied = own.iter().filter(|one| !trial.agreement.may_register(trial.holder, one)).count();
    match (strange, denied) {
        (0, 0) => passed(format!("{} categories", own.len())),
        (0, some) => failed(format!("the agreement does not let this partner register {some} of them")),
        (some, _) => failed(format!("{some} records are in a category that the source does not name")),
    }
}

fn rows(first: &Reading, findings: &mut Findings) {
    match first.refused.len() {
        0 => {
            findings.note(&ROWS_ARE_USABLE, passed("no row is refused"));
        }
        some => {
            // Where they are is the source's own words, which may be anything; the status of the partner shows them.
            let unplaced = first.refused.iter().filter(|row| row.record.is_none()).count();
            let seen = format!("{some} rows cannot be used; of {unplaced} the record cannot be told");
            findings.note(&ROWS_ARE_USABLE, failed(seen));
            if !first.records.is_empty() {
                let seen = format!("{some} rows are refused, and {} records were read", first.records.len());
                findings.note(&POISON, passed(seen));
            }
        }
    }
}

async fn alike(trial: &SourceTrial, first: &Reading) -> Seen {
    match Reading::from_start(&*trial.source).await {
        Err(why) => failed(format!("the second read broke off: {why}")),
        Ok(second) => match (second.lacks(first), first.lacks(&second)) {
            (0, 0) => passed(format!("{} records both times", second.records.len())),
            (missing, new) => failed(format!(
                "{missing} records of the first read are not in the second, and {new} of the second not in the first"
            )),
        },
    }
}

/// From the first, the middle and the last page but one: what came after it must come again.
async fn resumes(trial: &SourceTrial, first: &Reading) -> Seen {
    let pages = first.cursors.len();
    if pages < 2 {
        return not_tried("everything came in one page: there is no earlier cursor");
    }
    let mut places = vec![0, (pages - 1) / 2, pages - 2];
    places.dedup();
    for place in &places {
        let Some((cursor, seen)) = first.cursors.get(*place) else { continue };
        let rest = match Reading::after(&*trial.source, Some(cursor.clone())).await {
            Ok(rest) => rest,
            Err(error) => return failed(format!("reading on after page {}: {}", place + 1, told(&error))),
        };
        let missing = first.order.iter().skip(*seen).filter(|key| !rest.records.contains_key(*key)).count();
        if missing > 0 {
            return failed(format!("after page {} of {pages}, {missing} records do not come", place + 1));
        }
    }
    passed(format!("from {} places of {pages} pages", places.len()))
}

async fn quiet(trial: &SourceTrial, first: &Reading) -> Seen {
    match Reading::after(&*trial.source, first.end()).await {
        Err(error) => failed(told(&error)),
        Ok(after) => match after.gone.iter().filter(|key| first.records.contains_key(*key)).count() {
            0 => passed(format!("{} records came again, none is said to be gone", after.records.len())),
            some => failed(format!("{some} records are said to be gone that were there a moment ago")),
        },
    }
}

async fn strange(trial: &SourceTrial, first: &Reading) -> Seen {
    let cursor = Cursor("not-a-cursor-of-this-source".to_owned());
    match Reading::after(&*trial.source, Some(cursor)).await {
        Err(_) => passed("it is refused"),
        Ok(read) => match read.lacks(first) {
            0 => passed("everything is given"),
            some => failed(format!("{some} records do not come, and nothing says so")),
        },
    }
}
