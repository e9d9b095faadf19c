//! What persons choose about disclosure (toestemming en verzet): one file per verb.

mod check;
mod choices;
mod declaring;
mod holders;
mod record;
mod search;
mod withdraw;
mod writing;

use actix_web::web::{self, ServiceConfig};

pub(crate) use check::__path_check_consent;
pub(crate) use choices::{Chosen, choices, is_chosen};
pub(crate) use declaring::{Undeclared, check_declaration, check_words, no_number, standing};
pub(crate) use holders::__path_permitted_holders;
pub(crate) use record::__path_record_consent;
pub(crate) use search::__path_search_consents;
pub(crate) use withdraw::__path_withdraw_consent;
pub(crate) use writing::{Known, asserted, deny, known};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/consents").post(record::record_consent))
        .service(web::resource("/v1/consents/_check").post(check::check_consent))
        .service(web::resource("/v1/consents/_holders").post(holders::permitted_holders))
        .service(web::resource("/v1/consents/_search").post(search::search_consents))
        .service(web::resource("/v1/consents/{id}/withdrawal").post(withdraw::withdraw_consent));
}
