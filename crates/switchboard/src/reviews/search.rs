//! `POST /v1/reviews/_search`: a partner's reviewer looks what waits; an auditor looks how the whole chain reviews.

use actix_web::web::{Data, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_domain::{ReviewId, Role};
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::review::{LARGEST_PAGE, PAGE, ReviewPage, ReviewSearch, ReviewState, Verdict};
use kw_runtime::{Body, Member, Membership, Refusal, Trace};
use kw_store::switchboard::ReviewFilter;

use super::{check_text, shown};
use crate::app::{App, act, not_written, recorded_actor};

/// Reads reviews, oldest first: a partner its own, an auditor everybody's. Who does not review for a partner sees their own
/// questions only. Recorded before it is answered.
#[utoipa::path(
    post, path = "/v1/reviews/_search", tag = "reviews", request_body = ReviewSearch,
    responses(
        (status = 200, description = "One page", body = ReviewPage),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search_reviews(
    app: Data<App>,
    member: Member,
    trace: Trace,
    body: Body<ReviewSearch>,
) -> Result<Json<ReviewPage>, Refusal> {
    let (asked, agreement) = (body.0, app.agreement.current());
    let limit = asked.limit.unwrap_or(PAGE);
    let filter = understood(&agreement, &member, &asked, limit)?;
    let mut record = app.record(&agreement, Event::ReviewsRead, member.oin, Some(&trace));
    let mut actor = recorded_actor(&asked.reader);
    if member.membership == Membership::Auditor {
        actor.role = Role::auditor();
    }
    record.actor = Some(actor);
    let done = app
        .store
        .write("search_reviews", move |tx| {
            let found = tx.read().reviews(&filter, limit)?;
            let mut record = record.clone();
            record.count = Some(found.len() as u64);
            Ok((found, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    let full = done.value.len() == limit as usize;
    let next_cursor =
        done.value.last().filter(|_| full).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_bytes()));
    Ok(Json(ReviewPage { reviews: done.value.into_iter().map(shown).collect(), next_cursor }))
}

/// What the caller may see of what it asks for.
fn understood(
    agreement: &Agreement,
    member: &Member,
    asked: &ReviewSearch,
    limit: u32,
) -> Result<ReviewFilter, Refusal> {
    let refusal = Refusal::new(ProblemCode::Invalid, "The reviews cannot be looked for.");
    let mut refusal = check_text(refusal, "/reader/id", asked.reader.id.as_str());
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("/limit", format!("expected 1 to {LARGEST_PAGE}"));
    }
    let after = asked.cursor.as_deref().map(parse_cursor);
    if after == Some(None) {
        refusal = refusal.field("/cursor", "expected the nextCursor of an earlier page");
    }
    refusal.if_any()?;
    let (party, actor) = match member.membership {
        Membership::Auditor => (asked.party, None),
        Membership::Partner => {
            let reviews = agreement.review().reviewers.contains(&asked.reader.role);
            (Some(member.oin), (!reviews).then(|| asked.reader.id.clone()))
        }
        Membership::Pseudonymiser | Membership::Switchboard => {
            return Err(Refusal::new(ProblemCode::Denied, "Reviews are for partners and auditors."));
        }
    };
    let (decided, verdict) = match asked.state {
        None => (None, None),
        Some(ReviewState::Open) => (Some(false), None),
        Some(ReviewState::Justified) => (None, Some(Verdict::Justified)),
        Some(ReviewState::Unjustified) => (None, Some(Verdict::Unjustified)),
    };
    Ok(ReviewFilter {
        party,
        actor,
        decided,
        verdict,
        escalated: asked.escalated,
        due_before: asked.due_before,
        after: after.flatten(),
    })
}

fn parse_cursor(text: &str) -> Option<ReviewId> {
    let mut bytes = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(16) => Some(ReviewId::from_bytes(bytes)),
        _ => None,
    }
}
