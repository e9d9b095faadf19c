//! Partners that leave: asked for and approved by two of their people, and consented to by who takes their work over. And
//! partners that vanished, of which the others are told.

mod acts;
mod read;
mod request;
mod rules;
mod vanishing;
mod work;

use actix_web::web::{self, ServiceConfig};
use kw_agreement::Agreement;
use kw_domain::{Category, DepartureId, Instant, Oin};
use kw_protocol::departure::{
    Departure, DepartureApproval, DepartureCategory, DepartureReport, DepartureStatus,
};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::{DepartureCounts, NewSignal, StoredDeparture};

use crate::app::App;
use crate::signalling::SignalType;

pub(crate) use acts::{__path_approve, __path_end, __path_finish};
pub(crate) use read::{__path_list_departures, __path_read_departure};
pub(crate) use request::__path_request;
pub(crate) use vanishing::{Vanished, note_vanished, notice_returns};
pub(crate) use work::{count, hand_over};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/departures").get(read::list_departures).post(request::request))
        .service(web::resource("/v1/departures/{id}").get(read::read_departure))
        .service(web::resource("/v1/departures/{id}/approvals").post(acts::approve))
        .service(web::resource("/v1/departures/{id}/end").post(acts::end))
        .service(web::resource("/v1/departures/{id}/finish").post(acts::finish));
}

fn departure_id(text: &str) -> Result<DepartureId, Refusal> {
    DepartureId::parse(text).map_err(|_| not_found())
}

/// One that does not concern the caller looks like none.
fn not_found() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is no departure with this id that concerns your organisation.")
}

/// A departure as those see it who were told of it: who, and how far it is.
fn shown(departure: &StoredDeparture) -> Departure {
    Departure {
        id: departure.id,
        party: departure.party,
        successor: departure.successor,
        kind: departure.kind,
        status: departure.status(),
        requested_at: departure.requested_at,
        effective_at: departure.effective_at,
        finished_at: departure.finished_at,
        ended_at: departure.ended_at,
        report: None,
    }
}

/// A departure with its report, for those whose it is.
fn reported(
    departure: &StoredDeparture,
    counts: &[DepartureCounts],
    active: &[(Category, u64)],
) -> Departure {
    let remaining =
        |category: &Category| active.iter().find(|(one, _)| one == category).map_or(0, |(_, number)| *number);
    let mut categories: Vec<DepartureCategory> = counts
        .iter()
        .map(|one| DepartureCategory {
            category: one.category.clone(),
            held: one.held,
            transferred: one.transferred,
            withdrawn: one.withdrawn,
            remaining: remaining(&one.category),
            otherwise: None,
        })
        .collect();
    for (category, number) in active {
        if categories.iter().all(|one| one.category != *category) {
            categories.push(DepartureCategory {
                category: category.clone(),
                held: None,
                transferred: 0,
                withdrawn: 0,
                remaining: *number,
                otherwise: None,
            });
        }
    }
    categories.sort_by(|one, other| one.category.cmp(&other.category));
    if departure.status() == DepartureStatus::Ended {
        // What is there by then has nothing to do with this departure.
        for one in &mut categories {
            one.remaining = 0;
        }
    } else {
        for one in &mut categories {
            let accounted = one.transferred + one.withdrawn + one.remaining;
            one.otherwise = one.held.map(|held| held.saturating_sub(accounted));
        }
    }
    let party = departure.party;
    let successor = departure.successor.unwrap_or(party);
    let words = [(&departure.first, party), (&departure.second, party), (&departure.consent, successor)];
    let mut approvals: Vec<DepartureApproval> = words
        .into_iter()
        .filter_map(|(word, party)| word.clone().map(|(actor, at)| DepartureApproval { party, actor, at }))
        .collect();
    approvals.sort_by_key(|one| one.at);
    let report = DepartureReport { requested_by: departure.requested_by.clone(), approvals, categories };
    Departure { report: Some(report), ..shown(departure) }
}

/// Tells all partners and auditors of a departure.
fn tell_all(app: &App, agreement: &Agreement, departure: DepartureId, at: Instant) -> Vec<NewSignal> {
    let partners = agreement.partners().map(|partner| partner.oin);
    let everybody = partners.chain(agreement.auditors().map(|auditor| auditor.oin));
    everybody.map(|whom| tell(app, whom, departure, at)).collect()
}

fn tell(app: &App, whom: Oin, departure: DepartureId, at: Instant) -> NewSignal {
    app.signal(whom, SignalType::PartnerDeparted, *departure.as_bytes(), at)
}
