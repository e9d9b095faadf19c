//! Watching for a search through all numbers: what is counted, when somebody is told, and reading what was raised.
//!
//! The questions are counted where they stand already, in the log: so nothing is added to a question's work, a restart
//! forgets nothing, and several processes see the same.

mod counting;
mod read;
mod watching;

use actix_web::web::{self, ServiceConfig};

pub(crate) use read::{__path_list_alarms, __path_read_alarm};
pub(crate) use watching::{INTERVAL, Watch, watch};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/alarms").route(web::get().to(read::list_alarms)))
        .service(web::resource("/v1/alarms/{id}").route(web::get().to(read::read_alarm)));
}
