//! To ask a holder to correct something, and what became of it.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_domain::{Category, FeedbackId, Oin};
use kw_protocol::feedback::{
    DoubtedAttribute, FeedbackContact, FeedbackKind, FeedbackOutcome, FeedbackStatus, FeedbackView,
    LONGEST_TEXT, ReasonableDoubt,
};
use kw_protocol::local::feedback::{FeedbackRequest, SentReport, WithdrawReport};
use kw_protocol::mandate::MandateAct;
use kw_web::{Choosable, Failure, Fields, Form, Frame, Outcome, Problems, SignedIn};
use serde::Deserialize;
use serde_json::Value;

use super::{Kept, see};
use crate::app::App;
use crate::gathering::{Asking, Gathered};
use crate::kept;
use crate::rules::fields::{fields, label};
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "corrections.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    missing: Option<String>,
    lines: Vec<Line>,
    can_ask: bool,
}

/// A request in words.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) holder: String,
    pub(super) category: String,
    pub(super) sent: String,
    pub(super) state: String,
    pub(super) outcome: Option<&'static str>,
}

pub(crate) async fn show(by: Standing, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-corrections"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let (missing, lines) = match &*gathered.requests {
        Ok(requests) => (None, requests.iter().map(|request| line(words, request)).collect()),
        Err(missing) => (Some(words.missing(*missing)), Vec::new()),
    };
    let can_ask =
        missing.is_none() && gathered.holders.as_ref().as_ref().is_ok_and(|holders| !holders.is_empty());
    f.page(&Page { f: &f, about: &about, missing, lines, can_ask })
}

pub(super) fn line(words: Words<'_>, report: &SentReport) -> Line {
    let status = report.status.map(FeedbackStatus::code);
    let state = match status {
        Some(status) => words.f.t_of("correction", status),
        None => words.f.t_of("delivery", report.delivery.code()),
    };
    Line {
        name: kept::name(words.f, report.id),
        holder: report.holder.name.clone(),
        category: words.category(&report.category),
        sent: words.f.moment(report.sent_at),
        state,
        outcome: report.outcome.map(outcome),
    }
}

fn outcome(outcome: FeedbackOutcome) -> &'static str {
    match outcome {
        FeedbackOutcome::PartlyUpheld => "partly-upheld",
        FeedbackOutcome::Rejected => "rejected",
        FeedbackOutcome::Upheld => "upheld",
    }
}

#[derive(Template)]
#[template(path = "correction.html")]
struct FormPage<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    line: super::holders::Line,
    fields: Vec<Choosable>,
    given: &'a Given,
}

/// What a form says.
#[derive(Default)]
struct Given {
    field: String,
    doubted: String,
    proposed: String,
    explanation: String,
    name: String,
    email: String,
    phone: String,
    sure: bool,
}

impl Given {
    fn of(fields: &Fields) -> Self {
        let field = |name: &str| fields.get(name).to_owned();
        Self {
            field: field("field"),
            doubted: field("doubted"),
            proposed: field("proposed"),
            explanation: field("explanation"),
            name: field("name"),
            email: field("email"),
            phone: field("phone"),
            sure: fields.get("sure") == "yes",
        }
    }
}

/// Which line of "who has something".
#[derive(Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    holder: String,
    category: String,
}

impl Which {
    fn of(fields: &Fields) -> Self {
        Self { holder: fields.get("holder").to_owned(), category: fields.get("category").to_owned() }
    }
}

pub(crate) async fn ask(by: Standing, app: Data<App>, request: HttpRequest, which: Query<Which>) -> Outcome {
    if !request.query_string().is_empty() {
        // It stays what was wanted through another sign-in or language.
        by.session.data().wanted.correction = which.into_inner();
        return Ok(see(FORM));
    }
    by.require_fresh(FORM)?;
    Asking::new(&app, &by)?.require(MandateAct::Feedback)?;
    if let Some(unsent) = by.unsent(FORM) {
        return form_page(&by, &app, &Which::of(&unsent), &Given::of(&unsent), Problems::of_unsent());
    }
    let which = by.session.data().wanted.correction.clone();
    if which.holder.is_empty() {
        return Ok(see("/holders"));
    }
    let given = Given { name: by.user().name.clone(), ..Given::default() };
    form_page(&by, &app, &which, &given, Problems::new())
}

/// A registration that the person found: nobody asks for a correction of what they cannot see.
fn found(gathered: &Gathered, which: &Which) -> Result<(Oin, Category), Failure> {
    let holders = gathered.holders.as_ref().as_ref().map_err(|_| Failure::not_found())?;
    let mut holders = holders.iter();
    let held = holders
        .find(|held| held.holder.oin.to_string() == which.holder && held.category.as_str() == which.category);
    held.map(|held| (held.holder.oin, held.category.clone())).ok_or_else(Failure::not_found)
}

fn form_page(by: &SignedIn<Kept>, app: &App, which: &Which, given: &Given, problems: Problems) -> Outcome {
    let (f, agreement) = (by.frame("inzage-correction-new"), app.agreed());
    let about = About::of(by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let gathered = by.session.data().gathered().ok_or_else(Failure::not_found)?;
    let (holder, category) = found(&gathered, which)?;
    let mut options = vec![Choosable::new("", f.t("inzage-field-choose"))];
    let places = fields(&agreement, &category, words.language());
    options.extend(places.into_iter().map(|field| Choosable::new(field.pointer, field.label)));
    options.push(Choosable::new(SOMETHING_ELSE, f.t("inzage-field-other")));
    let line = super::holders::Line {
        oin: holder.to_string(),
        holder: words.party(holder),
        word: category.to_string(),
        category: words.category(&category),
        contact: None,
        statutory: false,
    };
    f.page(&FormPage { f: &f, about: &about, problems, line, fields: options, given })
}

pub(crate) async fn send(form: Form<Kept>, app: Data<App>) -> Outcome {
    form.require_fresh(FORM)?;
    let asking = Asking::new(&app, &form.by)?;
    asking.require(MandateAct::Feedback)?;
    asking.standing().await?;
    let which = Which::of(&form);
    let gathered = form.by.session.data().gathered().ok_or_else(Failure::not_found)?;
    let (holder, category) = found(&gathered, &which)?;
    let given = Given::of(&form);
    let mut problems = Problems::new();
    let known = fields(&app.agreed(), &category, kw_agreement::Language::Dutch);
    if given.field != SOMETHING_ELSE && !known.iter().any(|one| one.pointer == given.field) {
        problems.add("field", "inzage-field-missing");
    }
    let is_told = !given.doubted.is_empty() || !given.proposed.is_empty();
    if given.field != SOMETHING_ELSE && !is_told {
        problems.add("proposed", "inzage-proposed-missing");
    }
    if given.field == SOMETHING_ELSE && given.explanation.is_empty() {
        problems.add("explanation", "inzage-explanation-missing");
    }
    if given.explanation.chars().count() > LONGEST_TEXT {
        problems.add("explanation", "inzage-explanation-long");
    }
    if given.name.is_empty() {
        problems.add("name", "inzage-contact-name-missing");
    }
    if given.email.is_empty() {
        problems.add("email", "inzage-contact-email-wrong");
    }
    if !given.sure {
        problems.add("sure", "inzage-sure-missing");
    }
    let request = request(&app, &asking, &gathered, (holder, category), &given);
    if problems.is_empty() {
        // The rules that the holder goes by; what is wrong is said at its field.
        for mistake in request.report(FeedbackId::new(form.by.shell.now(), [0; 10])).mistakes() {
            problems.add(field_of(&mistake.pointer), message_of(&mistake.pointer));
        }
    }
    if !problems.is_empty() {
        return form_page(&form.by, &app, &which, &given, problems);
    }
    // Who asks the same again while nothing came of it has what they asked.
    if let Some(open) = open_as(&app, &asking, &request).await? {
        renew(&form.by, &asking, "inzage-correction-open").await;
        let f = form.by.frame("inzage-corrections");
        return Ok(see(&format!("/corrections/{}", kept::name(&f, open))));
    }
    app.partner.report_feedback(&request).await?;
    renew(&form.by, &asking, "inzage-correction-sent").await;
    Ok(see("/corrections"))
}

/// The request that says the same and is still open, among those that the person sees.
async fn open_as(
    app: &App,
    asking: &Asking<'_>,
    request: &FeedbackRequest,
) -> Result<Option<FeedbackId>, Failure> {
    let Ok(sent) = asking.requests().await else { return Ok(None) };
    let pointers: Vec<&str> = request.attributes.iter().map(|one| one.pointer.as_str()).collect();
    let alike = sent.iter().filter(|one| {
        one.holder.oin == request.holder
            && one.category == request.category
            && one.pointers == pointers
            && one.reason.is_none()
            && one.outcome.is_none()
            && one.status.is_none_or(|status| !status.is_final())
    });
    for one in alike.take(MOST_ALIKE) {
        let told = app.partner.sent_report(one.id).await?;
        let same = |view: &FeedbackView| {
            // The first of what was said is the report itself.
            let explained = view.annotations.first().and_then(|first| first.content.note.as_ref());
            view.attributes == request.attributes && explained == request.explanation.as_ref()
        };
        if told.view.as_ref().is_some_and(|view| !view.status.is_final() && same(view)) {
            return Ok(Some(one.id));
        }
    }
    Ok(None)
}

fn request(
    app: &App,
    asking: &Asking<'_>,
    gathered: &Gathered,
    (holder, category): (Oin, Category),
    given: &Given,
) -> FeedbackRequest {
    let question = asking.question(gathered.born.as_deref().map(String::as_str), MandateAct::Feedback);
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let mut attribute = DoubtedAttribute {
        pointer: given.field.clone(),
        doubted: text(&given.doubted),
        proposed: text(&given.proposed),
    };
    if attribute.doubted.is_none() && attribute.proposed.is_none() {
        // What is wrong stands in the explanation.
        attribute.doubted = Some(Value::from(""));
    }
    FeedbackRequest {
        id: None,
        subject: question.subject,
        birth_date: question.birth_date,
        purpose: question.purpose,
        actor: question.actor,
        case: question.case,
        relation: question.relation,
        representation: question.representation,
        holder,
        category,
        handle: None,
        kind: FeedbackKind::CorrectionRequest,
        reference: Some(app.reference(&asking.person.subject())),
        attributes: vec![attribute],
        observed_at: Some(gathered.at),
        explanation: Some(given.explanation.clone()).filter(|text| !text.is_empty()),
        // The form asks for all three in one sentence.
        doubt: ReasonableDoubt {
            strong_suspicion: given.sure,
            own_knowledge: given.sure,
            knows_definition: given.sure,
        },
        contact: FeedbackContact {
            name: given.name.clone(),
            email: given.email.clone(),
            phone: Some(given.phone.clone()).filter(|phone| !phone.is_empty()),
            department: None,
        },
        attachments: Vec::new(),
    }
}

fn field_of(pointer: &str) -> &'static str {
    match pointer {
        "/contact/name" => "name",
        "/contact/email" => "email",
        "/contact/phone" => "phone",
        "/explanation" => "explanation",
        "/attributes/0/doubted" => "doubted",
        _ => "proposed",
    }
}

fn message_of(pointer: &str) -> &'static str {
    match pointer {
        "/contact/name" => "inzage-contact-name-missing",
        "/contact/email" => "inzage-contact-email-wrong",
        "/contact/phone" => "inzage-contact-phone-wrong",
        "/explanation" => "inzage-explanation-long",
        _ => "inzage-value-long",
    }
}

#[derive(Template)]
#[template(path = "request.html")]
struct OnePage<'a> {
    f: &'a Frame,
    about: &'a About,
    line: Line,
    values: Vec<(String, String, String)>,
    notes: Vec<(String, String, String)>,
    planned: Option<String>,
    take_up: Option<String>,
    overdue: bool,
    silent: bool,
    to_withdraw: bool,
}

pub(crate) async fn one(by: Standing, app: Data<App>, name: Path<String>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-correction"), app.agreed());
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let asking = Asking::new(&app, &by)?;
    asking.require(MandateAct::Feedback)?;
    let known = named(&by, &f, &name)?;
    asking.standing().await?;
    let report = app.partner.sent_report(known.id).await?;
    let view = report.view.as_ref();
    let label = |pointer: &str| {
        if pointer == SOMETHING_ELSE {
            return f.t("inzage-field-other");
        }
        label(&agreement, &report.category, words.language(), pointer)
    };
    let say = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let values = view.into_iter().flat_map(|view| &view.attributes);
    let notes =
        view.into_iter().flat_map(|view| &view.annotations).filter(|said| said.content.note.is_some());
    let page = OnePage {
        f: &f,
        about: &about,
        line: line(words, &report),
        values: values
            .map(|one| (label(&one.pointer), say(one.doubted.as_ref()), say(one.proposed.as_ref())))
            .collect(),
        notes: notes
            .map(|said| {
                (f.moment(said.at), words.party(said.party), said.content.note.clone().unwrap_or_default())
            })
            .collect(),
        planned: view.and_then(|view| view.planned_for).map(|at| words.day(at)),
        take_up: view
            .filter(|view| view.status == FeedbackStatus::Reported)
            // It ends with that day.
            .map(|view| words.day(view.take_up_by.minus(std::time::Duration::from_secs(1)))),
        overdue: view.is_some_and(|view| view.overdue),
        silent: report.view_missing.is_some(),
        to_withdraw: report.status.is_none_or(|status| status.next().contains(&FeedbackStatus::Withdrawn))
            && report.reason.is_none(),
    };
    f.page(&page)
}

fn named(by: &SignedIn<Kept>, f: &Frame, name: &str) -> Result<SentReport, Failure> {
    let gathered = by.session.data().gathered().ok_or_else(Failure::not_found)?;
    let requests = gathered.requests.as_ref().as_ref().map_err(|_| Failure::not_found())?;
    requests.iter().find(|request| kept::name(f, request.id) == name).cloned().ok_or_else(Failure::not_found)
}

pub(crate) async fn withdraw(form: Form<Kept>, app: Data<App>, name: Path<String>) -> Outcome {
    form.by.require_fresh("/corrections")?;
    let asking = Asking::new(&app, &form.by)?;
    asking.require(MandateAct::Feedback)?;
    let known = named(&form.by, &form.by.frame("inzage-corrections"), &name)?;
    asking.standing().await?;
    let request = WithdrawReport { actor: asking.actor.clone(), note: None };
    app.partner.withdraw_report(known.id, &request).await?;
    renew(&form.by, &asking, "inzage-correction-withdrawn").await;
    Ok(see("/corrections"))
}

async fn renew(by: &SignedIn<Kept>, asking: &Asking<'_>, said: &'static str) {
    let requests = Arc::new(asking.requests().await);
    let mut kept = by.session.data();
    kept.renew(|gathered| gathered.requests = requests);
    kept.say(said);
}

/// For what the agreement's schema has no place for: a pointer to nothing in particular.
const SOMETHING_ELSE: &str = "/";
const FORM: &str = "/corrections/new";
/// So many open requests about one value are looked into for an equal one.
const MOST_ALIKE: usize = 10;
