//! `GET /v1/reviews/{id}`: what a signal about a review leads to.

use actix_web::web::{Data, Json, Path};
use kw_domain::ReviewId;
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::review::ReviewNotice;
use kw_runtime::{Member, Membership, Refusal, Trace};
use kw_store::switchboard::StoredReview;

use crate::app::{App, act, not_read, not_written};

/// Reads what a review is about, without persons and what they wrote: for the asker's organisation, auditors, and holders
/// that were told of it.
#[utoipa::path(
    get, path = "/v1/reviews/{id}", tag = "reviews",
    params(("id" = String, Path, description = "The review: `about` of its signal")),
    responses(
        (status = 200, description = "The review", body = ReviewNotice),
        (status = 404, description = "There is no such review, or the caller was not told of it", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_notice(
    app: Data<App>,
    member: Member,
    trace: Trace,
    id: Path<ReviewId>,
) -> Result<Json<ReviewNotice>, Refusal> {
    let (id, caller) = (*id, member.oin);
    let found = app
        .store
        .read(move |index| Ok((index.review(id)?, index.was_told(caller, id.as_bytes())?)))
        .await
        .map_err(not_read)?;
    let review = match found {
        (Some(review), told)
            if told || review.party == caller || member.membership == Membership::Auditor =>
        {
            review
        }
        _ => {
            let detail = "There is no such review, or your organisation was not told of it.";
            return Err(Refusal::new(ProblemCode::NotFound, detail));
        }
    };
    let agreement = app.agreement.current();
    let mut record = app.record(&agreement, Event::ReviewsRead, caller, Some(&trace));
    record.count = Some(1);
    let written = app.store.write("read_review", move |_| Ok(((), act(&record)?))).await;
    written.map_err(not_written)?;
    Ok(Json(notice(review)))
}

fn notice(review: StoredReview) -> ReviewNotice {
    ReviewNotice {
        id: review.id,
        party: review.party,
        purpose: review.purpose,
        categories: review.categories,
        ground: review.ground,
        opened_at: review.opened_at,
        due_at: review.due_at,
        escalated: review.escalated_at.is_some(),
        state: review.decision.map(|decision| decision.verdict).into(),
    }
}
