//! `GET /v1/status`: an operator looks how the process is doing.

use actix_web::HttpResponse;
use kw_protocol::feedback::FeedbackWaiting;
use kw_protocol::local::canaries::CanariesStatus;
use kw_protocol::local::{OutboxStatus, ParkedMessages, PartnerStatus, SourceStatus};
use kw_protocol::problem::Problem;
use kw_runtime::Refusal;

use super::canaries::refused;
use super::syncs::unfinished;
use crate::app::Own;

/// Tells how the process is doing.
#[utoipa::path(
    get,
    path = "/v1/status",
    operation_id = "showStatus",
    tag = "local",
    security(("token" = [])),
    responses(
        (status = 200, description = "The party, its lease and its sources.", body = PartnerStatus),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(own: Own) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let state = app.synchroniser.status().await.map_err(|error| unfinished(&error))?;
    let agreement = app.agreement.current();
    let (feedback, untold) = app.received_feedback.counts().await.map_err(Refusal::fault)?;
    let is_behind = state.sources.iter().any(|source| source.is_behind);
    let sources = state.sources.into_iter().map(|source| SourceStatus {
        registered: source.registered,
        pending: source.pending,
        synced_at: source.synced_at,
        behind_since: source.behind_since.filter(|_| source.is_behind),
        reading: source.reading,
        refused: source.refused,
        problem: source.problem,
        held: source.held.map(|held| held.left),
        reconciliation: source.reconciliation,
        source: source.source,
    });
    let canaries = match &app.canaries {
        Some(kept) => Some(CanariesStatus::of(&kept.list().await.map_err(|error| refused(&error))?)),
        None => None,
    };
    let mut parked: Vec<ParkedMessages> = Vec::new();
    for item in state.parked {
        let same = |one: &&mut ParkedMessages| {
            one.source == item.source && one.category == item.category && one.reason == item.reason
        };
        match parked.iter_mut().find(same) {
            Some(known) => {
                known.count += 1;
                known.next_at = known.next_at.min(item.next_at);
            }
            None => parked.push(ParkedMessages {
                source: item.source,
                category: item.category,
                reason: item.reason,
                count: 1,
                next_at: item.next_at,
            }),
        }
    }
    Ok(HttpResponse::Ok().json(PartnerStatus {
        oin: app.oin,
        name: agreement.partner(app.oin).map(|partner| partner.name.clone()).unwrap_or_default(),
        chain: agreement.chain().clone(),
        agreement: agreement.hash().to_owned(),
        lease_valid_until: state.lease_valid_until,
        left_at: state.left,
        behind_since: state.behind_since.filter(|_| is_behind),
        outbox: OutboxStatus { waiting: state.waiting, oldest_at: state.oldest, parked },
        sources: sources.collect(),
        feedback: FeedbackWaiting { open: feedback.open, overdue: feedback.overdue, untold: untold.waiting },
        canaries,
    }))
}
