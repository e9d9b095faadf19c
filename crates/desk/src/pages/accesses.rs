//! What somebody looked up lately, as the own organisation's log has it.

use actix_web::web::{Data, Query};
use askama::Template;
use kw_agreement::Agreement;
use kw_protocol::local::accesses::{OwnAccess, OwnAccessSearch};
use kw_web::{Frame, Outcome, SignedIn};
use serde::Deserialize;

use super::titles::category;
use super::titles::titled;
use super::{Kept, in_query};
use crate::app::App;
use crate::document::harmless;

#[derive(Template)]
#[template(path = "accesses.html")]
struct Page<'a> {
    f: &'a Frame,
    lines: Vec<Line>,
    next: Option<String>,
}

/// One exchange: a question with its answers.
#[derive(Default)]
struct Line {
    at: String,
    what: String,
    case: String,
    purpose: String,
    ground: String,
    reason: Option<String>,
    categories: Vec<String>,
    holders: Vec<String>,
    failed: bool,
}

#[derive(Deserialize)]
pub(crate) struct From {
    cursor: Option<String>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, from: Query<From>) -> Outcome {
    app.require_proof(&by, "/accesses")?;
    let actor = app.some_actor(by.user())?;
    let search = OwnAccessSearch { actor, cursor: from.cursor.clone(), limit: Some(RECORDS) };
    let found = app.partner.own_accesses(&search).await?;
    let f = by.frame("desk-accesses");
    let agreement = app.agreed();
    let lines = exchanges(&found.accesses).into_iter().map(|records| line(&f, &agreement, &records));
    f.page(&Page { f: &f, lines: lines.collect(), next: found.next_cursor.as_deref().map(in_query) })
}

/// Records of one exchange together, in the order of their newest.
fn exchanges(accesses: &[OwnAccess]) -> Vec<Vec<&OwnAccess>> {
    let mut exchanges: Vec<Vec<&OwnAccess>> = Vec::new();
    for access in accesses {
        let same = exchanges.iter_mut().find(|records| {
            access.transaction.is_some()
                && records.first().is_some_and(|one| one.transaction == access.transaction)
        });
        match same {
            Some(records) => records.push(access),
            None => exchanges.push(vec![access]),
        }
    }
    exchanges
}

fn line(f: &Frame, agreement: &Agreement, records: &[&OwnAccess]) -> Line {
    let Some(newest) = records.first() else { return Line::default() };
    let has = |event: &str| records.iter().any(|record| record.event == event);
    let kinds = [
        ("dossier-assembled", "desk-did-dossier"),
        ("feedback-sent", "desk-did-report"),
        ("access-report-made", "desk-did-access-report"),
        ("answer-received", "desk-did-search"),
        ("query-asked", "desk-did-asked"),
        ("feedback-read", "desk-did-read-report"),
        ("matches-read", "desk-did-read-matches"),
    ];
    let what = kinds.into_iter().find(|(event, _)| has(event)).map_or("desk-did-other", |(_, key)| key);
    let purpose = records.iter().find_map(|record| record.purpose.as_ref());
    let ground = records.iter().find_map(|record| record.ground);
    let mut categories: Vec<_> = records.iter().flat_map(|record| &record.categories).collect();
    categories.sort();
    categories.dedup();
    let mut holders: Vec<_> = records.iter().flat_map(|record| &record.holders).collect();
    holders.sort_by_key(|party| party.oin);
    holders.dedup();
    Line {
        at: f.moment(newest.at),
        what: f.t(what),
        case: records
            .iter()
            .find_map(|record| record.case.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default(),
        purpose: purpose
            .map(|purpose| {
                agreement
                    .purpose(purpose)
                    .map_or_else(|| purpose.to_string(), |rules| titled(f, &rules.title))
            })
            .unwrap_or_default(),
        ground: ground.map(|ground| f.t_of("desk-ground", ground.as_str())).unwrap_or_default(),
        reason: records.iter().find_map(|record| record.reason.as_deref()).map(harmless),
        categories: categories.into_iter().map(|one| category(f, agreement, one)).collect(),
        holders: holders.into_iter().map(|party| harmless(&party.name)).collect(),
        failed: records.iter().any(|record| record.result != "success"),
    }
}

/// A dossier has three.
const RECORDS: u32 = 150;
