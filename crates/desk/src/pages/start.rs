//! The first page: a question, begun from a case.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use kw_domain::{Bsn, Category};
use kw_protocol::query::RelationBasis;
use kw_web::{Choosable, Form, Frame, Outcome, Problems, SignedIn, number};

use super::titles::titled;
use super::{Kept, go_to};
use crate::app::App;
use crate::asking::{Choice, Draft, Question, choices};
use crate::opened::Opened;

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    f: &'a Frame,
    opened: Vec<Link>,
    problems: &'a Problems,
    /// The name of this form.
    form: &'a str,
    draft: &'a Draft,
    /// Masked; empty when there is none.
    person: String,
    representative: String,
    choices: Vec<Choosable>,
    bases: Vec<Choosable>,
    categories: Vec<Choosable>,
    represents: bool,
}

struct Link {
    id: String,
    case: String,
    at: String,
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>) -> Outcome {
    app.require_proof(&by, "/")?;
    let draft = Draft { basis: RelationBasis::Listed.as_str().to_owned(), ..Draft::default() };
    page(&by, &app, &app.new_id(), &draft, &Problems::new(), StatusCode::OK)
}

pub(crate) async fn ask(form: Form<Kept>, app: Data<App>) -> Outcome {
    let by = &form.by;
    let line = |name: &str| form.get(name).split_whitespace().collect::<Vec<_>>().join(" ");
    let draft = Draft {
        case: line("case"),
        birth_date: line("birth_date"),
        what: line("what"),
        basis: line("basis"),
        reason: line("reason"),
        categories: form.all("categories").into_iter().map(str::to_owned).collect(),
        behalf: form.given("behalf").is_some(),
        person_name: line("person_name"),
        mandate: line("mandate"),
    };
    let mut problems = Problems::new();
    let id = Some(form.get("form")).filter(|id| is_id(id)).map_or_else(|| app.new_id(), str::to_owned);
    let fields = form.digest();
    if let Some(path) = by.session.data().begun(&id, Some(fields)) {
        return Ok(go_to(&path));
    }
    let mut numbers = by.session.data().numbers(&id);
    // An empty field stands for the number that this form had before; a wrong one stands for nothing.
    let mut given = |field: &'static str, kept: &mut Option<_>| {
        if let Some(text) = form.given(field) {
            *kept = number(text);
            if kept.is_none() {
                problems.add(field, "web-bsn-wrong");
            }
        }
    };
    given("bsn", &mut numbers.person);
    given("representative", &mut numbers.representative);
    let agreement = app.agreed();
    let choices = choices(&agreement, app.own, &by.user().roles);
    let question = Question::read(&agreement, &choices, &draft, &numbers, &mut problems);
    let Some(question) = question else {
        by.session.data().keep_numbers(&id, numbers);
        return page(by, &app, &id, &draft, &problems, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let waits = question.to_be_confirmed() || app.require_proof(by, "/").is_err();
    // Held to the end: of two that press at once the second finds what the first began.
    let mut kept = by.session.data();
    if let Some(path) = kept.begun(&id, Some(fields)) {
        return Ok(go_to(&path));
    }
    let path = if waits {
        let asked = app.new_id();
        kept.ask(asked.clone(), question);
        format!("/questions/{asked}")
    } else {
        begin(&mut kept, by, &app, question)
    };
    kept.begin(&id, Some(fields), &path);
    kept.forget_numbers(&id);
    Ok(go_to(&path))
}

/// Whether it is a name that [`App::new_id`] could have made.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Asks; where the answers come.
pub(super) fn begin(kept: &mut Kept, by: &SignedIn<Kept>, app: &App, question: Question) -> String {
    let id = app.new_id();
    let opened = Opened::begin(id.clone(), question, by.user(), app.partner.clone(), by.shell.now());
    kept.open(opened);
    format!("/dossiers/{id}")
}

fn page(
    by: &SignedIn<Kept>,
    app: &App,
    form: &str,
    draft: &Draft,
    problems: &Problems,
    status: StatusCode,
) -> Outcome {
    let f = by.frame("desk-start");
    let agreement = app.agreed();
    let allowed = choices(&agreement, app.own, &by.user().roles);
    let rules = |choice: &Choice| agreement.purpose(&choice.purpose);
    let several_roles = by.user().roles.len() > 1;
    let choices = allowed.iter().filter_map(|choice| {
        let rules = rules(choice)?;
        let role = agreement.role(&choice.role).filter(|_| several_roles).map(|role| titled(&f, &role.title));
        let title = titled(&f, &rules.title);
        let label = role.map_or(title.clone(), |role| f.t2("desk-what-as", "purpose", title, "role", role));
        Some(Choosable::new(choice.value(), label).with_help(rules.legal_basis.clone()))
    });
    let bases: BTreeSet<RelationBasis> =
        allowed.iter().filter_map(rules).flat_map(|rules| rules.relation_bases.iter().copied()).collect();
    let order = [RelationBasis::Listed, RelationBasis::Motivated, RelationBasis::Emergency];
    let bases = order.into_iter().filter(|basis| bases.contains(basis)).map(|basis| {
        Choosable::new(basis.as_str(), f.t_of("desk-ground", basis.as_str()))
            .with_help(f.t_of("desk-ground-help", basis.as_str()))
    });
    let categories: BTreeSet<&Category> =
        allowed.iter().filter_map(|choice| rules(choice)?.roles.get(&choice.role)).flatten().collect();
    let categories = categories.into_iter().filter_map(|category| {
        let rules = agreement.category(category)?;
        Some(Choosable::new(category.as_str(), titled(&f, &rules.title)))
    });
    let kept = by.session.data();
    let numbers = kept.numbers(form);
    let masked = |number: &Option<Bsn>| number.as_ref().map(ToString::to_string).unwrap_or_default();
    let opened = kept.opened.iter().rev().map(|one| Link {
        id: one.id.clone(),
        case: one.question.case.to_string(),
        at: f.time(one.asked_at),
    });
    let page = Page {
        f: &f,
        opened: opened.collect(),
        problems,
        form,
        draft,
        person: masked(&numbers.person),
        representative: masked(&numbers.representative),
        choices: choices.collect(),
        bases: bases.collect(),
        categories: categories.collect(),
        represents: allowed.iter().filter_map(rules).any(|rules| rules.representation),
    };
    drop(kept);
    f.page_with(status, &page)
}
