//! `/resolve`: two persons agree that the records about one subject may be found, without being told who that is.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_domain::{ResolutionId, SubjectReference};
use kw_protocol::access_log::{
    ApproveResolution, LONGEST_REASON, RequestResolution, Resolution, ResolutionState,
};
use kw_web::{Failure, Fields, Form, Frame, Outcome, Problems};

use super::view::{self, Choice};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, log_of, name_of, not_asked};

#[derive(Template)]
#[template(path = "resolve.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    log: &'a str,
    logs: Vec<Choice>,
    name: String,
    asked: &'a Asked,
    /// Nothing when the log does not tell.
    rows: Option<Vec<Row>>,
}

#[derive(Default)]
struct Asked {
    index: String,
    reference: String,
    reason: String,
}

impl Asked {
    fn of(fields: &Fields) -> Self {
        let get = |name: &str| fields.get(name).to_owned();
        Self { index: get("index"), reference: get("reference"), reason: get("reason") }
    }
}

struct Row {
    id: String,
    state: &'static str,
    until: String,
    reason: String,
    asked_by: String,
    agreed_by: String,
    /// Whether this reader may agree.
    open: bool,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    page(&by, &console, "switchboard", &Problems::new(), &Asked::default()).await
}

pub(crate) async fn of_log(by: By, console: Data<Console>, log: Path<String>) -> Outcome {
    match by.unsent(&format!("/resolve/{log}")) {
        Some(unsent) => page(&by, &console, &log, &Problems::of_unsent(), &Asked::of(&unsent)).await,
        None => page(&by, &console, &log, &Problems::new(), &Asked::default()).await,
    }
}

/// `POST /resolve`: asks. Somebody else has to agree.
pub(crate) async fn request(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let (slug, asked) = (form.get("log").to_owned(), Asked::of(&form));
    form.require_fresh(&format!("/resolve/{slug}"))?;
    let mut problems = Problems::new();
    let index = problems.take("index", "resolve-wrong-index", asked.index.parse::<u64>());
    let reference = problems.take("reference", "console-wrong-id", SubjectReference::parse(&asked.reference));
    if asked.reason.is_empty() || asked.reason.len() > LONGEST_REASON {
        problems.add("reason", "resolve-wrong-reason");
    }
    let log = log_of(&console.agreement(), &slug).ok_or_else(Failure::not_found)?;
    if !problems.is_empty() {
        return page(by, &console, &slug, &problems, &asked).await;
    }
    let request = RequestResolution {
        auditor: by.user().id.clone(),
        proof: Some(by.user().token.clone()),
        reason: asked.reason.clone(),
        index,
        reference,
        subject: None,
    };
    let client = console.service(&log)?.records;
    client.request_resolution(&request).await.map_err(|error| not_asked(&error))?;
    Ok(go_to(&format!("/resolve/{slug}")))
}

/// `POST /resolve/{log}/{id}/approvals`: agrees with what somebody else asked.
pub(crate) async fn approve(
    form: Form<Kept>,
    console: Data<Console>,
    path: Path<(String, String)>,
) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let (slug, id) = path.into_inner();
    let id: ResolutionId = id.parse().map_err(|_| Failure::not_found())?;
    let log = log_of(&console.agreement(), &slug).ok_or_else(Failure::not_found)?;
    let back = format!("/resolve/{slug}");
    by.require_fresh(&back)?;
    let approval = ApproveResolution { auditor: by.user().id.clone(), proof: Some(by.user().token.clone()) };
    let client = console.service(&log)?.records;
    client.approve_resolution(id, &approval).await.map_err(|error| not_asked(&error))?;
    Ok(go_to(&back))
}

async fn page(by: &By, console: &Console, slug: &str, problems: &Problems, asked: &Asked) -> Outcome {
    auditor(by)?;
    let agreement = console.agreement();
    let log = log_of(&agreement, slug).ok_or_else(Failure::not_found)?;
    let listed = console.service(&log)?.records.resolutions().await.ok();
    let f = by.frame("console-resolve");
    let row = |one: &Resolution| Row {
        id: one.id.to_string(),
        state: match one.state {
            ResolutionState::Approved => "resolve-usable",
            ResolutionState::Requested => "resolve-waiting",
        },
        until: f.moment(one.expires_at),
        reason: one.reason.clone(),
        asked_by: one.requested_by.auditor.to_string(),
        agreed_by: one.approved_by.as_ref().map(|by| by.auditor.to_string()).unwrap_or_default(),
        open: one.state == ResolutionState::Requested
            && !one.requested_by.auditor.is_same_person(&by.user().id),
    };
    f.page(&Page {
        problems,
        log: slug,
        logs: view::logs(&agreement, &console.shared_logs()),
        name: name_of(&agreement, log.oin),
        asked,
        rows: listed.map(|listed| listed.resolutions.iter().map(row).collect()),
        f: &f,
    })
}
