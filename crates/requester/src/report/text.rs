//! The report on paper: one text of plain lines, in the report's language.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kw_agreement::{Agreement, Language};
use kw_domain::Oin;
use kw_protocol::access_report::{AccessReport, Named, ReportEntry, ReportedAct, StatementStatus};

use super::words::{self, Labels};

/// Writes the text of each entry and of the whole. `own` is the organisation that gathered it.
pub(super) fn write(report: &mut AccessReport, agreement: &Agreement, own: Oin) {
    let speak = words::language(report.language);
    let silent: BTreeSet<Oin> = report
        .parties
        .iter()
        .filter(|asked| asked.status != StatementStatus::Answered)
        .map(|asked| asked.party.oin)
        .collect();
    for entry in &mut report.entries {
        entry.text = of_entry(entry, &silent, speak);
    }
    let mut text = heading(report, agreement, speak);
    for (number, entry) in (1..).zip(&report.entries) {
        line(&mut text, format_args!("{number}. {}\n", entry.text.replace('\n', "\n   ")));
    }
    line(&mut text, closing(agreement, own, speak));
    report.text = text;
}

fn heading(report: &AccessReport, agreement: &Agreement, speak: Language) -> String {
    let chain = agreement.title().within(speak);
    let (made_at, kept) = (words::moment(report.made_at, speak), words::term(&report.kept_for, speak));
    let mut text = String::new();
    match speak {
        Language::Dutch => {
            line(&mut text, "Wie heeft iets over u gemeld, en wie heeft gekeken?");
            line(&mut text, format_args!("{chain}\nGemaakt op {made_at}\n"));
            line(
                &mut text,
                "U hebt het recht om te weten wie uw gegevens gebruikt (AVG, artikel 15). In dit overzicht staat wat er in de\n\
                 logboeken van de organisaties staat. De nieuwste regels staan onderaan. De tijden zijn Nederlandse tijden.",
            );
            line(
                &mut text,
                format_args!("Wij bewaren deze gegevens {kept}. Wat ouder is, staat er niet meer in."),
            );
            line(
                &mut text,
                "Soms zegt de wet dat wij iets niet mogen vertellen. Deze zin staat in elk overzicht, ook als er niets is\n\
                 weggelaten.",
            );
        }
        Language::English => {
            line(&mut text, "Who gave notice of something about you, and who looked?");
            line(&mut text, format_args!("{chain}\nMade on {made_at}\n"));
            line(
                &mut text,
                "You have the right to know who uses your data (GDPR, article 15). This report tells what the logs of the\n\
                 organisations say. The newest lines come last. Times are Dutch times.",
            );
            line(&mut text, format_args!("We keep these data for {kept}. What is older is no longer in it."));
            line(
                &mut text,
                "Sometimes the law says that we may not tell something. This sentence is in every report, also when\n\
                 nothing was left out.",
            );
        }
    }
    line(&mut text, "");
    if let Some(period) = period(report, speak) {
        line(&mut text, period);
    }
    line(&mut text, completeness(report, speak));
    if report.entries.is_empty() {
        line(
            &mut text,
            match speak {
                Language::Dutch => "In de logboeken staat niets wat wij u kunnen vertellen.\n",
                Language::English => "There is nothing in the logs that we can tell you.\n",
            },
        );
    }
    text
}

fn period(report: &AccessReport, speak: Language) -> Option<String> {
    let [from, until] =
        [report.from, report.until].map(|moment| moment.map(|moment| words::moment(moment, speak)));
    Some(match (from, until, speak) {
        (None, None, _) => return None,
        (Some(from), None, Language::Dutch) => format!("Dit overzicht begint op {from}."),
        (Some(from), None, Language::English) => format!("This report begins on {from}."),
        (None, Some(until), Language::Dutch) => format!("Dit overzicht loopt tot {until}."),
        (None, Some(until), Language::English) => format!("This report ends on {until}."),
        (Some(from), Some(until), Language::Dutch) => {
            format!("Dit overzicht loopt van {from} tot {until}.")
        }
        (Some(from), Some(until), Language::English) => {
            format!("This report runs from {from} until {until}.")
        }
    })
}

fn completeness(report: &AccessReport, speak: Language) -> String {
    if report.complete {
        return match speak {
            Language::Dutch => "Alle organisaties die wij hebben gevraagd, hebben geantwoord.\n".to_owned(),
            Language::English => "All organisations that we asked have answered.\n".to_owned(),
        };
    }
    let mut text = match speak {
        Language::Dutch => "Let op: dit overzicht is NIET COMPLEET. Vraag het later nog eens.\n",
        Language::English => "Please note: this report is NOT COMPLETE. Ask again later.\n",
    }
    .to_owned();
    let silent = report.parties.iter().filter(|asked| asked.status != StatementStatus::Answered);
    for asked in silent {
        line(&mut text, format_args!("- {} {}", asked.party.name, words::status(asked.status, speak)));
    }
    text
}

fn of_entry(entry: &ReportEntry, silent: &BTreeSet<Oin>, speak: Language) -> String {
    let labels: Labels = words::labels(speak);
    let mut text = format!("{}\n{}", words::when(entry, speak), words::what(entry, speak));
    let mut detail = |label: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{label}: {value}");
    };
    if let Some(actor) = &entry.actor {
        detail(labels.actor, actor.as_str());
    }
    let titled = [(labels.role, &entry.role), (labels.purpose, &entry.purpose)];
    for (label, named) in titled.into_iter().filter_map(|(label, named)| Some((label, named.as_ref()?))) {
        detail(label, &named.title);
    }
    if let Some(law) = &entry.legal_basis {
        detail(labels.law, law);
    }
    // That a report is about the logs goes without saying.
    if !entry.categories.is_empty() && entry.act != ReportedAct::Reported {
        detail(labels.categories, &titles(&entry.categories));
    }
    if let Some(basis) = entry.relation {
        detail(labels.relation, words::relation(basis, speak));
    }
    if entry.act == ReportedAct::Asked && !entry.fetches.is_empty() {
        let fetches = entry
            .fetches
            .iter()
            .map(|fetch| format!("\n- {}", words::fetch(fetch, silent.contains(&fetch.holder.oin), speak)));
        detail(labels.fetches, fetches.collect::<String>().as_str());
    }
    let logs: Vec<&str> = entry.recorded_by.iter().map(|party| party.name.as_str()).collect();
    detail(labels.logs, &logs.join(", "));
    if let Some((first, more)) = entry.references.split_first() {
        let more = if more.is_empty() { String::new() } else { words::and_more(more.len(), speak) };
        detail(labels.reference, &format!("{first}{more}"));
    }
    text.replace(": \n", ":\n")
}

fn titles(named: &[Named]) -> String {
    named.iter().map(|named| named.title.as_str()).collect::<Vec<_>>().join(", ")
}

fn closing(agreement: &Agreement, own: Oin, speak: Language) -> String {
    let gathered = agreement.partner(own);
    let (name, contact) =
        gathered.map_or(("", ""), |partner| (partner.name.as_str(), partner.contact.as_str()));
    match speak {
        Language::Dutch => format!(
            "Hebt u een vraag, of klopt er iets niet? Neem contact op met {name}: {contact}\n\
             Noem daarbij het kenmerk. U kunt ook een klacht indienen bij de Autoriteit Persoonsgegevens."
        ),
        Language::English => format!(
            "Do you have a question, or is something wrong? Contact {name}: {contact}\n\
             Mention the reference. You can also complain to the Dutch Data Protection Authority."
        ),
    }
}

fn line(text: &mut String, what: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

#[cfg(test)]
mod tests;
