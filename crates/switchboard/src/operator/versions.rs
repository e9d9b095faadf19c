//! `/v1/operator/agreement/versions`: which agreements were in force and when, by the log, with their texts as they were kept.

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::Instant;
use kw_ledger::{AccessRecord, Event, LeafKind};
use kw_protocol::operator::{AgreementApproval, AgreementVersion, AgreementVersionText, AgreementVersions};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::Refusal;
use kw_runtime::party::{KeptVersion, Proposal};
use kw_store::{LedgerRead, StoreError};

use super::agreement::{change, unreadable};
use crate::app::{App, not_read};

/// Lists the agreement that waits, the one in force, and those before it: who approved each, and when it was in force.
#[utoipa::path(
    get, path = "/v1/operator/agreement/versions", operation_id = "listAgreementVersions", tag = "operator",
    responses(
        (status = 200, description = "The versions, newest first", body = AgreementVersions),
        (status = 503, description = "`unavailable`: a file cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_versions(app: Data<App>) -> Result<Json<AgreementVersions>, Refusal> {
    let steps = steps(&app).await?;
    let waiting = proposal(&app)?.map(|proposal| waiting(&proposal));
    let recorded = (0..steps.len().min(MOST_SHOWN)).map(|at| recorded(&app, &steps, at));
    let versions = waiting.map(Ok).into_iter().chain(recorded).collect::<Result<_, _>>()?;
    Ok(Json(AgreementVersions { versions }))
}

/// Shows one version: its text, and what changed with it.
#[utoipa::path(
    get, path = "/v1/operator/agreement/versions/{place}", operation_id = "readAgreementVersion", tag = "operator",
    params(("place" = String, Path, description = "`next`, or the number of its entry in the log")),
    responses(
        (status = 200, description = "The version", body = AgreementVersionText),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: a file cannot be read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_version(
    app: Data<App>,
    place: Path<String>,
) -> Result<Json<AgreementVersionText>, Refusal> {
    let steps = steps(&app).await?;
    if *place == NEXT {
        let proposal = proposal(&app)?.ok_or_else(unknown)?;
        return Ok(Json(AgreementVersionText {
            before: (!steps.is_empty()).then(|| recorded(&app, &steps, 0)).transpose()?,
            changes: Some(proposal.admission.changes.iter().map(change).collect()),
            version: waiting(&proposal),
            text: Some(proposal.text),
        }));
    }
    let at = place.parse().ok().and_then(|index: u64| steps.iter().position(|step| step.index == index));
    let at = at.ok_or_else(unknown)?;
    let has_before = at + 1 < steps.len();
    let text = kept(&app, &steps[at].hash)?.map(|kept| kept.text);
    let before = if has_before { kept(&app, &steps[at + 1].hash)?.map(|kept| kept.text) } else { None };
    let read = |text: &Option<String>| text.as_deref().and_then(|text| Agreement::parse(text).ok());
    let both = read(&text).zip(read(&before));
    Ok(Json(AgreementVersionText {
        before: has_before.then(|| recorded(&app, &steps, at + 1)).transpose()?,
        changes: both.map(|(new, old)| new.changes_from(&old).iter().map(change).collect()),
        version: recorded(&app, &steps, at)?,
        text,
    }))
}

/// That an agreement came into force, as the log says it.
struct Step {
    index: u64,
    at: Instant,
    hash: String,
    approved_by: Vec<String>,
}

/// Newest first, one more than is shown: the last one has one before it.
async fn steps(app: &App) -> Result<Vec<Step>, Refusal> {
    app.store.read(read_steps).await.map_err(not_read)
}

fn read_steps(log: &mut (impl LedgerRead + ?Sized)) -> Result<Vec<Step>, StoreError> {
    let (mut steps, mut before) = (Vec::new(), None);
    while steps.len() <= MOST_SHOWN {
        let entries = log.ledger_entries_of(LeafKind::Agreement, before, AT_ONCE)?;
        let Some(last) = entries.last() else { break };
        before = Some(last.index);
        for entry in &entries {
            let Some(text) = &entry.record else { continue };
            let Ok(record) = serde_json::from_str::<AccessRecord>(text.as_str()) else { continue };
            if record.event == Event::AgreementChanged {
                steps.push(step(entry.index, record));
            }
        }
    }
    Ok(steps)
}

fn step(index: u64, record: AccessRecord) -> Step {
    let names = record.actor.map(|actor| actor.id.to_string()).unwrap_or_default();
    let approved_by = names.split('+').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Step { index, at: record.at, hash: record.decision.policy, approved_by }
}

fn recorded(app: &App, steps: &[Step], at: usize) -> Result<AgreementVersion, Refusal> {
    let step = &steps[at];
    let kept = kept(app, &step.hash)?;
    let seen = |operator: &String| {
        let seen = kept.iter().flat_map(|kept| &kept.approvals).find(|seen| seen.operator == *operator);
        // The same text may have been in force before, with other approvals.
        let seen_at = seen.map(|seen| seen.seen_at).filter(|seen| *seen <= step.at);
        AgreementApproval { operator: operator.clone(), seen_at }
    };
    Ok(AgreementVersion {
        approvals: step.approved_by.iter().map(seen).collect(),
        hash: step.hash.clone(),
        in_force_from: Some(step.at),
        in_force_until: at.checked_sub(1).map(|newer| steps[newer].at),
        place: step.index.to_string(),
        version: kept.map(|kept| kept.version),
    })
}

fn waiting(proposal: &Proposal) -> AgreementVersion {
    let seen = |operator: &String| {
        let seen = proposal.approvals.iter().find(|seen| seen.operator == *operator);
        AgreementApproval { operator: operator.clone(), seen_at: seen.map(|seen| seen.seen_at) }
    };
    AgreementVersion {
        approvals: proposal.admission.approved_by.iter().map(seen).collect(),
        hash: proposal.next.hash().to_owned(),
        in_force_from: None,
        in_force_until: None,
        place: NEXT.to_owned(),
        version: Some(proposal.next.version().to_owned()),
    }
}

fn proposal(app: &App) -> Result<Option<Proposal>, Refusal> {
    app.agreement.proposal().map_err(|_| unreadable())
}

fn kept(app: &App, hash: &str) -> Result<Option<KeptVersion>, Refusal> {
    app.agreement.version(hash).map_err(|_| unreadable())
}

fn unknown() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is no such version of the agreement here.")
}

/// The place of what waits.
const NEXT: &str = "next";
const AT_ONCE: u32 = 32;
const MOST_SHOWN: usize = 100;
