//! `POST /v1/accesses/_search`: a member of staff reads what the partner's own log says that they did.

use actix_web::HttpResponse;
use kw_agreement::Agreement;
use kw_domain::{ActorId, Oin};
use kw_ledger::AccessRecord;
use kw_protocol::dossier::Party;
use kw_protocol::local::accesses::{LARGEST_PAGE, OwnAccess, OwnAccessSearch, OwnAccesses, PAGE};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::RelationBasis;
use kw_runtime::{Body, Refusal};
use kw_store::StoredEntry;

use crate::app::{App, Own};

/// Lists one's own recent accesses, newest first, without whom they were about. It is no access itself: nothing in it is new to
/// whoever asks, and it is not recorded.
#[utoipa::path(
    post,
    path = "/v1/accesses/_search",
    operation_id = "searchOwnAccesses",
    tag = "local",
    security(("token" = [])),
    request_body = OwnAccessSearch,
    responses(
        (status = 200, description = "One page", body = OwnAccesses),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(own: Own, body: Body<OwnAccessSearch>) -> Result<HttpResponse, Refusal> {
    let asked = body.0;
    let (before, limit) = understood(&asked)?;
    own.0.require_staff(&asked.actor).await?;
    Ok(HttpResponse::Ok().json(page(&own.0, &asked.actor.id, before, limit).await?))
}

fn understood(asked: &OwnAccessSearch) -> Result<(Option<u64>, u32), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "Correct the fields and ask again.");
    let (mut wrong, limit) = (false, asked.limit.unwrap_or(PAGE));
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("/limit", format!("expected 1 to {LARGEST_PAGE}"));
        wrong = true;
    }
    let before = asked.cursor.as_deref().map(str::parse::<u64>).transpose();
    if before.is_err() {
        refusal = refusal.field("/cursor", "expected what the page before gave as nextCursor");
        wrong = true;
    }
    match before {
        Ok(before) if !wrong => Ok((before, limit)),
        _ => Err(refusal),
    }
}

/// One page, and nothing of the log beside it.
async fn page(app: &App, actor: &ActorId, before: Option<u64>, limit: u32) -> Result<OwnAccesses, Refusal> {
    let (party, by) = (app.oin, actor.clone());
    let entries = app.store.read(move |log| log.entries_by(party, &by, before, limit)).await;
    let entries = entries.map_err(Refusal::fault)?;
    let agreement = app.agreement.current();
    let accesses = entries.iter().filter_map(|entry| own_access(entry, actor, app.oin, &agreement));
    let is_full = entries.len() == limit as usize;
    let next = entries.last().filter(|last| is_full && last.index > 0);
    Ok(OwnAccesses { accesses: accesses.collect(), next_cursor: next.map(|last| last.index.to_string()) })
}

/// What a record says that this person did here. Others of the same name ask from elsewhere: theirs is another party.
fn own_access(entry: &StoredEntry, actor: &ActorId, own: Oin, agreement: &Agreement) -> Option<OwnAccess> {
    // Claims of grants are no records, and what was erased is gone.
    let record: AccessRecord = serde_json::from_str(entry.record.as_ref()?.as_str()).ok()?;
    let by = record.actor.filter(|by| by.id == *actor && record.party == own)?;
    let named = |oin: Oin| Party {
        oin,
        name: agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned),
    };
    Some(OwnAccess {
        at: record.at,
        event: record.event.code().to_owned(),
        role: by.role,
        purpose: record.purpose,
        case: record.case,
        ground: record.relation.as_ref().and_then(|relation| RelationBasis::parse(&relation.basis)),
        reason: record.relation.and_then(|relation| relation.reason),
        categories: record.categories,
        holders: record.holders.into_iter().map(named).collect(),
        result: record.result.code().to_owned(),
        transaction: record.transaction,
    })
}

#[cfg(test)]
mod tests {
    use kw_domain::Role;
    use kw_protocol::query::{Actor, Assurance};

    use super::*;

    #[test]
    fn a_page_begins_where_the_one_before_said_and_is_of_bounded_size() {
        let asked = |cursor: Option<&str>, limit| OwnAccessSearch {
            actor: Actor {
                id: ActorId::parse("j.jansen").unwrap(),
                role: Role::parse("worker").unwrap(),
                assurance: Assurance::Asserted,
                proof: None,
            },
            cursor: cursor.map(str::to_owned),
            limit,
        };
        assert_eq!(understood(&asked(None, None)).unwrap(), (None, 50));
        assert_eq!(understood(&asked(Some("17"), Some(200))).unwrap(), (Some(17), 200));
        for (cursor, limit) in [(Some("x"), None), (Some("-1"), None), (None, Some(0)), (None, Some(201))] {
            assert_eq!(understood(&asked(cursor, limit)).unwrap_err().code(), ProblemCode::Invalid);
        }
    }
}
