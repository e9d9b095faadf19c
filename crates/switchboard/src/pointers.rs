//! Pointers: one file per verb.

mod bulk;
mod changing;
mod digests;
mod idempotency;
mod lease;
mod list;
mod preparing;
mod read;
mod register;
mod registering;
mod renew;
mod supersede;
mod upload;
mod view;
mod withdraw;
mod withdraw_many;

use actix_web::web::{self, ServiceConfig};

pub(crate) use bulk::{__path_register_many, Uploads};
pub(crate) use digests::__path_digest_pointers;
pub(crate) use lease::__path_renew_lease;
pub(crate) use list::__path_list_pointers;
pub(crate) use read::__path_read_pointer;
pub(crate) use register::__path_register_pointer;
pub(crate) use renew::__path_renew_pointer;
pub(crate) use supersede::__path_supersede_pointer;
pub(crate) use upload::__path_read_upload;
pub(crate) use withdraw::__path_withdraw_pointer;
pub(crate) use withdraw_many::__path_withdraw_many;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/pointers").get(list::list_pointers).post(register::register_pointer))
        .service(web::resource("/v1/pointers/_bulk").post(bulk::register_many))
        .service(web::resource("/v1/pointers/_digests").post(digests::digest_pointers))
        .service(web::resource("/v1/pointers/_withdraw").post(withdraw_many::withdraw_many))
        .service(web::resource("/v1/pointers/{id}").get(read::read_pointer))
        .service(web::resource("/v1/pointers/{id}/renewals").post(renew::renew_pointer))
        .service(web::resource("/v1/pointers/{id}/successors").post(supersede::supersede_pointer))
        .service(web::resource("/v1/pointers/{id}/withdrawals").post(withdraw::withdraw_pointer))
        .service(web::resource("/v1/bulk-uploads/{id}").get(upload::read_upload))
        .service(web::resource("/v1/leases").post(lease::renew_lease));
}
