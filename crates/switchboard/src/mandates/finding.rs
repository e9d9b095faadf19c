//! The two sides of a mandate as subjects of the index.

use std::sync::Arc;

use kw_domain::SubjectId;
use kw_protocol::pointer::SubjectElement;
use kw_runtime::Refusal;
use kw_store::switchboard::{LiveTags, NewSubject, Switchboard};
use kw_store::{StoreError, Tx};

use crate::app::{App, Keyring, not_located};
use crate::index::{LocatedSubject, locate, seal_element};

/// A side with what is needed to add it to the index.
pub(crate) fn side(
    app: &App,
    keyring: &Arc<Keyring>,
    element: &SubjectElement,
) -> Result<NewSubject, Refusal> {
    located(keyring, element).map(|located| fresh(app, keyring, &located))
}

/// The tags of a side.
pub(crate) fn tags(keyring: &Arc<Keyring>, element: &SubjectElement) -> Result<LiveTags, Refusal> {
    located(keyring, element).map(|located| located.tags)
}

/// The subject with these tags, made if nobody knew it.
pub(crate) fn known_or_new(
    tx: &mut Tx<'_, Switchboard>,
    fresh: &NewSubject,
) -> Result<SubjectId, StoreError> {
    if let Some(subject) = tx.read().find_subject(&fresh.tags)? {
        return Ok(subject);
    }
    tx.write().insert_subjects(std::slice::from_ref(fresh))?;
    Ok(fresh.id)
}

fn located(keyring: &Arc<Keyring>, element: &SubjectElement) -> Result<LocatedSubject, Refusal> {
    locate(&keyring.keys, &keyring.live, element).map_err(not_located)
}

/// A located side with what is needed to add it to the index.
pub(crate) fn fresh(app: &App, keyring: &Arc<Keyring>, located: &LocatedSubject) -> NewSubject {
    let id: SubjectId = app.entropy.id(app.now());
    let element = seal_element(&keyring.keys.row, id, &located.element, app.entropy.draw());
    NewSubject { id, tags: located.tags, generation: located.generation, element }
}
