//! Who holds what.

mod ask;
mod consenting;
mod deciding;
mod granting;
mod holding;
mod representing;
mod reviewing;

use actix_web::web::{self, ServiceConfig};

pub(crate) use ask::{__path_ask, charge};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/queries").post(ask::ask));
}
