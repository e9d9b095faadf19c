//! The pages, one file each.

mod about;
mod accesses;
mod confirm;
mod dossier;
mod matches;
mod report;
mod reports;
mod reviews;
mod signals;
mod start;
mod titles;

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use kw_web::{Failure, NavItem, User};

use crate::app::App;
use crate::asking::{Numbers, Question};
use crate::opened::Opened;

/// What is kept for the length of a session, and nowhere else.
#[derive(Default)]
pub(crate) struct Kept {
    /// The numbers of forms that came back with mistakes, by the form, the oldest first: two tabs are two forms.
    numbers: Vec<(String, Numbers)>,
    /// Questions that wait for a confirmation, the oldest first.
    asked: Vec<(String, Question)>,
    /// Dossiers, the oldest first.
    opened: Vec<Arc<Opened>>,
    /// Where forms led that were sent, the oldest first: who presses twice asks once.
    begun: Vec<Begun>,
}

/// A form that was sent.
struct Begun {
    /// Its name.
    form: String,
    /// What was in it, where that can differ: the digest of its fields, for it holds a person.
    fields: Option<[u8; 32]>,
    path: String,
}

impl Kept {
    /// The oldest goes when there are too many.
    fn ask(&mut self, id: String, question: Question) {
        if self.asked.len() >= MOST {
            self.asked.remove(0);
        }
        self.asked.push((id, question));
    }

    fn numbers(&self, form: &str) -> Numbers {
        let found = self.numbers.iter().find(|(known, _)| known == form);
        found.map(|(_, numbers)| numbers.clone()).unwrap_or_default()
    }

    fn keep_numbers(&mut self, form: &str, numbers: Numbers) {
        self.numbers.retain(|(known, _)| known != form);
        if self.numbers.len() >= MOST {
            self.numbers.remove(0);
        }
        self.numbers.push((form.to_owned(), numbers));
    }

    /// The form led somewhere: the numbers are needed no longer.
    fn forget_numbers(&mut self, form: &str) {
        self.numbers.retain(|(known, _)| known != form);
    }

    /// Where this form led before, if what it led to is still there. With anything else in it, it is another form.
    fn begun(&self, form: &str, fields: Option<[u8; 32]>) -> Option<String> {
        let is_it = |one: &&Begun| one.form == form && (fields.is_none() || fields == one.fields);
        let begun = self.begun.iter().rev().find(is_it)?;
        let there = |path: &str| match path.rsplit_once('/') {
            Some(("/dossiers", id)) => self.opened(id).is_ok(),
            Some(("/questions", id)) => self.asked(id).is_ok() || self.begun(id, None).is_some(),
            _ => false,
        };
        there(&begun.path).then(|| begun.path.clone())
    }

    fn begin(&mut self, form: &str, fields: Option<[u8; 32]>, path: &str) {
        if self.begun.len() >= 2 * MOST {
            self.begun.remove(0);
        }
        self.begun.push(Begun { form: form.to_owned(), fields, path: path.to_owned() });
    }

    /// The question, which is nobody's to ask any more.
    fn take(&mut self, id: &str) -> Result<Question, Failure> {
        let question = self.asked(id)?;
        self.asked.retain(|(known, _)| known != id);
        Ok(question)
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

/// What somebody finds in the navigation: what they may do.
pub(crate) fn nav(app: &App, user: &User) -> Vec<NavItem> {
    let follows = App::has(user, &app.duties.matches);
    let counts = App::has(user, &app.duties.figures);
    [
        (true, NavItem { path: "/", label: "desk-start" }),
        (follows, NavItem { path: "/matches", label: "desk-matches" }),
        (counts && !follows, NavItem { path: "/matches/figures", label: "desk-figures" }),
        (true, NavItem { path: "/signals", label: "desk-signals" }),
        (app.sees_reports(user), NavItem { path: "/reports", label: "desk-reports" }),
        (true, NavItem { path: "/reviews", label: "desk-reviews" }),
        (true, NavItem { path: "/accesses", label: "desk-accesses" }),
    ]
    .into_iter()
    .filter_map(|(there, item)| there.then_some(item))
    .collect()
}

pub(crate) fn routes(routes: &mut ServiceConfig, app: &Data<App>) {
    let at = web::resource::<&str>;
    routes
        .app_data(app.clone())
        .service(at("/").route(web::get().to(start::show)).route(web::post().to(start::ask)))
        .service(at("/questions/{id}").route(web::get().to(confirm::show)).route(web::post().to(confirm::go)))
        .service(at("/dossiers/{id}").route(web::get().to(dossier::show)))
        .service(at("/dossiers/{id}/news").route(web::get().to(dossier::news)))
        .service(
            at("/dossiers/{id}/report/{place}")
                .route(web::get().to(report::of_record))
                .route(web::post().to(report::send_of_record)),
        )
        .service(
            at("/dossiers/{id}/report/{place}/{row}")
                .route(web::get().to(report::of_value))
                .route(web::post().to(report::send_of_value)),
        )
        .service(at("/accesses").route(web::get().to(accesses::list)))
        .service(at("/matches").route(web::get().to(matches::list)))
        .service(at("/matches/figures").route(web::get().to(matches::figures)))
        .service(at("/matches/{id}").route(web::get().to(matches::show)))
        .service(at("/matches/{id}/contact").route(web::post().to(matches::contact)))
        .service(at("/matches/{id}/coordinated").route(web::post().to(matches::coordinated)))
        .service(at("/reviews").route(web::get().to(reviews::list)))
        .service(
            at("/reviews/{id}").route(web::get().to(reviews::back)).route(web::post().to(reviews::judge)),
        )
        .service(at("/signals").route(web::get().to(signals::list)))
        .service(at("/reports").route(web::get().to(reports::list)))
        .service(at("/reports/sent/{id}").route(web::get().to(reports::show_sent)))
        .service(at("/reports/sent/{id}/withdrawal").route(web::post().to(reports::withdraw)))
        .service(
            at("/reports/received/{id}")
                .route(web::get().to(reports::show_received))
                .route(web::post().to(reports::annotate)),
        );
}

/// Text of a service in the query of an address.
fn in_query(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing into a text does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// Questions and dossiers of one session.
const MOST: usize = 5;
