//! What the figures mean, and what to do about it.

use kw_domain::Category;

use super::report::{CategoryCheck, DocumentCheck, Grade, PagingCheck, SourceCheck};
use super::{CheckPlan, Trouble};
use crate::description::FieldRole;

/// The source could not even say what it is.
pub(super) fn not_described(report: &mut SourceCheck, trouble: &Trouble) {
    let (grade, next) = if trouble.is_passing() {
        (Grade::Unavailable, "look whether the system is up and can be reached from here; then check again")
    } else {
        (Grade::Wrong, "mend the configuration")
    };
    report.found(grade, "connection", None, trouble.words(), next);
}

/// Everything that follows from the figures.
pub(super) fn conclude(plan: &CheckPlan<'_>, report: &mut SourceCheck) {
    if let Some(paging) = report.paging.clone() {
        about_paging(&paging, report);
    }
    let refused: u64 = report.refused.iter().map(|rows| rows.count).sum();
    if refused > 0 {
        report.found(
            Grade::Wrong,
            "rows",
            None,
            format!("{refused} rows cannot be used: they would not be registered"),
            "mend them at the source; they are listed by place and reason",
        );
    }
    if plan.agreement.is_none() {
        report.found(
            Grade::Doubtful,
            "agreement",
            None,
            "without agreement and certificate nothing can be said of what may be registered",
            "put them where the configuration names them",
        );
    }
    for check in report.categories.clone() {
        if let Some(category) = check.category.clone() {
            about_category(&category, &check, plan, report);
        }
    }
    let slowest =
        report.steps.iter().filter(|step| step.step.starts_with("page ")).map(|step| step.milliseconds).max();
    if let Some(slowest) = slowest.filter(|slowest| *slowest > SLOW_PAGE) {
        report.found(
            Grade::Doubtful,
            "speed",
            None,
            format!("a page took {slowest} ms"),
            "look for an index on what the list is ordered by, or make pages smaller",
        );
    }
}

fn about_paging(paging: &PagingCheck, report: &mut SourceCheck) {
    let repeats = [("first", paging.first_page_repeats), ("second", paging.second_page_repeats)];
    for (which, same) in repeats {
        if same == Some(false) {
            report.found(
                Grade::Doubtful,
                "paging",
                None,
                format!("the {which} page, asked for again, was another one"),
                "give records in a fixed order; if somebody is changing the source now, check again",
            );
        }
    }
    match paging.small_pages_agree {
        Some(true) => report.found(Grade::Good, "paging", None, "small pages give the same records in the same order", ""),
        Some(false) => report.found(
            Grade::Wrong,
            "paging",
            None,
            "small pages give other records: some are missing or doubled between two pages",
            "order by exactly what is compared with :after and :after_record; compare bytes where keys differ in capitals only",
        ),
        None => {}
    }
    if paging.to_the_end && !paging.complete {
        report.found(
            Grade::Doubtful,
            "reading",
            None,
            "the source does not say that it gave everything, so nothing that is gone would be withdrawn",
            "mend the rows or files that cannot be read",
        );
    }
    if !paging.to_the_end {
        report.found(
            Grade::Good,
            "reading",
            None,
            format!("only the first {} pages were read", paging.pages),
            "",
        );
    }
}

fn about_category(
    category: &Category,
    check: &CategoryCheck,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
) {
    let was_read = report.paging.is_some();
    let mut found =
        |grade, about: &str, what: String, next: &str| report.found(grade, about, Some(category), what, next);
    if check.agreed == Some(false) {
        found(
            Grade::Wrong,
            "agreement",
            "the agreement does not let this partner register this category".to_owned(),
            "take it out of the configuration, or have the agreement changed",
        );
    }
    if !was_read {
        return;
    }
    if check.records == 0 {
        found(
            Grade::Doubtful,
            "records",
            "no records were read".to_owned(),
            "look whether the source is empty, or read more of it",
        );
        return;
    }
    if check.duplicates > 0 {
        found(
            Grade::Wrong,
            "records",
            format!("{} records were given more than once", check.duplicates),
            "let each record have a key of its own, and give it once in a reading",
        );
    }
    if check.past_age_limit > 0 {
        found(
            Grade::Good,
            "records",
            format!(
                "{} records are not registered: their subjects have reached the age limit",
                check.past_age_limit
            ),
            "",
        );
    }
    let born = check.birth_dates;
    let required = plan
        .agreement
        .and_then(|(agreement, _)| agreement.category(category))
        .is_some_and(|rules| rules.birth_date_required);
    let imprecise = born.month + born.year + born.none;
    if imprecise > 0 {
        let why = if required { ", and the agreement asks for it at every pull" } else { "" };
        found(
            if required { Grade::Doubtful } else { Grade::Good },
            "birth dates",
            format!(
                "{imprecise} of {} records lack a full birth date{why}",
                check.records - check.duplicates
            ),
            if required {
                "name the column with the birth date; two people have to look at pulls without one"
            } else {
                ""
            },
        );
    }
    if check.roles.iter().any(|role| role.role == FieldRole::AsOf && role.column.is_none()) {
        found(Grade::Good, "documents", "no column says what a document is true as of".to_owned(), "");
    }
    if let Some(documents) = &check.documents {
        about_documents(documents, &mut found);
    }
}

fn about_documents(documents: &DocumentCheck, found: &mut impl FnMut(Grade, &str, String, &str)) {
    let asked = documents.asked;
    let lost: u64 = documents.failed.iter().map(|failed| failed.count).sum();
    if lost > 0 {
        found(
            Grade::Wrong,
            "documents",
            format!("{lost} of {asked} documents were not given"),
            "the reasons are with the category's documents",
        );
    }
    if documents.absent > 0 {
        found(
            Grade::Doubtful,
            "documents",
            format!("{} of {asked} records are listed and give nothing", documents.absent),
            "let list and fetch be about the same records; if the source is being changed now, check again",
        );
    }
    if documents.has_schema == Some(false) {
        found(
            Grade::Doubtful,
            "documents",
            "the agreement has no schema for this category: all that the source gives leaves".to_owned(),
            "have one written, or name the columns that may leave",
        );
    }
    let given = asked - lost - documents.absent;
    if documents.deliverable < given {
        found(
            Grade::Wrong,
            "documents",
            format!(
                "{} of {given} documents are not as the agreement's schema says: they are not delivered",
                given - documents.deliverable
            ),
            "map the columns as the schema wants them; its complaints are with the category's documents",
        );
    } else if given > 0 {
        found(Grade::Good, "documents", format!("{given} of {asked} documents would be delivered"), "");
    }
    let kept = documents.members.iter().filter(|member| !member.delivered).count();
    if kept > 0 {
        found(
            Grade::Good,
            "documents",
            format!("{kept} members stay at the source: the schema does not name them"),
            "",
        );
    }
    if documents.differing > 0 {
        found(
            Grade::Doubtful,
            "documents",
            format!(
                "of {} documents the birth date or subject is another than in the list",
                documents.differing
            ),
            "give the same birth date in list and fetch",
        );
    }
    if documents.dangling > 0 {
        found(
            Grade::Doubtful,
            "documents",
            format!("{} pointers to values under investigation point to nothing", documents.dangling),
            "let them point into the document as it is delivered",
        );
    }
    if documents.median_milliseconds > SLOW_DOCUMENT {
        found(
            Grade::Doubtful,
            "speed",
            format!("half of the documents took more than {} ms", documents.median_milliseconds),
            "look for an index on the key of a record; a pull gives a source 1.2 s",
        );
    }
}

/// Milliseconds.
const SLOW_PAGE: u64 = 2_000;
const SLOW_DOCUMENT: u64 = 250;
