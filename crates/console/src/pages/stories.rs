//! `/stories`: one access, told by all who took part.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_domain::TransactionId;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::{self, Fact};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, name_of, slug};
use crate::auditor::proof::{Check, CheckOutcome};
use crate::auditor::story::tell;

#[derive(Template)]
#[template(path = "stories.html")]
struct Ask<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    value: &'a str,
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page<'a> {
    f: &'a Frame,
    steps: Vec<Told>,
    silent: Vec<String>,
    sound: bool,
}

struct Told {
    title: String,
    log: String,
    path: String,
    index: u64,
    facts: Vec<Fact>,
    checks: Vec<Check>,
}

pub(crate) async fn ask(by: By) -> Outcome {
    auditor(&by)?;
    let f = by.frame("console-stories");
    f.page(&Ask { f: &f, problems: &Problems::new(), value: "" })
}

/// `POST /stories`: the id that was filled in is the address.
pub(crate) async fn go(form: Form<Kept>) -> Outcome {
    auditor(&form.by)?;
    let value = form.get("transaction");
    if let Ok(id) = TransactionId::parse(value) {
        return Ok(go_to(&format!("/stories/{id}")));
    }
    let f = form.by.frame("console-stories");
    let mut problems = Problems::new();
    problems.add("transaction", "console-wrong-id");
    f.page(&Ask { f: &f, problems: &problems, value })
}

pub(crate) async fn show(by: By, console: Data<Console>, access: Path<String>) -> Outcome {
    auditor(&by)?;
    let access = TransactionId::parse(&access).map_err(|_| Failure::not_found())?;
    let story = tell(&console, &by.user().id, access).await?;
    let agreement = console.agreement();
    let f = by.frame("console-story");
    by.session.data().auditor.keep(story.steps.iter().map(|step| step.entry.clone()));
    let sound =
        story.steps.iter().flat_map(|step| &step.checks).all(|check| check.outcome != CheckOutcome::Bad);
    let steps = story.steps.into_iter().map(|step| Told {
        title: f.t_of("event", step.record.event.code()),
        log: name_of(&agreement, step.log.oin),
        path: format!("/log/{}/{}", slug(step.log.owner), step.entry.index),
        index: step.entry.index,
        facts: view::facts(&f, &agreement, &step.record),
        checks: step.checks,
    });
    let silent = story.silent.iter().map(|oin| name_of(&agreement, *oin)).collect();
    f.page(&Page { f: &f, steps: steps.collect(), silent, sound })
}
