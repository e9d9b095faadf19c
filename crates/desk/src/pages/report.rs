//! Doubting a value at its holder (terugmelding), from the dossier in which it was seen.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use kw_domain::{Bsn, Instant};
use kw_protocol::dossier::Section;
use kw_protocol::feedback::{
    DoubtedAttribute, FeedbackContact, FeedbackKind, LONGEST_REFERENCE, LONGEST_TEXT, ReasonableDoubt,
};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_web::{Failure, Form, Frame, Outcome, Problems, SignedIn, User};
use serde_json::Value;

use super::about::About;
use super::dossier::{category, delivered, said_value};
use super::{Choosable, Kept, go_to};
use crate::app::App;
use crate::document::{Row, rows};
use crate::opened::Opened;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    f: &'a Frame,
    about: About,
    /// Where the form goes.
    path: String,
    dossier: String,
    holder: String,
    category: String,
    /// The value, when it was chosen in the dossier.
    value: Option<(String, String)>,
    /// All of them otherwise.
    values: Vec<Choosable>,
    problems: &'a Problems,
    draft: &'a Draft,
}

/// The form, as somebody filled it in.
#[derive(Default)]
struct Draft {
    row: String,
    proposed: String,
    explanation: String,
    reference: String,
    suspicion: bool,
    knowledge: bool,
    definition: bool,
    name: String,
    email: String,
    phone: String,
}

/// What in a dossier is doubted: a record, or one value of it.
pub(super) struct Place {
    opened: std::sync::Arc<Opened>,
    number: usize,
    section: Section,
    rows: Vec<Row>,
    row: Option<usize>,
}

impl Place {
    fn find(by: &SignedIn<Kept>, id: &str, place: usize, row: Option<usize>) -> Result<Self, Failure> {
        let opened = by.session.data().opened(id)?;
        let section = delivered(&opened, place)?;
        let (rows, _) = section.document.as_ref().map(rows).unwrap_or_default();
        if row.is_some_and(|row| row >= rows.len()) {
            return Err(Failure::not_found());
        }
        Ok(Self { opened, number: place, section, rows, row })
    }

    fn path(&self) -> String {
        let section = format!("/dossiers/{}/report/{}", self.opened.id, self.number);
        self.row.map_or(section.clone(), |row| format!("{section}/{row}"))
    }
}

pub(crate) async fn of_record(by: SignedIn<Kept>, app: Data<App>, at: Path<(String, usize)>) -> Outcome {
    let place = Place::find(&by, &at.0, at.1, None)?;
    begin(&by, &app, &place)
}

pub(crate) async fn of_value(
    by: SignedIn<Kept>,
    app: Data<App>,
    at: Path<(String, usize, usize)>,
) -> Outcome {
    let place = Place::find(&by, &at.0, at.1, Some(at.2))?;
    begin(&by, &app, &place)
}

pub(crate) async fn send_of_record(form: Form<Kept>, app: Data<App>, at: Path<(String, usize)>) -> Outcome {
    let place = Place::find(&form.by, &at.0, at.1, None)?;
    send(&form, &app, &place).await
}

pub(crate) async fn send_of_value(
    form: Form<Kept>,
    app: Data<App>,
    at: Path<(String, usize, usize)>,
) -> Outcome {
    let place = Place::find(&form.by, &at.0, at.1, Some(at.2))?;
    send(&form, &app, &place).await
}

fn begin(by: &SignedIn<Kept>, app: &App, place: &Place) -> Outcome {
    app.require_proof(by, &place.path())?;
    let email = by.user().claims.get("email").and_then(Value::as_str).unwrap_or_default();
    let draft = Draft {
        proposed: place.row.and_then(|row| proposed(place, row)).unwrap_or_default(),
        name: by.user().name.clone(),
        email: email.to_owned(),
        ..Draft::default()
    };
    page(by, app, place, &draft, &Problems::new(), StatusCode::OK)
}

/// What the holder whose value counts says instead.
fn proposed(place: &Place, row: usize) -> Option<String> {
    let progress = place.opened.progress();
    let pointer = &place.rows.get(row)?.pointer;
    let held = progress.differences().iter().flat_map(|difference| &difference.values);
    let mut drafts = held.map(|held| &held.feedback).filter(|draft| draft.handle == place.section.handle);
    let draft = drafts.find(|draft| {
        draft.holder == place.section.holder.oin
            && draft.category == place.section.category
            && draft.attributes.iter().any(|one| one.pointer == *pointer)
    })?;
    draft.attributes.iter().find_map(|one| one.proposed.as_ref()?.as_str().map(str::to_owned))
}

async fn send(form: &Form<Kept>, app: &App, place: &Place) -> Outcome {
    let by = &form.by;
    let checked = |name: &str| form.given(name).is_some();
    let text = |name: &str| form.get(name).replace("\r\n", "\n");
    let draft = Draft {
        row: text("row"),
        proposed: text("proposed"),
        explanation: text("explanation"),
        reference: text("reference"),
        suspicion: checked("suspicion"),
        knowledge: checked("knowledge"),
        definition: checked("definition"),
        name: text("name"),
        email: text("email"),
        phone: text("phone"),
    };
    let mut problems = Problems::new();
    let request = draft.read(place, by.user(), by.shell.now(), &mut problems);
    let Some(request) = request.filter(|_| problems.is_empty()) else {
        return page(by, app, place, &draft, &problems, StatusCode::UNPROCESSABLE_ENTITY);
    };
    app.require_proof(by, &place.path())?;
    let sent = app.partner.report_feedback(&request).await?;
    place.opened.reported(place.number, sent.id);
    Ok(go_to(&format!("/reports/sent/{}", sent.id)))
}

impl Draft {
    fn read(
        &self,
        place: &Place,
        user: &User,
        now: Instant,
        problems: &mut Problems,
    ) -> Option<FeedbackRequest> {
        let row = place.row.or_else(|| self.row.parse().ok()).and_then(|row| place.rows.get(row));
        let doubted = row.and_then(|row| place.section.document.as_ref()?.pointer(&row.pointer));
        if row.is_none() {
            problems.add("row", "desk-report-row-wrong");
        }
        for (met, field) in
            [(self.suspicion, "suspicion"), (self.knowledge, "knowledge"), (self.definition, "definition")]
        {
            if !met {
                problems.add(field, "desk-report-doubt-wrong");
            }
        }
        if self.name.is_empty() || self.name.chars().count() > 100 {
            problems.add("name", "desk-report-name-wrong");
        }
        let (before, after) = self.email.split_once('@').unwrap_or_default();
        if before.is_empty() || !after.contains('.') || self.email.len() > 254 || self.email.contains(' ') {
            problems.add("email", "desk-report-email-wrong");
        }
        if self.phone.chars().count() > 20 {
            problems.add("phone", "desk-report-phone-wrong");
        }
        if self.reference.chars().count() > LONGEST_REFERENCE {
            problems.add("reference", "desk-report-reference-wrong");
        }
        if Bsn::occurs_in(&self.reference) {
            problems.add("reference", "desk-number-in-text");
        }
        if self.explanation.chars().count() > LONGEST_TEXT {
            problems.add("explanation", "desk-report-explanation-wrong");
        }
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let question = place.opened.question.request(user);
        Some(FeedbackRequest {
            id: None,
            subject: question.subject,
            birth_date: question.birth_date,
            purpose: question.purpose,
            actor: question.actor,
            case: question.case,
            relation: question.relation,
            representation: question.representation,
            holder: place.section.holder.oin,
            category: place.section.category.clone(),
            handle: place.section.handle,
            kind: FeedbackKind::Report,
            reference: given(&self.reference),
            attributes: vec![DoubtedAttribute {
                pointer: row?.pointer.clone(),
                doubted: doubted.cloned(),
                proposed: given(&self.proposed).map(|text| like(doubted, text)),
            }],
            observed_at: place.section.as_of.or(Some(now)),
            explanation: given(&self.explanation),
            doubt: ReasonableDoubt {
                strong_suspicion: self.suspicion,
                own_knowledge: self.knowledge,
                knows_definition: self.definition,
            },
            contact: FeedbackContact {
                name: self.name.clone(),
                email: self.email.clone(),
                phone: given(&self.phone),
                department: None,
            },
            attachments: Vec::new(),
        })
    }
}

/// A number stays a number, and a yes or no stays that, when what was typed is one.
fn like(doubted: Option<&Value>, text: String) -> Value {
    let typed = match doubted {
        Some(Value::Number(_)) => text.parse::<serde_json::Number>().ok().map(Value::Number),
        Some(Value::Bool(_)) => match text.to_lowercase().as_str() {
            "ja" | "yes" | "true" => Some(Value::Bool(true)),
            "nee" | "no" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    typed.unwrap_or(Value::String(text))
}

fn page(
    by: &SignedIn<Kept>,
    app: &App,
    place: &Place,
    draft: &Draft,
    problems: &Problems,
    status: StatusCode,
) -> Outcome {
    let f = by.frame("desk-report");
    let agreement = app.agreed();
    let shown = |row: &Row| (row.path.join(" › "), said_value(&f, &row.value));
    let values = place.rows.iter().enumerate().filter(|_| place.row.is_none()).map(|(at, row)| {
        let (path, value) = shown(row);
        let label = format!("{path}: {}", value.chars().take(60).collect::<String>());
        Choosable { value: at.to_string(), label, help: String::new() }
    });
    let page = Page {
        f: &f,
        about: About::of(&f, &agreement, &place.opened.question, by.user(), place.opened.asked_at),
        path: place.path(),
        dossier: place.opened.id.clone(),
        holder: place.section.holder.name.clone(),
        category: category(&f, &agreement, &place.section.category),
        value: place.row.and_then(|row| place.rows.get(row)).map(shown),
        values: values.collect(),
        problems,
        draft,
    };
    f.page_with(status, &page)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_proposed_is_of_the_kind_of_what_is_doubted_where_it_can_be() {
        for (doubted, text, expected) in [
            (Some(json!(3)), "4", json!(4)),
            (Some(json!(3)), "vier", json!("vier")),
            (Some(json!(true)), "Nee", json!(false)),
            (Some(json!("3")), "4", json!("4")),
            (None, "4", json!("4")),
        ] {
            assert_eq!(like(doubted.as_ref(), text.to_owned()), expected);
        }
    }
}
