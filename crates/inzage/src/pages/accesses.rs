//! Who looked, when and why: a timeline, with figures.

use actix_web::web::{Data, Query};
use askama::Template;
use kw_protocol::access_report::{ReportEntry, ReportedAct, StatementStatus};
use kw_web::plot::{Bar, Plot};
use kw_web::{Frame, Outcome};
use serde::Deserialize;

use super::see;
use crate::app::App;
use crate::gathering::Accesses;
use crate::rules::figures;
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "accesses.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    missing: Option<String>,
    view: Option<View>,
    plots: Vec<String>,
    older: Option<usize>,
    newer: Option<usize>,
    place: usize,
    places: usize,
}

/// A report in words.
pub(super) struct View {
    pub(super) at: String,
    pub(super) period: Option<(String, String)>,
    pub(super) complete: bool,
    pub(super) cut: bool,
    pub(super) silent: Vec<(String, String)>,
    pub(super) lines: Vec<Line>,
}

/// An entry in words.
pub(super) struct Line {
    pub(super) when: String,
    pub(super) until: Option<String>,
    pub(super) times: u32,
    pub(super) party: String,
    pub(super) act: &'static str,
    pub(super) own: bool,
    pub(super) emergency: bool,
    pub(super) refused: bool,
    pub(super) result: &'static str,
    pub(super) purpose: Option<String>,
    pub(super) law: Option<String>,
    pub(super) who: Option<String>,
    pub(super) ground: Option<&'static str>,
    pub(super) categories: String,
    pub(super) fetches: Vec<Fetch>,
    pub(super) recorded_by: String,
    pub(super) references: Vec<String>,
}

/// What was found by a question.
pub(super) struct Fetch {
    pub(super) holder: String,
    pub(super) category: String,
    pub(super) result: &'static str,
}

#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    page: usize,
}

pub(crate) async fn show(by: Standing, app: Data<App>, which: Query<Which>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-accesses"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let accesses = match &*gathered.accesses {
        Ok(accesses) => accesses,
        Err(missing) => {
            let missing = Some(words.missing(*missing));
            return f.page(&Page {
                f: &f,
                about: &about,
                missing,
                view: None,
                plots: Vec::new(),
                older: None,
                newer: None,
                place: 1,
                places: 1,
            });
        }
    };
    let places = accesses.entries.len().div_ceil(ON_A_PAGE).max(1);
    let place = which.page.clamp(1, places);
    let from = (place - 1) * ON_A_PAGE;
    let shown = accesses.entries.iter().skip(from).take(ON_A_PAGE);
    let page = Page {
        f: &f,
        about: &about,
        missing: None,
        view: Some(view(words, accesses, shown)),
        plots: if place == 1 { plots(words, accesses) } else { Vec::new() },
        older: (place < places).then_some(place + 1),
        newer: (place > 1).then_some(place - 1),
        place,
        places,
    };
    f.page(&page)
}

/// A report in words, with these of its entries.
pub(super) fn view<'a>(
    words: Words<'_>,
    accesses: &Accesses,
    shown: impl Iterator<Item = &'a ReportEntry>,
) -> View {
    let silent = accesses.parties.iter().filter(|asked| asked.status != StatementStatus::Answered);
    let silent = silent.map(|asked| (asked.party.name.clone(), words.f.t_of("silent", status(asked.status))));
    let day = |moment: Option<_>, otherwise| {
        moment.map_or_else(|| words.f.t(otherwise), |moment| words.day(moment))
    };
    let period = (accesses.from.is_some() || accesses.until.is_some()).then(|| {
        let last = accesses.until.map(|until| until.minus(std::time::Duration::from_secs(1)));
        (day(accesses.from, "inzage-from-beginning"), day(last, "inzage-until-now"))
    });
    View {
        at: words.f.moment(accesses.made_at),
        period,
        complete: accesses.complete,
        cut: accesses.cut,
        silent: silent.collect(),
        lines: shown.map(|entry| line(words, entry)).collect(),
    }
}

fn line(words: Words<'_>, entry: &ReportEntry) -> Line {
    let who = match (&entry.role, &entry.actor) {
        (Some(role), Some(actor)) => Some(format!("{} ({actor})", words.named_role(role))),
        (Some(role), None) => Some(words.named_role(role)),
        (None, actor) => actor.as_ref().map(ToString::to_string),
    };
    let fetches = entry.fetches.iter().map(|fetch| Fetch {
        holder: fetch.holder.name.clone(),
        category: words.named_category(&fetch.category),
        result: fetch.result.map_or("not", kw_ledger::Outcome::code),
    });
    let join = |all: Vec<String>| all.join(", ");
    Line {
        when: words.f.moment(entry.at),
        until: entry.last_at.filter(|_| entry.times > 1).map(|last| words.f.time(last)),
        times: entry.times,
        party: entry.party.name.clone(),
        act: act(entry.act),
        own: figures::is_own(entry, words.agreement.subject_access().purpose.as_ref()),
        emergency: entry.relation == Some(kw_protocol::query::RelationBasis::Emergency),
        refused: entry.result != kw_ledger::Outcome::Success,
        result: entry.result.code(),
        purpose: entry.purpose.as_ref().map(|purpose| words.named_purpose(purpose)),
        law: entry.legal_basis.clone(),
        who,
        ground: entry.relation.map(kw_protocol::query::RelationBasis::as_str),
        categories: join(entry.categories.iter().map(|category| words.named_category(category)).collect()),
        fetches: fetches.collect(),
        recorded_by: join(entry.recorded_by.iter().map(|party| party.name.clone()).collect()),
        references: entry.references.iter().map(ToString::to_string).collect(),
    }
}

fn plots(words: Words<'_>, accesses: &Accesses) -> Vec<String> {
    let f = words.f;
    let own = words.agreement.subject_access().purpose.as_ref();
    if !accesses.entries.iter().any(|entry| figures::is_look(entry, own)) {
        return Vec::new();
    }
    // Of a period that was asked for, its last twelve months.
    let until =
        accesses.until.map_or(accesses.made_at, |until| until.minus(std::time::Duration::from_secs(1)));
    let months = figures::by_month(&accesses.entries, own, until);
    let bar = |(label, value)| Bar { label, value };
    let month = |(month, value): (chrono::NaiveDate, u64)| {
        let day = f.day(month);
        // `1 maart 2026` without the day.
        Bar { label: day.split_once(' ').map_or(day.as_str(), |(_, rest)| rest).to_owned(), value }
    };
    let by_party = figures::most_by(&accesses.entries, own, 10, |entry| entry.party.name.clone());
    let by_purpose = figures::most_by(&accesses.entries, own, 10, |entry| match &entry.purpose {
        Some(purpose) => words.named_purpose(purpose),
        None => f.t("inzage-no-purpose"),
    });
    let plot = |id, title: &str, of: &str, bars| Plot {
        id,
        title: f.t(title),
        of: f.t(of),
        unit: f.t("inzage-plot-unit"),
        bars,
    };
    vec![
        plot("by-month", "inzage-plot-months", "inzage-plot-month", months.into_iter().map(month).collect())
            .columns(f),
        plot("by-party", "inzage-plot-parties", "inzage-plot-party", by_party.into_iter().map(bar).collect())
            .rows(f),
        plot(
            "by-purpose",
            "inzage-plot-purposes",
            "inzage-plot-purpose",
            by_purpose.into_iter().map(bar).collect(),
        )
        .rows(f),
    ]
}

fn act(act: ReportedAct) -> &'static str {
    match act {
        ReportedAct::Asked => "asked",
        ReportedAct::Fetched => "fetched",
        ReportedAct::Inspected => "inspected",
        ReportedAct::Lapsed => "lapsed",
        ReportedAct::MandateConfirmed => "mandate-confirmed",
        ReportedAct::MandateEnded => "mandate-ended",
        ReportedAct::MandateRead => "mandate-read",
        ReportedAct::MandateRegistered => "mandate-registered",
        ReportedAct::Registered => "registered",
        ReportedAct::Renewed => "renewed",
        ReportedAct::Replaced => "replaced",
        ReportedAct::Reported => "reported",
        ReportedAct::Represented => "represented",
        ReportedAct::Reviewed => "reviewed",
        ReportedAct::Withdrawn => "withdrawn",
    }
}

fn status(status: StatementStatus) -> &'static str {
    match status {
        StatementStatus::Answered => "answered",
        StatementStatus::BirthDateMismatch => "birth-date-mismatch",
        StatementStatus::BirthDateUnknown => "birth-date-unknown",
        StatementStatus::Gaps => "gaps",
        StatementStatus::Malformed => "malformed",
        StatementStatus::Refused => "refused",
        StatementStatus::SubjectMismatch => "subject-mismatch",
        StatementStatus::TimedOut => "timed-out",
        StatementStatus::Unavailable => "unavailable",
    }
}

const ON_A_PAGE: usize = 15;
