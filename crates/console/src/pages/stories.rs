//! `/stories`: one access, told by all who took part.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::TransactionId;
use kw_ledger::{AccessRecord, Event, RecordedRelation, Verdict};
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::{self, Alarm, Fact, Failed};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, name_of};
use crate::auditor::proof::{Check, Soundness};
use crate::auditor::story::{Step, tell};

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
    alarm: Alarm,
    steps: Vec<Told>,
    silent: Vec<String>,
    absent: Vec<String>,
    is_cut: bool,
    unreviewed: bool,
    /// Nothing while it may still be under way.
    differences: Option<Vec<Difference>>,
}

struct Told {
    title: String,
    at: String,
    result: String,
    log: String,
    path: String,
    index: u64,
    facts: Vec<Fact>,
    checks: Vec<Check>,
    soundness: &'static str,
}

struct Difference {
    kind: &'static str,
    severity: &'static str,
    missing: String,
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
    let records = || story.steps.iter().filter_map(|step| step.entry.record.as_ref());
    let unreviewed =
        records().any(has_to_be_reviewed) && !records().any(|one| one.event == Event::ReviewGiven);
    let differences = story.differences.as_ref().map(|all| {
        all.iter().map(|one| Difference {
            kind: one.kind.code(),
            severity: view::severity(one.severity),
            missing: view::origins(&agreement, &one.missing).join(", "),
        })
    });
    let differences = differences.map(Iterator::collect);
    let steps: Vec<Told> = story.steps.into_iter().map(|step| told(&f, &agreement, step)).collect();
    let failed = |soundness: Soundness| -> Vec<Failed> {
        let those = steps.iter().filter(|step| step.soundness == soundness.word());
        let text = |step: &Told| f.t2("record-where", "index", step.index, "log", &step.log);
        those.map(|step| Failed { text: text(step), path: step.path.clone() }).collect()
    };
    let alarm = Alarm { broken: failed(Soundness::Broken), open: failed(Soundness::Open) };
    let absent = story.absent.iter().map(|oin| name_of(&agreement, *oin)).collect();
    let silent = story.silent.iter().map(|oin| name_of(&agreement, *oin)).collect();
    f.page(&Page { f: &f, alarm, steps, silent, absent, is_cut: story.is_cut, unreviewed, differences })
}

fn told(f: &Frame, agreement: &Agreement, step: Step) -> Told {
    let Step { log, entry, checks } = step;
    let text = |say: &dyn Fn(&AccessRecord) -> String| entry.record.as_ref().map(say).unwrap_or_default();
    Told {
        title: view::event(f, &entry),
        at: text(&|record| view::exactly(f, record.at)),
        result: text(&|record| f.t_of("result", record.result.code())),
        log: name_of(agreement, log.oin),
        path: view::path(log.owner, entry.index),
        index: entry.index,
        facts: entry.record.as_ref().map(|record| view::facts(f, agreement, record)).unwrap_or_default(),
        soundness: Soundness::of(&checks).word(),
        checks,
    }
}

/// An allowed question on a ground of one's own.
fn has_to_be_reviewed(record: &AccessRecord) -> bool {
    let own = |relation: &RecordedRelation| ["motivated", "emergency"].contains(&relation.basis.as_str());
    record.event == Event::QueryAnswered
        && record.decision.verdict == Verdict::Allowed
        && record.relation.as_ref().is_some_and(own)
}
