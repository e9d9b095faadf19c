//! `/v1/reviews`: the partner's reviewers look at the motivated and emergency questions of their colleagues.
//!
//! The switchboard keeps reviews and says who may do what; this passes on what the partner's own programs ask.

use actix_web::HttpResponse;
use actix_web::web::Path;
use kw_domain::ReviewId;
use kw_protocol::problem::Problem;
use kw_protocol::review::{GiveVerdict, Review, ReviewPage, ReviewSearch};
use kw_runtime::{Body, Refusal};

use crate::app::Own;
use crate::refusals;

/// Reads the organisation's reviews, oldest first. Who does not review sees their own questions only.
#[utoipa::path(
    post,
    path = "/v1/reviews/_search",
    operation_id = "searchReviews",
    tag = "local",
    security(("token" = [])),
    request_body = ReviewSearch,
    responses(
        (status = 200, description = "One page", body = ReviewPage),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(own: Own, body: Body<ReviewSearch>) -> Result<HttpResponse, Refusal> {
    let clients = own.0.services()?;
    let page = clients.switchboard.reviews(&body.0).await;
    let page = page.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(page))
}

/// Judges a question of the organisation: somebody else than who asked, in a role that reviews, once.
#[utoipa::path(
    post,
    path = "/v1/reviews/{id}/verdict",
    operation_id = "giveVerdict",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The review")),
    request_body = GiveVerdict,
    responses(
        (status = 200, description = "Judged", body = Review),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not in a role that reviews, or one's own question", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it was judged before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn judge(
    own: Own,
    id: Path<ReviewId>,
    body: Body<GiveVerdict>,
) -> Result<HttpResponse, Refusal> {
    let clients = own.0.services()?;
    let judged = clients.switchboard.give_verdict(*id, &body.0).await;
    let judged = judged.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(judged))
}
