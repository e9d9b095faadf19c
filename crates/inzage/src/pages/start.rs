//! The first page: asks the chain, and shows what came of it.

use actix_web::web::Data;
use askama::Template;
use kw_web::{Frame, Outcome, Problems, SignedIn};

use super::Kept;
use crate::app::App;
use crate::person::Person;
use crate::rules::figures::is_look;
use crate::standing::Standing;
use crate::view::About;

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    born_needed: bool,
    summary: Option<Summary>,
}

struct Summary {
    at: String,
    holders: Option<usize>,
    looks: Option<u64>,
    incomplete: bool,
    missing: bool,
}

pub(crate) async fn show(by: Standing, app: Data<App>) -> Outcome {
    page(&by, &app, Problems::new())
}

pub(super) fn page(by: &SignedIn<Kept>, app: &App, problems: Problems) -> Outcome {
    let (f, agreement) = (by.frame("inzage-start"), app.agreed());
    let about = About::of(by, &f, &agreement)?;
    let gathered = by.session.data().gathered();
    let own = agreement.subject_access().purpose.as_ref();
    let summary = gathered.as_deref().map(|found| {
        let accesses = found.accesses.as_ref().as_ref().ok();
        let looks = |entries: &[_]| {
            entries.iter().filter(|entry| is_look(entry, own)).map(|entry| u64::from(entry.times)).sum()
        };
        Summary {
            at: f.moment(found.at),
            holders: found.holders.as_ref().as_ref().ok().map(Vec::len),
            looks: accesses.map(|accesses| looks(&accesses.entries)),
            incomplete: accesses.is_some_and(|accesses| !accesses.complete),
            missing: found.holders.is_err() || found.accesses.is_err(),
        }
    });
    let page = Page {
        born_needed: born_needed(app, &Person::of(by.user())?),
        f: &f,
        about: &about,
        problems,
        summary,
    };
    f.page(&page)
}

/// Holders compare the birth date where somebody acts for another, and where the agreement demands it.
pub(super) fn born_needed(app: &App, person: &Person) -> bool {
    let agreement = app.agreed();
    let Ok(ground) = app.ground(&agreement) else { return false };
    let demanded = agreement.purpose(&ground.purpose).is_some_and(|rules| rules.birth_date_required);
    person.mandate.is_some() || demanded
}
