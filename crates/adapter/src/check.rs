//! Looks at a source before anything of it is registered: reads a bounded part of it, fetches some documents, and says field
//! by field what would come of them. Tells nobody: neither the switchboard nor the pseudonymiser is asked anything.
//!
//! - No value of a person is in the report: columns, members, rows and places have names and numbers, values do not.
//! - What the report calls good is what a sync and a pull would do, for it goes through the same reading, filter and schema.
//! - Every step has a deadline, and every part that is read a bound.

mod counting;
mod documents;
mod findings;
mod members;
mod paging;
mod report;
mod wording;

use std::future::Future;
use std::time::{Duration, Instant as Began};

use kw_agreement::Agreement;
use kw_domain::{Instant, Oin, SourceName};
use tokio::time::timeout;

use crate::{Source, SourceError};

pub use report::{
    BirthDateCounts, CategoryCheck, ComplaintCount, DocumentCheck, Finding, Grade, MemberCheck, PagingCheck,
    RefusedRows, SourceCheck, Step, Verdict,
};

use wording::masked;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckBounds {
    /// Records that are read at most.
    pub records: usize,
    /// Documents that are fetched of each category at most.
    pub documents: usize,
    /// How long one page may take.
    pub page_deadline: Duration,
    /// How long one document may take: what a pull gives a source.
    pub document_deadline: Duration,
}

impl Default for CheckBounds {
    fn default() -> Self {
        Self {
            records: 10_000,
            documents: 20,
            page_deadline: Duration::from_mins(2),
            document_deadline: Duration::from_millis(1_200),
        }
    }
}

/// What a source is looked at with.
#[derive(Debug, Clone, Copy)]
pub struct CheckPlan<'a> {
    /// The chain's agreement, and the partner that would register. Without them nothing is said of what is agreed.
    pub agreement: Option<(&'a Agreement, Oin)>,
    /// The same source, configured to give small pages: shows whether the order of the pages can be relied on.
    pub narrow: Option<&'a dyn Source>,
    /// How much is looked at.
    pub bounds: CheckBounds,
    /// When it is.
    pub now: Instant,
}

/// Looks at one source. Never fails: what fails is in the report.
pub async fn check_source(source: &dyn Source, plan: &CheckPlan<'_>) -> SourceCheck {
    let mut report = SourceCheck::begin(source.name().clone());
    let described = timed(&mut report, "describe", plan.bounds.page_deadline, source.describe()).await;
    let description = match described {
        Ok(description) => description,
        Err(trouble) => {
            findings::not_described(&mut report, &trouble);
            return report.finished();
        }
    };
    report.system = masked(&description.system);
    let read = paging::read(source, plan, &mut report).await;
    counting::count(source, &description, &read, plan, &mut report);
    for at in 0..report.categories.len() {
        documents::look(source, &read, plan, &mut report, at).await;
    }
    if let Some(narrow) = plan.narrow {
        paging::compare(narrow, &read, plan, &mut report).await;
    }
    findings::conclude(plan, &mut report);
    report.finished()
}

/// What there is to say of a source that cannot be opened as it is configured.
pub fn unopened(name: &SourceName, error: &SourceError) -> SourceCheck {
    let mut report = SourceCheck::begin(name.clone());
    let what = masked(&error.to_string());
    report.found(Grade::Wrong, "configuration", None, what, "mend the source's settings");
    report.finished()
}

/// Why a step gave nothing.
pub(crate) enum Trouble {
    Failed(SourceError),
    TooLong,
}

impl Trouble {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Failed(error) => masked(&error.to_string()),
            Self::TooLong => "the source took too long".to_owned(),
        }
    }

    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::TooLong | Self::Failed(SourceError::Unavailable(_)))
    }
}

async fn timed<T>(
    report: &mut SourceCheck,
    step: &str,
    deadline: Duration,
    work: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, Trouble> {
    let began = Began::now();
    let done = timeout(deadline, work).await;
    report.steps.push(Step { step: step.to_owned(), milliseconds: millis(began.elapsed()) });
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Trouble::Failed(error)),
        Err(_) => Err(Trouble::TooLong),
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
