//! A dossier: who holds what, then what each of them says, as it comes.

use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_agreement::Agreement;
use kw_protocol::dossier::{Difference, HeldValue, LookupHolder, Section, SectionStatus};
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::ComparedPrecision;
use kw_web::{Failure, Frame, Outcome as Answer, SignedIn};
use serde::Deserialize;

use super::Kept;
use super::about::About;
use super::titles;
use crate::app::App;
use crate::asking::Question;
use crate::document::{Shown, harmless, rows};
use crate::opened::{Opened, Outcome, Progress, Told};

#[derive(Template)]
#[template(path = "dossier.html")]
struct Page<'a> {
    f: &'a Frame,
    about: About,
    view: View,
}

/// What is new since the browser last looked.
#[derive(Template)]
#[template(path = "dossier-news.html")]
struct News<'a> {
    f: &'a Frame,
    view: View,
    /// Whether who holds what is news too.
    found: bool,
}

/// A dossier as far as it is there.
struct View {
    id: String,
    /// Of which case and person, in a line.
    about: String,
    version: usize,
    /// Whether more will come.
    going: bool,
    progress: String,
    found: Option<Vec<FoundView>>,
    sections: Vec<SectionView>,
    outcome: Option<OutcomeView>,
    differences: Vec<DifferenceView>,
}

struct FoundView {
    place: usize,
    holder: String,
    category: String,
    state: StateView,
}

/// How far it is with one answer; it looks the same wherever it stands.
#[derive(Clone)]
struct StateView {
    text: String,
    /// Whether something is missing because of it.
    lacks: bool,
}

struct SectionView {
    place: usize,
    holder: String,
    category: String,
    /// Both.
    title: String,
    state: StateView,
    /// Nothing while the holder has not answered.
    told: Option<ToldView>,
    /// When it was told.
    at: usize,
}

struct ToldView {
    reason: Option<String>,
    facts: Vec<(String, String)>,
    rows: Vec<RowView>,
    more: bool,
    /// What is under investigation and stands nowhere in the document.
    doubted_elsewhere: Vec<String>,
    doubted: bool,
    open_reports: Vec<String>,
}

struct RowView {
    index: usize,
    path: String,
    value: String,
    doubted: bool,
}

enum OutcomeView {
    Complete { at: String },
    Incomplete { at: String, missing: Vec<String> },
    Nobody { at: String, represented: bool },
    Failed { title: String, next: String },
}

struct DifferenceView {
    attribute: String,
    values: Vec<HeldView>,
}

struct HeldView {
    holder: String,
    category: String,
    source: String,
    value: String,
    as_of: String,
    authoritative: bool,
    doubted: bool,
    reported: bool,
    /// Where to doubt it.
    report: Option<String>,
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Answer {
    let opened = by.session.data().opened(&id)?;
    let f = by.frame("desk-dossier");
    let agreement = app.agreed();
    let about = About::of(&f, &agreement, &opened.question, by.user(), opened.asked_at);
    let view = View::of(&f, &agreement, &opened, &opened.progress());
    f.page(&Page { f: &f, about, view })
}

#[derive(Deserialize)]
pub(crate) struct Seen {
    seen: usize,
}

/// Waits for news, and gives those parts of the page that are new.
pub(crate) async fn news(by: SignedIn<Kept>, app: Data<App>, id: Path<String>, seen: Query<Seen>) -> Answer {
    let opened = by.session.data().opened(&id)?;
    opened.wait(seen.seen).await;
    let f = by.frame("desk-dossier");
    let (mut view, found) = {
        let progress = opened.progress();
        (View::of(&f, &app.agreed(), &opened, &progress), progress.found_at > seen.seen)
    };
    if !found {
        view.sections.retain(|section| section.at > seen.seen);
    }
    f.page(&News { f: &f, view, found })
}

impl View {
    fn of(f: &Frame, agreement: &Agreement, opened: &Opened, progress: &Progress) -> Self {
        let holders = progress.holders.as_deref().unwrap_or_default();
        let failed = matches!(progress.outcome, Some(Outcome::Failed(_)));
        let sections: Vec<SectionView> = if failed {
            Vec::new()
        } else {
            let known = progress.sections.iter().zip(holders).enumerate();
            known.map(|(place, (told, found))| section(f, agreement, place, found, told.as_ref())).collect()
        };
        let found = progress.holders.as_ref().filter(|_| !failed).map(|_| {
            let one = |section: &SectionView| FoundView {
                place: section.place,
                holder: section.holder.clone(),
                category: section.category.clone(),
                state: section.state.clone(),
            };
            sections.iter().map(one).collect::<Vec<_>>()
        });
        Self {
            id: opened.id.clone(),
            about: line(f, &opened.question),
            version: progress.version,
            going: progress.outcome.is_none(),
            progress: said(f, progress, failed),
            found,
            outcome: outcome(f, progress, &sections, opened.question.represented.is_some()),
            differences: progress
                .differences()
                .iter()
                .map(|one| difference(f, agreement, &opened.id, one, progress))
                .collect(),
            sections,
        }
    }
}

fn line(f: &Frame, question: &Question) -> String {
    let named = question.represented.as_ref().map(|person| harmless(&person.name));
    let person = named.unwrap_or_else(|| question.person.to_string());
    f.t2("desk-about-line", "case", question.case.to_string(), "person", person)
}

fn said(f: &Frame, progress: &Progress, failed: bool) -> String {
    match (&progress.holders, &progress.outcome) {
        _ if failed => f.t("desk-progress-failed"),
        (None, _) => f.t("desk-progress-searching"),
        (Some(_), Some(Outcome::Whole(whole))) if !whole.complete => f.t("desk-progress-incomplete"),
        (Some(_), Some(_)) => f.t("desk-progress-done"),
        (Some(holders), None) => {
            f.t2("desk-progress-answered", "answered", progress.answered(), "all", holders.len())
        }
    }
}

impl StateView {
    fn of(f: &Frame, told: Option<&Told>) -> Self {
        let status = told.map(|told| told.section.status);
        let text =
            status.map_or_else(|| f.t("desk-status-waiting"), |status| f.t_of("desk-status", status.code()));
        let lacks = !matches!(status, None | Some(SectionStatus::Delivered | SectionStatus::Nothing));
        Self { text, lacks }
    }
}

fn outcome(
    f: &Frame,
    progress: &Progress,
    sections: &[SectionView],
    represented: bool,
) -> Option<OutcomeView> {
    Some(match progress.outcome.as_ref()? {
        Outcome::Failed(ProblemCode::Denied) if represented => {
            OutcomeView::Failed { title: f.t("desk-behalf-denied"), next: f.t("desk-behalf-denied-next") }
        }
        Outcome::Failed(code) => OutcomeView::Failed {
            title: f.t(&format!("problem-{}", code.code())),
            next: f.t(&format!("problem-{}-next", code.code())),
        },
        Outcome::Whole(whole) => {
            let at = f.moment(whole.assembled_at);
            let missing = |section: &&SectionView| section.told.is_none() || section.state.lacks;
            if !whole.complete {
                let line = |section: &SectionView| {
                    format!("{}, {}: {}", section.holder, section.category, section.state.text)
                };
                OutcomeView::Incomplete { at, missing: sections.iter().filter(missing).map(line).collect() }
            } else if sections.is_empty() {
                OutcomeView::Nobody { at, represented }
            } else {
                OutcomeView::Complete { at }
            }
        }
    })
}

fn section(
    f: &Frame,
    agreement: &Agreement,
    place: usize,
    found: &LookupHolder,
    told: Option<&Told>,
) -> SectionView {
    let holder = harmless(&found.holder.name);
    let category = titles::category(f, agreement, &found.category);
    SectionView {
        place,
        title: format!("{holder}: {category}"),
        holder,
        category,
        state: StateView::of(f, told),
        told: told.map(|told| ToldView::of(f, agreement, told)),
        at: told.map_or(0, |told| told.at),
    }
}

impl ToldView {
    fn of(f: &Frame, agreement: &Agreement, told: &Told) -> Self {
        let section = &told.section;
        let doubted = section.provenance.as_ref().map(|one| one.under_investigation.as_slice());
        let doubted = doubted.unwrap_or_default();
        let (rows, more) = section.document.as_ref().map(rows).unwrap_or_default();
        let is_elsewhere = |pointer: &&String| !rows.iter().any(|row| touches(pointer, &row.pointer));
        Self {
            reason: reason_of(section).map(|reason| said_reason(f, reason)),
            facts: facts(f, section),
            more: more || !told.whole,
            doubted_elsewhere: doubted
                .iter()
                .filter(is_elsewhere)
                .map(|pointer| titles::place(f, agreement, &section.category, pointer))
                .collect(),
            doubted: !doubted.is_empty(),
            open_reports: section.open_reports.iter().map(ToString::to_string).collect(),
            rows: rows
                .iter()
                .enumerate()
                .map(|(index, row)| RowView {
                    index,
                    path: titles::row(f, agreement, &section.category, row),
                    value: said_value(f, &row.value),
                    doubted: doubted.iter().any(|pointer| touches(pointer, &row.pointer)),
                })
                .collect(),
        }
    }
}

/// Where it comes from.
fn facts(f: &Frame, section: &Section) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    if let Some(at) = section.as_of {
        facts.push((f.t("desk-as-of"), f.moment(at)));
    }
    if let Some(provenance) = &section.provenance {
        facts.push((f.t("desk-source"), harmless(provenance.source.as_str())));
    }
    if let Some(handle) = &section.handle {
        facts.push((f.t("desk-record"), handle.to_string()));
    }
    if let Some(compared) = section.birth_date_compared {
        let word = match compared {
            ComparedPrecision::Day => "day",
            ComparedPrecision::Month => "month",
            ComparedPrecision::TwoPeople => "two-people",
        };
        facts.push((f.t("desk-compared"), f.t_of("desk-compared-by", word)));
    }
    facts
}

fn difference(
    f: &Frame,
    agreement: &Agreement,
    id: &str,
    one: &Difference,
    progress: &Progress,
) -> DifferenceView {
    let held = |held: &HeldValue| HeldView {
        holder: harmless(&held.holder.name),
        category: titles::category(f, agreement, &held.category),
        source: harmless(held.source.as_str()),
        value: said_value(f, &Shown::of(&held.value)),
        as_of: f.moment(held.as_of),
        authoritative: held.authoritative,
        doubted: held.under_investigation,
        reported: !held.open_reports.is_empty(),
        report: place_of(progress, held).map(|(place, row)| format!("/dossiers/{id}/report/{place}/{row}")),
    };
    DifferenceView {
        attribute: titles::shared(f, agreement, &one.attribute),
        values: one.values.iter().map(held).collect(),
    }
}

/// Why there is nothing: a holder that was not waited for any longer gives no reason.
fn reason_of(section: &Section) -> Option<&str> {
    let late = (section.status == SectionStatus::TimedOut).then_some("timed-out");
    section.reason.as_deref().or(late)
}

/// In which section a value stands, and where.
fn place_of(progress: &Progress, held: &HeldValue) -> Option<(usize, usize)> {
    let is_its = |section: &Section| {
        let same = section.holder.oin == held.holder.oin && section.category == held.category;
        same && (held.feedback.handle.is_none() || section.handle == held.feedback.handle)
    };
    let mut told = (progress.sections.iter().enumerate())
        .filter_map(|(place, told)| Some((place, &told.as_ref()?.section)));
    let (place, section) = told.find(|(_, section)| is_its(section))?;
    let (rows, _) = rows(section.document.as_ref()?);
    Some((place, rows.iter().position(|row| row.pointer == held.pointer)?))
}

/// The code of a problem in words, or of what this side could not do with the answer, with what to do; of a code that is none of ours
/// only that there is one.
pub(super) fn said_reason(f: &Frame, code: &str) -> String {
    match ProblemCode::from_code(code) {
        Some(known) => f.t(&format!("problem-{}", known.code())),
        None => f.t(match code {
            "unreachable" | "circuit-open" => "desk-unanswered-unreachable",
            "timed-out" => "desk-unanswered-late",
            "address-unusable" => "desk-unanswered-address",
            "answer-malformed"
            | "birth-date-not-compared"
            | "grant-malformed"
            | "not-asked"
            | "not-what-was-granted" => "desk-unanswered-unusable",
            _ => "desk-reason-other",
        }),
    }
}

pub(super) fn said_value(f: &Frame, value: &Shown) -> String {
    match value {
        Shown::Text(text) => text.clone(),
        Shown::Yes => f.t("desk-yes"),
        Shown::No => f.t("desk-no"),
        Shown::Nothing => f.t("desk-nothing"),
    }
}

/// Whether what is doubted is in this value, or this value in what is doubted.
pub(super) fn touches(doubted: &str, pointer: &str) -> bool {
    let inside =
        |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    doubted == pointer || inside(pointer, doubted) || inside(doubted, pointer)
}

/// The section at a place, when its holder delivered.
pub(super) fn delivered(opened: &Opened, place: usize) -> Result<Section, Failure> {
    let progress = opened.progress();
    let told = progress.sections.get(place).and_then(Option::as_ref);
    let section = told.map(|told| told.section.clone()).filter(|section| section.document.is_some());
    let failed = matches!(progress.outcome, Some(Outcome::Failed(_)));
    section.filter(|_| !failed).ok_or_else(Failure::not_found)
}
