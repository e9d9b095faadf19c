//! Collecting at a holder: what and where (step 3 of scenario 1), the way there, and the way back.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems, Shell};
use reqwest::Method;
use serde_json::json;

use super::{
    About, By, Open, Page, Shared, Whole, about, about_in, born, end, named, see, session, there, titled,
};
use crate::personal::{Collection, CollectionStarted};

#[derive(Template)]
#[template(path = "collected/collect.html")]
struct CollectPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    problems: &'a Problems,
    choices: Vec<Choice>,
}

/// One kind of data at one holder.
struct Choice {
    holder: String,
    category: String,
    value: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "collected/onwards.html")]
struct OnwardsPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    holder: &'a str,
    address: &'a str,
}

/// `GET /collected/collect`.
pub(super) async fn ask(by: By, app: Shared) -> Outcome {
    let page = async {
        Open::reading(&app, &by).await?;
        form_page(&by, &app, &Problems::new(), &[], StatusCode::OK)
    };
    end(&by, page.await)
}

/// `POST /collected/collect`.
pub(super) async fn start(form: Form<Whole>, app: Shared) -> Outcome {
    end(&form.by, push(&form, &app).await)
}

async fn push(form: &Form<Whole>, app: &Shared) -> Page {
    let (by, open) = (&form.by, Open::reading(app, &form.by).await?);
    about_in(form)?;
    let chosen = form.all("data");
    let mut problems = Problems::new();
    let pairs: Vec<(&str, &str)> = chosen.iter().filter_map(|one| one.split_once(' ')).collect();
    let holder = pairs.first().map_or("", |(holder, _)| *holder);
    if pairs.is_empty() {
        problems.add("data", "collected-collect-nothing");
    } else if pairs.iter().any(|(one, _)| *one != holder) {
        problems.add("data", "collected-collect-one-holder");
    } else {
        let categories: Vec<&str> = pairs.iter().map(|(_, category)| *category).collect();
        let body = json!({ "holder": holder, "categories": categories });
        match open.send::<CollectionStarted>(Method::POST, "/v1/collections", Some(body)).await {
            Ok(answer) => {
                let started = answer.body;
                let kept = &mut by.session.data().collected;
                kept.number_of(&started.collection.id);
                kept.go(answer.cookie, named(&app.agreed(), holder), started.address);
                return Ok(see("/collected/onwards"));
            }
            Err(refused) => problems.add(
                "data",
                match refused.0 {
                    ProblemCode::Denied => "collected-collect-denied",
                    ProblemCode::BirthDateRequired => "collected-collect-birth-date",
                    ProblemCode::SourceUnavailable => "collected-collect-unavailable",
                    ProblemCode::Invalid => "collected-collect-nothing",
                    _ => return Err(refused.into()),
                },
            ),
        }
    }
    form_page(by, app, &problems, &chosen, StatusCode::UNPROCESSABLE_ENTITY)
}

fn form_page(by: &By, app: &Shared, problems: &Problems, chosen: &[&str], status: StatusCode) -> Page {
    let about = about(by)?;
    let (f, agreement) = (by.frame("collected-collect"), app.agreed());
    let holders = agreement.partners().filter(|one| !one.suspended && one.authorisation_endpoint.is_some());
    let choices = holders.flat_map(|holder| {
        holder.registers.iter().map(|category| {
            let value = format!("{} {category}", holder.oin);
            Choice {
                holder: holder.name.clone(),
                category: titled(&agreement, &f, category.as_str()),
                chosen: chosen.contains(&value.as_str()),
                value,
            }
        })
    });
    let born = born(&f, about.birth_date.as_deref());
    let page = CollectPage { f: &f, about: &about, born, problems, choices: choices.collect() };
    Ok(f.page_with(status, &page)?)
}

/// `GET /collected/onwards`: says where the browser goes now. A link, so that no form leads to another site.
pub(super) async fn onwards(by: By, app: Shared) -> Outcome {
    let page = async {
        Open::reading(&app, &by).await?;
        let about = about(&by)?;
        let onwards = by.session.data().collected.onwards();
        let Some((holder, address)) = onwards else { return Ok(see("/collected/dossier")) };
        let f = by.frame("collected-onwards");
        let born = born(&f, about.birth_date.as_deref());
        Ok(f.page(&OnwardsPage { f: &f, about: &about, born, holder: &holder, address: &address })?)
    };
    end(&by, page.await)
}

/// `GET /v1/collections/callback`: back from the holder.
pub(super) async fn come_back(
    by: Result<By, Failure>,
    shell: Data<Shell<Whole>>,
    app: Shared,
    request: HttpRequest,
) -> Outcome {
    let Ok(by) = by else { return session::signed_out(&shell, &request) };
    let page = async {
        Open::of(&app, &by)?;
        // The holder may have refused because the mandate is over: what was known before people left is not known any more.
        by.session.data().counted = None;
        let cookies = by.session.data().collected.back();
        let path = format!("/v1/collections/callback?{}", request.query_string());
        let answer = there(&app)?.outside::<Collection>(Method::GET, &path, Some(&cookies)).await;
        let collection = match answer {
            Ok(answer) => answer.body,
            // It did not begin in this browser, took too long, or was answered already.
            Err(refused) if matches!(refused.0, ProblemCode::Denied | ProblemCode::NotFound) => {
                by.session.data().collected.say("collected-back-too-late");
                return Ok(see("/collected/dossier"));
            }
            Err(refused) => return Err(refused.into()),
        };
        if by.session.data().collected.about().is_none_or(|about| about.dossier != collection.dossier) {
            return Err(Failure::denied().into());
        }
        let number = by.session.data().collected.number_of(&collection.id);
        Ok(see(&format!("/collected/collections/{number}")))
    };
    end(&by, page.await)
}
