//! Before a question on a ground of one's own: what will be recorded of it, and who will see that.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::Category;
use kw_protocol::query::RelationBasis;
use kw_web::{Failure, Form, Frame, Outcome, SignedIn, User};

use super::about::About;
use super::titles::titled;
use super::{Kept, go_to, start};
use crate::app::App;
use crate::asking::Question;
use crate::document::harmless;

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page<'a> {
    f: &'a Frame,
    id: &'a str,
    about: About,
    emergency: bool,
    recorded: Vec<(String, String)>,
    seen_by: Vec<String>,
}

/// Why somebody signs in again, before they do.
#[derive(Template)]
#[template(path = "again.html")]
struct AgainPage<'a> {
    f: &'a Frame,
    id: &'a str,
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    if let Some(path) = by.session.data().begun(&id, None) {
        return Ok(go_to(&path));
    }
    let f = by.frame("desk-confirm");
    let question = match asked(&by, &app, &id) {
        Err(Failure::SignIn { .. }) if is_emergency(&by, &id) => {
            return f.page(&AgainPage { f: &f, id: &id });
        }
        asked => asked?,
    };
    let agreement = app.agreed();
    let page = Page {
        f: &f,
        id: &id,
        about: About::of(&f, &agreement, &question, by.user(), by.shell.now()),
        emergency: question.basis == RelationBasis::Emergency,
        recorded: recorded(&f, &app, &agreement, &question, by.user()),
        seen_by: seen_by(&f, &agreement, &question),
    };
    f.page(&page)
}

pub(crate) async fn go(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    if let Some(path) = form.by.session.data().begun(&id, None) {
        return Ok(go_to(&path));
    }
    asked(&form.by, &app, &id)?;
    // Held to the end: of two that press at once the second finds what the first began.
    let mut kept = form.by.session.data();
    if let Some(path) = kept.begun(&id, None) {
        return Ok(go_to(&path));
    }
    let question = kept.take(&id)?;
    let path = start::begin(&mut kept, &form.by, &app, question);
    kept.begin(&id, None, &path);
    Ok(go_to(&path))
}

/// The question, if its asker is known well enough to ask it now.
fn asked(by: &SignedIn<Kept>, app: &App, id: &str) -> Result<Question, Failure> {
    let question = by.session.data().asked(id)?;
    let path = format!("/questions/{id}");
    app.require_proof(by, &path)?;
    if question.basis == RelationBasis::Emergency {
        by.require_fresh(&path)?;
    }
    Ok(question)
}

fn is_emergency(by: &SignedIn<Kept>, id: &str) -> bool {
    by.session.data().asked(id).is_ok_and(|question| question.basis == RelationBasis::Emergency)
}

fn recorded(
    f: &Frame,
    app: &App,
    agreement: &Agreement,
    question: &Question,
    user: &User,
) -> Vec<(String, String)> {
    let choice = &question.choice;
    let role = agreement.role(&choice.role).map(|rules| titled(f, &rules.title));
    let purpose = agreement.purpose(&choice.purpose);
    let mut lines = vec![
        (f.t("desk-recorded-party"), agreement.party_name(app.own).unwrap_or_default().to_owned()),
        (f.t("desk-recorded-actor"), user.id.to_string()),
        (f.t("desk-recorded-role"), role.unwrap_or_else(|| choice.role.to_string())),
        (f.t("desk-recorded-when"), f.t("desk-recorded-now")),
    ];
    if let Some(rules) = purpose {
        lines.push((f.t("desk-recorded-purpose"), titled(f, &rules.title)));
        lines.push((f.t("desk-recorded-law"), rules.legal_basis.clone()));
    }
    let categories: Vec<String> = if question.categories.is_empty() {
        vec![f.t("desk-recorded-all-categories")]
    } else {
        let titles = question.categories.iter().filter_map(|one| agreement.category(one));
        titles.map(|rules| titled(f, &rules.title)).collect()
    };
    lines.extend([
        (f.t("desk-recorded-categories"), categories.join(", ")),
        (f.t("desk-recorded-case"), question.case.to_string()),
        (f.t("desk-recorded-ground"), f.t_of("desk-ground", question.basis.as_str())),
        (f.t("desk-recorded-reason"), harmless(question.reason.as_deref().unwrap_or_default())),
    ]);
    if question.represented.is_some() {
        lines.push((f.t("desk-recorded-represented"), f.t("desk-recorded-represented-text")));
    }
    lines
}

fn seen_by(f: &Frame, agreement: &Agreement, question: &Question) -> Vec<String> {
    let review = agreement.review();
    let emergency = question.basis == RelationBasis::Emergency;
    let within = if emergency { review.emergency_within } else { review.motivated_within };
    let days = within.as_secs().div_ceil(24 * 60 * 60);
    let reviewers: Vec<String> = review
        .reviewers
        .iter()
        .filter_map(|role| agreement.role(role))
        .map(|rules| titled(f, &rules.title))
        .collect();
    let mut lines = Vec::new();
    // Whoever has a file on somebody is not judged for asking.
    if question.basis != RelationBasis::Listed {
        lines.push(f.t2("desk-seen-reviewer", "reviewers", reviewers.join(", "), "days", days));
    }
    lines.extend([f.t("desk-seen-holders"), f.t("desk-seen-auditors")]);
    if emergency {
        lines.push(f.t("desk-seen-emergency"));
    }
    lines.push(f.t(seen_by_person(agreement, question)));
    lines
}

/// What the person can see of the question.
fn seen_by_person(agreement: &Agreement, question: &Question) -> &'static str {
    let choice = &question.choice;
    let purpose = agreement.purpose(&choice.purpose);
    let allowed = purpose.and_then(|rules| rules.roles.get(&choice.role)).into_iter().flatten();
    let asked: Vec<_> =
        if question.categories.is_empty() { allowed.collect() } else { question.categories.iter().collect() };
    let withheld =
        |category: &&&Category| agreement.category(category).is_some_and(|rules| rules.withheld_from_subject);
    let withheld = asked.iter().filter(withheld).count();
    let all = purpose.is_some_and(|rules| rules.withheld_from_subject) || withheld == asked.len();
    match (all, withheld > 0, agreement.subject_access().staff_names) {
        (true, ..) => "desk-seen-not-person",
        (false, true, true) => "desk-seen-person-name-partly",
        (false, true, false) => "desk-seen-person-partly",
        (false, false, true) => "desk-seen-person-name",
        (false, false, false) => "desk-seen-person",
    }
}
