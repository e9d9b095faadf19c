//! To object to being registered where the law, and not consent, is the ground. The holder decides.

use actix_web::HttpRequest;
use actix_web::web::{Data, Query};
use askama::Template;
use kw_agreement::{Agreement, ConsentRegime};
use kw_domain::{Category, Oin};
use kw_protocol::local::choices::ObjectionRequest;
use kw_protocol::mandate::MandateAct;
use kw_protocol::objection::ObjectionReason;
use kw_web::{Choosable, Form, Frame, Outcome, Problems, SignedIn};
use serde::Deserialize;

use super::{Kept, choices, see};
use crate::app::App;
use crate::gathering::Asking;
use crate::person::Person;
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "objection.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    registrations: Vec<Choosable>,
    reasons: Vec<Choosable>,
    registration: &'a str,
    reason: &'a str,
    days: u64,
}

/// `<OIN>:<category>`, as the form has it.
#[derive(Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    registration: String,
}

pub(crate) async fn ask(by: Standing, app: Data<App>, request: HttpRequest, which: Query<Which>) -> Outcome {
    if !request.query_string().is_empty() {
        // It stays what was wanted through another sign-in or language.
        by.session.data().wanted.objection = which.into_inner().registration;
        return Ok(see(FORM));
    }
    by.require_fresh(FORM)?;
    Asking::new(&app, &by)?.require(MandateAct::Object)?;
    if let Some(unsent) = by.unsent(FORM) {
        let (registration, reason) = (unsent.get("registration"), unsent.get("reason"));
        return page(&by, &app, Problems::of_unsent(), registration, reason);
    }
    let wanted = by.session.data().wanted.objection.clone();
    page(&by, &app, Problems::new(), &wanted, "")
}

fn page(by: &SignedIn<Kept>, app: &App, problems: Problems, registration: &str, reason: &str) -> Outcome {
    let (f, agreement) = (by.frame("inzage-objection-new"), app.agreed());
    let (about, person) = (About::of(by, &f, &agreement)?, Person::of(by.user())?);
    let words = Words { f: &f, agreement: &agreement };
    let registrations = registrations(&agreement, &person).into_iter().map(|(holder, category)| {
        Choosable::new(
            format!("{holder}:{category}"),
            format!("{}: {}", words.party(holder), words.category(&category)),
        )
    });
    let reasons = ObjectionReason::ALL
        .map(|reason| Choosable::new(reason.as_str(), f.t_of("objection", reason.as_str())));
    let page = Page {
        f: &f,
        about: &about,
        problems,
        registrations: std::iter::once(Choosable::new("", f.t("inzage-make-a-choice")))
            .chain(registrations)
            .collect(),
        reasons: reasons.to_vec(),
        registration,
        reason,
        days: agreement.consent().objection_within.as_secs().div_ceil(24 * 60 * 60),
    };
    f.page(&page)
}

/// Every holder with every statutory kind of data that it may register: whoever objects does not learn what is there.
fn registrations(agreement: &Agreement, person: &Person) -> Vec<(Oin, Category)> {
    let mut found = Vec::new();
    for partner in agreement.partners().filter(|partner| !partner.suspended) {
        for category in &partner.registers {
            let is_open = agreement.category(category).is_some_and(|rules| {
                rules.consent == ConsentRegime::Statutory && !rules.withheld_from_subject
            });
            if is_open && person.covers(category) {
                found.push((partner.oin, category.clone()));
            }
        }
    }
    found
}

pub(crate) async fn submit(form: Form<Kept>, app: Data<App>) -> Outcome {
    form.require_fresh(FORM)?;
    let asking = Asking::new(&app, &form.by)?;
    asking.require(MandateAct::Object)?;
    let mut problems = Problems::new();
    let (given, reason) = (form.get("registration"), form.get("reason"));
    let open = registrations(&app.agreed(), &asking.person);
    let chosen = open.into_iter().find(|(holder, category)| format!("{holder}:{category}") == given);
    let chosen = problems.take("registration", "inzage-not-a-choice", chosen.ok_or(()));
    let why = problems.take("reason", "inzage-reason-missing", ObjectionReason::parse(reason).ok_or(()));
    let (Some((holder, category)), Some(why)) = (chosen, why) else {
        return page(&form.by, &app, problems, given, reason);
    };
    asking.standing().await?;
    let request = ObjectionRequest {
        subject: asking.person.subject(),
        holder,
        category,
        declared: asking.declaration(),
        reason: why,
    };
    app.partner.submit_objection(&request).await?;
    form.by.session.data().wanted.objection.clear();
    choices::renew(&form.by, &asking, "inzage-objection-sent").await;
    Ok(see("/choices"))
}

const FORM: &str = "/objections/new";
