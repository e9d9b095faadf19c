//! Objections to statutory registrations (verzet): one file per verb.

mod decide;
mod read;
mod search;
mod submit;
mod view;
mod watching;

use actix_web::web::{self, ServiceConfig};

pub(crate) use decide::__path_decide_objection;
pub(crate) use read::__path_read_objection;
pub(crate) use search::__path_search_objections;
pub(crate) use submit::__path_submit_objection;
pub(crate) use watching::watch;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/objections").post(submit::submit_objection))
        .service(web::resource("/v1/objections/_search").post(search::search_objections))
        .service(web::resource("/v1/objections/{id}").get(read::read_objection))
        .service(web::resource("/v1/objections/{id}/decision").post(decide::decide_objection));
}
