//! From people to elements, and to the switchboard: recorded here first.

use std::future::Future;

use kw_client::{ClientError, EpochElement, SwitchboardClient};
use kw_domain::{KeyUse, Subject, SubjectReference};
use kw_ledger::AccessRecord;
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_requester::RequestError;
use kw_runtime::Refusal;

use crate::app::{About, App, append};
use crate::people::ONLY_TEST_NUMBERS;
use crate::refusals;

/// There is no element to ask with.
pub(in crate::local) const NO_ELEMENT: ClientError =
    ClientError::Malformed("there is no element to ask with");

/// Whom a request names.
pub(in crate::local) struct People {
    /// Whom the own record is about.
    pub(in crate::local) about: Subject,
    /// All of them, in the order of the request.
    pub(in crate::local) all: Vec<Subject>,
}

/// The person in a field, if this process may handle them.
pub(in crate::local) fn person(
    app: &App,
    text: &str,
    pointer: &str,
    refusal: &mut Refusal,
) -> Option<Subject> {
    let told = match Subject::parse(text) {
        Ok(subject) if app.admission.admits(&app.agreement.current(), &subject) => return Some(subject),
        Ok(_) => ONLY_TEST_NUMBERS.to_owned(),
        Err(error) => error.to_string(),
    };
    *refusal = refusal.clone().field(pointer, told);
    None
}

impl People {
    pub(in crate::local) fn one(subject: Subject) -> Self {
        Self { about: subject.clone(), all: vec![subject] }
    }

    /// Records what is about to be asked, has everybody evaluated, and asks: with the newest elements, and once more with those
    /// before when the switchboard does not have that epoch.
    pub(in crate::local) async fn ask<T, Answering>(
        &self,
        app: &App,
        mut record: AccessRecord,
        send: impl Fn(SwitchboardClient, Vec<SubjectElement>) -> Result<Answering, ClientError>,
    ) -> Result<T, Refusal>
    where
        Answering: Future<Output = Result<T, ClientError>>,
    {
        let reference: SubjectReference = app.entropy.id(record.at);
        record.subject = Some(reference);
        let about = About { asked: Some(app.vault.asked_key(&self.about)), receipt: None };
        append(&app.store, record, about).await.map_err(|()| unrecorded())?;
        let clients = app.services()?;
        let evaluated = clients.pseudonymiser.evaluate(&self.all, KeyUse::Index, BudgetClass::Query).await;
        let evaluated = evaluated.map_err(|error| refusals::of_request(&RequestError::Pseudonym(error)))?;
        let mut refused = NO_ELEMENT;
        for elements in generations(&evaluated) {
            let answer = match send(clients.switchboard.clone(), elements) {
                Ok(answering) => answering.await,
                Err(error) => Err(error),
            };
            match answer {
                Err(error) if error.code() == Some(ProblemCode::EpochUnknown) => refused = error,
                outcome => return outcome.map_err(|error| refusals::of_client("switchboard", &error)),
            }
        }
        Err(refusals::of_client("switchboard", &refused))
    }
}

/// The same for an act that names nobody.
pub(in crate::local) async fn for_itself<T, Answering>(
    app: &App,
    record: AccessRecord,
    send: impl FnOnce(SwitchboardClient) -> Answering,
) -> Result<T, Refusal>
where
    Answering: Future<Output = Result<T, ClientError>>,
{
    app.record(record).await?;
    app.pass_on(send).await
}

fn unrecorded() -> Refusal {
    let detail = "The partner's own ledger cannot record this, so nothing was done. Try again.";
    Refusal::new(ProblemCode::Unavailable, detail)
}

/// Everybody's elements of one epoch, newest first, two epochs at most.
fn generations(evaluated: &[Vec<EpochElement>]) -> Vec<Vec<SubjectElement>> {
    let epochs = evaluated.first().into_iter().flatten().rev().take(2).map(|held| held.epoch);
    epochs
        .map(|epoch| {
            let of_epoch = |held: &&EpochElement| held.epoch == epoch;
            let element = |held: &EpochElement| SubjectElement {
                element: SecretBytes32(held.element.to_bytes()),
                epoch,
            };
            evaluated.iter().filter_map(|one| one.iter().find(of_epoch).map(element)).collect()
        })
        .collect()
}
