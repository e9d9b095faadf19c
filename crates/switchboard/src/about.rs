//! Records about one subject, who may not be in the index yet: what questions and access reports leave behind.

use std::sync::Arc;

use kw_domain::{Instant, SubjectId};
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

/// A subject that may not be in the index yet.
#[derive(Debug, Clone)]
pub(crate) struct Prospect(NewSubject);

impl Prospect {
    /// The subject as it was looked up; its row is sealed here, before the one thread that commits gets it.
    pub(crate) fn new(
        app: &App,
        keyring: &Keyring,
        located: &LocatedSubject,
        known: Option<SubjectId>,
        at: Instant,
    ) -> Self {
        let id = known.unwrap_or_else(|| app.entropy.id(at));
        let element = seal_element(&keyring.keys.row, id, &located.element, app.entropy.draw());
        Self(NewSubject { id, tags: located.tags, generation: located.generation, element })
    }

    /// The id that the subject has, or gets.
    pub(crate) fn id(&self) -> SubjectId {
        self.0.id
    }

    /// The subject's id. A row that was not there is made; one that was there is written again, so that whoever measures the
    /// answer cannot tell the two apart (docs/decisions/0019).
    pub(crate) fn settle(&self, tx: &mut Tx<'_, Switchboard>) -> Result<SubjectId, StoreError> {
        let Self(row) = self;
        match tx.read().find_subject(&row.tags)? {
            None => {
                tx.write().insert_subjects(std::slice::from_ref(row))?;
                Ok(row.id)
            }
            Some(subject) => {
                if subject == row.id {
                    tx.write().rewrite_subject(subject, row.generation, &row.element)?;
                }
                Ok(subject)
            }
        }
    }
}

/// What is committed about one subject.
#[derive(Debug)]
pub(crate) struct Access {
    /// The record that the asker gets.
    pub(crate) record: AccessRecord,
    /// What the asker does not get: what stands behind the answer.
    pub(crate) beside: Option<AccessRecord>,
    /// The canonical claims of each grant.
    pub(crate) grants: Vec<Canonical>,
}

/// Stores record, link and grant leaves in one transaction, with whatever `also` writes about the subject. A subject
/// that nobody knew is kept all the same, so that the
/// person can see later who asked (docs/decisions/0006).
pub(crate) async fn commit(
    app: &App,
    keyring: &Arc<Keyring>,
    access: Access,
    subject: Option<SubjectId>,
    located: &LocatedSubject,
    also: impl Fn(&mut Tx<'_, Switchboard>, SubjectId) -> Result<(), StoreError> + Send + 'static,
) -> Result<Result<CommittedAccess, WriteError<Unwritten>>, Refusal> {
    let Access { mut record, beside, grants } = access;
    let reference = app.reference();
    record.subject = Some(reference);
    // Everything is written out before the one thread that commits gets it.
    let at = record.at;
    let written_record = recorded(&record)?;
    let text = written_record.as_str().to_owned();
    let beside = beside
        .map(|mut record| {
            // The exchange shows that both are about the same person, so they share the reference, and its one link.
            record.subject = Some(reference);
            recorded(&record)
        })
        .transpose()?;
    let prospect = Prospect::new(app, keyring, located, subject, at);
    let writing = Arc::clone(keyring);
    let done = app
        .store
        .write("answer_about_subject", move |tx| {
            check_generations(tx, &writing.live)?;
            let subject = prospect.settle(tx)?;
            also(tx, subject)?;
            let act = Act::new(at, LeafKind::Access, written_record.clone()).link(subject, reference);
            let act = grants.iter().cloned().fold(act, Act::grant);
            Ok((
                (),
                match &beside {
                    Some(record) => act.and(LeafKind::Access, record.clone()),
                    None => act,
                },
            ))
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
