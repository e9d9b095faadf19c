//! Reporting a doubt to the holder (terugmelding): a question of its own, and one report under the grant that it gives.

use kw_client::{ClientError, EpochElement, HolderClient};
use kw_domain::{Category, FeedbackId, Handle, Oin};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::feedback::{FeedbackReport, FeedbackSubmission, FeedbackView, NewAnnotation};
use kw_protocol::grant::{FEEDBACK_GRANT_TYPE, GrantClaims};
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::EpochProof;
use kw_protocol::query::{DisclosedHolder, QueryAct};
use kw_pseudonym::Binding;
use tokio::time::{Instant, timeout};

use crate::pull::{birth_date_proof, is_under_the_claim};
use crate::{AccessEvent, DossierQuery, RequestError, Requester};

/// Which record of a holder is doubted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// At which holder.
    pub holder: Oin,
    /// In which kind of data.
    pub category: Category,
    /// In which kinds instead, when the index discloses no record in that one.
    pub instead: Vec<Category>,
    /// Which record, where the holder has several.
    pub handle: Option<Handle>,
}

/// A report that was delivered.
#[derive(Debug)]
pub struct Delivered {
    /// In which kind of data.
    pub category: Category,
    /// Which values, as the holder was told.
    pub pointers: Vec<String>,
    /// The report as the holder has it.
    pub view: FeedbackView,
}

/// Why a report is not at its holder, or nobody knows whether it is. None of the variants holds anything of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// There is no feedback grant.
    #[error(transparent)]
    Question(#[from] RequestError),
    /// The switchboard disclosed no record of this person at this holder: there is none, not any more, or not for this asker.
    #[error("the index discloses no such record at that holder: ask for the dossier anew")]
    NotFound,
    /// The holder has several records of this person in this category.
    #[error("the holder has several such records: say which one with the handle of the dossier's section")]
    Ambiguous,
    /// The agreement does not know this holder, or suspended it.
    #[error("the agreement has no such holder, or suspended it")]
    PartyUnknown,
    /// The holder refused, or did not answer.
    #[error("the holder: {0}")]
    Holder(ClientError),
}

impl ReportError {
    /// Whether the same report may arrive later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Question(RequestError::Index(error)) | Self::Holder(error) => passes(error),
            Self::Question(RequestError::Pseudonym(error)) => match error {
                kw_client::PseudonymError::Client(error) => passes(error),
                _ => true,
            },
            Self::Question(RequestError::TimedOut | RequestError::Record(_)) => true,
            Self::NotFound | Self::Ambiguous | Self::PartyUnknown => false,
        }
    }

    /// How long whoever refused asks to wait.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::Question(RequestError::Index(error)) | Self::Holder(error) => error.retry_after(),
            _ => None,
        }
    }

    /// A short code, for lists and records: a problem's, or a word of this crate's.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Question(error) => crate::requester::reason(error),
            Self::NotFound => ProblemCode::NotFound.code(),
            Self::Ambiguous => "ambiguous",
            Self::PartyUnknown => ProblemCode::PartyUnknown.code(),
            Self::Holder(error) => crate::requester::reason_of_client(error),
        }
    }
}

/// What is mended by somebody passes as well: a certificate that is renewed, an answer of a version that is replaced.
fn passes(error: &ClientError) -> bool {
    match error {
        ClientError::Problem(_) => error.retryable() || error.code() == Some(ProblemCode::Fault),
        ClientError::Address(_)
        | ClientError::Identity
        | ClientError::Malformed(_)
        | ClientError::TimedOut
        | ClientError::Unreachable => true,
    }
}

impl Requester {
    /// Asks for a feedback grant and sends the report under it. An access like any other: it is recorded before it is asked, and
    /// before the report leaves. `deadline` and `feedback_timeout` bound it.
    ///
    /// `adjust` says what the holder is told, once it is known in which kind of data its record is; nothing leaves where it says nothing.
    pub async fn report(
        &self,
        question: &DossierQuery,
        to: &Addressee,
        adjust: impl FnOnce(&Category) -> Option<FeedbackReport>,
    ) -> Result<Delivered, ReportError> {
        let transaction = self.parts.context.transaction();
        let deadline = Instant::now() + self.parts.limits.deadline;
        let pseudonyms = self.pseudonymiser.pseudonyms(&question.subject, BudgetClass::Query);
        let asking = self.ask_who_holds(question, QueryAct::Feedback, transaction, pseudonyms, deadline);
        let (answer, binding) = Box::pin(asking).await?;
        let claims = self.read_grants(&answer.holders, FEEDBACK_GRANT_TYPE);
        let answered = self.answered(transaction, QueryAct::Feedback, &answer, &claims);
        self.record(AccessEvent::Answered(answered)).await.map_err(RequestError::Record)?;

        let fit = answer.holders.iter().zip(&claims).filter_map(|(disclosed, claims)| {
            let claims = claims.as_ref()?;
            let is_fit = disclosed.holder == to.holder && is_under_the_claim(question, claims);
            is_fit.then_some((disclosed, claims))
        });
        let (disclosed, claims) = pick(fit.collect(), to)?;
        let report = adjust(&disclosed.category).ok_or(ReportError::NotFound)?;
        let pointers = report.attributes.iter().map(|one| one.pointer.clone()).collect();
        let submission = submission(question, disclosed, &binding, report);
        let id = submission.report.id;
        let client = self.feedback_client(to.holder)?;
        let sending =
            timeout(self.parts.limits.feedback_timeout, client.report_feedback(&submission, claims.txn));
        let sent = sending.await.unwrap_or(Err(ClientError::TimedOut));
        let view = sent.map_err(ReportError::Holder)?;
        if view.id != id || view.holder.oin != to.holder {
            return Err(ReportError::Holder(NOT_THAT_REPORT));
        }
        Ok(Delivered { category: disclosed.category.clone(), pointers, view })
    }

    /// A report of one's own as its holder has it now.
    pub async fn reported(&self, holder: Oin, id: FeedbackId) -> Result<FeedbackView, ReportError> {
        of_that_report(self.feedback_client(holder)?.feedback(id).await, id)
    }

    /// Says or does something about a report of one's own at its holder.
    pub async fn annotate(
        &self,
        holder: Oin,
        id: FeedbackId,
        annotation: &NewAnnotation,
    ) -> Result<FeedbackView, ReportError> {
        of_that_report(self.feedback_client(holder)?.annotate_feedback(id, annotation).await, id)
    }

    fn feedback_client(&self, holder: Oin) -> Result<HolderClient, ReportError> {
        let crate::Parts { tls, agreement, context, limits, .. } = &self.parts;
        let partner = agreement.partner(holder).filter(|partner| !partner.suspended);
        let partner = partner.ok_or(ReportError::PartyUnknown)?;
        HolderClient::new(tls, partner, context.clone(), limits.feedback_timeout).map_err(ReportError::Holder)
    }
}

/// The one record that is meant.
fn pick<'a>(
    fit: Vec<(&'a DisclosedHolder, &'a GrantClaims)>,
    to: &Addressee,
) -> Result<(&'a DisclosedHolder, &'a GrantClaims), ReportError> {
    let of_category: Vec<_> = fit.iter().copied().filter(|(one, _)| one.category == to.category).collect();
    let of_another = fit.into_iter().filter(|(one, _)| to.instead.contains(&one.category));
    let candidates = if of_category.is_empty() { of_another.collect() } else { of_category };
    let meant: Vec<_> = candidates
        .into_iter()
        .filter(|(_, claims)| to.handle.is_none_or(|handle| claims.prp.hdl == handle))
        .collect();
    match meant.as_slice() {
        [] => Err(ReportError::NotFound),
        [one] => Ok(*one),
        _ => Err(ReportError::Ambiguous),
    }
}

fn submission(
    question: &DossierQuery,
    disclosed: &DisclosedHolder,
    binding: &[EpochElement],
    report: FeedbackReport,
) -> FeedbackSubmission {
    let grant = &disclosed.grant;
    let bindings: Vec<_> =
        binding.iter().map(|held| (held.epoch.0, Binding::derive(&held.element, disclosed.holder))).collect();
    let subject_proofs = bindings.iter().map(|(epoch, binding)| EpochProof {
        epoch: *epoch,
        proof: SecretBytes32(binding.subject_proof(grant)),
    });
    let birth_date_proofs = question.birth_date.iter().flat_map(|date| {
        bindings.iter().map(|(epoch, binding)| birth_date_proof(*epoch, binding, grant, *date))
    });
    FeedbackSubmission {
        grant: grant.clone(),
        actor: question.actor.clone(),
        actor_salt: disclosed.actor_salt,
        subject_proofs: subject_proofs.collect(),
        birth_date_proofs: birth_date_proofs.collect(),
        report,
    }
}

fn of_that_report(
    view: Result<FeedbackView, ClientError>,
    id: FeedbackId,
) -> Result<FeedbackView, ReportError> {
    match view {
        Ok(view) if view.id == id => Ok(view),
        Ok(_) => Err(ReportError::Holder(NOT_THAT_REPORT)),
        Err(error) => Err(ReportError::Holder(error)),
    }
}

const NOT_THAT_REPORT: ClientError = ClientError::Malformed("it is about another report");

#[cfg(test)]
mod tests {
    use kw_protocol::problem::{Problem, TYPE_BASE};

    use super::*;

    fn told(code: ProblemCode) -> ClientError {
        let problem = Problem {
            kind: format!("{TYPE_BASE}{}", code.code()),
            title: String::new(),
            status: code.status(),
            detail: String::new(),
            retryable: code.retryable(),
            trace_id: None,
            errors: Vec::new(),
        };
        ClientError::Problem(Box::new(kw_client::Refused { problem, retry_after: None }))
    }

    #[test]
    fn what_passes_is_tried_again_and_what_is_refused_is_not() {
        for (error, again) in [
            (ReportError::Holder(ClientError::Unreachable), true),
            (ReportError::Holder(ClientError::TimedOut), true),
            (ReportError::Holder(ClientError::Identity), true),
            (ReportError::Holder(told(ProblemCode::Unavailable)), true),
            (ReportError::Holder(told(ProblemCode::Fault)), true),
            (ReportError::Question(RequestError::TimedOut), true),
            (ReportError::Holder(told(ProblemCode::Denied)), false),
            (ReportError::Holder(told(ProblemCode::SubjectMismatch)), false),
            (ReportError::Question(RequestError::Index(told(ProblemCode::Denied))), false),
            (ReportError::NotFound, false),
            (ReportError::Ambiguous, false),
        ] {
            assert_eq!(error.retryable(), again, "{error:?}");
        }
    }
}
