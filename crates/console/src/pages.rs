//! The pages. Auditors' and operators' are apart: no page of an operator has a way to a record.

mod agreement;
mod anomalies;
mod exports;
mod log;
mod reconciliation;
mod record;
mod report;
mod resolve;
mod start;
mod state;
mod stories;
mod view;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, ServiceConfig};
use kw_agreement::{ConsoleRole, LARGEST_TEXT};
use kw_web::{Failure, FormLimit, NavItem, SignedIn, User};

use crate::auditor::kept::Findings;
use crate::operator::Proposed;

/// What is kept for the length of a session, and nowhere else.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Of an auditor.
    pub(crate) auditor: Findings,
    /// Of an operator.
    pub(crate) proposed: Option<Proposed>,
}

pub(crate) type By = SignedIn<Kept>;

/// What is configured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) auditor: bool,
    pub(crate) operator: bool,
}

pub(crate) fn nav(user: &User, parts: Parts) -> Vec<NavItem> {
    let item = |path, label| NavItem { path, label };
    let mut items = vec![item("/", "console-start")];
    if parts.auditor && user.is(ConsoleRole::Auditor.as_str()) {
        items.extend([
            item("/log", "console-log"),
            item("/stories", "console-stories"),
            item("/reconciliation", "console-reconciliation"),
            item("/anomalies", "console-anomalies"),
            item("/resolve", "console-resolve"),
            item("/exports", "console-exports"),
            item("/reports", "console-reports"),
        ]);
    }
    if parts.operator && user.is(ConsoleRole::Operator.as_str()) {
        items.extend([item("/state", "console-state"), item("/agreement", "console-agreement")]);
    }
    items
}

/// What is not configured has no addresses.
pub(crate) fn routes(routes: &mut ServiceConfig, parts: Parts) {
    let at = web::resource::<&str>;
    routes.service(at("/").route(web::get().to(start::show)));
    if parts.auditor {
        of_auditors(routes);
    }
    if parts.operator {
        of_operators(routes);
    }
}

fn of_auditors(routes: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/log").route(web::get().to(log::show)).route(web::post().to(log::search)))
        .service(at("/log/older").route(web::post().to(log::older)))
        .service(at("/log/{log}/{index}").route(web::get().to(record::show)))
        .service(at("/stories").route(web::get().to(stories::ask)).route(web::post().to(stories::go)))
        .service(at("/stories/{access}").route(web::get().to(stories::show)))
        .service(
            at("/reconciliation")
                .route(web::get().to(reconciliation::show))
                .route(web::post().to(reconciliation::run)),
        )
        .service(at("/anomalies").route(web::get().to(anomalies::show)).route(web::post().to(anomalies::run)))
        .service(at("/resolve").route(web::get().to(resolve::show)).route(web::post().to(resolve::request)))
        .service(at("/resolve/{log}").route(web::get().to(resolve::of_log)))
        .service(at("/resolve/{log}/{id}/approvals").route(web::post().to(resolve::approve)))
        .service(at("/exports").route(web::get().to(exports::show)).route(web::post().to(exports::make)))
        .service(at("/exports/file").route(web::get().to(exports::download)))
        .service(at("/reports").route(web::get().to(report::ask)).route(web::post().to(report::go)))
        .service(at("/reports/{month}").route(web::get().to(report::show)));
}

fn of_operators(routes: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/state").route(web::get().to(state::show)))
        .service(at("/agreement").route(web::get().to(agreement::show)))
        .service(at("/agreement/versions/{place}").route(web::get().to(agreement::version)))
        .service(
            at("/agreement/next")
                .app_data(FormLimit { largest: LARGEST_AGREEMENT, role: ConsoleRole::Operator.as_str() })
                .route(web::get().to(agreement::back))
                .route(web::post().to(agreement::propose)),
        )
        .service(at("/agreement/approvals").route(web::post().to(agreement::approve)));
}

/// A character of a text may take three in a form.
const LARGEST_AGREEMENT: usize = 3 * LARGEST_TEXT + 64 * 1024;

/// Only an auditor goes on.
pub(crate) fn auditor(by: &By) -> Result<(), Failure> {
    by.require(ConsoleRole::Auditor.as_str())
}

/// Only an operator goes on.
pub(crate) fn operator(by: &By) -> Result<(), Failure> {
    by.require(ConsoleRole::Operator.as_str())
}

pub(crate) fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path.to_owned())).finish()
}
