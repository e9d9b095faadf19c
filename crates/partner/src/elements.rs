//! From a person, whom only this partner knows by number, to what the switchboard knows them by.

use kw_domain::{KeyUse, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_requester::RequestError;
use kw_runtime::Refusal;

use crate::app::App;
use crate::people::ONLY_TEST_NUMBERS;
use crate::refusals;

/// The person that a field names, if this partner may handle them.
pub(crate) fn subject(app: &App, pointer: &str, text: &str) -> Result<Subject, Refusal> {
    let invalid = || Refusal::new(ProblemCode::Invalid, "Correct the fields and send the request again.");
    let subject = Subject::parse(text).map_err(|error| invalid().field(pointer, error.to_string()))?;
    if app.admission.admits(&app.agreement.current(), &subject) {
        Ok(subject)
    } else {
        Err(invalid().field(pointer, ONLY_TEST_NUMBERS))
    }
}

/// N_index of a person under the newest epoch. Charged to the budget for questions.
pub(crate) async fn element(app: &App, subject: &Subject) -> Result<SubjectElement, Refusal> {
    let clients = app.services()?;
    let evaluated = clients
        .pseudonymiser
        .evaluate(std::slice::from_ref(subject), KeyUse::Index, BudgetClass::Query)
        .await
        .map_err(|error| refusals::of_request(&RequestError::Pseudonym(error)))?;
    let newest = evaluated.into_iter().next().unwrap_or_default().pop();
    let newest = newest.ok_or_else(|| Refusal::fault("an evaluation without an element"))?;
    Ok(SubjectElement { element: SecretBytes32(newest.element.to_bytes()), epoch: newest.epoch })
}
