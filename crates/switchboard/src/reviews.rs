//! Questions on a motivated or emergency ground, and what their reviewers find.

mod escalating;
mod gauges;
mod notice;
mod search;
mod verdict;

use actix_web::web::{self, ServiceConfig};
use kw_domain::Bsn;
use kw_protocol::review::Review;
use kw_runtime::Refusal;
use kw_store::switchboard::StoredReview;

pub(crate) use escalating::{INTERVAL, escalate};
pub(crate) use gauges::Gauges;
pub(crate) use notice::__path_read_notice;
pub(crate) use search::__path_search_reviews;
pub(crate) use verdict::__path_give_verdict;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/reviews/_search").route(web::post().to(search::search_reviews)))
        .service(web::resource("/v1/reviews/{id}").route(web::get().to(notice::read_notice)))
        .service(web::resource("/v1/reviews/{id}/verdict").route(web::post().to(verdict::give_verdict)));
}

/// A review as its organisation and auditors see it.
fn shown(review: StoredReview) -> Review {
    let decision = review.decision;
    Review {
        id: review.id,
        party: review.party,
        asker: kw_protocol::review::Asker { id: review.actor, role: review.role },
        purpose: review.purpose,
        categories: review.categories,
        case: review.case,
        ground: review.ground,
        reason: review.reason,
        transaction: review.transaction,
        opened_at: review.opened_at,
        due_at: review.due_at,
        escalated_at: review.escalated_at,
        state: decision.as_ref().map(|decision| decision.verdict).into(),
        decided_at: decision.as_ref().map(|decision| decision.at),
        reviewer: decision.as_ref().map(|decision| decision.reviewer.clone()),
        note: decision.and_then(|decision| decision.note),
    }
}

/// No citizen service number goes into what is stored centrally.
fn check_text(refusal: Refusal, pointer: &'static str, text: &str) -> Refusal {
    if Bsn::occurs_in(text) {
        let expected = "expected no citizen service number; write a letter before a number like one";
        return refusal.field(pointer, expected);
    }
    refusal
}
