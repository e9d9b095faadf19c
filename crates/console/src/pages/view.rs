//! What several pages show: choices, records in words, plots.

use chrono::Datelike as _;
use kw_agreement::{Agreement, Localised, LogIdentity, LogOwner};
use kw_domain::{Category, DutchTime, Instant, Oin, Role};
use kw_ledger::reconcile::Severity;
use kw_ledger::search::Basis;
use kw_ledger::{AccessRecord, Event, Outcome, Verdict};
use kw_web::plot::{Bar, Plot};
use kw_web::{Frame, Language};

use crate::app::{log_of, name_of, slug};
use crate::auditor::figures::{Figures, HolderTimes, Span};
use crate::auditor::kept::Kept;

/// One of a list.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

/// Something that is said about something.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: String,
}

/// What did not verify, and what could not be verified.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    pub(crate) broken: Vec<Failed>,
    pub(crate) open: Vec<Failed>,
}

/// One entry that did not.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) text: String,
    pub(crate) path: String,
}

/// Where an entry is read.
pub(crate) fn path(owner: LogOwner, index: u64) -> String {
    format!("/log/{}/{index}", slug(owner))
}

/// Where an entry is read that a finding names.
pub(crate) fn path_at(agreement: &Agreement, origin: &str, index: u64) -> Option<String> {
    agreement.log(origin).map(|log| path(log.owner, index))
}

/// The keepers of logs, by name.
pub(crate) fn origins<'a>(
    agreement: &Agreement,
    origins: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    // By the name of the log, or as what it stands in addresses.
    let name = |origin: &String| {
        let log = agreement.log(origin).or_else(|| log_of(agreement, origin));
        log.map_or_else(|| origin.clone(), |log| name_of(agreement, log.oin))
    };
    origins.into_iter().map(name).collect()
}

pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Incident => "severity-incident",
        Severity::Warning => "severity-warning",
        Severity::Note => "severity-note",
    }
}

/// What an entry is about, or why nobody can tell.
pub(crate) fn event(f: &Frame, entry: &Kept) -> String {
    match (&entry.record, entry.erased, entry.opens) {
        (Some(record), ..) => f.t_of("event", record.event.code()),
        (None, true, _) => f.t("log-erased"),
        (None, false, true) => f.t("log-unreadable"),
        (None, false, false) => f.t("log-unsound"),
    }
}

/// The message of a code that a record holds; a code without one stands as it is.
fn or_code(message: String, code: &str) -> String {
    if message.starts_with('[') { code.to_owned() } else { message }
}

pub(crate) fn title(f: &Frame, title: &Localised) -> String {
    match f.language {
        Language::Dutch => title.nl.clone(),
        Language::English => title.en.clone(),
    }
}

/// Logs by the name of who keeps them.
pub(crate) fn logs(agreement: &Agreement, logs: &[LogIdentity]) -> Vec<Choice> {
    let choice = |log: &LogIdentity| Choice { value: slug(log.owner), label: name_of(agreement, log.oin) };
    logs.iter().map(choice).collect()
}

pub(crate) fn parties(agreement: &Agreement) -> Vec<Choice> {
    let services = [agreement.switchboard(), agreement.pseudonymiser()].map(|service| service.oin);
    let partners = agreement.partners().map(|partner| partner.oin);
    let others = agreement.auditors().map(|auditor| auditor.oin).chain(agreement.suppliers().map(|s| s.oin));
    let all = services.into_iter().chain(partners).chain(others);
    all.map(|oin| Choice { value: oin.to_string(), label: name_of(agreement, oin) }).collect()
}

pub(crate) fn purposes(f: &Frame, agreement: &Agreement) -> Vec<Choice> {
    let all = agreement.purposes();
    all.map(|(name, rules)| Choice { value: name.to_string(), label: title(f, &rules.title) }).collect()
}

pub(crate) fn categories(f: &Frame, agreement: &Agreement) -> Vec<Choice> {
    let all = agreement.categories();
    all.map(|(name, rules)| Choice { value: name.to_string(), label: title(f, &rules.title) }).collect()
}

pub(crate) fn events(f: &Frame) -> Vec<Choice> {
    let choice =
        |event: &Event| Choice { value: event.code().to_owned(), label: f.t_of("event", event.code()) };
    let mut all: Vec<Choice> = Event::ALL.iter().map(choice).collect();
    all.sort_by(|one, other| one.label.cmp(&other.label));
    all
}

pub(crate) fn results(f: &Frame) -> Vec<Choice> {
    let all = [Outcome::Success, Outcome::Refused, Outcome::Error];
    all.map(|one| Choice { value: one.code().to_owned(), label: f.t_of("result", one.code()) }).into()
}

pub(crate) fn bases(f: &Frame) -> Vec<Choice> {
    let all = [Basis::Listed, Basis::Motivated, Basis::Emergency];
    all.map(|one| Choice { value: one.as_str().to_owned(), label: f.t_of("basis", one.as_str()) }).into()
}

/// The words of the agreement for what a record holds; a word that it does not know stands as it is.
pub(crate) fn purpose(f: &Frame, agreement: &Agreement, record: &AccessRecord) -> String {
    record.purpose.as_ref().map_or_else(String::new, |purpose| {
        agreement.purpose(purpose).map_or_else(|| purpose.to_string(), |rules| title(f, &rules.title))
    })
}

fn kinds(f: &Frame, agreement: &Agreement, record: &AccessRecord) -> String {
    record.categories.iter().map(|category| kind(f, agreement, category)).collect::<Vec<_>>().join(", ")
}

fn kind(f: &Frame, agreement: &Agreement, category: &Category) -> String {
    agreement.category(category).map_or_else(|| category.to_string(), |rules| title(f, &rules.title))
}

/// What the person had chosen, for each pointer that was found: it stands in the record as the decision had it.
fn consents(f: &Frame, agreement: &Agreement, input: Option<&str>) -> String {
    #[derive(serde::Deserialize)]
    struct Input {
        pointers: Vec<Weighed>,
    }
    #[derive(serde::Deserialize)]
    struct Weighed {
        category: Category,
        consent: String,
        holder: Oin,
    }
    let read = input.and_then(|input| serde_json::from_str::<Input>(input).ok());
    let one = |weighed: Weighed| {
        let (holder, category) = (name_of(agreement, weighed.holder), kind(f, agreement, &weighed.category));
        format!("{holder}: {category} ({})", or_code(f.t_of("consent", &weighed.consent), &weighed.consent))
    };
    let all: Vec<String> =
        read.map(|input| input.pointers).unwrap_or_default().into_iter().map(one).collect();
    if all.is_empty() { f.t("consent-nothing") } else { all.join("; ") }
}

/// What somebody is, in the words of the agreement, else of the chain.
fn role(f: &Frame, agreement: &Agreement, role: &Role) -> String {
    match agreement.role(role) {
        Some(rules) => title(f, &rules.title),
        None => or_code(f.t_of("role", role.as_str()), role.as_str()),
    }
}

/// Why something was denied. Some kinds are said in the same words, with the code beside them for who must know which it was.
pub(crate) fn denial(f: &Frame, reason: &str) -> String {
    let mut kind = reason;
    loop {
        let said = f.t_of("denial", kind);
        if !said.starts_with('[') {
            return if kind == reason { said } else { format!("{said} ({reason})") };
        }
        let Some((shorter, _)) = kind.rsplit_once('-') else { return reason.to_owned() };
        kind = shorter;
    }
}

/// A moment to the second, on which clock.
pub(crate) fn exactly(f: &Frame, moment: Instant) -> String {
    let here = DutchTime::at(moment);
    let time = here.time().format("%H:%M:%S").to_string();
    let ahead = here.date().and_time(here.time()).and_utc().timestamp() - moment.as_seconds();
    let zone = format!("UTC+{}", ahead / 3_600);
    let moment = f.t2("web-moment", "day", f.day(here.date()), "time", time);
    f.t2("moment-exact", "moment", moment, "zone", zone)
}

/// Everything that a record says, but what only programs read.
pub(crate) fn facts(f: &Frame, agreement: &Agreement, record: &AccessRecord) -> Vec<Fact> {
    let names = |all: &[Oin]| all.iter().map(|oin| name_of(agreement, *oin)).collect::<Vec<_>>().join(", ");
    let mut facts = Vec::new();
    let mut say = |label: String, value: String| {
        if !value.is_empty() {
            facts.push(Fact { label, value });
        }
    };
    say(f.t("fact-at"), exactly(f, record.at));
    say(f.t("fact-event"), f.t_of("event", record.event.code()));
    say(f.t("fact-result"), f.t_of("result", record.result.code()));
    say(f.t("fact-party"), name_of(agreement, record.party));
    say(f.t("fact-on-behalf-of"), record.on_behalf_of.map(|oin| name_of(agreement, oin)).unwrap_or_default());
    if let Some(actor) = &record.actor {
        say(f.t("fact-actor"), actor.id.to_string());
        say(f.t("fact-role"), role(f, agreement, &actor.role));
        say(f.t("fact-assurance"), f.t_of("assurance", &actor.assurance));
    }
    say(f.t("fact-purpose"), purpose(f, agreement, record));
    say(f.t("fact-legal-basis"), record.legal_basis.clone().unwrap_or_default());
    say(f.t("fact-categories"), kinds(f, agreement, record));
    say(f.t("fact-case"), record.case.as_ref().map(ToString::to_string).unwrap_or_default());
    if let Some(relation) = &record.relation {
        let known = ["listed", "motivated", "emergency"].contains(&relation.basis.as_str());
        let basis = if known { f.t_of("basis", &relation.basis) } else { relation.basis.clone() };
        say(f.t("fact-basis"), basis);
        say(f.t("fact-reason"), relation.reason.clone().unwrap_or_default());
    }
    say(f.t("fact-holders"), names(&record.holders));
    let granted = record.grants.iter().map(|grant| {
        let mut text =
            format!("{}: {}", name_of(agreement, grant.holder), kind(f, agreement, &grant.category));
        if let Some(outcome) = &grant.outcome {
            text = format!("{text} ({})", or_code(f.t_of("delivery", outcome), outcome));
        }
        text
    });
    say(f.t("fact-grants"), granted.collect::<Vec<_>>().join("; "));
    if record.event == Event::ConsentsRead {
        say(f.t("fact-consents"), consents(f, agreement, record.decision.input.as_deref()));
    }
    say(f.t("fact-mandate"), record.representation.clone().unwrap_or_default());
    say(f.t("fact-count"), record.count.map(|count| count.to_string()).unwrap_or_default());
    if let Some(reason) = &record.decision.reason {
        match record.decision.verdict {
            Verdict::Denied => say(f.t("fact-denied"), denial(f, reason)),
            Verdict::Allowed => say(f.t("fact-verdict"), or_code(f.t_of("verdict", reason), reason)),
        }
    }
    say(f.t("fact-search"), record.search.clone().unwrap_or_default());
    say(f.t("fact-subject"), record.subject.map(|subject| subject.to_string()).unwrap_or_default());
    say(f.t("fact-transaction"), record.transaction.map(|id| id.to_string()).unwrap_or_default());
    say(f.t("fact-service"), name_of(agreement, record.service));
    say(f.t("fact-agreement"), record.decision.policy.clone());
    facts
}

/// Over time, by purpose and by party, as drawings with a table behind them.
pub(crate) fn plots(f: &Frame, agreement: &Agreement, figures: &Figures) -> Vec<String> {
    let unit = f.t("plot-accesses");
    let time = over_time(f, figures.over_time());
    let purposes = figures.purposes.iter().map(|(purpose, value)| {
        let label = match purpose {
            None => f.t("plot-no-purpose"),
            Some(purpose) => {
                agreement.purpose(purpose).map_or_else(|| purpose.to_string(), |rules| title(f, &rules.title))
            }
        };
        Bar { label, value: *value }
    });
    let by_purpose = Plot {
        id: "purpose",
        title: f.t("plot-by-purpose"),
        of: f.t("fact-purpose"),
        unit: unit.clone(),
        bars: most(purposes.collect(), f),
    };
    let parties =
        figures.parties.iter().map(|(oin, value)| Bar { label: name_of(agreement, *oin), value: *value });
    let by_party = Plot {
        id: "party",
        title: f.t("plot-by-party"),
        of: f.t("fact-party"),
        unit,
        bars: most(parties.collect(), f),
    };
    vec![time.columns(f), by_purpose.rows(f), by_party.rows(f)]
}

/// How many there were on each day, or in each month where there are many.
pub(crate) fn over_time(f: &Frame, spans: impl IntoIterator<Item = (Span, u64)>) -> Plot {
    let bar = |(span, value)| {
        let label = match span {
            Span::Day(day) => format!("{}-{}", day.day(), day.month()),
            Span::Month(day) => format!("{}-{}", day.month(), day.year()),
        };
        Bar { label, value }
    };
    Plot {
        id: "time",
        title: f.t("plot-over-time"),
        of: f.t("plot-day"),
        unit: f.t("plot-accesses"),
        bars: spans.into_iter().map(bar).collect(),
    }
}

/// How long holders take.
pub(crate) fn response_times(f: &Frame, agreement: &Agreement, times: &[HolderTimes]) -> Vec<String> {
    if times.is_empty() {
        return Vec::new();
    }
    let plot = |id, title, value: fn(&HolderTimes) -> u64| Plot {
        id,
        title: f.t(title),
        of: f.t("plot-holder"),
        unit: f.t("plot-milliseconds"),
        bars: times
            .iter()
            .map(|one| Bar { label: name_of(agreement, one.holder), value: value(one) })
            .collect(),
    };
    let median = plot("median", "plot-times-median", |one| one.median);
    let slow = plot("slow", "plot-times-slow", |one| one.slow);
    vec![median.rows(f), slow.rows(f)]
}

/// The longest bars first, and the rest as one.
pub(crate) fn most(mut bars: Vec<Bar>, f: &Frame) -> Vec<Bar> {
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.value));
    if bars.len() > MOST_BARS {
        let rest = bars.drain(MOST_BARS..).map(|bar| bar.value).sum();
        bars.push(Bar { label: f.t("plot-rest"), value: rest });
    }
    for bar in &mut bars {
        // As much as fits beside a bar; names are whole in the lists.
        if bar.label.chars().count() > LONGEST_LABEL {
            bar.label = bar.label.chars().take(LONGEST_LABEL - 1).chain(['…']).collect();
        }
    }
    bars
}

const MOST_BARS: usize = 15;
const LONGEST_LABEL: usize = 34;
