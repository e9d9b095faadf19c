//! Is the person who asks who their organisation says it is? Asked of every request that names an actor, before anything
//! is decided on it.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_ledger::AccessRecord;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_runtime::{Party, Refusal};

use crate::about;
use crate::app::App;
use crate::index::locate;
use crate::staleness::again;

/// Refuses an actor who claims to be proven and is not. The same for acts that are about no person: nothing is recorded.
pub(crate) async fn require_signed_in(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    actor: &Actor,
) -> Result<(), Refusal> {
    let refused = |error: kw_identity::ActorError| Refusal::new(error.code(), error.detail());
    app.proofs.check(agreement, party, actor).await.map(drop).map_err(refused)
}

/// Refuses an actor who is said to be proven and is not. That somebody tried is on record, about the subject, before it is
/// told; the record says no more of the actor than was shown.
pub(crate) async fn require_actor(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    (actor, subject): (&Actor, &SubjectElement),
    record: impl Fn() -> AccessRecord,
) -> Result<(), Refusal> {
    let Err(error) = app.proofs.check(agreement, party.oin, actor).await else { return Ok(()) };
    if error.code() == ProblemCode::Unavailable {
        let detail = "Your organisation's identity provider cannot be asked for its keys now. Try again.";
        return Err(Refusal::new(error.code(), detail).retry_after(RETRY_AFTER));
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        let keyring = app.keyring.load_full();
        let subject = match locate(&keyring.keys, &keyring.live, subject) {
            Ok(located) => app.known_subject(located.tags).await?,
            Err(_) => None,
        };
        let mut record = record();
        if let Some(actor) = &mut record.actor {
            ASSERTED.clone_into(&mut actor.assurance);
        }
        match about::commit_denial(app, &keyring, record, error.reason(), subject).await {
            Ok(()) => return Err(Refusal::new(error.code(), error.detail())),
            Err(error) => again(app, error, attempt).await?,
        }
    }
}

const ASSERTED: &str = "asserted";
const RETRY_AFTER: Duration = Duration::from_secs(5);
