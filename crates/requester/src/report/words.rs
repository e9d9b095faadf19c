//! The words of a report, in Dutch (B1) and English. Whoever gets one has never heard of pointers or switchboards.

use kw_agreement::Language;
use kw_domain::{DutchTime, Instant};
use kw_ledger::Outcome;
use kw_protocol::access_report::{ReportEntry, ReportLanguage, ReportedAct, ReportedFetch, StatementStatus};
use kw_protocol::query::RelationBasis;

use Language::{Dutch, English};

pub(super) fn language(language: ReportLanguage) -> Language {
    match language {
        ReportLanguage::En => English,
        ReportLanguage::Nl => Dutch,
    }
}

/// The category of this very report.
pub(super) fn access_log(speak: Language) -> &'static str {
    match speak {
        Dutch => "Wat er in de logboeken over u staat",
        English => "What the logs say about you",
    }
}

/// The purpose of this very report.
pub(super) fn subject_access(speak: Language) -> &'static str {
    match speak {
        Dutch => "Uw recht op inzage",
        English => "Your right of access",
    }
}

/// A day in the Netherlands: `zaterdag 21 november 2026`.
pub(super) fn day(moment: Instant, speak: Language) -> String {
    let date = DutchTime::at(moment).date();
    let number = |format: &str| date.format(format).to_string().parse::<usize>().unwrap_or(1);
    let (weekdays, months) = match speak {
        Dutch => (&WEEKDAYS_NL, &MONTHS_NL),
        English => (&WEEKDAYS_EN, &MONTHS_EN),
    };
    let (weekday, month) = (weekdays[(number("%u") - 1) % 7], months[(number("%m") - 1) % 12]);
    format!("{weekday} {} {month} {}", date.format("%-d"), date.format("%Y"))
}

/// A time on the clock in the Netherlands.
pub(super) fn clock(moment: Instant, speak: Language) -> String {
    let time = DutchTime::at(moment).time();
    match speak {
        Dutch => time.format("%H.%M").to_string(),
        English => time.format("%H:%M").to_string(),
    }
}

/// A moment to the minute.
pub(super) fn moment(moment: Instant, speak: Language) -> String {
    match speak {
        Dutch => format!("{}, {} uur", day(moment, speak), clock(moment, speak)),
        English => format!("{}, {}", day(moment, speak), clock(moment, speak)),
    }
}

/// When an entry's acts were.
pub(super) fn when(entry: &ReportEntry, speak: Language) -> String {
    let Some(last) = entry.last_at else { return moment(entry.at, speak) };
    let (day, from, until) = (day(entry.at, speak), clock(entry.at, speak), clock(last, speak));
    match speak {
        Dutch => format!("{day}, {} keer, tussen {from} en {until} uur", entry.times),
        English => format!("{day}, {} times, between {from} and {until}", entry.times),
    }
}

/// What was done, and how it ended.
pub(super) fn what(entry: &ReportEntry, speak: Language) -> String {
    let who = &entry.party.name;
    let source = entry.fetches.first().map_or("", |fetch| &fetch.holder.name);
    let ended = ended(entry.act, entry.result, speak);
    match (entry.act, speak) {
        (ReportedAct::Asked, Dutch) => {
            let nobody = match entry.result {
                Outcome::Success if entry.fetches.is_empty() => " Er werd geen organisatie genoemd.",
                _ => "",
            };
            format!("{who} heeft gevraagd welke organisaties gegevens over u hebben.{ended}{nobody}")
        }
        (ReportedAct::Asked, English) => {
            let nobody = match entry.result {
                Outcome::Success if entry.fetches.is_empty() => " No organisation was named.",
                _ => "",
            };
            format!("{who} asked which organisations have data about you.{ended}{nobody}")
        }
        (ReportedAct::Fetched, Dutch) => format!(
            "{who} heeft gegevens over u opgevraagd bij {source}.{ended} Wij vinden niet terug welke vraag hierbij hoort. \
             Vraag {who} om uitleg."
        ),
        (ReportedAct::Fetched, English) => format!(
            "{who} requested data about you from {source}.{ended} We cannot find the question that belongs to it. Ask \
             {who} to explain."
        ),
        (ReportedAct::Inspected, Dutch) => {
            format!("{who} heeft als toezichthouder in een logboek gekeken wat er over u in staat.{ended}")
        }
        (ReportedAct::Inspected, English) => {
            format!("{who}, a supervisor, looked in a log at what it says about you.{ended}")
        }
        (ReportedAct::Lapsed, Dutch) => {
            "Een melding dat een organisatie gegevens over u heeft, is verlopen. Andere organisaties zien die melding niet \
             meer."
                .to_owned()
        }
        (ReportedAct::Lapsed, English) => {
            "A notice that an organisation has data about you has expired. Other organisations no longer see it.".to_owned()
        }
        (ReportedAct::MandateConfirmed, Dutch) => {
            format!("{who} heeft vastgelegd dat iemand het eens is met een machtiging van of voor u.{ended}")
        }
        (ReportedAct::MandateConfirmed, English) => {
            format!("{who} recorded that somebody agrees with a mandate of yours or for you.{ended}")
        }
        (ReportedAct::MandateEnded, Dutch) => {
            format!("Een machtiging van of voor u is beëindigd. Dat is gedaan door {who}.{ended}")
        }
        (ReportedAct::MandateEnded, English) => {
            format!("A mandate of yours or for you was ended, by {who}.{ended}")
        }
        (ReportedAct::MandateRead, Dutch) => {
            format!("{who} heeft gekeken of er een machtiging van of voor u is.{ended}")
        }
        (ReportedAct::MandateRead, English) => {
            format!("{who} looked whether there is a mandate of yours or for you.{ended}")
        }
        (ReportedAct::MandateRegistered, Dutch) => {
            format!("{who} heeft een machtiging van of voor u vastgelegd.{ended}")
        }
        (ReportedAct::MandateRegistered, English) => {
            format!("{who} registered a mandate of yours or for you.{ended}")
        }
        (ReportedAct::Represented, Dutch) => format!(
            "{who} heeft gevraagd welke organisaties gegevens hebben over iemand die u vertegenwoordigt.{ended}"
        ),
        (ReportedAct::Represented, English) => {
            format!("{who} asked which organisations have data about somebody whom you represent.{ended}")
        }
        (ReportedAct::Registered, Dutch) => {
            format!("{who} heeft gemeld dat deze organisatie gegevens over u heeft.")
        }
        (ReportedAct::Registered, English) => format!("{who} gave notice that it has data about you."),
        (ReportedAct::Renewed, Dutch) => {
            format!("{who} heeft gemeld dat deze organisatie nog steeds gegevens over u heeft.")
        }
        (ReportedAct::Renewed, English) => format!("{who} gave notice that it still has data about you."),
        (ReportedAct::Replaced, Dutch) => {
            format!("{who} heeft gemeld dat deze organisatie nieuwere gegevens over u heeft.")
        }
        (ReportedAct::Replaced, English) => format!("{who} gave notice that it has newer data about you."),
        (ReportedAct::Reported, Dutch) => format!("{who} heeft gevraagd om een overzicht zoals dit.{ended}"),
        (ReportedAct::Reported, English) => format!("{who} asked for a report like this one.{ended}"),
        (ReportedAct::Reviewed, Dutch) => {
            format!("{who} heeft achteraf beoordeeld of een vraag over u terecht was.{ended}")
        }
        (ReportedAct::Reviewed, English) => {
            format!("{who} judged afterwards whether a question about you was justified.{ended}")
        }
        (ReportedAct::Withdrawn, Dutch) => {
            format!("{who} heeft een melding ingetrokken. Andere organisaties zien die melding niet meer.")
        }
        (ReportedAct::Withdrawn, English) => {
            format!("{who} took a notice back. Other organisations no longer see it.")
        }
    }
}

/// How it ended, where it did not end well. Begins with a space.
fn ended(act: ReportedAct, result: Outcome, speak: Language) -> &'static str {
    match (result, speak) {
        (Outcome::Success, _) => "",
        (Outcome::Refused, Dutch) => " Dat mocht niet. De vraag is geweigerd.",
        (Outcome::Refused, English) => " That was not allowed. It was refused.",
        (Outcome::Error, Dutch) if act == ReportedAct::Asked => " Dat is niet gelukt. Er kwam geen antwoord.",
        (Outcome::Error, English) if act == ReportedAct::Asked => " That failed. There was no answer.",
        (Outcome::Error, Dutch) => " Dat is niet gelukt.",
        (Outcome::Error, English) => " That failed.",
    }
}

/// What became of one thing that a question disclosed. `may_be_unknown`: that organisation's log is not in the report.
pub(super) fn fetch(fetch: &ReportedFetch, may_be_unknown: bool, speak: Language) -> String {
    let (who, kind) = (&fetch.holder.name, &fetch.category.title);
    let end = match (fetch.result, speak) {
        (Some(Outcome::Success), Dutch) => "opgevraagd en beantwoord",
        (Some(Outcome::Success), English) => "requested and answered",
        (Some(Outcome::Refused), Dutch) => "opgevraagd, maar geweigerd",
        (Some(Outcome::Refused), English) => "requested, but refused",
        (Some(Outcome::Error), Dutch) => "opgevraagd, maar dat is niet gelukt",
        (Some(Outcome::Error), English) => "requested, but that failed",
        (None, Dutch) if may_be_unknown => "genoemd; wij weten niet of er iets is opgevraagd",
        (None, English) if may_be_unknown => "named; we do not know whether anything was requested",
        (None, Dutch) => "genoemd, maar niet opgevraagd",
        (None, English) => "named, but not requested",
    };
    format!("{who} ({kind}): {end}")
}

/// On what ground somebody could ask.
pub(super) fn relation(basis: RelationBasis, speak: Language) -> &'static str {
    match (basis, speak) {
        (RelationBasis::Emergency, Dutch) => {
            "Dit was een noodgeval. Achteraf wordt gecontroleerd of dat klopt."
        }
        (RelationBasis::Emergency, English) => {
            "This was an emergency. It is checked afterwards whether that is right."
        }
        (RelationBasis::Listed, Dutch) => "De organisatie had zelf al gegevens over u.",
        (RelationBasis::Listed, English) => "The organisation already had data about you.",
        (RelationBasis::Motivated, Dutch) => {
            "De organisatie heeft een reden opgeschreven. Achteraf wordt gecontroleerd of die klopt."
        }
        (RelationBasis::Motivated, English) => {
            "The organisation wrote down a reason. It is checked afterwards whether that is right."
        }
    }
}

/// The names of an entry's details.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    pub(super) actor: &'static str,
    pub(super) categories: &'static str,
    pub(super) fetches: &'static str,
    pub(super) law: &'static str,
    pub(super) logs: &'static str,
    pub(super) purpose: &'static str,
    pub(super) reference: &'static str,
    pub(super) relation: &'static str,
    pub(super) role: &'static str,
}

pub(super) fn labels(speak: Language) -> Labels {
    match speak {
        Dutch => Labels {
            actor: "Naam",
            categories: "Soort gegevens",
            fetches: "Genoemde organisaties",
            law: "Wet",
            logs: "Staat in het logboek van",
            purpose: "Waarvoor",
            reference: "Kenmerk",
            relation: "Reden",
            role: "Functie",
        },
        English => Labels {
            actor: "Name",
            categories: "Kind of data",
            fetches: "Organisations named",
            law: "Law",
            logs: "Recorded in the log of",
            purpose: "Purpose",
            reference: "Reference",
            relation: "Reason",
            role: "Role",
        },
    }
}

/// More references than the first.
pub(super) fn and_more(count: usize, speak: Language) -> String {
    match speak {
        Dutch => format!(" (en nog {count})"),
        English => format!(" (and {count} more)"),
    }
}

/// Why a party's log is not in the report, or not all of it.
pub(super) fn status(status: StatementStatus, speak: Language) -> &'static str {
    match (status, speak) {
        (StatementStatus::Answered, Dutch) => "heeft geantwoord",
        (StatementStatus::Answered, English) => "answered",
        (
            StatementStatus::BirthDateMismatch
            | StatementStatus::BirthDateUnknown
            | StatementStatus::SubjectMismatch,
            Dutch,
        ) => "kon niet vaststellen dat het om u gaat",
        (
            StatementStatus::BirthDateMismatch
            | StatementStatus::BirthDateUnknown
            | StatementStatus::SubjectMismatch,
            English,
        ) => "could not establish that this is about you",
        (StatementStatus::Gaps, Dutch) => "heeft geantwoord, maar mist een deel van het logboek",
        (StatementStatus::Gaps, English) => "answered, but part of its log is missing",
        (StatementStatus::Malformed, Dutch) => "gaf een antwoord dat niet klopt",
        (StatementStatus::Malformed, English) => "gave an answer that is not right",
        (StatementStatus::Refused, Dutch) => "heeft het geweigerd",
        (StatementStatus::Refused, English) => "refused",
        (StatementStatus::TimedOut, Dutch) => "antwoordde niet op tijd",
        (StatementStatus::TimedOut, English) => "did not answer in time",
        (StatementStatus::Unavailable, Dutch) => "was niet bereikbaar",
        (StatementStatus::Unavailable, English) => "could not be reached",
    }
}

/// A term of the agreement (`P5Y`) as people say it; as it is written when it is none.
pub(super) fn term(term: &str, speak: Language) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut number = String::new();
    for letter in term.chars().skip(1) {
        let names = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            'Y' => [("jaar", "jaar"), ("year", "years")],
            'M' => [("maand", "maanden"), ("month", "months")],
            'D' => [("dag", "dagen"), ("day", "days")],
            _ => return term.to_owned(),
        };
        let (one, many) = if speak == Dutch { names[0] } else { names[1] };
        parts.push(format!("{number} {}", if number == "1" { one } else { many }));
        number.clear();
    }
    if parts.is_empty() { term.to_owned() } else { parts.join(if speak == Dutch { " en " } else { " and " }) }
}

const WEEKDAYS_NL: [&str; 7] =
    ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_NL: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_those_of_the_netherlands() {
        let at = |text| Instant::parse(text).unwrap();
        assert_eq!(moment(at("2026-11-21T23:30:00Z"), Dutch), "zondag 22 november 2026, 00.30 uur");
        assert_eq!(moment(at("2026-07-01T09:05:00Z"), English), "Wednesday 1 July 2026, 11:05");
    }

    #[test]
    fn terms_are_said_in_words() {
        for (text, dutch, english) in [
            ("P5Y", "5 jaar", "5 years"),
            ("P1M", "1 maand", "1 month"),
            ("P1Y6M10D", "1 jaar en 6 maanden en 10 dagen", "1 year and 6 months and 10 days"),
            ("soon", "soon", "soon"),
        ] {
            assert_eq!((term(text, Dutch).as_str(), term(text, English).as_str()), (dutch, english));
        }
    }
}
