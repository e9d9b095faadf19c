//! What all verbs share: whom it is about, who acted, and what is recorded.

use std::sync::Arc;

use kw_domain::SubjectId;
use kw_ledger::{AccessRecord, RecordedActor};
use kw_protocol::pointer::SubjectElement;
use kw_protocol::query::Actor;
use kw_runtime::Refusal;
use kw_store::WriteError;

use super::Undeclared;
use crate::about;
use crate::app::{App, Keyring, not_located};
use crate::index::{LocatedSubject, locate};
use crate::staleness::Unwritten;

/// A person as the index knows them, if it does.
pub(crate) struct Known {
    pub(crate) located: LocatedSubject,
    pub(crate) subject: Option<SubjectId>,
}

/// Looks a person up.
pub(crate) async fn known(app: &App, keyring: &Keyring, subject: &SubjectElement) -> Result<Known, Refusal> {
    let located = locate(&keyring.keys, &keyring.live, subject).map_err(not_located)?;
    let subject = app.known_subject(located.tags).await?;
    Ok(Known { located, subject })
}

/// The actor as these records write it: vouched for by the organisation's certificate only.
pub(crate) fn asserted(actor: &Actor) -> RecordedActor {
    RecordedActor { assurance: "asserted".to_owned(), id: actor.id.clone(), role: actor.role.clone() }
}

/// Records that it was denied; only then is it answered. Somebody who is in the index can see it later.
pub(crate) async fn deny<T>(
    app: &App,
    keyring: &Arc<Keyring>,
    record: AccessRecord,
    why: Undeclared,
    subject: Option<SubjectId>,
) -> Result<Result<T, WriteError<Unwritten>>, Refusal> {
    match about::commit_denial(app, keyring, record, why.reason(), subject).await {
        Ok(()) => Err(why.refusal()),
        Err(error) => Ok(Err(error)),
    }
}
