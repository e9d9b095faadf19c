//! Feedback reports (terugmeldingen) at the holder: somebody who may see a value doubts it.
//!
//! The promises, each with a test:
//!
//! - a report is taken under a feedback grant only, from whoever could pull the record under it: the checks are those of a pull;
//! - all mistakes in a report are told at once, and cost no grant; sending the same report twice is reporting once;
//! - what follows what is Digimelding's table, and each side sets only what is its own to set; nothing that was said goes away;
//! - what a report says is sealed here and stays here: the switchboard hears the two parties and the status;
//! - a status is told to the switchboard although this process was killed right after it was set;
//! - what is doubted is delivered as under investigation for as long as the report is open;
//! - when values were wrong, everybody who received them is told, as far back as the own log goes.

mod annotating;
mod attachments;
mod corrections;
mod endpoint;
mod pointing;
mod receiving;
mod refusal;
mod sealing;
mod standing;
mod telling;
#[cfg(test)]
mod tests;
mod turns;
mod viewing;
mod watching;

use std::sync::Arc;

use async_trait::async_trait;
use kw_client::{ClientError, SwitchboardClient};
use kw_protocol::feedback::{CorrectionReport, FeedbackStatusReport};

use crate::pulls::Pulls;

pub use annotating::Annotator;
pub use endpoint::{__path_annotate, __path_report, __path_show, annotate, configure, report, show};
pub use viewing::{Listed, Reader};

pub(crate) use sealing::{doubted_pointers, read_doubted};

/// Takes feedback reports for one holder, and keeps them.
#[derive(Debug)]
pub struct Feedback {
    /// What a report has in common with a pull: holder, agreement, database, sources, keys, clock.
    pub pulls: Arc<Pulls>,
    /// Whoever passes statuses on.
    pub routing: Arc<dyn Routing>,
    turns: turns::Turns,
    waiting: telling::Waiting,
}

impl Feedback {
    /// Nothing is under way yet.
    pub fn new(pulls: Arc<Pulls>, routing: Arc<dyn Routing>) -> Self {
        Self { pulls, routing, turns: turns::Turns::default(), waiting: telling::Waiting::default() }
    }
}

/// The switchboard, as far as reports need it.
#[async_trait]
pub trait Routing: std::fmt::Debug + Send + Sync {
    /// Tells where a report stands.
    async fn tell_status(&self, status: &FeedbackStatusReport) -> Result<(), ClientError>;
    /// Has everybody told who received a value that is mended now.
    async fn tell_correction(&self, correction: &CorrectionReport) -> Result<(), ClientError>;
}

#[async_trait]
impl Routing for SwitchboardClient {
    async fn tell_status(&self, status: &FeedbackStatusReport) -> Result<(), ClientError> {
        self.tell_feedback_status(status).await.map(drop)
    }

    async fn tell_correction(&self, correction: &CorrectionReport) -> Result<(), ClientError> {
        Self::tell_correction(self, correction).await.map(drop)
    }
}
