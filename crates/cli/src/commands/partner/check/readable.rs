//! The report for people.

use std::fmt::Write as _;

use kw_adapter::check::{CategoryCheck, DocumentCheck, Grade, SourceCheck, Verdict};

use super::Checked;
use crate::output::table;

pub(super) fn of(checked: &Checked) -> String {
    let mut text = String::new();
    for problem in &checked.check.problems {
        say(&mut text, &format!("Not looked at: {problem}"));
    }
    for source in &checked.check.sources {
        say(&mut text, &of_source(source));
    }
    if let Some(services) = &checked.services {
        let mut shown = table(["", "other services", "what", "next step"]);
        for finding in services {
            shown.add_row([finding.grade.as_str(), finding.about, &finding.what, &finding.next]);
        }
        say(&mut text, &shown.to_string());
    }
    let verdict = match checked.check.verdict {
        Verdict::Good => "All would be registered as it is.",
        Verdict::Doubtful => "It can be registered; look at what is marked.",
        Verdict::Unavailable => "A source cannot be reached now: check again later.",
        Verdict::Wrong => "Something has to be mended first.",
    };
    text + verdict + " Nothing was registered."
}

fn of_source(source: &SourceCheck) -> String {
    let mut text = String::new();
    say(&mut text, &format!("{}: {} ({})", source.source, shown_system(source), source.verdict.as_str()));
    for category in &source.categories {
        of_category(&mut text, category);
    }
    if let Some(paging) = &source.paging {
        let end = if paging.to_the_end { "to the end" } else { "not to the end" };
        let again = paging
            .unchanged_records
            .map(|records| format!("; {records} records come again when nothing has changed"));
        say(&mut text, &format!("read {} pages, {end}{}", paging.pages, again.unwrap_or_default()));
    }
    if !source.refused.is_empty() {
        let mut refused = table(["place", "rows", "which", "why"]);
        for rows in &source.refused {
            let which: Vec<String> = rows.rows.iter().map(u64::to_string).collect();
            let more = if rows.count > rows.rows.len() as u64 && !which.is_empty() { ", …" } else { "" };
            refused.add_row([
                rows.origin.clone(),
                rows.count.to_string(),
                format!("{}{more}", which.join(", ")),
                rows.reason.clone(),
            ]);
        }
        say(&mut text, &format!("rows that cannot be used:\n{refused}"));
    }
    let mut findings = table(["", "about", "category", "what", "next step"]);
    for finding in &source.findings {
        let category = finding.category.as_ref().map(ToString::to_string).unwrap_or_default();
        findings.add_row([grade(finding.grade), &finding.about, &category, &finding.what, &finding.next]);
    }
    if !source.findings.is_empty() {
        say(&mut text, &findings.to_string());
    }
    let steps: Vec<String> =
        source.steps.iter().map(|step| format!("{} {} ms", step.step, step.milliseconds)).collect();
    say(&mut text, &format!("took: {}", steps.join("; ")));
    text
}

fn of_category(text: &mut String, check: &CategoryCheck) {
    let name = check.category.as_ref().map(ToString::to_string).unwrap_or_default();
    let rows = check.rows.map(|rows| format!(" of {rows} rows")).unwrap_or_default();
    let born = check.birth_dates;
    say(
        text,
        &format!(
            "{name}: {} records{rows} about {} subjects, {} would be registered; {} gone, {} rows refused, {} past the age limit\n\
             birth dates: {} full, {} to the month, {} to the year, {} unknown",
            check.records,
            check.subjects,
            check.registrable,
            check.gone,
            check.refused,
            check.past_age_limit,
            born.day,
            born.month,
            born.year,
            born.none
        ),
    );
    let mut columns = table(["column", "is", "why"]);
    for role in &check.roles {
        columns.add_row([role.column.as_deref().unwrap_or("none"), role.role.as_str(), &role.why]);
    }
    for field in &check.fields {
        columns.add_row([&field.from, &field.to, &field.becomes]);
    }
    if !check.roles.is_empty() || !check.fields.is_empty() {
        say(text, &columns.to_string());
    }
    if let Some(documents) = &check.documents {
        of_documents(text, documents);
    }
}

fn of_documents(text: &mut String, check: &DocumentCheck) {
    say(
        text,
        &format!(
            "{} of {} documents would be delivered; half of them within {} ms, all within {} ms",
            check.deliverable, check.asked, check.median_milliseconds, check.slowest_milliseconds
        ),
    );
    let mut members = table(["member", "types (documents)", "leaves"]);
    for member in &check.members {
        let types: Vec<String> =
            member.types.iter().map(|(kind, count)| format!("{kind} ({count})")).collect();
        members.add_row([
            member.pointer.as_str(),
            &types.join(", "),
            if member.delivered { "yes" } else { "no" },
        ]);
    }
    if !check.members.is_empty() {
        say(text, &members.to_string());
    }
    let mut complaints = table(["documents", "what is against them"]);
    for complaint in check.complaints.iter().chain(&check.failed) {
        complaints.add_row([complaint.count.to_string(), complaint.what.clone()]);
    }
    if !check.complaints.is_empty() || !check.failed.is_empty() {
        say(text, &complaints.to_string());
    }
}

fn shown_system(source: &SourceCheck) -> &str {
    if source.system.is_empty() { "not known what it is" } else { &source.system }
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "good",
        Grade::Doubtful => "look",
        Grade::Unavailable => "AWAY",
        Grade::Wrong => "WRONG",
    }
}

fn say(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
