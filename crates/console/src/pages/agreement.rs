//! `/agreement`: what is in force, what the next one changes, and the approvals of two operators.

use actix_web::web::Data;
use askama::Template;
use kw_agreement::{Agreement, Approvals, Change};
use kw_protocol::operator::{AgreementChange, OperatorAgreement};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::{By, Kept, go_to, operator};
use crate::app::Console;
use crate::operator::Proposed;

#[derive(Template)]
#[template(path = "agreement.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    agreement: OperatorAgreement,
    proposed: Option<Shown>,
    next: &'a str,
    approval: &'a str,
}

struct Shown {
    version: String,
    hash: String,
    missing: usize,
    changes: Vec<AgreementChange>,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    operator(&by)?;
    page(&by, &console, &Problems::new(), "", "").await
}

/// `POST /agreement/next`: what another agreement would change. Nothing happens but that.
pub(crate) async fn propose(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    operator(by)?;
    // A form's line ends are those of a page, and it has no last one.
    let text = form.get("next").replace("\r\n", "\n");
    let Ok(next) = Agreement::parse(&format!("{text}\n")) else {
        let mut problems = Problems::new();
        problems.add("next", "agreement-wrong-text");
        return page(by, &console, &problems, &text, "").await;
    };
    let proposed = Proposed::of(&console.agreement(), &next, &Approvals::default());
    by.session.data().proposed = Some(proposed);
    Ok(go_to("/agreement"))
}

/// `POST /agreement/approvals`: hands in what an operator signed on their own machine.
pub(crate) async fn approve(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    operator(by)?;
    by.require_fresh("/agreement")?;
    // A form's line ends are those of a page; what was signed has others.
    let text = form.get("approval").replace("\r\n", "\n");
    let refused = match console.operator()?.hand_in(&format!("{text}\n")).await {
        Ok(_) => return Ok(go_to("/agreement")),
        Err(Failure::Problem { code: ProblemCode::Invalid }) => "agreement-wrong-approval",
        Err(Failure::Problem { code: ProblemCode::Conflict }) => "agreement-approved-before",
        Err(Failure::Problem { code: ProblemCode::NotFound }) => "agreement-nothing-waits",
        Err(failure) => return Err(failure),
    };
    let mut problems = Problems::new();
    problems.add("approval", refused);
    page(by, &console, &problems, "", &text).await
}

async fn page(by: &By, console: &Console, problems: &Problems, next: &str, approval: &str) -> Outcome {
    let agreement = console.operator()?.agreement().await?;
    let f = by.frame("console-agreement");
    let proposed = by.session.data().proposed.as_ref().map(|proposed| Shown {
        version: proposed.version.clone(),
        hash: proposed.hash.clone(),
        missing: proposed.admission.missing,
        changes: proposed.admission.changes.iter().map(change).collect(),
    });
    f.page(&Page { f: &f, problems, agreement, proposed, next, approval })
}

fn change(change: &Change) -> AgreementChange {
    AgreementChange {
        direction: change.direction.as_str().to_owned(),
        path: change.path.clone(),
        sentence: change.sentence.clone(),
    }
}
