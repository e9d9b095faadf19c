//! The dossiers that a person collects in the personal environment, of themselves and of whom they represent (MedMij RFC0055).
//!
//! The session there is another than the one here, with a sign-in of its own; its token stays in the session here. A session
//! there is bound to one dossier for good, and every page in it says whom the dossier is about.

mod collect;
mod confirm;
mod destroy;
mod documents;
mod found;
mod kept;
mod open;
mod overview;
mod session;
mod standing;
mod users;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use kw_agreement::{Agreement, Language as AgreementLanguage};
use kw_domain::{Category, Oin};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Language, Outcome, SignedIn};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Kept as Whole;
use crate::app::App;
use crate::person::Person;
use crate::personal::{Answer, Personal, Refused};

pub(crate) use kept::{About, Kept};

type By = SignedIn<Whole>;

pub(super) fn routes(routes: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/collected").route(web::get().to(overview::show)))
        .service(at("/collected/sign-in").route(web::post().to(session::begin)))
        .service(at("/collected/leave").route(web::post().to(session::leave)))
        .service(at("/v1/sign-ins/callback").route(web::get().to(session::come_back)))
        .service(
            at("/collected/new/{who}").route(web::get().to(found::ask)).route(web::post().to(found::found)),
        )
        .service(at("/collected/open").route(web::post().to(open::open)))
        .service(at("/collected/dossier").route(web::get().to(open::show)))
        .service(at("/collected/documents/{at}").route(web::get().to(documents::show)))
        .service(
            at("/collected/collect").route(web::get().to(collect::ask)).route(web::post().to(collect::start)),
        )
        .service(at("/collected/onwards").route(web::get().to(collect::onwards)))
        .service(at("/v1/collections/callback").route(web::get().to(collect::come_back)))
        .service(
            at("/collected/collections/{at}")
                .route(web::get().to(confirm::ask))
                .route(web::post().to(confirm::confirm)),
        )
        .service(
            at("/collected/users").route(web::get().to(users::show)).route(web::post().to(users::invite)),
        )
        .service(at("/collected/invitation").route(web::get().to(users::invitation)))
        .service(at("/collected/users/end").route(web::post().to(users::stop)))
        .service(at("/collected/accept").route(web::post().to(users::accept)))
        .service(
            at("/collected/delete")
                .route(web::get().to(destroy::ask))
                .route(web::post().to(destroy::destroy)),
        );
}

/// Why a page ends early.
pub(crate) enum Stop {
    /// There is no page.
    Failure(Failure),
    /// The session at the personal environment is over: the person signs in there again.
    Over,
    /// The form is of another dossier than the one that is open: another tab opened that one since.
    Elsewhere,
    /// The mandate for whom the dossier is about does not count any more.
    Ended,
    /// The user acts for somebody else, and these dossiers are their own.
    Acting,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        if refused.0 == ProblemCode::SignedOut { Self::Over } else { Self::Failure(refused.into()) }
    }
}

pub(crate) type Page = Result<HttpResponse, Stop>;

/// Ends a page: where the session there is over, with the page that says so.
fn end(by: &By, page: Page) -> Outcome {
    match page {
        Ok(page) => Ok(page),
        Err(Stop::Failure(failure)) => Err(failure),
        Err(Stop::Over) => {
            let kept = &mut by.session.data().collected;
            *kept = Kept::default();
            kept.say("collected-over");
            Ok(see("/collected"))
        }
        Err(Stop::Ended) => {
            by.session.data().collected.say("collected-mandate-gone");
            Ok(see("/collected"))
        }
        Err(Stop::Elsewhere) => {
            by.session.data().collected.say("collected-other-tab");
            Ok(see("/collected/dossier"))
        }
        Err(Stop::Acting) => Ok(see("/collected")),
    }
}

/// The personal environment, in the session that is open there.
struct Open<'a> {
    personal: &'a Personal,
    token: zeroize::Zeroizing<String>,
}

impl<'a> Open<'a> {
    /// For what is in a dossier, and for adding to it: of somebody else it stays open only while the mandate counts.
    async fn reading(app: &'a App, by: &By) -> Result<Self, Stop> {
        let open = Self::of(app, by)?;
        if standing::counts(app, by, &open).await? { Ok(open) } else { Err(Stop::Ended) }
    }

    fn of(app: &'a App, by: &By) -> Result<Self, Stop> {
        let personal = there(app)?;
        if is_acting(by) {
            return Err(Stop::Acting);
        }
        let token = by.session.data().collected.token().ok_or(Stop::Over)?;
        Ok(Self { personal, token })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        Ok(self.personal.ask(Method::GET, path, &self.token, None).await?.body)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer<T>, Refused> {
        self.personal.ask(method, path, &self.token, body).await
    }
}

/// The personal environment, where there is one.
fn there(app: &App) -> Result<&Personal, Failure> {
    app.personal.as_ref().ok_or_else(Failure::not_found)
}

/// Whom the dossier of this session is about. Without one the person chooses first.
fn about(by: &By) -> Result<About, Stop> {
    by.session.data().collected.about().ok_or(Stop::Failure(Failure::not_found()))
}

/// Whom a form was made about, if that is whom the dossier of this session is about now.
fn about_in(form: &Form<Whole>) -> Result<About, Stop> {
    let about = form.by.session.data().collected.about();
    about.filter(|about| about.dossier == form.get("of")).ok_or(Stop::Elsewhere)
}

/// Whether inzage is about somebody else now. These dossiers are the user's own, with a choice of their own for whom.
fn is_acting(by: &By) -> bool {
    Person::of(by.user()).is_ok_and(|person| person.mandate.is_some())
}

fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A category as people know it.
fn titled(agreement: &Agreement, frame: &Frame, code: &str) -> String {
    let rules = Category::parse(code).ok().and_then(|code| agreement.category(&code));
    rules.map_or_else(|| code.to_owned(), |rules| rules.title.within(language(frame)).to_owned())
}

/// A party as people know it.
fn named(agreement: &Agreement, oin: &str) -> String {
    let name = Oin::parse(oin).ok().and_then(|oin| agreement.party_name(oin));
    name.unwrap_or(oin).to_owned()
}

fn language(frame: &Frame) -> AgreementLanguage {
    match frame.language {
        Language::Dutch => AgreementLanguage::Dutch,
        Language::English => AgreementLanguage::English,
    }
}

/// A birth date as far as it is known, from `YYYYMMDD`.
fn born(frame: &Frame, digits: Option<&str>) -> String {
    let part = |from, to| digits.and_then(|text| text.get(from..to)?.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let whole = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, day);
    match (whole, month) {
        (Some(date), _) => frame.day(date),
        (None, 1..=12) => format!("{} {year}", frame.t(&format!("web-month-{month}"))),
        _ if year > 0 => year.to_string(),
        _ => frame.t("collected-born-unknown"),
    }
}

type Shared = Data<App>;
