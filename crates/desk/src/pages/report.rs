//! Doubting a value at its holder (terugmelding), from the dossier in which it was seen.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_domain::{Bsn, FeedbackId, Instant};
use kw_protocol::dossier::Section;
use kw_protocol::feedback::{
    DoubtedAttribute, FeedbackContact, FeedbackKind, LONGEST_REFERENCE, LONGEST_TEXT, MOST_ATTACHED_BYTES,
    MOST_ATTACHMENTS, NewAttachment, ReasonableDoubt,
};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_web::{Choosable, Failure, Fields, File, Frame, Outcome, Problems, SignedIn, Upload, User};
use serde_json::Value;

use super::about::About;
use super::dossier::{delivered, said_value};
use super::titles;
use super::{Kept, go_to};
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
    doubts: Vec<DoubtField>,
    /// Whether another value can be added.
    more: bool,
    /// All values of the record.
    values: Vec<Choosable>,
    problems: &'a Problems,
    draft: &'a Draft,
}

/// The fields about one value.
struct DoubtField {
    number: usize,
    row: &'static str,
    proposed: &'static str,
    chosen: String,
    text: String,
    /// The value, when it was chosen in the dossier.
    value: Option<(String, String)>,
}

/// One value that is doubted, as somebody filled it in.
#[derive(Clone, Default)]
struct Doubt {
    row: String,
    proposed: String,
}

/// The form, as somebody filled it in. Files are not in it: a browser does not show them again.
#[derive(Default)]
struct Draft {
    /// The name of the form.
    form: String,
    doubts: Vec<Doubt>,
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

pub(crate) async fn send_of_record(sent: Upload<Kept>, app: Data<App>, at: Path<(String, usize)>) -> Outcome {
    let place = Place::find(&sent.form.by, &at.0, at.1, None)?;
    send(&sent, &app, &place).await
}

pub(crate) async fn send_of_value(
    sent: Upload<Kept>,
    app: Data<App>,
    at: Path<(String, usize, usize)>,
) -> Outcome {
    let place = Place::find(&sent.form.by, &at.0, at.1, Some(at.2))?;
    send(&sent, &app, &place).await
}

fn begin(by: &SignedIn<Kept>, app: &App, place: &Place) -> Outcome {
    app.require_proof(by, &place.path())?;
    if let Some(unsent) = by.unsent(&place.path()) {
        return page(by, app, place, &Draft::of(&unsent), &Problems::of_unsent(), StatusCode::OK);
    }
    let email = by.user().claims.get("email").and_then(Value::as_str).unwrap_or_default();
    let draft = Draft {
        form: FeedbackId::new(by.shell.now(), app.entropy.draw()).to_string(),
        doubts: vec![Doubt {
            row: String::new(),
            proposed: place.row.and_then(|row| proposed(place, row)).unwrap_or_default(),
        }],
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

async fn send(sent: &Upload<Kept>, app: &App, place: &Place) -> Outcome {
    let (form, by) = (&sent.form, &sent.form.by);
    let mut draft = Draft::of(form);
    let mut problems = Problems::new();
    if form.given("more").is_some() {
        draft.doubts.push(Doubt::default());
        draft.doubts.truncate(ROWS.len());
        return page(by, app, place, &draft, &problems, StatusCode::OK);
    }
    if sent.too_large() {
        problems.add("attachments", "desk-attachments-large");
    }
    let attachments = attachments(sent.files("attachments"), &mut problems);
    let request = draft.read(place, by.user(), by.shell.now(), &mut problems);
    if !problems.is_empty() {
        return page(by, app, place, &draft, &problems, StatusCode::UNPROCESSABLE_ENTITY);
    }
    app.require_proof_for(form, &place.path())?;
    let request = FeedbackRequest { attachments, ..request };
    let id = named(&draft.form, &request);
    let sent = app.partner.report_feedback(&FeedbackRequest { id, ..request }).await?;
    place.opened.reported(place.number, sent.id);
    Ok(go_to(&format!("/reports/sent/{}", sent.id)))
}

/// The name of a report: of its form and what stands in it. Who presses twice reports once; whoever goes back and changes something
/// reports something else.
fn named(form: &str, request: &FeedbackRequest) -> Option<FeedbackId> {
    let form = FeedbackId::parse(form).ok()?;
    let content = digest(&SHA256, &serde_json::to_vec(request).ok()?);
    let mut name = *form.as_bytes();
    // Behind the moment, the version and the variant.
    name.iter_mut().skip(9).zip(content.as_ref()).for_each(|(byte, of_content)| *byte ^= of_content);
    Some(FeedbackId::from_bytes(name))
}

/// The files as the holder takes them, or what is wrong with them. What a file is, its content says.
fn attachments<'a>(files: impl Iterator<Item = &'a File>, problems: &mut Problems) -> Vec<NewAttachment> {
    let (mut attachments, mut size) = (Vec::new(), 0);
    for file in files {
        size += file.content.len();
        let Some(media_type) = media_type(&file.content) else {
            problems.add("attachments", "desk-attachments-type");
            continue;
        };
        if file.name.is_empty() || file.name.chars().count() > LONGEST_FILE_NAME {
            problems.add("attachments", "desk-attachments-name");
        }
        if Bsn::occurs_in(&file.name) {
            problems.add("attachments", "desk-number-in-text");
        }
        attachments.push(NewAttachment {
            name: file.name.clone(),
            media_type: media_type.to_owned(),
            description: None,
            content: STANDARD.encode(&file.content),
        });
    }
    if attachments.len() > MOST_ATTACHMENTS {
        problems.add("attachments", "desk-attachments-many");
    }
    if size > MOST_ATTACHED_BYTES {
        problems.add("attachments", "desk-attachments-large");
    }
    if problems.is_empty() { attachments } else { Vec::new() }
}

fn media_type(content: &[u8]) -> Option<&'static str> {
    let begins: [(&[u8], &str); 3] =
        [(b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png")];
    begins.into_iter().find(|(begin, _)| content.starts_with(begin)).map(|(_, media_type)| media_type)
}

impl Draft {
    fn of(form: &Fields) -> Self {
        let checked = |name: &str| form.given(name).is_some();
        let text = |name: &str| form.get(name).replace("\r\n", "\n");
        // A field that is not in the form ends them: those of the first value always are.
        let there = ROWS.iter().zip(PROPOSED).enumerate().take_while(|(at, (row, proposed))| {
            *at == 0 || !form.all(row).is_empty() || !form.all(proposed).is_empty()
        });
        let doubts = there.map(|(_, (row, proposed))| Doubt { row: text(row), proposed: text(proposed) });
        Self {
            form: form.get("form").to_owned(),
            doubts: doubts.collect(),
            explanation: text("explanation"),
            reference: text("reference"),
            suspicion: checked("suspicion"),
            knowledge: checked("knowledge"),
            definition: checked("definition"),
            name: text("name"),
            email: text("email"),
            phone: text("phone"),
        }
    }

    /// What is reported, if nothing is wrong with it.
    fn read(&self, place: &Place, user: &User, now: Instant, problems: &mut Problems) -> FeedbackRequest {
        let attributes = self.attributes(place, problems);
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
        FeedbackRequest {
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
            attributes,
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
        }
    }

    /// The values that are doubted. Of those that were added, what stayed empty is none.
    fn attributes(&self, place: &Place, problems: &mut Problems) -> Vec<DoubtedAttribute> {
        let mut attributes: Vec<DoubtedAttribute> = Vec::new();
        for (at, (doubt, field)) in self.doubts.iter().zip(ROWS).enumerate() {
            if at > 0 && doubt.row.is_empty() && doubt.proposed.is_empty() {
                continue;
            }
            let fixed = place.row.filter(|_| at == 0);
            let row = fixed.or_else(|| doubt.row.parse().ok()).and_then(|row| place.rows.get(row));
            let Some(row) = row else {
                problems.add(field, "desk-report-row-wrong");
                continue;
            };
            if attributes.iter().any(|one| one.pointer == row.pointer) {
                problems.add(field, "desk-report-row-twice");
            }
            let doubted = place.section.document.as_ref().and_then(|document| document.pointer(&row.pointer));
            let proposed = Some(doubt.proposed.clone()).filter(|text| !text.is_empty());
            attributes.push(DoubtedAttribute {
                pointer: row.pointer.clone(),
                doubted: doubted.cloned(),
                proposed: proposed.map(|text| like(doubted, text)),
            });
        }
        attributes
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
    let shown =
        |row: &Row| (titles::row(&f, &agreement, &place.section.category, row), said_value(&f, &row.value));
    let values = place.rows.iter().enumerate().map(|(at, row)| {
        let (path, value) = shown(row);
        let label = format!("{path}: {}", value.chars().take(60).collect::<String>());
        Choosable::new(at.to_string(), label)
    });
    let none = Choosable::new(String::new(), f.t("desk-choose"));
    let fields = draft.doubts.iter().zip(ROWS.into_iter().zip(PROPOSED)).enumerate();
    let doubts = fields.map(|(at, (doubt, (row, proposed)))| DoubtField {
        number: at + 1,
        row,
        proposed,
        chosen: doubt.row.clone(),
        text: doubt.proposed.clone(),
        value: place.row.filter(|_| at == 0).and_then(|row| place.rows.get(row)).map(shown),
    });
    let page = Page {
        f: &f,
        about: About::of(&f, &agreement, &place.opened.question, by.user(), place.opened.asked_at),
        path: place.path(),
        dossier: place.opened.id.clone(),
        holder: place.section.holder.name.clone(),
        category: titles::category(&f, &agreement, &place.section.category),
        doubts: doubts.collect(),
        more: draft.doubts.len() < ROWS.len().min(place.rows.len()),
        values: std::iter::once(none).chain(values).collect(),
        problems,
        draft,
    };
    f.page_with(status, &page)
}

/// The fields of each value that one form can report.
const ROWS: [&str; 8] = ["row", "row-2", "row-3", "row-4", "row-5", "row-6", "row-7", "row-8"];
const PROPOSED: [&str; 8] = [
    "proposed",
    "proposed-2",
    "proposed-3",
    "proposed-4",
    "proposed-5",
    "proposed-6",
    "proposed-7",
    "proposed-8",
];
/// Of the holder.
const LONGEST_FILE_NAME: usize = 100;

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

    #[test]
    fn a_file_is_what_its_content_says_and_no_more_than_the_holder_takes() {
        let file = |name: &str, content: &[u8]| File { name: name.to_owned(), content: content.to_vec() };
        let read = |files: &[File]| {
            let mut problems = Problems::new();
            let read = attachments(files.iter(), &mut problems);
            match problems.of("attachments") {
                Some(problem) => Err(problem),
                None => Ok(read.into_iter().map(|one| one.media_type).collect::<Vec<_>>()),
            }
        };
        let pdf = || file("brief.pdf", b"%PDF-1.7 x");
        let png = file("foto.pdf", b"\x89PNG\r\n\x1a\n");
        assert_eq!(read(&[pdf(), png]), Ok(vec!["application/pdf".to_owned(), "image/png".to_owned()]));
        assert_eq!(read(&[]), Ok(vec![]));
        for (files, problem) in [
            (vec![file("brief.pdf", b"<html>")], "desk-attachments-type"),
            (vec![file("leeg.pdf", b"")], "desk-attachments-type"),
            (vec![file(&"x".repeat(101), b"%PDF-")], "desk-attachments-name"),
            (vec![file("999990342.pdf", b"%PDF-")], "desk-number-in-text"),
            ((0..6).map(|_| pdf()).collect(), "desk-attachments-many"),
            (
                vec![file("a.pdf", &[b"%PDF-".as_slice(), &vec![0; MOST_ATTACHED_BYTES]].concat())],
                "desk-attachments-large",
            ),
        ] {
            assert_eq!(read(&files), Err(problem));
        }
    }
}
