//! Matches: holders of live pointers about the same person are told of each other, where the agreement cites a law for it
//! (docs/match.md).
//!
//! Whoever changes what is live about somebody, settles the matches of that person in the same transaction ([`settling::Settler`]).

mod escalating;
mod figures;
mod follow;
mod gauges;
mod list;
mod read;
mod rules;
mod settling;
mod sweeping;
mod view;

use actix_web::web::{self, ServiceConfig};
use kw_domain::{Instant, MatchId, Oin};
use kw_protocol::signal::SignalType;
use kw_store::switchboard::{StoredSignal, Switchboard};
use kw_store::{StoreError, Tx};

pub(crate) use escalating::{INTERVAL as ESCALATING, escalate};
pub(crate) use figures::__path_read_figures;
pub(crate) use follow::{__path_say_contact, __path_say_coordinated};
pub(crate) use gauges::{Gauges, INTERVAL as MEASURING, measure};
pub(crate) use list::__path_list_matches;
pub(crate) use read::__path_read_match;
pub(crate) use settling::{Moved, REMEMBERED, Settler};
pub(crate) use sweeping::{INTERVAL as SWEEPING, Sweep, sweep};
pub(crate) use view::check_actor;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/matches").route(web::get().to(list::list_matches)))
        .service(web::resource("/v1/matches/_figures").route(web::get().to(figures::read_figures)))
        .service(web::resource("/v1/matches/{id}").route(web::get().to(read::read_match)))
        .service(web::resource("/v1/matches/{id}/_contact").route(web::post().to(follow::say_contact)))
        .service(
            web::resource("/v1/matches/{id}/_coordinated").route(web::post().to(follow::say_coordinated)),
        );
}

/// The matches that these signals tell of.
pub(crate) fn told_of<'a>(signals: impl IntoIterator<Item = &'a StoredSignal>) -> Vec<MatchId> {
    let is_match = |kind| {
        matches!(kind, SignalType::MatchArisen | SignalType::MatchChanged | SignalType::MatchEscalated)
    };
    let of_matches = signals.into_iter().map(|stored| &stored.signal).filter(|signal| is_match(signal.kind));
    of_matches.map(|signal| MatchId::from_bytes(signal.about)).collect()
}

/// Notes that a party has read of matches: in the transaction of its reading, or of what delivered it.
pub(crate) fn note_told(
    tx: &mut Tx<'_, Switchboard>,
    party: Oin,
    told: &[MatchId],
    at: Instant,
) -> Result<(), StoreError> {
    if told.is_empty() { Ok(()) } else { tx.write().note_match_told(party, told, at) }
}
