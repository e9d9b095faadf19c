//! Whom a grant is about, in the terms of this party: its own records about the person, and its questions to others.
//!
//! The switchboard says which exchanges and handles are one person's. This party checks what it can: the records by the
//! caller's proof that it knows the BSN, the questions by their being about one person. Where no proof can be compared any
//! more, because the record is gone, only those exchanges are told that the switchboard names.

use std::collections::BTreeSet;

use kw_domain::Handle;
use kw_protocol::access_report::StatementRequest;
use kw_store::StoreError;
use kw_store::partner::{LocalRecord, LocalState, PartnerRead};

use super::refusal::StatementRefusal;
use crate::pulls::Pulls;
use crate::pulls::proofs::{self, Proofs};
use crate::pulls::refusal::PullRefusal;

/// The person of one grant.
#[derive(Default)]
pub(super) struct Person {
    /// Records that the caller proved to be about the person: all of their log is told.
    pub(super) proven: BTreeSet<Handle>,
    /// Records of which no proof can be compared: only exchanges that the switchboard names are told.
    pub(super) unproven: BTreeSet<Handle>,
    /// The keyed digest under which this party's own questions about the person are found.
    pub(super) asked: Option<[u8; 16]>,
    /// Whether this log lacks something that the switchboard says is there.
    pub(super) has_gaps: bool,
}

impl Person {
    /// All records, proven or not.
    pub(super) fn handles(&self) -> Vec<Handle> {
        self.proven.union(&self.unproven).copied().collect()
    }
}

/// Finds the person, or refuses where two people would be mixed.
pub(super) async fn find(pulls: &Pulls, request: &StatementRequest) -> Result<Person, StatementRefusal> {
    let scope = request.scope.clone();
    let found = pulls.store.read(move |tables| {
        let mut handles: BTreeSet<Handle> = scope.handles.iter().copied().collect();
        let mut has_gaps = false;
        for handle in &scope.handles {
            has_gaps |= !is_known(tables, *handle)?;
        }
        handles.extend(tables.pulled_in(&scope.granted)?.into_iter().map(|(_, handle)| handle));
        let asked = tables.asked_in(&scope.asked)?;
        let known: BTreeSet<_> = asked.iter().map(|(transaction, _)| *transaction).collect();
        has_gaps |= scope.asked.iter().any(|transaction| !known.contains(transaction));
        let keys: BTreeSet<[u8; 16]> = asked.into_iter().map(|(_, key)| key).collect();
        let mut records = Vec::with_capacity(handles.len());
        for handle in handles {
            records.push((handle, tables.record_by_handle(handle)?));
        }
        Ok((records, keys, has_gaps))
    });
    let (records, keys, has_gaps) = found.await.map_err(|_| PullRefusal::Unavailable)?;
    if keys.len() > 1 {
        return Err(PullRefusal::SubjectMismatch.into());
    }
    let mut person = Person { asked: keys.into_iter().next(), has_gaps, ..Person::default() };
    for (handle, record) in records {
        let is_proven = match record {
            Some(record) => prove(pulls, &record, request.into()).await?,
            None => false,
        };
        let of = if is_proven { &mut person.proven } else { &mut person.unproven };
        of.insert(handle);
    }
    Ok(person)
}

/// The links outlive their record, so they tell what was here from what never was.
fn is_known(tables: &mut (dyn PartnerRead + 'static), handle: Handle) -> Result<bool, StoreError> {
    Ok(tables.record_by_handle(handle)?.is_some() || !tables.links_of(handle, None, 1)?.is_empty())
}

/// Whether the caller proved that the record is about the person; a refusal if it is about somebody else.
async fn prove(pulls: &Pulls, record: &LocalRecord, proofs: Proofs<'_>) -> Result<bool, StatementRefusal> {
    let is_live = matches!(record.state, LocalState::Pending | LocalState::Registered);
    if record.binding_sealed.is_none() {
        return Ok(false);
    }
    let binding = match proofs::check_subject(&pulls.vault, record, proofs) {
        Ok(binding) => binding,
        // Bindings of records that are no longer offered are not refreshed after a rotation of keys.
        Err(PullRefusal::SubjectEpoch) if !is_live => return Ok(false),
        Err(refusal) => return Err(refusal.into()),
    };
    if is_live && proofs.has_birth_date() {
        let document = pulls.retrieve(record).await?;
        if let Some(document) = document {
            proofs::compare_birth_date(&binding, record, proofs, document.birth_date)?;
        }
    }
    Ok(true)
}
