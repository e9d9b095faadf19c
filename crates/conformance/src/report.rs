//! What came of a run.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalogue::Check;

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is not so.
    Failed,
    /// It could not be tried: nothing is known.
    NotTried,
    /// It is so.
    Passed,
}

impl Outcome {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NotTried => "not tried",
            Self::Passed => "passed",
        }
    }
}

/// One check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was tried: `source/<name>` or `adapter`.
    pub part: String,
    /// The check.
    pub check: &'static str,
    /// What is expected.
    pub expects: &'static str,
    /// Why it matters.
    pub matters: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen; why it was not tried. Never a value from a record.
    pub seen: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
    /// How long it took.
    pub milliseconds: u64,
}

/// All findings of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which chain.
    pub chain: String,
    /// The agreement, by its hash.
    pub agreement: String,
    /// The partner.
    pub partner: String,
    /// When it was begun (RFC 3339).
    pub begun_at: String,
    /// One for every check of every part.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing failed. What was not tried is not known.
    pub fn conforms(&self) -> bool {
        self.count(Outcome::Failed) == 0
    }

    /// How many findings are so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }
}

/// What a check came to: what was seen, or why it is not so or not known.
pub(crate) enum Seen {
    Failed(String),
    NotTried(String),
    Passed(String),
}

pub(crate) fn passed(seen: impl Into<String>) -> Seen {
    Seen::Passed(seen.into())
}

pub(crate) fn failed(seen: impl Into<String>) -> Seen {
    Seen::Failed(seen.into())
}

pub(crate) fn not_tried(why: impl Into<String>) -> Seen {
    Seen::NotTried(why.into())
}

/// The findings of one part while they are made.
pub(crate) struct Findings {
    part: String,
    found: Vec<Finding>,
    began: Instant,
}

impl Findings {
    pub(crate) fn of(part: String) -> Self {
        Self { part, found: Vec::new(), began: Instant::now() }
    }

    /// What is noted next took from here on.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    pub(crate) fn note(&mut self, check: &'static Check, seen: Seen) {
        let took = self.began.elapsed();
        self.note_after(check, seen, took);
        self.began = Instant::now();
    }

    /// Whether there is one about this check.
    pub(crate) fn has(&self, check: &Check) -> bool {
        self.found.iter().any(|finding| finding.check == check.id)
    }

    pub(crate) fn note_after(&mut self, check: &'static Check, seen: Seen, took: Duration) {
        let (outcome, seen) = match seen {
            Seen::Failed(seen) => (Outcome::Failed, seen),
            Seen::NotTried(seen) => (Outcome::NotTried, seen),
            Seen::Passed(seen) => (Outcome::Passed, seen),
        };
        self.found.push(Finding {
            part: self.part.clone(),
            check: check.id,
            expects: check.expects,
            matters: check.matters,
            outcome,
            seen,
            remedy: (outcome == Outcome::Failed).then_some(check.remedy),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// The findings in the order of the catalogue; what was not noted was not tried.
    pub(crate) fn finish(mut self, all: &[&'static Check], why_not: &str) -> Vec<Finding> {
        for check in all {
            if !self.has(check) {
                self.note_after(check, not_tried(why_not), Duration::ZERO);
            }
        }
        let place = |id: &str| all.iter().position(|check| check.id == id);
        self.found.sort_by_key(|finding| place(finding.check));
        self.found
    }
}
