//! The pages, one file each.

mod about;
mod confirm;
mod dossier;
mod start;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use kw_agreement::Localised;
use kw_web::{Failure, Frame, Language, NavItem, User};

use crate::app::App;
use crate::asking::{Numbers, Question};
use crate::opened::Opened;

/// What is kept for the length of a session, and nowhere else.
#[derive(Default)]
pub(crate) struct Kept {
    /// The numbers of a form that came back with mistakes.
    numbers: Numbers,
    /// Questions that wait for a confirmation, the oldest first.
    asked: Vec<(String, Question)>,
    /// Dossiers, the oldest first.
    opened: Vec<Arc<Opened>>,
}

impl Kept {
    /// The oldest goes when there are too many.
    fn ask(&mut self, id: String, question: Question) {
        if self.asked.len() >= MOST {
            self.asked.remove(0);
        }
        self.asked.push((id, question));
    }

    fn asked(&self, id: &str) -> Result<Question, Failure> {
        let found = self.asked.iter().find(|(known, _)| known == id);
        found.map(|(_, question)| question.clone()).ok_or_else(Failure::not_found)
    }

    fn open(&mut self, opened: Arc<Opened>) {
        if self.opened.len() >= MOST {
            self.opened.remove(0);
        }
        self.opened.push(opened);
    }

    fn opened(&self, id: &str) -> Result<Arc<Opened>, Failure> {
        self.opened.iter().find(|one| one.id == id).cloned().ok_or_else(Failure::not_found)
    }
}

/// Something to choose in a form.
pub(crate) struct Choosable {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) help: String,
}

pub(crate) fn nav(_: &User) -> Vec<NavItem> {
    vec![NavItem { path: "/", label: "desk-start" }]
}

pub(crate) fn routes(routes: &mut ServiceConfig, app: &Data<App>) {
    let at = web::resource::<&str>;
    routes
        .app_data(app.clone())
        .service(at("/").route(web::get().to(start::show)).route(web::post().to(start::ask)))
        .service(at("/questions/{id}").route(web::get().to(confirm::show)).route(web::post().to(confirm::go)))
        .service(at("/dossiers/{id}").route(web::get().to(dossier::show)))
        .service(at("/dossiers/{id}/news").route(web::get().to(dossier::news)));
}

/// A title of the agreement, in the language of the page.
fn titled(f: &Frame, title: &Localised) -> String {
    let language = match f.language {
        Language::Dutch => kw_agreement::Language::Dutch,
        Language::English => kw_agreement::Language::English,
    };
    title.within(language).to_owned()
}

fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// Questions and dossiers of one session.
const MOST: usize = 5;
