//! The first page: a question, begun from a case.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use kw_domain::Category;
use kw_protocol::query::RelationBasis;
use kw_web::{Form, Frame, Outcome, Problems, SignedIn};

use super::{Choosable, Kept, go_to, titled};
use crate::app::App;
use crate::asking::{Choice, Draft, Question, choices, number};
use crate::opened::Opened;

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    f: &'a Frame,
    opened: Vec<Link>,
    problems: &'a Problems,
    draft: &'a Draft,
    /// Masked.
    person: Option<String>,
    representative: Option<String>,
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
    by.session.data().numbers = crate::asking::Numbers::default();
    let draft = Draft { basis: RelationBasis::Listed.as_str().to_owned(), ..Draft::default() };
    page(&by, &app, &draft, &Problems::new(), StatusCode::OK)
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
    let mut numbers = by.session.data().numbers.clone();
    // An empty field stands for the number of the form before; a wrong one stands for nothing.
    let mut given = |field: &'static str, kept: &mut Option<_>| {
        if let Some(text) = form.given(field) {
            *kept = number(text);
            if kept.is_none() {
                problems.add(field, "desk-bsn-wrong");
            }
        }
    };
    given("bsn", &mut numbers.person);
    given("representative", &mut numbers.representative);
    let agreement = app.agreed();
    let choices = choices(&agreement, app.own, &by.user().roles);
    let question = Question::read(&agreement, &choices, &draft, &numbers, &mut problems);
    let Some(question) = question else {
        by.session.data().numbers = numbers;
        return page(by, &app, &draft, &problems, StatusCode::UNPROCESSABLE_ENTITY);
    };
    by.session.data().numbers = crate::asking::Numbers::default();
    if question.to_be_confirmed() || app.require_proof(by, "/").is_err() {
        let id = app.new_id();
        by.session.data().ask(id.clone(), question);
        return Ok(go_to(&format!("/questions/{id}")));
    }
    Ok(begin(by, &app, question))
}

/// Asks, and goes to where the answers come.
pub(super) fn begin(by: &SignedIn<Kept>, app: &App, question: Question) -> HttpResponse {
    let id = app.new_id();
    let opened = Opened::begin(id.clone(), question, by.user(), app.partner.clone(), by.shell.now());
    by.session.data().open(opened);
    go_to(&format!("/dossiers/{id}"))
}

fn page(by: &SignedIn<Kept>, app: &App, draft: &Draft, problems: &Problems, status: StatusCode) -> Outcome {
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
        Some(Choosable { value: choice.value(), label, help: rules.legal_basis.clone() })
    });
    let bases: BTreeSet<RelationBasis> =
        allowed.iter().filter_map(rules).flat_map(|rules| rules.relation_bases.iter().copied()).collect();
    let order = [RelationBasis::Listed, RelationBasis::Motivated, RelationBasis::Emergency];
    let bases = order.into_iter().filter(|basis| bases.contains(basis)).map(|basis| Choosable {
        value: basis.as_str().to_owned(),
        label: f.t_of("desk-ground", basis.as_str()),
        help: f.t_of("desk-ground-help", basis.as_str()),
    });
    let categories: BTreeSet<&Category> =
        allowed.iter().filter_map(|choice| rules(choice)?.roles.get(&choice.role)).flatten().collect();
    let categories = categories.into_iter().filter_map(|category| {
        let rules = agreement.category(category)?;
        Some(Choosable { value: category.to_string(), label: titled(&f, &rules.title), help: String::new() })
    });
    let kept = by.session.data();
    let opened = kept.opened.iter().rev().map(|one| Link {
        id: one.id.clone(),
        case: one.question.case.to_string(),
        at: f.time(one.asked_at),
    });
    let page = Page {
        f: &f,
        opened: opened.collect(),
        problems,
        draft,
        person: kept.numbers.person.as_ref().map(ToString::to_string),
        representative: kept.numbers.representative.as_ref().map(ToString::to_string),
        choices: choices.collect(),
        bases: bases.collect(),
        categories: categories.collect(),
        represents: allowed.iter().filter_map(rules).any(|rules| rules.representation),
    };
    drop(kept);
    f.page_with(status, &page)
}
