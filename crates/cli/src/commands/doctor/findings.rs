//! What the doctor found.

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Grade {
    /// Works, and may stop working or surprise.
    Doubtful,
    /// As it should be.
    Good,
    /// Keeps the service from starting or working.
    Wrong,
}

impl Grade {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Doubtful => "look",
            Self::Good => "good",
            Self::Wrong => "WRONG",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    pub(crate) grade: Grade,
    pub(crate) about: &'static str,
    pub(crate) what: String,
    /// What to do; empty when all is well.
    pub(crate) next: String,
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn good(&mut self, about: &'static str, what: impl Into<String>) {
        self.add(Grade::Good, about, what, "");
    }

    pub(super) fn doubtful(&mut self, about: &'static str, what: impl Into<String>, next: impl Into<String>) {
        self.add(Grade::Doubtful, about, what, next);
    }

    pub(super) fn wrong(&mut self, about: &'static str, what: impl Into<String>, next: impl Into<String>) {
        self.add(Grade::Wrong, about, what, next);
    }

    pub(super) fn has(&self, grade: Grade) -> bool {
        self.0.iter().any(|finding| finding.grade == grade)
    }

    pub(super) fn list(&self) -> &[Finding] {
        &self.0
    }

    fn add(&mut self, grade: Grade, about: &'static str, what: impl Into<String>, next: impl Into<String>) {
        self.0.push(Finding { grade, about, what: what.into(), next: next.into() });
    }
}
