//! `/v1/operator/agreement`: what is in force, what waits, and the approvals that two operators hand in.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use kw_agreement::{Approvals, Change};
use kw_protocol::operator::{AgreementChange, HandInApproval, NextAgreement, OperatorAgreement};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::party::{HandIn, Proposal};
use kw_runtime::{Body, Refusal};

use crate::app::App;

/// Shows the agreement in force and, where the file holds a wider one, what it changes and who approved it.
#[utoipa::path(
    get, path = "/v1/operator/agreement", operation_id = "readOperatorAgreement", tag = "operator",
    responses(
        (status = 200, description = "What is in force, and what waits", body = OperatorAgreement),
        (status = 503, description = "`unavailable`: the file cannot be read, or is no agreement", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_agreement(app: Data<App>) -> Result<Json<OperatorAgreement>, Refusal> {
    shown(&app).map(Json)
}

/// Takes in one operator's approval of the agreement that waits. With the second it comes into force. An approval that is not
/// of an operator in force, or not of this step, is refused, and so is a second one of the same operator.
#[utoipa::path(
    post, path = "/v1/operator/agreement/approvals", operation_id = "handInApproval", tag = "operator",
    request_body = HandInApproval,
    responses(
        (status = 201, description = "Taken in", body = OperatorAgreement),
        (status = 400, description = "`invalid`: this is no approval, or not one of this step by an operator in force", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no agreement waits", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: this operator approved before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the file cannot be read or written", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn hand_in_approval(
    app: Data<App>,
    body: Body<HandInApproval>,
) -> Result<HttpResponse, Refusal> {
    let handed_in = Approvals::parse(&body.0.approval).map_err(|_| wrong())?;
    match app.agreement.hand_in(handed_in).map_err(|_| unreadable())? {
        HandIn::Taken => Ok(HttpResponse::Created().json(shown(&app)?)),
        HandIn::NothingWaits => Err(Refusal::new(
            ProblemCode::NotFound,
            "No agreement waits for approval: put the next one in its place first.",
        )),
        HandIn::NotSound => Err(wrong()),
        HandIn::ApprovedBefore => {
            let detail = "This operator approved it already. Another one has to.";
            Err(Refusal::new(ProblemCode::Conflict, detail))
        }
    }
}

fn shown(app: &App) -> Result<OperatorAgreement, Refusal> {
    let current = app.agreement.current();
    let next = app.agreement.proposal().map_err(|_| unreadable())?;
    Ok(OperatorAgreement {
        approved_by: app.agreement.approved_by(current.hash()),
        hash: current.hash().to_owned(),
        next: next.map(|Proposal { next, admission, .. }| NextAgreement {
            approved_by: admission.approved_by.into_iter().collect(),
            changes: admission.changes.iter().map(change).collect(),
            hash: next.hash().to_owned(),
            missing: admission.missing as u64,
            version: next.version().to_owned(),
        }),
        operators: current.operators().iter().map(|operator| operator.name.clone()).collect(),
        version: current.version().to_owned(),
    })
}

pub(super) fn change(change: &Change) -> AgreementChange {
    AgreementChange {
        direction: change.direction.as_str().to_owned(),
        path: change.path.clone(),
        sentence: change.sentence.clone(),
    }
}

fn wrong() -> Refusal {
    let detail = "This is no approval of the agreement that waits by an operator of the one in force. Send what `ketenwijzer agreement approve` wrote.";
    Refusal::new(ProblemCode::Invalid, detail).field("/approval", "expected the five lines of an approval")
}

pub(super) fn unreadable() -> Refusal {
    let detail = "The agreement's file cannot be read or written, or is no agreement: run `ketenwijzer agreement check` on it.";
    Refusal::new(ProblemCode::Unavailable, detail)
}
