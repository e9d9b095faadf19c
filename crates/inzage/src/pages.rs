//! The pages, one file each.

mod accesses;
mod acting;
pub(crate) mod choices;
mod collect;
pub(crate) mod collected;
pub(crate) mod corrections;
mod download;
mod holders;
mod mandates;
mod objections;
mod start;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use kw_web::{NavItem, User};

use crate::app::App;
pub(crate) use crate::kept::Kept;
use crate::person::Person;

/// `personal`: whether the chain has a place where people collect their own dossiers.
pub(crate) fn nav(user: &User, personal: bool) -> Vec<NavItem> {
    let mut items = vec![
        NavItem { path: "/", label: "inzage-start" },
        NavItem { path: "/holders", label: "inzage-holders" },
        NavItem { path: "/accesses", label: "inzage-accesses" },
        NavItem { path: "/choices", label: "inzage-choices" },
        NavItem { path: "/mandates", label: "inzage-mandates" },
        NavItem { path: "/corrections", label: "inzage-corrections" },
        NavItem { path: "/print", label: "inzage-download" },
    ];
    // Those are the user's own.
    if personal && Person::of(user).is_ok_and(|person| person.mandate.is_none()) {
        items.push(NavItem { path: "/collected", label: "collected-title" });
    }
    items
}

pub(crate) fn routes(routes: &mut ServiceConfig, app: &Data<App>) {
    let at = web::resource::<&str>;
    routes
        .app_data(app.clone())
        .configure(collected::routes)
        .service(at("/").route(web::get().to(start::show)))
        .service(at("/collect").route(web::post().to(collect::collect)))
        .service(at("/acting").route(web::get().to(acting::show)))
        .service(at("/holders").route(web::get().to(holders::show)))
        .service(at("/accesses").route(web::get().to(accesses::show)))
        .service(at("/choices").route(web::get().to(choices::show)).route(web::post().to(choices::record)))
        .service(at("/choices/new").route(web::get().to(choices::ask)))
        .service(at("/choices/{name}/withdraw").route(web::post().to(choices::withdraw)))
        .service(at("/objections").route(web::post().to(objections::submit)))
        .service(at("/objections/new").route(web::get().to(objections::ask)))
        .service(
            at("/mandates").route(web::get().to(mandates::show)).route(web::post().to(mandates::request)),
        )
        .service(at("/mandates/new").route(web::get().to(mandates::ask)))
        .service(
            at("/mandates/{name}/confirm")
                .route(web::get().to(mandates::about_to_confirm))
                .route(web::post().to(mandates::confirm)),
        )
        .service(at("/mandates/{name}/withdraw").route(web::post().to(mandates::withdraw)))
        .service(
            at("/corrections")
                .route(web::get().to(corrections::show))
                .route(web::post().to(corrections::send)),
        )
        .service(at("/corrections/new").route(web::get().to(corrections::ask)))
        .service(at("/corrections/{name}").route(web::get().to(corrections::one)))
        .service(at("/corrections/{name}/withdraw").route(web::post().to(corrections::withdraw)))
        .service(at("/print").route(web::get().to(download::print)))
        .service(at("/download.json").route(web::get().to(download::json)));
}

/// Sends the browser to another page.
fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}
