//! Feedback reports: those of the organisation's own people, and those that it received.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::{DutchTime, FeedbackId, Instant, Oin};
use kw_protocol::feedback::{
    AnnotateFeedback, Annotation, FeedbackListed, FeedbackOutcome, FeedbackSide, FeedbackStatus,
    FeedbackSummary, FeedbackView, LONGEST_TEXT, NewAnnotation,
};
use kw_protocol::local::feedback::{LARGEST_PAGE, SentReport, SentSearch, WithdrawReport};
use kw_web::{Choosable, Failure, Fields, Form, Frame, Outcome, Problems, SignedIn, User};
use serde::Deserialize;

use super::dossier::{said_reason, said_value};
use super::titles;
use super::{Kept, go_to, in_query};
use crate::app::App;
use crate::document::{Shown, harmless};

#[derive(Template)]
#[template(path = "reports.html")]
struct Lists<'a> {
    f: &'a Frame,
    sent: Vec<Line>,
    /// Nothing for whoever does not handle them.
    received: Option<Vec<Line>>,
    next: Option<String>,
}

struct Line {
    path: String,
    party: String,
    category: String,
    status: String,
    outcome: Option<String>,
    at: String,
    /// What has to be done, and by when.
    notice: Option<String>,
}

#[derive(Template)]
#[template(path = "report-sent.html")]
struct Sent<'a> {
    f: &'a Frame,
    facts: Vec<(String, String)>,
    pointers: Vec<String>,
    missing: Option<String>,
    view: Option<ReportView>,
    withdraw: Option<String>,
    problems: Problems,
    /// Why it is withdrawn, as far as somebody wrote it.
    note: String,
}

#[derive(Template)]
#[template(path = "report-received.html")]
struct Received<'a> {
    f: &'a Frame,
    id: String,
    facts: Vec<(String, String)>,
    view: ReportView,
    steps: Vec<Choosable>,
    outcomes: Vec<Choosable>,
    holders: Vec<Choosable>,
    problems: &'a Problems,
    draft: &'a Draft,
}

/// What both sides see of a report.
struct ReportView {
    values: Vec<ValueView>,
    said: Vec<SaidView>,
    attachments: Vec<String>,
}

struct ValueView {
    place: String,
    doubted: String,
    proposed: String,
}

struct SaidView {
    at: String,
    party: String,
    status: Option<String>,
    note: Option<String>,
    contact: Option<String>,
}

/// What somebody says about a received report.
#[derive(Default)]
struct Draft {
    status: String,
    outcome: String,
    note: String,
    planned_for: String,
    handler: String,
}

#[derive(Deserialize)]
pub(crate) struct Page {
    cursor: Option<String>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, page: Query<Page>) -> Outcome {
    if !app.sees_reports(by.user()) {
        return Err(Failure::denied());
    }
    let f = by.frame("desk-reports");
    let agreement = app.agreed();
    let sent = own_reports(&app, by.user()).await?;
    let (mut received, mut next) = (None, None);
    if App::has(by.user(), &app.duties.feedback) {
        let listed =
            FeedbackListed { limit: Some(LINES), cursor: page.cursor.clone(), ..FeedbackListed::default() };
        let found = app.partner.received_feedback(&listed).await?;
        received = Some(found.reports.iter().map(|one| received_line(&f, &agreement, one)).collect());
        next = found.next_cursor.as_deref().map(in_query);
    }
    f.page(&Lists {
        f: &f,
        sent: sent.iter().take(LINES as usize).map(|one| sent_line(&f, &agreement, one)).collect(),
        received,
        next,
    })
}

/// Reports that somebody sees, newest first: their own, and everybody's for whoever handles them.
async fn own_reports(app: &App, user: &User) -> Result<Vec<SentReport>, Failure> {
    let search = SentSearch { limit: Some(LARGEST_PAGE), ..SentSearch::default() };
    let mut reports = app.partner.sent_feedback(&search).await?.reports;
    if !App::has(user, &app.duties.feedback) {
        reports.retain(|report| report.reporter.as_ref() == Some(&user.id));
    }
    Ok(reports)
}

/// Refuses whoever does not see this report, before anything of it is fetched.
async fn require_own(app: &App, user: &User, id: &str) -> Result<FeedbackId, Failure> {
    if !app.sees_reports(user) {
        return Err(Failure::denied());
    }
    let id = report_id(id)?;
    let is_theirs = own_reports(app, user).await?.iter().any(|report| report.id == id);
    if is_theirs { Ok(id) } else { Err(Failure::not_found()) }
}

fn sent_line(f: &Frame, agreement: &Agreement, report: &SentReport) -> Line {
    let status = report.status.map(|status| f.t_of("desk-report-status", status.code()));
    Line {
        path: format!("/reports/sent/{}", report.id),
        party: harmless(&report.holder.name),
        category: titles::category(f, agreement, &report.category),
        status: status.unwrap_or_else(|| f.t_of("desk-delivery", report.delivery.code())),
        outcome: report.outcome.map(|outcome| f.t_of("desk-outcome", outcome_code(outcome))),
        at: f.moment(report.sent_at),
        notice: report.reason.as_deref().map(|reason| said_reason(f, reason)),
    }
}

fn received_line(f: &Frame, agreement: &Agreement, report: &FeedbackSummary) -> Line {
    let take_up = report.status == FeedbackStatus::Reported && report.handler.is_none();
    let notice = if report.overdue {
        Some(f.t("desk-overdue"))
    } else if let Some(at) = report.planned_for {
        Some(f.t1("desk-planned-for", "at", f.deadline(at)))
    } else {
        take_up.then(|| f.t1("desk-take-up-by", "at", f.deadline(report.take_up_by)))
    };
    Line {
        path: format!("/reports/received/{}", report.id),
        party: titles::party(agreement, report.reporter),
        category: titles::category(f, agreement, &report.category),
        status: f.t_of("desk-report-status", report.status.code()),
        outcome: report.outcome.map(|outcome| f.t_of("desk-outcome", outcome_code(outcome))),
        at: f.moment(report.received_at),
        notice,
    }
}

pub(crate) async fn show_sent(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let id = require_own(&app, by.user(), &id).await?;
    app.require_proof(&by, &format!("/reports/sent/{id}"))?;
    let actor = app.some_actor(by.user())?;
    let report = app.partner.read_by(&actor)?.sent_report(id).await?;
    let f = by.frame("desk-report-one");
    let agreement = app.agreed();
    let mut facts = vec![
        (f.t("desk-holder"), harmless(&report.holder.name)),
        (f.t("desk-report-record"), titles::category(&f, &agreement, &report.category)),
        (f.t("desk-report-sent-at"), f.moment(report.sent_at)),
        (f.t("desk-delivery"), f.t_of("desk-delivery", report.delivery.code())),
    ];
    if let Some(reason) = &report.reason {
        facts.push((f.t("desk-report-why"), said_reason(&f, reason)));
    }
    if let Some(status) = report.status {
        facts.push((f.t("desk-report-state"), f.t_of("desk-report-status", status.code())));
    }
    if let Some(outcome) = report.outcome {
        facts.push((f.t("desk-report-outcome"), f.t_of("desk-outcome", outcome_code(outcome))));
    }
    if let Some(reference) = &report.reference {
        facts.push((f.t("desk-report-reference"), harmless(reference)));
    }
    let may_withdraw = report.status.is_none_or(|status| status.next().contains(&FeedbackStatus::Withdrawn));
    let unsent = by.unsent(&format!("/reports/sent/{id}"));
    f.page(&Sent {
        f: &f,
        facts,
        problems: if unsent.is_some() { Problems::of_unsent() } else { Problems::new() },
        note: unsent.map(|unsent| unsent.get("note").replace("\r\n", "\n")).unwrap_or_default(),
        pointers: (report.pointers.iter())
            .map(|pointer| titles::place(&f, &agreement, &report.category, pointer))
            .collect(),
        missing: report.view_missing.as_deref().map(|reason| said_reason(&f, reason)),
        withdraw: may_withdraw.then(|| format!("/reports/sent/{}/withdrawal", report.id)),
        view: report.view.as_ref().map(|view| ReportView::of(&f, &agreement, view)),
    })
}

pub(crate) async fn withdraw(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let id = require_own(&app, form.by.user(), &id).await?;
    let path = format!("/reports/sent/{id}");
    app.require_proof_for(&form, &path)?;
    let request = WithdrawReport {
        actor: app.some_actor(form.by.user())?,
        note: form.given("note").map(str::to_owned),
    };
    app.partner.withdraw_report(id, &request).await?;
    Ok(go_to(&path))
}

pub(crate) async fn show_received(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    App::require(by.user(), &app.duties.feedback)?;
    let id = report_id(&id)?;
    let path = format!("/reports/received/{id}");
    app.require_proof(&by, &path)?;
    let (draft, problems) = match by.unsent(&path) {
        Some(unsent) => (Draft::of(&unsent), Problems::of_unsent()),
        None => (Draft::default(), Problems::new()),
    };
    received(&by, &app, id, &draft, &problems, StatusCode::OK).await
}

pub(crate) async fn annotate(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let by = &form.by;
    App::require(by.user(), &app.duties.feedback)?;
    let id = report_id(&id)?;
    let path = format!("/reports/received/{id}");
    app.require_proof_for(&form, &path)?;
    let draft = Draft::of(&form);
    let mut problems = Problems::new();
    let Some(annotation) = draft.read(by.shell.now(), &mut problems) else {
        return received(by, &app, id, &draft, &problems, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = AnnotateFeedback { actor: App::actor_with(by.user(), &app.duties.feedback)?, annotation };
    app.partner.annotate_received_feedback(id, &request).await?;
    Ok(go_to(&path))
}

async fn received(
    by: &SignedIn<Kept>,
    app: &App,
    id: FeedbackId,
    draft: &Draft,
    problems: &Problems,
    status: StatusCode,
) -> Outcome {
    let actor = App::actor_with(by.user(), &app.duties.feedback)?;
    let report = app.partner.read_by(&actor)?.received_feedback_report(id).await?;
    let f = by.frame("desk-report-one");
    let agreement = app.agreed();
    let mut facts = vec![
        (f.t("desk-reporter"), harmless(&report.reporter.name)),
        (f.t("desk-report-record"), titles::category(&f, &agreement, &report.category)),
        (f.t("desk-report-state"), f.t_of("desk-report-status", report.status.code())),
        (f.t("desk-report-received-at"), f.moment(report.received_at)),
    ];
    if let Some(outcome) = report.outcome {
        facts.push((f.t("desk-report-outcome"), f.t_of("desk-outcome", outcome_code(outcome))));
    }
    if !report.status.is_final() {
        let notice = if report.overdue { f.t("desk-overdue") } else { f.moment(report.take_up_by) };
        facts.push((f.t("desk-take-up"), notice));
    }
    if let Some(source) = &report.source {
        facts.push((f.t("desk-source"), harmless(source.as_str())));
    }
    let own = |status: &&FeedbackStatus| status.set_by() == FeedbackSide::Holder;
    let own = report.handler.oin == app.own
        && !report.status.is_final()
        && report.status.next().iter().any(|status| own(&status));
    let steps = report.status.next().iter().filter(|status| own && status.set_by() == FeedbackSide::Holder);
    let steps: Vec<Choosable> = steps
        .map(|status| Choosable::new(status.code(), f.t_of("desk-step-to", status.code())))
        .chain(own.then(|| Choosable::new("", f.t("desk-step-note"))))
        .collect();
    let outcomes = [FeedbackOutcome::Upheld, FeedbackOutcome::PartlyUpheld, FeedbackOutcome::Rejected];
    let others =
        agreement.partners().filter(|partner| partner.oin != app.own && !partner.registers.is_empty());
    f.page_with(
        status,
        &Received {
            f: &f,
            id: id.to_string(),
            facts,
            view: ReportView::of(&f, &agreement, &report),
            steps,
            outcomes: outcomes
                .map(|one| Choosable::new(outcome_code(one), f.t_of("desk-outcome", outcome_code(one))))
                .into(),
            holders: [Choosable::new("", f.t("desk-choose"))]
                .into_iter()
                .chain(others.map(|one| Choosable::new(one.oin.to_string(), one.name.clone())))
                .collect(),
            problems,
            draft,
        },
    )
}

impl Draft {
    fn of(form: &Fields) -> Self {
        Self {
            status: form.get("status").to_owned(),
            outcome: form.get("outcome").to_owned(),
            note: form.get("note").replace("\r\n", "\n"),
            planned_for: form.get("planned_for").to_owned(),
            handler: form.get("handler").to_owned(),
        }
    }

    fn read(&self, now: Instant, problems: &mut Problems) -> Option<NewAnnotation> {
        use FeedbackStatus as S;
        let status = FeedbackStatus::parse(&self.status);
        if status.is_none() && !self.status.is_empty() {
            problems.add("status", "desk-step-wrong");
        }
        let outcome = [FeedbackOutcome::Upheld, FeedbackOutcome::PartlyUpheld, FeedbackOutcome::Rejected]
            .into_iter()
            .find(|one| outcome_code(*one) == self.outcome)
            .filter(|_| status == Some(S::Settled));
        if status == Some(S::Settled) && outcome.is_none() {
            problems.add("outcome", "desk-step-outcome-wrong");
        }
        let reasons = outcome.is_some_and(|one| one != FeedbackOutcome::Upheld)
            || matches!(status, None | Some(S::InsufficientInformation));
        if reasons && self.note.is_empty() {
            problems.add("note", "desk-step-note-wrong");
        }
        if self.note.chars().count() > LONGEST_TEXT {
            problems.add("note", "desk-report-explanation-wrong");
        }
        let planned_for = end_of(&self.planned_for).filter(|_| status == Some(S::Planned));
        if status == Some(S::Planned) && planned_for.is_none() {
            problems.add("planned_for", "desk-step-planned-wrong");
        }
        if planned_for.is_some_and(|planned| planned <= now) {
            problems.add("planned_for", "desk-step-planned-past");
        }
        let handler = Oin::parse(&self.handler).ok().filter(|_| status == Some(S::WrongHolder));
        if status == Some(S::WrongHolder) && handler.is_none() {
            problems.add("handler", "desk-step-handler-wrong");
        }
        problems.is_empty().then(|| NewAnnotation {
            status,
            outcome,
            note: Some(self.note.clone()).filter(|note| !note.is_empty()),
            planned_for,
            handler,
            contact: None,
        })
    }
}

/// The end of a day, as people write it: today has one, too.
fn end_of(text: &str) -> Option<Instant> {
    let date = kw_domain::BirthDate::parse(text).ok()?;
    let is_whole = date.precision() == kw_domain::DatePrecision::Day;
    let next = date.latest_day().filter(|_| is_whole)?.succ_opt()?;
    Some(DutchTime::start_of(next).minus(Duration::from_mins(1)))
}

impl ReportView {
    fn of(f: &Frame, agreement: &Agreement, view: &FeedbackView) -> Self {
        let said = |value: Option<&serde_json::Value>| {
            value.map_or_else(|| f.t("desk-nothing"), |value| said_value(f, &Shown::of(value)))
        };
        let values = view.attributes.iter().map(|one| ValueView {
            place: titles::place(f, agreement, &view.category, &one.pointer),
            doubted: said(one.doubted.as_ref()),
            proposed: said(one.proposed.as_ref()),
        });
        Self {
            values: values.collect(),
            said: view.annotations.iter().map(|one| SaidView::of(f, agreement, one)).collect(),
            attachments: view.attachments.iter().map(|one| harmless(&one.name)).collect(),
        }
    }
}

impl SaidView {
    fn of(f: &Frame, agreement: &Agreement, annotation: &Annotation) -> Self {
        let content = &annotation.content;
        let contact = content.contact.as_ref().map(|one| {
            let parts = [Some(&one.name), Some(&one.email), one.phone.as_ref(), one.department.as_ref()];
            parts.into_iter().flatten().map(|part| harmless(part)).collect::<Vec<_>>().join(", ")
        });
        Self {
            at: f.moment(annotation.at),
            party: titles::party(agreement, annotation.party),
            status: content.status.map(|status| f.t_of("desk-report-status", status.code())),
            note: content.note.as_deref().map(harmless),
            contact,
        }
    }
}

fn report_id(text: &str) -> Result<FeedbackId, Failure> {
    FeedbackId::parse(text).map_err(|_| Failure::not_found())
}

fn outcome_code(outcome: FeedbackOutcome) -> &'static str {
    match outcome {
        FeedbackOutcome::PartlyUpheld => "partly-upheld",
        FeedbackOutcome::Rejected => "rejected",
        FeedbackOutcome::Upheld => "upheld",
    }
}

const LINES: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        status: &str,
        outcome: &str,
        note: &str,
        planned_for: &str,
        handler: &str,
    ) -> Result<NewAnnotation, String> {
        let draft = Draft {
            status: status.to_owned(),
            outcome: outcome.to_owned(),
            note: note.to_owned(),
            planned_for: planned_for.to_owned(),
            handler: handler.to_owned(),
        };
        let mut problems = Problems::new();
        let read = draft.read(Instant::parse("2026-11-22T10:00:00Z").unwrap(), &mut problems);
        read.ok_or_else(|| problems.all().map(|(field, _)| field).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_a_step_needs_is_asked_for_at_its_field() {
        assert_eq!(read("settled", "", "", "", ""), Err("outcome".to_owned()));
        assert_eq!(read("settled", "rejected", "", "", ""), Err("note".to_owned()));
        assert_eq!(read("planned", "", "", "2026", ""), Err("planned_for".to_owned()));
        assert_eq!(read("wrong-holder", "", "", "", "x"), Err("handler".to_owned()));
        assert_eq!(read("", "", "", "", ""), Err("note".to_owned()));
        assert_eq!(read("gone", "", "x", "", ""), Err("status".to_owned()));
        assert_eq!(read("planned", "", "", "21-11-2026", ""), Err("planned_for".to_owned()));
        assert!(read("planned", "", "", "22-11-2026", "").is_ok(), "today has not ended yet");
        let planned = read("planned", "upheld", "", "24-12-2026", "00000099000000011000").unwrap();
        assert_eq!((planned.outcome, planned.handler), (None, None));
        assert!(planned.planned_for.is_some());
        assert!(planned.mistakes(FeedbackStatus::InProgress, FeedbackSide::Holder).is_empty());
    }
}
