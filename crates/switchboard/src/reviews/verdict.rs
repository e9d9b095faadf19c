//! `POST /v1/reviews/{id}/verdict`: a reviewer says whether it was right to ask.

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{Oin, ReviewId};
use kw_ledger::{AccessRecord, Event, RecordedRelation};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::review::{GiveVerdict, LONGEST_NOTE, Review, Verdict};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::{ReviewDecision, StoredReview};

use super::{check_text, shown};
use crate::app::{App, act_about, not_read, not_written, recorded_actor};
use crate::events::QuestionUnjustified;
use crate::proving::require_signed_in;

/// Judges a question of the own organisation, once, in a role that the agreement lets review, and never one's own. Recorded
/// about the person whom the question was about, who sees it.
#[utoipa::path(
    post, path = "/v1/reviews/{id}/verdict", tag = "reviews",
    params(("id" = String, Path, description = "The review")), request_body = GiveVerdict,
    responses(
        (status = 200, description = "Judged", body = Review),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not in a role that reviews, or one's own question", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such review of the caller's organisation", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was judged before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn give_verdict(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<ReviewId>,
    body: Body<GiveVerdict>,
) -> Result<Json<Review>, Refusal> {
    let (id, given, agreement) = (*id, body.0, app.agreement.current());
    check_shape(&given)?;
    require_signed_in(&app, &agreement, party.oin, &given.actor).await?;
    let found = app.store.read(move |index| index.review(id)).await.map_err(not_read)?;
    let Some(review) = found.filter(|review| review.party == party.oin) else {
        return Err(Refusal::new(ProblemCode::NotFound, "Your organisation has no such review."));
    };
    let record = record_of(&app, &agreement, party.oin, &trace, &review, &given);
    if let Err(may_not) = may_judge(&agreement, &review, &given) {
        refuse(&app, record.denied(may_not.reason()), &review).await?;
        return Err(may_not.into());
    }
    let decision =
        ReviewDecision { verdict: given.verdict, reviewer: given.actor.id, note: given.note, at: record.at };
    let (storing, subject, reference) = (decision.clone(), review.subject, app.reference());
    app.store
        .write("give_verdict", move |tx| {
            if !tx.write().decide_review(id, &storing)? {
                let detail = "Somebody judged this question before. Nobody changes that.";
                return Err(Abort::Refused(Refusal::new(ProblemCode::Conflict, detail)));
            }
            Ok(((), act_about(record.clone(), subject, reference)?))
        })
        .await
        .map_err(not_written)?;
    if decision.verdict == Verdict::Unjustified {
        QuestionUnjustified { caller: party.oin }.log();
    }
    Ok(Json(shown(StoredReview { decision: Some(decision), ..review })))
}

/// What its types do not say.
fn check_shape(given: &GiveVerdict) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The verdict cannot be taken in.");
    let note = given.note.as_deref().unwrap_or_default();
    if note.len() > LONGEST_NOTE || note.chars().any(char::is_control) {
        refusal = refusal.field("/note", format!("expected at most {LONGEST_NOTE} bytes of printable text"));
    }
    refusal = check_text(refusal, "/note", note);
    check_text(refusal, "/actor/id", given.actor.id.as_str()).if_any()
}

/// Why somebody may not judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MayNot {
    NoReviewer,
    OwnQuestion,
}

impl MayNot {
    fn reason(self) -> &'static str {
        match self {
            Self::NoReviewer => "role-does-not-review",
            Self::OwnQuestion => "own-question",
        }
    }
}

impl From<MayNot> for Refusal {
    fn from(may_not: MayNot) -> Self {
        let detail = match may_not {
            MayNot::NoReviewer => "The agreement does not let this role review questions.",
            MayNot::OwnQuestion => "Nobody reviews their own question. Ask a colleague.",
        };
        Self::new(ProblemCode::Denied, detail)
    }
}

fn may_judge(agreement: &Agreement, review: &StoredReview, given: &GiveVerdict) -> Result<(), MayNot> {
    if !agreement.review().reviewers.contains(&given.actor.role) {
        return Err(MayNot::NoReviewer);
    }
    if given.actor.id.is_same_person(&review.actor) {
        return Err(MayNot::OwnQuestion);
    }
    Ok(())
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    review: &StoredReview,
    given: &GiveVerdict,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::ReviewGiven, party, Some(trace));
    // So that it is found with the access that it is about.
    record.transaction = Some(review.transaction);
    record.actor = Some(recorded_actor(&given.actor));
    record.categories.clone_from(&review.categories);
    record.purpose = Some(review.purpose.clone());
    record.relation =
        Some(RecordedRelation { basis: review.ground.as_str().to_owned(), reason: given.note.clone() });
    record.decision.reason = Some(format!("question-{}", given.verdict.code()));
    record
}

/// Who tried what they may not leaves a record too.
async fn refuse(app: &App, record: AccessRecord, review: &StoredReview) -> Result<(), Refusal> {
    let (subject, reference) = (review.subject, app.reference());
    let written = app
        .store
        .write("refuse_verdict", move |_| Ok(((), act_about(record.clone(), subject, reference)?)))
        .await;
    written.map(drop).map_err(not_written)
}
