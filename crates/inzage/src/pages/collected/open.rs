//! Opening one dossier, for the rest of the session there, and what is in it.

use askama::Template;
use kw_domain::CollectionId;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome};
use reqwest::Method;
use serde_json::{Value, json};

use super::{About, By, Open, Page, Shared, Whole, about, born, end, named, see, titled};
use crate::personal::{Collection, Document, Dossier};

#[derive(Template)]
#[template(path = "collected/elsewhere.html")]
struct ElsewherePage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    wanted: &'a Dossier,
}

#[derive(Template)]
#[template(path = "collected/dossier.html")]
struct DossierPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    said: Option<&'static str>,
    /// `None` when the user may collect and not read.
    documents: Option<Vec<Line>>,
    waiting: Vec<Waiting>,
}

struct Line {
    number: usize,
    category: String,
    holder: String,
    received: String,
}

struct Waiting {
    number: usize,
    holder: String,
    categories: String,
    state: String,
}

/// `POST /collected/open`: the user chose a dossier.
pub(super) async fn open(form: Form<Whole>, app: Shared) -> Outcome {
    let page = async {
        let open = Open::of(&app, &form.by)?;
        bind(&form.by, &open, form.get("dossier")).await
    };
    end(&form.by, page.await)
}

/// Binds the session there to this dossier; in a session of another dossier, says that it takes another sign-in.
pub(super) async fn bind(by: &By, open: &Open<'_>, dossier: &str) -> Page {
    let dossiers: Vec<Dossier> = open.get("/v1/dossiers").await?;
    let wanted = dossiers.into_iter().find(|one| one.id == dossier).ok_or_else(Failure::not_found)?;
    let body = json!({ "dossier": wanted.id });
    match open.send::<Value>(Method::PUT, "/v1/sessions/current/dossier", Some(body)).await {
        Ok(_) => {
            by.session.data().collected.bind(About {
                dossier: wanted.id,
                label: wanted.label,
                birth_date: wanted.birth_date,
                own: wanted.own,
                owner: wanted.owner,
            });
            Ok(see("/collected/dossier"))
        }
        Err(refused) if refused.0 == ProblemCode::Conflict => {
            let about = about(by)?;
            let f = by.frame("collected-elsewhere");
            let born = born(&f, about.birth_date.as_deref());
            Ok(f.page(&ElsewherePage { f: &f, about: &about, born, wanted: &wanted })?)
        }
        Err(refused) if refused.0 == ProblemCode::Denied => {
            by.session.data().collected.say("collected-mandate-gone");
            Ok(see("/collected"))
        }
        Err(refused) => Err(refused.into()),
    }
}

/// `GET /collected/dossier`: what is in it.
pub(super) async fn show(by: By, app: Shared) -> Outcome {
    end(&by, list(&by, &app).await)
}

async fn list(by: &By, app: &Shared) -> Page {
    let open = Open::reading(app, by).await?;
    let Ok(about) = about(by) else { return Ok(see("/collected")) };
    let f = by.frame("collected-dossier");
    let path = format!("/v1/dossiers/{}/documents", about.dossier);
    let documents = match open.get::<Vec<Document>>(&path).await {
        Ok(documents) => Some(documents),
        Err(refused) if refused.0 == ProblemCode::Denied => None,
        Err(refused) => return Err(refused.into()),
    };
    let collections: Vec<Collection> = match open.get("/v1/collections").await {
        Ok(collections) => collections,
        Err(refused) if refused.0 == ProblemCode::Denied => Vec::new(),
        Err(refused) => return Err(refused.into()),
    };
    let agreement = app.agreed();
    let waits = |one: &Collection| matches!(one.state.as_str(), "received" | "awaiting-second-person");
    let (said, waiting) = {
        let kept = &mut by.session.data().collected;
        let ids = documents.iter().flatten().map(|one| one.id.clone());
        kept.list_documents(ids.collect());
        let waiting = collections.iter().filter(|one| waits(one)).map(|one| Waiting {
            number: kept.number_of(&one.id),
            holder: named(&agreement, &one.holder),
            categories: list_of(one.categories.iter().map(|code| titled(&agreement, &f, code))),
            state: one.state.clone(),
        });
        let waiting: Vec<Waiting> = waiting.collect();
        (kept.said(), waiting)
    };
    let documents = documents.map(|all| {
        let lines = (1..).zip(all).map(|(number, one)| Line {
            number,
            category: titled(&agreement, &f, &one.category),
            holder: named(&agreement, &one.holder),
            received: f.moment(one.received_at),
        });
        lines.collect()
    });
    let born = born(&f, about.birth_date.as_deref());
    Ok(f.page(&DossierPage { f: &f, about: &about, born, said, documents, waiting })?)
}

pub(super) fn list_of(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// Whether this text can stand in an address of the personal environment.
pub(super) fn is_collection(id: &str) -> bool {
    CollectionId::parse(id).is_ok()
}
