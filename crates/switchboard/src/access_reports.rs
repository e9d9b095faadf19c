//! A person's own question: who registered something about me, and who looked (GDPR art. 15).

mod gathering;
mod granting;
mod make;

use actix_web::web::{self, ServiceConfig};

pub(crate) use make::__path_make;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/access-reports").post(make::make));
}
