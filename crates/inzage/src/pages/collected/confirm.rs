//! `/collected/collections/{at}`: what came of a collection. The dossier that it is for is chosen beforehand, and the user confirms it
//! (steps 14 and 14.1 of scenario 1).

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};
use reqwest::Method;
use serde_json::json;

use super::open::{is_collection, list_of};
use super::{About, By, Open, Page, Shared, Stop, Whole, about, about_in, born, end, named, see, titled};
use crate::personal::{Collection, Dossier};

#[derive(Template)]
#[template(path = "collected/confirm.html")]
struct ConfirmPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    problems: &'a Problems,
    holder: String,
    categories: String,
    awaiting: bool,
    dossiers: Vec<Choice>,
}

struct Choice {
    id: String,
    label: String,
    born: String,
    preselected: bool,
}

#[derive(Template)]
#[template(path = "collected/refused.html")]
struct RefusedPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    holder: String,
    reason: &'a str,
}

/// What is to be done with it now.
pub(super) async fn ask(by: By, app: Shared, at: Path<usize>) -> Outcome {
    let page = async {
        let (open, about) = (Open::of(&app, &by)?, about(&by)?);
        let collection = found(&by, &open, *at).await?;
        page_of(&by, &app, &open, &about, &collection, &Problems::new()).await
    };
    end(&by, page.await)
}

/// The user says which dossier it goes into.
pub(super) async fn confirm(form: Form<Whole>, app: Shared, at: Path<usize>) -> Outcome {
    end(&form.by, decide(&form, &app, *at).await)
}

async fn decide(form: &Form<Whole>, app: &Shared, at: usize) -> Page {
    let by = &form.by;
    let (open, about) = (Open::reading(app, by).await?, about_in(form)?);
    let collection = found(by, &open, at).await?;
    let mut problems = Problems::new();
    let Some(chosen) = form.given("dossier") else {
        problems.add("dossier", "collected-confirm-choose");
        return page_of(by, app, &open, &about, &collection, &problems).await;
    };
    let path = format!("/v1/collections/{}/confirmations", collection.id);
    let body = json!({ "dossier": chosen });
    match open.send::<Collection>(Method::POST, &path, Some(body)).await {
        Ok(answer) => {
            let stored = answer.body.state == "stored";
            let message = if stored { "collected-stored" } else { "collected-awaiting" };
            by.session.data().collected.say(message);
            Ok(see("/collected/dossier"))
        }
        Err(refused) => match refused.0 {
            ProblemCode::Conflict if chosen != collection.dossier => {
                problems.add("dossier", "collected-confirm-another");
                page_of(by, app, &open, &about, &collection, &problems).await
            }
            ProblemCode::Conflict => {
                by.session.data().collected.say("collected-confirm-nothing-waits");
                Ok(see("/collected/dossier"))
            }
            ProblemCode::Invalid => {
                problems.add("dossier", "collected-confirm-choose");
                page_of(by, app, &open, &about, &collection, &problems).await
            }
            ProblemCode::SubjectMismatch => Ok(see(&format!("/collected/collections/{at}"))),
            ProblemCode::Denied => {
                by.session.data().collected.say("collected-confirm-no-right");
                Ok(see("/collected/dossier"))
            }
            _ => Err(refused.into()),
        },
    }
}

async fn found(by: &By, open: &Open<'_>, at: usize) -> Result<Collection, Stop> {
    let id = by.session.data().collected.collection(at).filter(|id| is_collection(id));
    let id = id.ok_or_else(Failure::not_found)?;
    Ok(open.get(&format!("/v1/collections/{id}")).await?)
}

async fn page_of(
    by: &By,
    app: &Shared,
    open: &Open<'_>,
    about: &About,
    collection: &Collection,
    problems: &Problems,
) -> Page {
    let agreement = app.agreed();
    match collection.state.as_str() {
        "received" | "awaiting-second-person" => {
            let f = by.frame("collected-confirm");
            let dossiers: Vec<Dossier> = open.get("/v1/dossiers").await?;
            let choices = dossiers.into_iter().map(|one| Choice {
                born: born(&f, one.birth_date.as_deref()),
                preselected: one.id == collection.dossier,
                id: one.id,
                label: one.label,
            });
            let page = ConfirmPage {
                f: &f,
                about,
                born: born(&f, about.birth_date.as_deref()),
                problems,
                holder: named(&agreement, &collection.holder),
                categories: list_of(collection.categories.iter().map(|code| titled(&agreement, &f, code))),
                awaiting: collection.state == "awaiting-second-person",
                dossiers: choices.collect(),
            };
            let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok(f.page_with(status, &page)?)
        }
        "refused" => {
            let f = by.frame("collected-refused");
            let page = RefusedPage {
                f: &f,
                about,
                born: born(&f, about.birth_date.as_deref()),
                holder: named(&agreement, &collection.holder),
                reason: collection.reason.as_deref().filter(|one| REASONS.contains(one)).unwrap_or("other"),
            };
            Ok(f.page(&page)?)
        }
        _ => Ok(see("/collected/dossier")),
    }
}

/// Why nothing was stored, in the words of the personal environment.
const REASONS: [&str; 11] = [
    "access-denied",
    "birth-date-mismatch",
    "epoch-unknown",
    "expired",
    "holder-refused",
    "holder-unavailable",
    "holder-unknown",
    "issuer-mismatch",
    "not-asked-for",
    "nothing",
    "subject-mismatch",
];

#[cfg(test)]
mod tests {
    use super::REASONS;

    #[test]
    fn every_reason_has_its_words() {
        let words = include_str!("../../../locales/collected.nl.ftl");
        for reason in REASONS.into_iter().chain(["other"]) {
            assert!(words.contains(&format!("collected-reason-{reason} = ")), "{reason}");
        }
    }
}
