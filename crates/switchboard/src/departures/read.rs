//! `GET /v1/departures`: those concerned, auditors and the operator of the switchboard see everything, other partners that somebody left.
//! Reading leaves no record: nothing here is about a person whom the chain serves.

use actix_web::dev::Payload;
use actix_web::web::{Data, Json, Path};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use kw_domain::Oin;
use kw_protocol::departure::{Departure, DepartureStatus, Departures};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Member, Membership, Refusal, Registering};
use kw_store::StoreError;
use kw_store::switchboard::{StoredDeparture, SwitchboardRead};
use kw_transport::ON_BEHALF_OF;

use super::{departure_id, not_found, reported, shown};
use crate::app::{App, not_read};

const MOST: u32 = 500;

/// Whose departures the caller sees whole. A supplier that looks after a partner's pointers has to know whether the partner left.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reader {
    Auditor,
    Partner(Oin),
}

impl FromRequest for Reader {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.headers().contains_key(ON_BEHALF_OF) {
            let acting = Registering::from_request(request, payload);
            return Box::pin(async move { acting.await.map(|partner| Self::Partner(partner.oin)) });
        }
        let member = Member::of(request).and_then(|member| reader(&member));
        Box::pin(async move { member })
    }
}

/// The departures that concern the caller, and of others those that took effect. Newest first.
#[utoipa::path(
    get, path = "/v1/departures", tag = "departures",
    responses(
        (status = 200, description = "The departures", body = Departures),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_departures(app: Data<App>, reader: Reader) -> Result<Json<Departures>, Refusal> {
    let found = app.store.read(move |index| {
        let mut departures = Vec::new();
        for departure in index.departures(MOST)? {
            departures.extend(seen(index, &departure, reader)?);
        }
        Ok(departures)
    });
    Ok(Json(Departures { departures: found.await.map_err(not_read)? }))
}

/// One departure, with its report for those whom it concerns.
#[utoipa::path(
    get, path = "/v1/departures/{id}", tag = "departures",
    params(("id" = String, Path, description = "The departure: `about` of its signal")),
    responses(
        (status = 200, description = "The departure", body = Departure),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none that concerns you", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_departure(
    app: Data<App>,
    reader: Reader,
    id: Path<String>,
) -> Result<Json<Departure>, Refusal> {
    let id = departure_id(&id)?;
    let found = app.store.read(move |index| match index.departure(id)? {
        Some(departure) => seen(index, &departure, reader),
        None => Ok(None),
    });
    found.await.map_err(not_read)?.map(Json).ok_or_else(not_found)
}

fn reader(member: &Member) -> Result<Reader, Refusal> {
    match member.membership {
        // Who runs the switchboard has the numbers before it; here they come in the form in which the partners see them.
        Membership::Auditor | Membership::Switchboard => Ok(Reader::Auditor),
        Membership::Partner => Ok(Reader::Partner(member.oin)),
        Membership::Pseudonymiser => {
            Err(Refusal::new(ProblemCode::Denied, "Departures are for partners and auditors."))
        }
    }
}

fn seen(
    index: &mut (dyn SwitchboardRead + 'static),
    departure: &StoredDeparture,
    reader: Reader,
) -> Result<Option<Departure>, StoreError> {
    let own = match reader {
        Reader::Auditor => true,
        Reader::Partner(oin) => departure.party == oin || departure.successor == Some(oin),
    };
    if own {
        let counts = index.departure_counts(departure.id)?;
        let active = index.active_by_category(departure.party)?;
        return Ok(Some(reported(departure, &counts, &active)));
    }
    // A request, also one that was called off, is the partner's own until it takes effect.
    let took_effect = departure.effective_at.is_some() && departure.status() != DepartureStatus::Requested;
    Ok(took_effect.then(|| shown(departure)))
}
