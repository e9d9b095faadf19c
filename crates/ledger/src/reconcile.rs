//! Whether the logs of requesters, switchboard and holders tell the same story (design §5, "Reconciliation").
//!
//! Each log can be honest about its own tree and still leave something out, or say what never happened. A question leaves
//! records at two parties, a pull at three and a feedback report at two, joined by transaction ids; here they are put side by
//! side. Each pull and each report has exactly one grant, each grant one query, each query one question. What does not match is named.
//!
//! Only logs that were given are judged: what a missing log would have said is counted as unchecked, never as missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kw_domain::{Instant, Oin, Purpose, TransactionId};
use serde::Serialize;

use crate::{AccessRecord, Event, GrantedAct, Logged};

mod discrepancy;
mod facts;
mod pull;
mod question;

pub use discrepancy::{Discrepancy, DiscrepancyKind, EntryAt, Severity};
use facts::{Claim, Seen};
use pull::{Answer, Granted, Pull};
use question::Question;

/// Whose log a record is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The switchboard's.
    Switchboard,
    /// A partner's: it asks, and it holds.
    Partner(Oin),
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The logs whose records will all be given.
    pub logs: BTreeSet<Place>,
    /// Judge what began from this moment on. Records from `grace` before have to be given too.
    pub from: Option<Instant>,
    /// Judge what began before this moment. Records until `grace` later have to be given too, so it lies at least `grace` in
    /// the past.
    pub until: Instant,
    /// How far apart the records of one exchange may be: a grant's life, a question's deadline, and how far clocks differ.
    pub grace: Duration,
}

/// Compares records as they come, from whichever log.
///
/// Records may come in any order. When they come in the order of their time, forwards or backwards, [`Reconciler::reached`]
/// keeps memory to the exchanges that are still open.
#[derive(Debug)]
pub struct Reconciler {
    scope: Scope,
    questions: BTreeMap<(Oin, TransactionId), Question>,
    pulls: BTreeMap<TransactionId, Pull>,
    verdict: Reconciliation,
}

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// How many records were compared.
    pub records: u64,
    /// How many questions were judged.
    pub questions: u64,
    /// How many grants and their uses were judged, by the transaction id of the pull or report.
    pub pulls: u64,
    /// What began too late to be judged, or before the time that was asked for.
    pub outside: u64,
    /// What could not be compared because the other side's log was not given.
    pub unchecked: u64,
    /// How many discrepancies there are of each kind.
    pub counts: BTreeMap<DiscrepancyKind, u64>,
    /// The discrepancies, the gravest first; of each kind the first thousand that were found.
    pub discrepancies: Vec<Discrepancy>,
}

impl Reconciliation {
    /// Whether there is something that must not be.
    pub fn has_incidents(&self) -> bool {
        self.counts.keys().any(|kind| kind.severity() == Severity::Incident)
    }

    fn note(&mut self, discrepancy: Discrepancy) {
        let count = self.counts.entry(discrepancy.kind).or_default();
        *count += 1;
        if *count <= LISTED {
            self.discrepancies.push(discrepancy);
        }
    }
}

impl Reconciler {
    /// Nothing compared yet.
    pub fn new(scope: Scope) -> Self {
        Self { scope, questions: BTreeMap::new(), pulls: BTreeMap::new(), verdict: Reconciliation::default() }
    }

    /// Takes in a record of a log.
    pub fn add(&mut self, place: Place, logged: Logged<'_>) {
        let record = logged.record;
        if record.purpose.as_ref().is_some_and(Purpose::is_subject_access) {
            // A person's own report is no question that is answered with grants to pull.
            return;
        }
        let seen = Seen::of(logged);
        match (record.event, place) {
            (Event::QueryAsked | Event::AnswerReceived | Event::DossierAssembled, Place::Partner(owner)) => {
                self.check_owner(owner, &seen, record);
                self.add_asking(owner, seen, record);
            }
            (Event::QueryAnswered, Place::Switchboard) => self.add_answered(seen, record),
            (Event::PullAnswered, Place::Partner(owner)) => {
                self.add_use(owner, GrantedAct::Pull, seen, record);
            }
            (Event::FeedbackReceived, Place::Partner(owner)) => {
                self.add_use(owner, GrantedAct::Feedback, seen, record);
            }
            _ => return,
        }
        self.verdict.records += 1;
    }

    fn add_asking(&mut self, owner: Oin, seen: Seen, record: &AccessRecord) {
        let Some(transaction) = record.transaction else { return };
        if record.event == Event::DossierAssembled {
            for grant in &record.grants {
                let outcome = (seen.clone(), owner, grant.outcome.clone());
                self.pull(grant.transaction).outcomes.push(outcome);
            }
        }
        let claim = Claim::of(seen, record);
        let question = self.question(owner, transaction);
        match record.event {
            Event::QueryAsked => question.asked.push(claim),
            Event::AnswerReceived => question.received.push(claim),
            _ => question.assembled.push(claim),
        }
    }

    fn add_use(&mut self, owner: Oin, act: GrantedAct, seen: Seen, record: &AccessRecord) {
        self.check_owner(owner, &seen, record);
        // What came with a grant that could not be read has no transaction: it was refused, and nothing was given.
        if let Some(transaction) = record.transaction {
            let claim = Claim::of(seen, record);
            self.pull(transaction).answers.push(Answer { holder: owner, act, claim });
        }
    }

    fn add_answered(&mut self, seen: Seen, record: &AccessRecord) {
        for grant in &record.grants {
            let claim = Claim::of(seen.clone(), record);
            let granted = Granted { holder: grant.holder, act: grant.act, claim };
            self.pull(grant.transaction).granted.push(granted);
        }
        if let Some(transaction) = record.transaction {
            self.question(record.party, transaction).answered.push(Claim::of(seen, record));
        }
    }

    fn check_owner(&mut self, owner: Oin, seen: &Seen, record: &AccessRecord) {
        if record.service != owner && self.scope.covers(seen.at) {
            let kind = DiscrepancyKind::ForeignRecord;
            self.verdict.note(Discrepancy::new(kind, record.transaction, owner, seen.at).entry(seen));
        }
    }

    fn question(&mut self, party: Oin, transaction: TransactionId) -> &mut Question {
        self.questions.entry((party, transaction)).or_default()
    }

    fn pull(&mut self, transaction: TransactionId) -> &mut Pull {
        self.pulls.entry(transaction).or_default()
    }

    /// Says that records come in the order of time, and have come to `at`: exchanges that lie more than the grace away are
    /// judged and forgotten.
    pub fn reached(&mut self, at: Instant) {
        let grace = self.scope.grace;
        let is_open = |(first, last): (Instant, Instant)| first.minus(grace) <= at && at <= last.plus(grace);
        let settled: Vec<_> = self.questions.extract_if(.., |_, one| !is_open(one.span())).collect();
        for (key, question) in settled {
            self.judge_question(key, &question);
        }
        let settled: Vec<_> = self.pulls.extract_if(.., |_, one| !is_open(one.span())).collect();
        for (transaction, pull) in settled {
            self.judge_pull(transaction, &pull);
        }
    }

    /// How many exchanges are held in memory.
    pub fn open(&self) -> usize {
        self.questions.len() + self.pulls.len()
    }

    /// Judges what is left.
    pub fn finish(mut self) -> Reconciliation {
        let (questions, pulls) = (std::mem::take(&mut self.questions), std::mem::take(&mut self.pulls));
        for (key, question) in questions {
            self.judge_question(key, &question);
        }
        for (transaction, pull) in pulls {
            self.judge_pull(transaction, &pull);
        }
        self.verdict.discrepancies.sort();
        self.verdict
    }

    fn judge_question(&mut self, (party, transaction): (Oin, TransactionId), question: &Question) {
        if !self.scope.covers(question.span().0) {
            self.verdict.outside += 1;
            return;
        }
        self.verdict.questions += 1;
        question.judge(&self.scope, party, transaction, &mut self.verdict);
    }

    fn judge_pull(&mut self, transaction: TransactionId, pull: &Pull) {
        if !self.scope.covers(pull.span().0) {
            self.verdict.outside += 1;
            return;
        }
        self.verdict.pulls += 1;
        pull.judge(&self.scope, transaction, &mut self.verdict);
    }
}

impl Scope {
    fn covers(&self, began: Instant) -> bool {
        self.from.is_none_or(|from| from <= began) && began < self.until
    }

    fn has(&self, place: Place) -> bool {
        self.logs.contains(&place)
    }
}

/// Of each kind; beyond that, only counted.
const LISTED: u64 = 1000;
