//! Reports against a holder in memory with a real database.

mod annotating;
mod receiving;
mod states;
mod telling;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_agreement::Agreement;
use kw_client::ClientError;
use kw_domain::{ActorId, FeedbackId, Instant, Role, TransactionId};
use kw_ledger::AccessRecord;
use kw_protocol::feedback::{
    CorrectionReport, DoubtedAttribute, FeedbackContact, FeedbackKind, FeedbackReport, FeedbackStatus,
    FeedbackStatusReport, FeedbackSubmission, FeedbackView, NewAnnotation, NewAttachment, ReasonableDoubt,
};
use kw_protocol::grant::{FeedbackProperties, GrantClaims};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::{Refusal, Trace};
use serde_json::json;

use super::{Annotator, Feedback, Routing};
use crate::pulls::tests::{Town, caller};

/// The switchboard in memory, which can be taken down.
#[derive(Debug, Default)]
struct Board {
    told: Mutex<Vec<FeedbackStatusReport>>,
    corrected: Mutex<Vec<CorrectionReport>>,
    down: Mutex<bool>,
}

#[async_trait]
impl Routing for Board {
    async fn tell_status(&self, status: &FeedbackStatusReport) -> Result<(), ClientError> {
        self.up()?;
        self.told.lock().unwrap().push(status.clone());
        Ok(())
    }

    async fn tell_correction(&self, correction: &CorrectionReport) -> Result<(), ClientError> {
        self.up()?;
        self.corrected.lock().unwrap().push(correction.clone());
        Ok(())
    }
}

impl Board {
    fn up(&self) -> Result<(), ClientError> {
        if *self.down.lock().unwrap() { Err(ClientError::Unreachable) } else { Ok(()) }
    }

    fn statuses(&self) -> Vec<(FeedbackStatus, bool)> {
        self.told.lock().unwrap().iter().map(|told| (told.status, told.overdue)).collect()
    }
}

/// A town whose holder takes reports.
struct Desk {
    town: Town,
    board: Arc<Board>,
    feedback: Feedback,
}

impl Desk {
    async fn new() -> Self {
        Self::with(crate::testing::agreement()).await
    }

    async fn with(agreement: Agreement) -> Self {
        let town = Town::with(agreement).await;
        let board = Arc::new(Board::default());
        let feedback = desk_of(&town, &board);
        Self { town, board, feedback }
    }

    /// The process ends and starts again, with what it has in its database.
    fn restart(&mut self) {
        self.town.restart();
        self.feedback = desk_of(&self.town, &self.board);
    }

    fn report(&self) -> FeedbackReport {
        let number = self.town.number.fetch_add(1, Ordering::SeqCst);
        FeedbackReport {
            id: FeedbackId::new(self.town.clock_now(), [number; 10]),
            kind: FeedbackKind::Report,
            reference: Some("Z-2026-17".into()),
            attributes: vec![DoubtedAttribute {
                pointer: "/person/familyName".into(),
                doubted: Some(json!("Jansen")),
                proposed: Some(json!("Janssen")),
            }],
            observed_at: Some(self.town.clock_now()),
            explanation: Some("Seen on the passport.".into()),
            doubt: ReasonableDoubt { strong_suspicion: true, own_knowledge: true, knows_definition: true },
            contact: FeedbackContact {
                name: "J. Jansen".into(),
                email: "j.jansen@jeugdzorg.example".into(),
                phone: None,
                department: None,
            },
            attachments: Vec::new(),
            sent_on_by: None,
        }
    }

    fn submission(&self, report: FeedbackReport) -> FeedbackSubmission {
        self.submission_under(&self.town.claims(), report, None)
    }

    fn submission_under(
        &self,
        claims: &GrantClaims,
        report: FeedbackReport,
        born: Option<&str>,
    ) -> FeedbackSubmission {
        let grant = self.town.signer.sign(&claims.clone().opening(FeedbackProperties));
        let pull = self.town.pull_with(grant, born);
        FeedbackSubmission {
            grant: pull.grant,
            actor: pull.actor,
            actor_salt: pull.actor_salt,
            subject_proofs: pull.subject_proofs,
            birth_date_proofs: pull.birth_date_proofs,
            report,
        }
    }

    async fn send(&self, submission: FeedbackSubmission) -> Result<FeedbackView, Refusal> {
        self.feedback.receive(&caller(), submission).await
    }

    async fn refused(&self, submission: FeedbackSubmission) -> ProblemCode {
        self.send(submission).await.unwrap_err().code()
    }

    /// A good report, received.
    async fn received(&self) -> FeedbackView {
        self.send(self.submission(self.report())).await.unwrap()
    }

    async fn by_holder(&self, id: FeedbackId, annotation: NewAnnotation) -> Result<FeedbackView, Refusal> {
        let (actor, trace) = (official(), trace());
        self.feedback.annotate(id, Annotator::Holder(&actor, &trace), annotation).await
    }

    async fn by_reporter(&self, id: FeedbackId, annotation: NewAnnotation) -> Result<FeedbackView, Refusal> {
        self.feedback.annotate(id, Annotator::Reporter(&caller()), annotation).await
    }

    fn records(&self) -> Vec<AccessRecord> {
        self.town.records()
    }
}

fn desk_of(town: &Town, board: &Arc<Board>) -> Feedback {
    Feedback::new(Arc::new(town.another()), Arc::clone(board) as Arc<_>)
}

fn official() -> Actor {
    Actor {
        id: ActorId::parse("o.official").unwrap(),
        role: Role::parse("care-coordinator").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

fn trace() -> Trace {
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let parent = kw_runtime::http::TraceParent::parse(header).unwrap();
    Trace { parent, transaction: TransactionId::new(Instant::from_millis(0), [3; 10]) }
}

fn status(status: FeedbackStatus) -> NewAnnotation {
    NewAnnotation { status: Some(status), ..NewAnnotation::default() }
}

fn pdf(bytes: usize) -> NewAttachment {
    let mut content = vec![b' '; bytes.max(9)];
    content[..9].copy_from_slice(b"%PDF-1.7\n");
    NewAttachment {
        name: "passport.pdf".into(),
        media_type: "application/pdf".into(),
        description: None,
        content: STANDARD.encode(content),
    }
}
