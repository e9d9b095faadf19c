//! What is allowed, and worth a question: for the auditor, who has to follow it up, so it names who acted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{ActorId, CaseReference, DutchTime, OfficeHours, Oin};
use serde::{Serialize, Serializer};

use crate::{Event, Logged, Verdict};

/// Watches records go by.
#[derive(Debug)]
pub struct Anomalies {
    limits: Limits,
    groups: BTreeMap<Group, Tally>,
    asked: BTreeMap<(String, Oin), Asked>,
    uncounted: u64,
}

/// What is looked at, and from where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a hundred questions of one party, so many without a holder.
    pub misses_percent: u64,
    /// A party with fewer questions has no miss rate.
    pub misses_from: u64,
    /// More questions of one person on one day than this. Records name a subject by another reference each time, so questions
    /// are counted, and asking twice about one person counts twice.
    pub questions_a_day: u64,
    /// More evaluations for one party on one day than this.
    pub evaluations_a_day: u64,
    /// When people are usually at work.
    pub office_hours: OfficeHours,
    /// How many groups are kept apart; what comes after is only counted.
    pub groups: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            misses_percent: 50,
            misses_from: 20,
            questions_a_day: 50,
            evaluations_a_day: 10_000,
            office_hours: OfficeHours::default(),
            groups: 100_000,
        }
    }
}

/// What was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnomalyKind {
    /// The emergency basis was used.
    EmergencyUse,
    /// One person asked about many.
    ManyQuestions,
    /// Many questions found no holder: guessing, or a list that is not one's own.
    MissRate,
    /// The escape with a reason was used.
    MotivatedUse,
    /// Questions and pulls that were denied.
    Denied,
    /// Somebody asked outside office hours.
    OutOfHours,
    /// Many pseudonyms were made for one party.
    BulkEvaluation,
}

impl AnomalyKind {
    /// All of them, in the order of a report.
    pub const ALL: &'static [Self] = &[
        Self::EmergencyUse,
        Self::ManyQuestions,
        Self::MissRate,
        Self::MotivatedUse,
        Self::Denied,
        Self::OutOfHours,
        Self::BulkEvaluation,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::EmergencyUse => "emergency-use",
            Self::ManyQuestions => "many-questions",
            Self::MissRate => "miss-rate",
            Self::MotivatedUse => "motivated-use",
            Self::Denied => "denied",
            Self::OutOfHours => "out-of-hours",
            Self::BulkEvaluation => "bulk-evaluation",
        }
    }
}

impl Serialize for AnomalyKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub kind: AnomalyKind,
    /// In which log.
    pub log: String,
    /// The organisation that acted.
    pub party: Oin,
    /// The person, where one acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorId>,
    /// The calendar day in the Netherlands, where it is about one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// In which event.
    pub event: Event,
    /// For what a request was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many: records, or evaluations.
    pub count: u64,
    /// Of how many, for a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// For how many different cases, at most 1000 of which are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<u64>,
    /// The lowest indices of the entries, at most twenty.
    pub entries: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    kind: AnomalyKind,
    log: String,
    party: Oin,
    actor: Option<ActorId>,
    day: Option<String>,
    event: Event,
    reason: Option<String>,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    cases: BTreeSet<CaseReference>,
    entries: BTreeSet<u64>,
}

/// What the switchboard answered to one party.
#[derive(Debug, Default)]
struct Asked {
    queries: u64,
    misses: u64,
    entries: BTreeSet<u64>,
}

impl Anomalies {
    /// Watches under these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, groups: BTreeMap::new(), asked: BTreeMap::new(), uncounted: 0 }
    }

    /// Looks at a record.
    pub fn add(&mut self, logged: Logged<'_>) {
        let record = logged.record;
        let of = |kind| Group {
            kind,
            log: logged.origin.to_owned(),
            party: record.party,
            actor: record.actor.as_ref().map(|actor| actor.id.clone()),
            day: None,
            event: record.event,
            reason: None,
        };
        let day = || Some(DutchTime::at(record.at).date().to_string());
        if record.event == Event::EvaluationBatch && record.decision.verdict == Verdict::Allowed {
            let group = Group { day: day(), ..of(AnomalyKind::BulkEvaluation) };
            self.tally(group, logged, record.count.unwrap_or(0));
        }
        if !matches!(record.event, Event::PullAnswered | Event::QueryAnswered | Event::QueryAsked) {
            return;
        }
        match record.relation.as_ref().map(|relation| relation.basis.as_str()) {
            Some("emergency") => self.tally(of(AnomalyKind::EmergencyUse), logged, 1),
            Some("motivated") => self.tally(of(AnomalyKind::MotivatedUse), logged, 1),
            _ => {}
        }
        if record.decision.verdict == Verdict::Denied {
            let reason = record.decision.reason.clone();
            self.tally(Group { actor: None, reason, ..of(AnomalyKind::Denied) }, logged, 1);
        }
        if !self.limits.office_hours.cover(record.at) {
            self.tally(of(AnomalyKind::OutOfHours), logged, 1);
        }
        if record.actor.is_some() && record.event != Event::PullAnswered {
            self.tally(Group { day: day(), ..of(AnomalyKind::ManyQuestions) }, logged, 1);
        }
        if record.event == Event::QueryAnswered && record.decision.verdict == Verdict::Allowed {
            let asked = self.asked.entry((logged.origin.to_owned(), record.party)).or_default();
            asked.queries += 1;
            if record.grants.is_empty() {
                asked.misses += 1;
                keep(&mut asked.entries, logged.index, ENTRIES);
            }
        }
    }

    fn tally(&mut self, group: Group, logged: Logged<'_>, count: u64) {
        if self.groups.len() >= self.limits.groups && !self.groups.contains_key(&group) {
            self.uncounted = self.uncounted.saturating_add(count);
            return;
        }
        let counts_cases = group.kind == AnomalyKind::ManyQuestions;
        let tally = self.groups.entry(group).or_default();
        tally.count = tally.count.saturating_add(count);
        keep(&mut tally.entries, logged.index, ENTRIES);
        if let Some(case) = logged.record.case.as_ref().filter(|_| counts_cases) {
            keep(&mut tally.cases, case.clone(), CASES);
        }
    }

    /// What happened in groups that were too many to be kept apart. Not zero means: look at a shorter time.
    pub fn uncounted(&self) -> u64 {
        self.uncounted
    }

    /// What was noticed: by kind, the most first.
    pub fn findings(&self) -> Vec<Finding> {
        let groups = self.groups.iter().filter(|(group, tally)| match group.kind {
            AnomalyKind::BulkEvaluation => tally.count > self.limits.evaluations_a_day,
            AnomalyKind::ManyQuestions => tally.count > self.limits.questions_a_day,
            _ => true,
        });
        let mut findings: Vec<_> = groups.map(|(group, tally)| tally.finding(group.clone())).collect();
        findings.extend(self.asked.iter().filter_map(|((log, party), asked)| {
            let Limits { misses_from, misses_percent, .. } = self.limits;
            let is_high = asked.queries >= misses_from.max(1)
                && u128::from(asked.misses) * 100 >= u128::from(asked.queries) * u128::from(misses_percent);
            is_high.then(|| asked.finding(log, *party))
        }));
        findings.sort_by(|a, b| (a.kind, Reverse(a.count), a).cmp(&(b.kind, Reverse(b.count), b)));
        findings
    }
}

impl Tally {
    fn finding(&self, group: Group) -> Finding {
        let Group { kind, log, party, actor, day, event, reason } = group;
        let cases = (kind == AnomalyKind::ManyQuestions).then_some(self.cases.len() as u64);
        let entries = self.entries.iter().copied().collect();
        Finding { kind, log, party, actor, day, event, reason, count: self.count, of: None, cases, entries }
    }
}

impl Asked {
    fn finding(&self, log: &str, party: Oin) -> Finding {
        Finding {
            kind: AnomalyKind::MissRate,
            log: log.to_owned(),
            party,
            actor: None,
            day: None,
            event: Event::QueryAnswered,
            reason: None,
            count: self.misses,
            of: Some(self.queries),
            cases: None,
            entries: self.entries.iter().copied().collect(),
        }
    }
}

/// Keeps the lowest, at most so many.
fn keep<T: Ord>(kept: &mut BTreeSet<T>, item: T, most: usize) {
    kept.insert(item);
    if kept.len() > most {
        kept.pop_last();
    }
}

const ENTRIES: usize = 20;
const CASES: usize = 1000;
