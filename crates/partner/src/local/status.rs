//! `GET /v1/status`: an operator looks how the process is doing.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use kw_domain::SourceName;
use kw_protocol::local::{PartnerStatus, SourceStatus};
use kw_protocol::problem::Problem;
use kw_runtime::Refusal;
use kw_store::partner::LocalState;

use super::syncs::unfinished;
use crate::app::{App, Own};

/// Tells how the process is doing.
#[utoipa::path(
    get,
    path = "/v1/status",
    operation_id = "showStatus",
    tag = "local",
    security(("token" = [])),
    responses(
        (status = 200, description = "The party, its lease and its sources.", body = PartnerStatus),
        (status = 401, description = "`certificate-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(own: Own) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let state = app.synchroniser.status().await.map_err(|error| unfinished(&error))?;
    let registered = registered(app, state.registered).await?;
    let agreement = app.agreement.current();
    let sources = state.sources.into_iter().map(|source| SourceStatus {
        registered: registered.get(&source.source).copied().unwrap_or_default(),
        pending: source.pending,
        synced_at: source.synced_at,
        source: source.source,
    });
    Ok(HttpResponse::Ok().json(PartnerStatus {
        oin: app.oin,
        name: agreement.partner(app.oin).map(|partner| partner.name.clone()).unwrap_or_default(),
        chain: agreement.chain().clone(),
        agreement: agreement.hash().to_owned(),
        lease_valid_until: state.lease_valid_until,
        sources: sources.collect(),
    }))
}

/// Records that have a pointer, by source. With one source, that is all of them.
async fn registered(app: &App, all: u64) -> Result<BTreeMap<SourceName, u64>, Refusal> {
    let names: Vec<SourceName> = app.sources.keys().cloned().collect();
    if let [only] = names.as_slice() {
        return Ok([(only.clone(), all)].into());
    }
    let counted = app.store.read(move |tables| {
        let mut counts = BTreeMap::new();
        for name in names {
            let records = tables.records_unseen(&name, i64::MAX as u64, MOST_COUNTED)?;
            let registered = records.iter().filter(|record| record.state == LocalState::Registered).count();
            counts.insert(name, registered as u64);
        }
        Ok(counts)
    });
    counted.await.map_err(Refusal::fault)
}

const MOST_COUNTED: u32 = 1_000_000;
