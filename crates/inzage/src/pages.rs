//! The pages, one file each.

mod start;

use actix_web::web::{self, Data, ServiceConfig};
use kw_web::{NavItem, User};

use crate::app::App;

/// What is kept for the length of a session, and nowhere else.
#[derive(Debug, Default)]
pub(crate) struct Kept {}

pub(crate) fn nav(_: &User) -> Vec<NavItem> {
    vec![NavItem { path: "/", label: "inzage-start" }]
}

pub(crate) fn routes(routes: &mut ServiceConfig, app: &Data<App>) {
    routes.app_data(app.clone()).service(web::resource("/").route(web::get().to(start::show)));
}
