//! `/v1/matches…`: the partner's own people see with whom they have something to speak about, and say how far they are.
//!
//! The switchboard keeps matches and says who may know what of them. What is added here stays here: which of the own records
//! have part in a match. Every reading and every word leaves a record in the own ledger, too.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use kw_domain::MatchId;
use kw_ledger::Event;
use kw_protocol::matching::{FollowUp, Match, MatchFigures, MatchPage, MatchesAsked, OwnMatch, OwnRecord};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::{Body, Refusal, Trace};

use crate::app::{App, Own};
use crate::reader::Reader;

/// Lists the partner's matches, newest first; everybody's at a coordinator.
#[utoipa::path(
    get, path = "/v1/matches", operation_id = "listMatches", tag = "local", security(("token" = [])),
    params(
        ("state" = Option<String>, Query, description = "In this state only"),
        ("live" = Option<bool>, Query, description = "Only those that are live, or only those that ended"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as `nextCursor`"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 without it"),
        ("Actor" = Option<String>, Header, description = "Who reads: an `Actor` as JSON in unpadded base64url. It is recorded."),
    ),
    responses(
        (status = 200, description = "One page", body = MatchPage),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    own: Own,
    reader: Reader,
    trace: Trace,
    asked: Query<MatchesAsked>,
) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let by = reader.admitted(app).await?;
    record(app, Event::MatchesRead, &trace, by.as_ref()).await?;
    let page: MatchPage = app.pass_on(|switchboard| async move { switchboard.matches(&asked).await }).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Reads one match, with the own records that have part in it.
#[utoipa::path(
    get, path = "/v1/matches/{id}", operation_id = "readMatch", tag = "local", security(("token" = [])),
    params(
        ("id" = String, Path, description = "The match: `about` of its signals"),
        ("Actor" = Option<String>, Header, description = "Who reads: an `Actor` as JSON in unpadded base64url. It is recorded."),
    ),
    responses(
        (status = 200, description = "The match", body = OwnMatch),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(
    own: Own,
    reader: Reader,
    trace: Trace,
    id: Path<String>,
) -> Result<HttpResponse, Refusal> {
    let (app, id) = (&own.0, match_id(&id)?);
    let by = reader.admitted(app).await?;
    record(app, Event::MatchesRead, &trace, by.as_ref()).await?;
    let shared = app.pass_on(|switchboard| async move { switchboard.found_match(id).await }).await?;
    Ok(HttpResponse::Ok().json(with_records(app, shared).await?))
}

/// Says that the holders of a match are in contact.
#[utoipa::path(
    post, path = "/v1/matches/{id}/_contact", operation_id = "sayContact", tag = "local", security(("token" = [])),
    params(("id" = String, Path, description = "The match")), request_body = FollowUp,
    responses(
        (status = 200, description = "The match", body = OwnMatch),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a holder of it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it ended", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn contact(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<FollowUp>,
) -> Result<HttpResponse, Refusal> {
    let (app, id) = (&own.0, match_id(&id)?);
    app.require_staff(&body.0.actor).await?;
    record(app, Event::MatchChanged, &trace, Some(&body.0.actor)).await?;
    let shared = app.pass_on(|switchboard| async move { switchboard.say_contact(id, &body.0).await }).await?;
    Ok(HttpResponse::Ok().json(with_records(app, shared).await?))
}

/// Says, at a coordinator, that help is coordinated.
#[utoipa::path(
    post, path = "/v1/matches/{id}/_coordinated", operation_id = "sayCoordinated", tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The match")), request_body = FollowUp,
    responses(
        (status = 200, description = "The match", body = OwnMatch),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a coordinator", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it ended, or there was no contact yet", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn coordinated(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<FollowUp>,
) -> Result<HttpResponse, Refusal> {
    let (app, id) = (&own.0, match_id(&id)?);
    app.require_staff(&body.0.actor).await?;
    record(app, Event::MatchChanged, &trace, Some(&body.0.actor)).await?;
    let shared =
        app.pass_on(|switchboard| async move { switchboard.say_coordinated(id, &body.0).await }).await?;
    Ok(HttpResponse::Ok().json(with_records(app, shared).await?))
}

/// Reads numbers about all matches, at a coordinator.
#[utoipa::path(
    get, path = "/v1/matches/_figures", operation_id = "readMatchFigures", tag = "local", security(("token" = [])),
    responses(
        (status = 200, description = "The numbers", body = MatchFigures),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a coordinator", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn figures(own: Own, trace: Trace) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    record(app, Event::MatchesRead, &trace, None).await?;
    let figures: MatchFigures =
        app.pass_on(|switchboard| async move { switchboard.match_figures().await }).await?;
    Ok(HttpResponse::Ok().json(figures))
}

async fn with_records(app: &App, shared: Match) -> Result<OwnMatch, Refusal> {
    let mut own_records = Vec::new();
    for pointer in shared.holders.iter().flat_map(|line| &line.own_pointers).copied() {
        let found = app.store.read(move |tables| tables.record_by_pointer(pointer)).await;
        // A pointer that another process of this organisation registered has no record here.
        let Some(record) = found.map_err(Refusal::fault)? else { continue };
        let id = app
            .vault
            .open_record(record.handle, &record.record_sealed)
            .map_err(|_| Refusal::fault("a sealed record does not open"))?;
        own_records.push(OwnRecord {
            pointer,
            category: record.category,
            source: record.source,
            record: id.as_str().to_owned(),
        });
    }
    Ok(OwnMatch { shared, own_records })
}

/// The own ledger says first what is about to be asked.
async fn record(app: &App, event: Event, trace: &Trace, actor: Option<&Actor>) -> Result<(), Refusal> {
    let mut record = app.new_record(event, &app.agreement.current(), trace);
    record.holders = Vec::new();
    record.actor = actor.map(|actor| kw_ledger::RecordedActor {
        assurance: match actor.assurance {
            Assurance::Asserted => "asserted".to_owned(),
            Assurance::Proven => "proven".to_owned(),
        },
        id: actor.id.clone(),
        role: actor.role.clone(),
    });
    app.record(record).await
}

fn match_id(text: &str) -> Result<MatchId, Refusal> {
    MatchId::parse(text)
        .map_err(|_| Refusal::new(ProblemCode::NotFound, "Your organisation has part in no such match."))
}
