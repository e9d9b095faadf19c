//! Matches: others hold something about the same person, and the law says that they hear of each other.

use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_domain::MatchId;
use kw_protocol::matching::{FollowUp, Match, MatchState, MatchesAsked};
use kw_web::plot::{Bar, Plot};
use kw_web::{Failure, Form, Frame, Outcome, SignedIn};
use serde::Deserialize;

use super::titles::category;
use super::{Kept, go_to, in_query};
use crate::app::App;
use crate::document::harmless;

#[derive(Template)]
#[template(path = "matches.html")]
struct List<'a> {
    f: &'a Frame,
    lines: Vec<Line>,
    next: Option<String>,
    figures: bool,
}

struct Line {
    id: String,
    /// What colleagues call it among each other.
    mark: String,
    at: String,
    kind: String,
    holders: Vec<String>,
    state: String,
    notice: Option<String>,
}

#[derive(Template)]
#[template(path = "match.html")]
struct One<'a> {
    f: &'a Frame,
    id: String,
    facts: Vec<(String, String)>,
    holders: Vec<HolderView>,
    coordinators: Vec<(String, String)>,
    records: Vec<RecordView>,
    may_contact: bool,
    may_coordinate: bool,
}

struct HolderView {
    name: String,
    contact: String,
    notified: String,
    contacted: String,
}

struct RecordView {
    category: String,
    source: String,
    record: String,
}

#[derive(Template)]
#[template(path = "figures.html")]
struct Figures<'a> {
    f: &'a Frame,
    at: String,
    smallest: u64,
    by_month: String,
    by_category: String,
    rows: Vec<FigureView>,
}

struct FigureView {
    month: String,
    category: String,
    state: String,
    count: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct From {
    cursor: Option<String>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, from: Query<From>) -> Outcome {
    App::require(by.user(), &app.duties.matches)?;
    let asked = MatchesAsked { cursor: from.cursor.clone(), limit: Some(MATCHES), ..MatchesAsked::default() };
    app.require_proof(&by, "/matches")?;
    let actor = App::actor_with(by.user(), &app.duties.matches)?;
    let found = app.partner.read_by(&actor)?.matches(&asked).await?;
    let f = by.frame("desk-matches");
    let line = |one: &Match| Line {
        id: one.id.to_string(),
        mark: mark(one.id),
        at: f.moment(one.arisen_at),
        kind: f.t_of("desk-match-kind", one.kind.as_str()),
        holders: one.holders.iter().map(|held| harmless(&held.holder.name)).collect(),
        state: f.t_of("desk-match-state", one.state.as_str()),
        notice: notice(&f, one),
    };
    f.page(&List {
        f: &f,
        lines: found.matches.iter().map(line).collect(),
        next: found.next_cursor.as_deref().map(in_query),
        figures: App::has(by.user(), &app.duties.figures),
    })
}

/// What tells matches of the same moment and parties apart: the end of their random name, which says nothing of anybody.
fn mark(id: MatchId) -> String {
    let name = id.to_string();
    name.get(name.len() - 6..).unwrap_or(&name).to_uppercase()
}

fn notice(f: &Frame, one: &Match) -> Option<String> {
    let waits = matches!(one.state, MatchState::Arisen | MatchState::Notified) && one.ended_at.is_none();
    match one.escalated_at {
        Some(_) if waits => Some(f.t("desk-match-escalated")),
        _ => waits.then(|| f.t1("desk-match-contact-by", "at", f.deadline(one.contact_by))),
    }
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    App::require(by.user(), &app.duties.matches)?;
    let id = match_id(&id)?;
    app.require_proof(&by, &format!("/matches/{id}"))?;
    let actor = App::actor_with(by.user(), &app.duties.matches)?;
    let found = app.partner.read_by(&actor)?.found_match(id).await?;
    let (f, one, agreement) = (by.frame("desk-match-one"), &found.shared, app.agreed());
    let mut facts = vec![
        (f.t("desk-match-about"), f.t_of("desk-match-kind", one.kind.as_str())),
        (f.t("desk-report-state"), f.t_of("desk-match-state", one.state.as_str())),
        (f.t("desk-match-mark"), mark(id)),
        (f.t("desk-match-arisen"), f.moment(one.arisen_at)),
        (f.t("desk-match-by"), f.moment(one.contact_by)),
    ];
    let moments = [
        ("desk-match-escalated-at", one.escalated_at),
        ("desk-match-contacted-at", one.contacted_at),
        ("desk-match-coordinated-at", one.coordinated_at),
        ("desk-match-ended-at", one.ended_at),
    ];
    facts.extend(moments.into_iter().filter_map(|(key, at)| Some((f.t(key), f.moment(at?)))));
    let moment = |at: Option<_>| at.map_or_else(|| f.t("desk-not-yet"), |at| f.moment(at));
    let holders = one.holders.iter().map(|held| HolderView {
        name: harmless(&held.holder.name),
        contact: harmless(&held.contact),
        notified: moment(held.notified_at),
        contacted: moment(held.contacted_at),
    });
    let records = found.own_records.iter().map(|record| RecordView {
        category: category(&f, &agreement, &record.category),
        source: harmless(record.source.as_str()),
        record: harmless(&record.record),
    });
    let lives = one.ended_at.is_none() && one.coordinated_at.is_none();
    let is_holder = one.holders.iter().any(|held| held.holder.oin == app.own);
    let coordinates = one.coordinators.iter().any(|contact| contact.party.oin == app.own);
    let own = one.holders.iter().find(|held| held.holder.oin == app.own);
    f.page(&One {
        f: &f,
        id: one.id.to_string(),
        facts,
        holders: holders.collect(),
        coordinators: (one.coordinators.iter())
            .map(|contact| (harmless(&contact.party.name), harmless(&contact.contact)))
            .collect(),
        records: records.collect(),
        may_contact: lives && is_holder && own.is_some_and(|held| held.contacted_at.is_none()),
        may_coordinate: lives && coordinates,
    })
}

pub(crate) async fn contact(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let (id, said) = followed(&form, &app, &id)?;
    app.partner.say_contact(id, &said).await?;
    Ok(go_to(&format!("/matches/{id}")))
}

pub(crate) async fn coordinated(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let (id, said) = followed(&form, &app, &id)?;
    app.partner.say_coordinated(id, &said).await?;
    Ok(go_to(&format!("/matches/{id}")))
}

fn followed(form: &Form<Kept>, app: &App, id: &str) -> Result<(MatchId, FollowUp), Failure> {
    let actor = App::actor_with(form.by.user(), &app.duties.matches)?;
    let id = match_id(id)?;
    app.require_proof(&form.by, &format!("/matches/{id}"))?;
    Ok((id, FollowUp { actor }))
}

pub(crate) async fn figures(by: SignedIn<Kept>, app: Data<App>) -> Outcome {
    App::require(by.user(), &app.duties.figures)?;
    let found = app.partner.match_figures().await?;
    let f = by.frame("desk-figures");
    let agreement = app.agreed();
    let rows: Vec<FigureView> = (found.figures.iter())
        .map(|figure| FigureView {
            month: harmless(&figure.month),
            category: category(&f, &agreement, &figure.category),
            state: f.t_of("desk-match-state", figure.state.as_str()),
            count: figure.count,
        })
        .collect();
    let plot = |id, title: &str, of: &str, key: fn(&FigureView) -> &String| Plot {
        id,
        title: f.t(title),
        of: f.t(of),
        unit: f.t("desk-figures-unit"),
        bars: summed(&f, &rows, key),
    };
    let by_month = plot("by-month", "desk-figures-by-month", "desk-figures-month", |row| &row.month);
    let by_category =
        plot("by-category", "desk-figures-by-category", "desk-report-record", |row| &row.category);
    f.page(&Figures {
        f: &f,
        at: f.moment(found.at),
        smallest: found.smallest,
        by_month: by_month.columns(&f),
        by_category: by_category.rows(&f),
        rows,
    })
}

/// What is told, added up. What is too small to be told is not in it, and the label says so.
fn summed(f: &Frame, rows: &[FigureView], key: fn(&FigureView) -> &String) -> Vec<Bar> {
    let mut sums = std::collections::BTreeMap::new();
    for row in rows {
        let (sum, whole) = sums.entry(key(row)).or_insert((0, true));
        *sum += row.count.unwrap_or(0);
        *whole &= row.count.is_some();
    }
    let bar = |(label, (value, whole)): (&String, (u64, bool))| Bar {
        label: if whole { label.clone() } else { f.t1("desk-figures-or-more", "label", label) },
        value,
    };
    sums.into_iter().map(bar).collect()
}

fn match_id(text: &str) -> Result<MatchId, Failure> {
    MatchId::parse(text).map_err(|_| Failure::not_found())
}

const MATCHES: u32 = 50;
