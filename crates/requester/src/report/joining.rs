//! One entry for each act: what several logs say about it, joined on the transactions. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kw_agreement::{Agreement, Language};
use kw_domain::{Category, Oin, Purpose, TransactionId};
use kw_ledger::{Event, Outcome};
use kw_protocol::access_report::{
    Named, ReportEntry, ReportLanguage, ReportedAct, ReportedFetch, Statement, StatementLine,
};
use kw_protocol::dossier::Party;
use kw_protocol::mandate::Side;

use super::words;
use crate::assembly::party;

/// All that was told.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) agreement: &'a Agreement,
    pub(super) language: ReportLanguage,
    pub(super) switchboard: &'a [StatementLine],
    pub(super) statements: Vec<(&'a Party, &'a Statement)>,
    /// The exchanges of the report itself.
    pub(super) own: BTreeSet<TransactionId>,
}

/// The entries, newest last. Their texts are still to be written.
pub(super) fn join(sources: &Sources<'_>) -> Vec<ReportEntry> {
    let mut joined =
        Joined { sources, entries: Vec::new(), questions: BTreeMap::new(), exchanges: BTreeMap::new() };
    let switchboard = party(sources.agreement.switchboard().oin, sources.agreement);
    for line in sources.switchboard {
        joined.add(&switchboard, line);
    }
    for (teller, statement) in &sources.statements {
        for line in &statement.lines {
            joined.add(teller, line);
        }
    }
    let mut entries = joined.entries;
    entries.sort_by_key(|entry| entry.at);
    entries
}

struct Joined<'a> {
    sources: &'a Sources<'a>,
    entries: Vec<ReportEntry>,
    /// Questions and reports by their own transaction: which entry.
    questions: BTreeMap<TransactionId, usize>,
    /// What followed from them: which entry, and which of its fetches.
    exchanges: BTreeMap<TransactionId, (usize, usize)>,
}

impl Joined<'_> {
    fn add(&mut self, teller: &Party, line: &StatementLine) {
        if line.transaction.is_some_and(|transaction| self.sources.own.contains(&transaction)) {
            return;
        }
        match line.event {
            Event::QueryAnswered if line.side == Some(Side::Representative) => {
                self.act(ReportedAct::Represented, teller, line);
            }
            Event::QueryAnswered | Event::QueryAsked => self.question(ReportedAct::Asked, teller, line),
            Event::AnswerReceived => self.answer(teller, line),
            Event::PullAnswered => self.fetch(teller, line),
            Event::AccessReportMade => self.report(teller, line),
            other => {
                if let Some(act) = alone(other) {
                    self.act(act, teller, line);
                }
            }
        }
    }

    /// A question, as the switchboard or the asker tells it; whoever tells it first makes the entry.
    fn question(&mut self, act: ReportedAct, teller: &Party, line: &StatementLine) {
        let known = line.transaction.and_then(|transaction| self.questions.get(&transaction).copied());
        if let Some(place) = known.filter(|place| self.entries[*place].party.oin == line.party.oin) {
            self.confirm(place, teller);
            return;
        }
        // A report in the asker's own log begins as a question.
        let asks_for_person = line.purpose.as_ref().is_some_and(Purpose::is_subject_access);
        let place = self.act(if asks_for_person { ReportedAct::Reported } else { act }, teller, line);
        if let Some(transaction) = line.transaction {
            self.questions.insert(transaction, place);
        }
        for (number, disclosed) in line.disclosed.iter().enumerate() {
            self.exchanges.insert(disclosed.transaction, (place, number));
        }
    }

    /// What the asker says it got: news only if the switchboard says nothing.
    fn answer(&mut self, teller: &Party, line: &StatementLine) {
        let known = line.transaction.and_then(|transaction| self.questions.get(&transaction).copied());
        let Some(place) = known else { return self.question(ReportedAct::Asked, teller, line) };
        let entry = &mut self.entries[place];
        if entry.recorded_by.iter().all(|party| party.oin == teller.oin) {
            entry.result = line.result;
        }
        self.confirm(place, teller);
    }

    fn fetch(&mut self, teller: &Party, line: &StatementLine) {
        if !self.followed(teller, line) {
            let place = self.act(ReportedAct::Fetched, teller, line);
            let fetches = line.categories.iter().map(|category| ReportedFetch {
                holder: teller.clone(),
                category: self.category(category),
                result: Some(line.result),
            });
            self.entries[place].fetches = fetches.collect();
        }
    }

    fn report(&mut self, teller: &Party, line: &StatementLine) {
        if !self.followed(teller, line) {
            self.question(ReportedAct::Reported, teller, line);
        }
    }

    /// Notes what became of an exchange that a question led to; `false` if none did. Of several tries one that succeeded
    /// counts.
    fn followed(&mut self, teller: &Party, line: &StatementLine) -> bool {
        let known = line.transaction.and_then(|transaction| self.exchanges.get(&transaction).copied());
        let Some((place, number)) = known else { return false };
        let entry = &mut self.entries[place];
        let fetch = &mut entry.fetches[number];
        if entry.party.oin != line.party.oin || fetch.holder.oin != teller.oin {
            return false;
        }
        if fetch.result != Some(Outcome::Success) {
            fetch.result = Some(line.result);
        }
        self.confirm(place, teller);
        true
    }

    fn confirm(&mut self, place: usize, teller: &Party) {
        let recorded_by = &mut self.entries[place].recorded_by;
        if recorded_by.iter().all(|party| party.oin != teller.oin) {
            recorded_by.push(teller.clone());
        }
    }

    fn act(&mut self, act: ReportedAct, teller: &Party, line: &StatementLine) -> usize {
        let Sources { agreement, language, .. } = self.sources;
        let speak = words::language(*language);
        let fetches = line.disclosed.iter().map(|disclosed| ReportedFetch {
            holder: self.party(disclosed.holder.oin),
            category: self.category(&disclosed.category),
            result: None,
        });
        let purpose = line.purpose.as_ref().map(|purpose| Named {
            code: purpose.to_string(),
            title: purpose_title(agreement, speak, purpose),
        });
        let role = line.role.as_ref().map(|role| {
            let title = agreement.role(role).map(|rules| rules.title.within(speak));
            Named { code: role.to_string(), title: title.unwrap_or(role.as_str()).to_owned() }
        });
        let entry = ReportEntry {
            at: line.at,
            last_at: None,
            times: 1,
            act,
            party: self.party(line.party.oin),
            role,
            actor: line.actor.clone(),
            purpose,
            legal_basis: line.legal_basis.as_deref().map(printable),
            categories: line.categories.iter().map(|category| self.category(category)).collect(),
            relation: line.relation,
            result: line.result,
            fetches: fetches.collect(),
            recorded_by: vec![teller.clone()],
            references: line.transaction.into_iter().collect(),
            text: String::new(),
        };
        self.entries.push(entry);
        self.entries.len() - 1
    }

    fn party(&self, oin: Oin) -> Party {
        party(oin, self.sources.agreement)
    }

    fn category(&self, category: &Category) -> Named {
        let speak = words::language(self.sources.language);
        let known = self.sources.agreement.category(category);
        let title = match known {
            Some(rules) => rules.title.within(speak),
            None if category.is_access_log() => words::access_log(speak),
            None => category.as_str(),
        };
        Named { code: category.to_string(), title: title.to_owned() }
    }
}

/// What an event is that stands in one log only.
fn alone(event: Event) -> Option<ReportedAct> {
    Some(match event {
        Event::AccessLogSearched | Event::ResolutionApproved | Event::ResolutionRequested => {
            ReportedAct::Inspected
        }
        Event::MandateConfirmed => ReportedAct::MandateConfirmed,
        Event::MandateEnded => ReportedAct::MandateEnded,
        Event::MandateRequested => ReportedAct::MandateRegistered,
        Event::MandatesRead => ReportedAct::MandateRead,
        Event::PointerRegistered | Event::PointersRegistered => ReportedAct::Registered,
        Event::PointerRenewed => ReportedAct::Renewed,
        Event::PointerSuperseded => ReportedAct::Replaced,
        Event::PointerWithdrawn | Event::PointersWithdrawn => ReportedAct::Withdrawn,
        Event::PointersDestroyed | Event::PointersLapsed => ReportedAct::Lapsed,
        Event::ReviewGiven => ReportedAct::Reviewed,
        _ => return None,
    })
}

fn purpose_title(agreement: &Agreement, speak: Language, purpose: &Purpose) -> String {
    let known = agreement.purpose(purpose).map(|rules| rules.title.within(speak));
    let own = purpose.is_subject_access().then(|| words::subject_access(speak));
    known.or(own).unwrap_or(purpose.as_str()).to_owned()
}

/// The words of another party's log end up on paper and screens.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_LEGAL_BASIS).collect()
}

const LONGEST_LEGAL_BASIS: usize = 300;

#[cfg(test)]
pub(super) mod tests;
