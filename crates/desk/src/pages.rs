//! The pages, one file each.

mod start;

use actix_web::web::{self, ServiceConfig};
use kw_web::{NavItem, User};

/// What is kept for the length of a session, and nowhere else.
#[derive(Debug, Default)]
pub(crate) struct Kept {}

pub(crate) fn nav(_: &User) -> Vec<NavItem> {
    vec![NavItem { path: "/", label: "desk-start" }]
}

pub(crate) fn routes(routes: &mut ServiceConfig) {
    routes.service(web::resource("/").route(web::get().to(start::show)));
}
