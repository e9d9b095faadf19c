//! Records about one subject, who may not be in the index yet: what questions and access reports leave behind.

use std::sync::Arc;

use kw_domain::SubjectId;
use kw_ledger::{AccessRecord, Canonical, LeafKind};
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSubject, Switchboard};
use kw_store::{Act, StoreError, StoredReceipt, Tx, WriteError};

use crate::app::{App, Keyring, act, act_about, recorded};
use crate::index::{LocatedSubject, seal_element};
use crate::staleness::{Unwritten, check_generations};

/// What was committed: the record as it was written, and a receipt for it and for each grant.
#[derive(Debug)]
pub(crate) struct CommittedAccess {
    pub(crate) record: String,
    pub(crate) own: StoredReceipt,
    pub(crate) of_grants: Vec<StoredReceipt>,
}

/// Stores record, link and grant leaves in one transaction, with whatever `also` writes about the subject. A subject that nobody knew is kept all the same, so that the
/// person can see later who asked (docs/decisions/0006).
pub(crate) async fn commit(
    app: &App,
    keyring: &Arc<Keyring>,
    mut record: AccessRecord,
    subject: Option<SubjectId>,
    located: &LocatedSubject,
    grants: Vec<Canonical>,
    also: impl Fn(&mut Tx<'_, Switchboard>, SubjectId) -> Result<(), StoreError> + Send + 'static,
) -> Result<Result<CommittedAccess, WriteError<Unwritten>>, Refusal> {
    let reference = app.reference();
    record.subject = Some(reference);
    // Everything is written out before the one thread that commits gets it.
    let at = record.at;
    let written_record = recorded(&record)?;
    let text = written_record.as_str().to_owned();
    let fresh = subject.is_none().then(|| {
        let id: SubjectId = app.entropy.id(record.at);
        let element = seal_element(&keyring.keys.row, id, &located.element, app.entropy.draw());
        NewSubject { id, tags: located.tags, generation: located.generation, element }
    });
    let writing = Arc::clone(keyring);
    let done = app
        .store
        .write("answer_about_subject", move |tx| {
            check_generations(tx, &writing.live)?;
            let subject = match (&subject, &fresh) {
                (Some(subject), _) => *subject,
                (None, Some(fresh)) => {
                    if let Some(subject) = tx.read().find_subject(&fresh.tags)? {
                        subject
                    } else {
                        tx.write().insert_subjects(std::slice::from_ref(fresh))?;
                        fresh.id
                    }
                }
                (None, None) => return Err(StoreError::Damaged("subject").into()),
            };
            also(tx, subject)?;
            let act = Act::new(at, LeafKind::Access, written_record.clone()).link(subject, reference);
            Ok(((), grants.iter().cloned().fold(act, Act::grant)))
        })
        .await;
    let mut receipts = match done {
        Ok(done) => done.receipts.into_iter(),
        Err(error) => return Ok(Err(error)),
    };
    let own = receipts.next().ok_or_else(|| Refusal::fault("a commit without a receipt"))?;
    Ok(Ok(CommittedAccess { record: text, own, of_grants: receipts.collect() }))
}

/// Stores that it was denied; only then may it be told. Somebody who is in the index can see it later.
pub(crate) async fn commit_denial(
    app: &App,
    keyring: &Arc<Keyring>,
    record: AccessRecord,
    reason: &'static str,
    subject: Option<SubjectId>,
) -> Result<(), WriteError<Unwritten>> {
    let (record, reference, keyring) = (record.denied(reason), app.reference(), Arc::clone(keyring));
    app.store
        .write("deny_about_subject", move |tx| {
            check_generations(tx, &keyring.live)?;
            let act = match subject {
                Some(subject) => act_about(record.clone(), subject, reference)?,
                None => act(&record)?,
            };
            Ok(((), act))
        })
        .await
        .map(drop)
}
