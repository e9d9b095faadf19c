//! The register of mandates: who may act for whom (docs/representation.md). One file per verb.

mod check;
mod confirm;
mod finding;
mod lookup;
mod read;
mod recording;
mod register;
mod rules;
mod search;
mod telling;
mod upkeep;
mod view;
mod withdraw;

use actix_web::web::{self, ServiceConfig};

pub(crate) use check::__path_check_mandate;
pub(crate) use confirm::__path_confirm_mandate;
pub(crate) use finding::{known_or_new, side, tags};
pub(crate) use lookup::{Claim, Mandated, candidates, judge};
pub(crate) use read::__path_read_mandate;
pub(crate) use recording::{References, describe, representation_of};
pub(crate) use register::__path_register_mandate;
pub(crate) use search::__path_search_mandates;
pub(crate) use upkeep::mandates_due;
pub(crate) use withdraw::__path_withdraw_mandate;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/mandates").post(register::register_mandate))
        .service(web::resource("/v1/mandates/_check").post(check::check_mandate))
        .service(web::resource("/v1/mandates/_search").post(search::search_mandates))
        .service(web::resource("/v1/mandates/{id}").get(read::read_mandate))
        .service(web::resource("/v1/mandates/{id}/confirmations").post(confirm::confirm_mandate))
        .service(web::resource("/v1/mandates/{id}/withdrawal").post(withdraw::withdraw_mandate));
}
