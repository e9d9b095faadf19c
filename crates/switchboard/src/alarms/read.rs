//! `GET /v1/alarms`: an auditor sees every alarm, a partner those about itself. Numbers only, so reading leaves no record.

use actix_web::web::{Data, Json, Path, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{AlarmId, Oin};
use kw_protocol::alarm::{Alarm, AlarmPage, LARGEST_PAGE, PAGE};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Member, Membership, Refusal};
use kw_store::switchboard::StoredAlarm;
use serde::Deserialize;

use crate::app::{App, not_read};

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// What the previous page gave as `nextCursor`.
    cursor: Option<String>,
    /// At most so many, 1 to 200; 50 without it.
    limit: Option<u32>,
}

/// Lists alarms, newest first.
#[utoipa::path(
    get, path = "/v1/alarms", tag = "alarms", params(Page),
    responses(
        (status = 200, description = "One page", body = AlarmPage),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_alarms(
    app: Data<App>,
    member: Member,
    page: Query<Page>,
) -> Result<Json<AlarmPage>, Refusal> {
    let party = scope(&member)?;
    let limit = page.limit.unwrap_or(PAGE);
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("limit", format!("expected 1 to {LARGEST_PAGE}"));
    }
    let before = page.cursor.as_deref().map(parse_cursor);
    if before == Some(None) {
        refusal = refusal.field("cursor", "expected the nextCursor of an earlier page");
    }
    refusal.if_any()?;
    let before = before.flatten();
    let found = app.store.read(move |index| index.alarms(party, before, limit)).await.map_err(not_read)?;
    let full = found.len() == limit as usize;
    let next_cursor = found.last().filter(|_| full).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_bytes()));
    Ok(Json(AlarmPage { alarms: found.into_iter().map(shown).collect(), next_cursor }))
}

/// Reads one alarm.
#[utoipa::path(
    get, path = "/v1/alarms/{id}", tag = "alarms",
    params(("id" = String, Path, description = "The alarm: `about` of its signal")),
    responses(
        (status = 200, description = "The alarm", body = Alarm),
        (status = 404, description = "There is no such alarm, or it is about another party", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_alarm(
    app: Data<App>,
    member: Member,
    id: Path<AlarmId>,
) -> Result<Json<Alarm>, Refusal> {
    let (party, id) = (scope(&member)?, *id);
    let found = app.store.read(move |index| index.alarm(id)).await.map_err(not_read)?;
    let own = found.filter(|alarm| party.is_none_or(|party| alarm.party == party));
    own.map(|alarm| Json(shown(alarm)))
        .ok_or_else(|| Refusal::new(ProblemCode::NotFound, "There is no such alarm about your organisation."))
}

/// Whose alarms the caller may see; everybody's without one.
fn scope(member: &Member) -> Result<Option<Oin>, Refusal> {
    match member.membership {
        Membership::Auditor => Ok(None),
        Membership::Partner => Ok(Some(member.oin)),
        Membership::Pseudonymiser | Membership::Switchboard => {
            Err(Refusal::new(ProblemCode::Denied, "Alarms are for partners and auditors."))
        }
    }
}

fn shown(alarm: StoredAlarm) -> Alarm {
    let StoredAlarm { id, party, reason, questions, misses, raised_at } = alarm;
    Alarm { id, party, reason, questions, misses, raised_at }
}

fn parse_cursor(text: &str) -> Option<AlarmId> {
    let mut bytes = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(16) => Some(AlarmId::from_bytes(bytes)),
        _ => None,
    }
}
