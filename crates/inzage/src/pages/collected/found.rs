//! `/collected/new/{who}`: opens a dossier about oneself (0) or about somebody in the list of whom one may represent.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use kw_domain::BirthDate;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};
use reqwest::Method;
use serde_json::json;

use super::{By, Open, Page, Shared, Stop, Whole, end, see};
use crate::personal::{Dossier, Represented};

#[derive(Template)]
#[template(path = "collected/found.html")]
struct FoundPage<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    name: &'a str,
    /// Under which mandate; nothing for oneself.
    mandate: &'a str,
    called: &'a str,
    day: &'a str,
    month: &'a str,
    year: &'a str,
}

pub(super) async fn ask(by: By, app: Shared, who: Path<usize>) -> Outcome {
    let page = async {
        let open = Open::of(&app, &by)?;
        let person = person(&open, *who).await?;
        let name = person.as_ref().map_or(by.user().name.as_str(), |one| one.label.as_str());
        let f = by.frame("collected-new");
        let page = FoundPage {
            f: &f,
            problems: &Problems::new(),
            name,
            mandate: person.as_ref().map_or("", |one| one.mandate.as_str()),
            called: name,
            day: "",
            month: "",
            year: "",
        };
        Ok(f.page(&page)?)
    };
    end(&by, page.await)
}

pub(super) async fn found(form: Form<Whole>, app: Shared) -> Outcome {
    end(&form.by, make(&form, &app).await)
}

async fn make(form: &Form<Whole>, app: &Shared) -> Page {
    let (by, open) = (&form.by, Open::of(app, &form.by)?);
    // The list may be another by now than the one that the person chose from.
    let person = match form.given("mandate") {
        Some(mandate) => Some(one_of(&open, |_, one| one.mandate == mandate).await?),
        None => None,
    };
    let mut problems = Problems::new();
    let label = form.get("label");
    if label.is_empty() || label.chars().count() > 64 {
        problems.add("label", "collected-label-wrong");
    }
    let date = birth_date(form.get("day"), form.get("month"), form.get("year"));
    let date = problems.take("year", "collected-born-wrong", date);
    if let Some(digits) = date.filter(|_| problems.is_empty()) {
        let mut body = json!({ "label": label, "birthDate": digits });
        if let Some(person) = &person {
            body["mandate"] = json!(person.mandate);
        }
        match open.send::<Dossier>(Method::POST, "/v1/dossiers", Some(body)).await {
            Ok(_) => {
                by.session.data().collected.say("collected-made");
                return Ok(see("/collected"));
            }
            Err(refused) => match refused.0 {
                ProblemCode::Conflict => problems.add("label", "collected-there-is-one"),
                ProblemCode::Denied => problems.add("label", "collected-mandate-gone"),
                ProblemCode::Invalid => problems.add("year", "collected-born-wrong"),
                _ => return Err(refused.into()),
            },
        }
    }
    let f = by.frame("collected-new");
    let name = person.as_ref().map_or(by.user().name.as_str(), |one| one.label.as_str());
    let (day, month, year) = (form.get("day"), form.get("month"), form.get("year"));
    let page = FoundPage {
        f: &f,
        problems: &problems,
        name,
        mandate: form.get("mandate"),
        called: label,
        day,
        month,
        year,
    };
    Ok(f.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The person with this number in the list; nobody else for 0.
async fn person(open: &Open<'_>, who: usize) -> Result<Option<Represented>, Stop> {
    let Some(wanted) = who.checked_sub(1) else { return Ok(None) };
    one_of(open, |at, _| at == wanted).await.map(Some)
}

/// Somebody whom one may represent and of whom there is no dossier yet.
async fn one_of(open: &Open<'_>, is_it: impl Fn(usize, &Represented) -> bool) -> Result<Represented, Stop> {
    let people: Vec<Represented> = open.get("/v1/represented-persons").await?;
    let found = people.into_iter().enumerate().find(|(at, one)| is_it(*at, one) && one.dossier.is_none());
    Ok(found.ok_or_else(Failure::not_found)?.1)
}

/// `YYYYMMDD` of what was filled in; what is left out is not known.
fn birth_date(day: &str, month: &str, year: &str) -> Result<String, ()> {
    let part = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u16>().map_err(|_| ()) };
    let (day, month, year) = (part(day)?, part(month)?, part(year)?);
    BirthDate::new(year, month, day).map_err(|_| ())?;
    Ok(format!("{year:04}{month:02}{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_may_lack_what_is_not_known() {
        assert_eq!(birth_date("5", "4", "2018"), Ok("20180405".to_owned()));
        assert_eq!(birth_date("", "4", "2018"), Ok("20180400".to_owned()));
        assert_eq!(birth_date("", "", "2018"), Ok("20180000".to_owned()));
        for (day, month, year) in [("31", "2", "2018"), ("5", "", "2018"), ("", "", ""), ("x", "4", "2018")] {
            assert_eq!(birth_date(day, month, year), Err(()), "{day}-{month}-{year}");
        }
    }
}
