//! Registering: pseudonyms, bindings, pointers, in an order in which nothing is lost when it is cut off.

use std::collections::BTreeMap;
use std::sync::Arc;

use kw_agreement::Agreement;
use kw_client::{EpochElement, PseudonymError};
use kw_domain::{BatchId, Epoch, Handle, Instant, KeyUse, PointerId, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::{BulkOutcome, BulkResult, RegisterPointer, RegistrationReason, SubjectElement};
use kw_protocol::problem::ProblemCode;
use kw_pseudonym::Binding;
use kw_store::partner::{LocalRecord, LocalState, OutboxTask, PartnerWrite};
use kw_store::{Abort, StoreError};
use kw_telemetry::Reason;

use super::records::{drop_record, forget_pointer, is_unheard_of, message};
use super::sending::{Errand, Flow, Settled, log_parked};
use super::{Never, SyncError, Synchroniser, act, act_about, backoff};
use crate::Vault;
use crate::events::NoPseudonyms;

/// A registration with everything that was computed for it.
struct Ready {
    errand: Errand,
    /// N_index per epoch, the newest last.
    index: Vec<EpochElement>,
    binding: Binding,
    binding_epoch: Epoch,
}

/// What the switchboard has for one of our records.
#[derive(Debug, Clone)]
struct Acknowledged {
    id: i64,
    attempts: u32,
    record: LocalRecord,
    /// The handle that it is stored under there.
    stored: Handle,
    pointer: PointerId,
    valid_until: Option<Instant>,
}

/// What an acknowledgement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Registered,
    /// Another live record of the same source and category is about the same person: one pointer stands for both.
    SamePersonTwice,
    /// Something that has to happen first, or nothing that counts.
    Else,
}

impl Synchroniser {
    pub(super) async fn register(
        &self,
        agreement: &Arc<Agreement>,
        errands: Vec<Errand>,
    ) -> Result<Flow, SyncError> {
        let (subjects, errands) = self.open_subjects(agreement, errands).await?;
        if errands.is_empty() {
            return Ok(Flow::GoOn);
        }
        let ready = match self.pseudonymise(&subjects, &errands).await {
            Ok(ready) => ready,
            Err(error) => {
                NoPseudonyms { reason: Reason::of(&error) }.log();
                self.board.untold(error.to_string());
                let asked = match &error {
                    PseudonymError::Client(error) => error.retry_after(),
                    _ => None,
                };
                let later = errands.iter().map(|errand| self.later(&errand.item, asked)).collect();
                self.settle(agreement, later).await?;
                return Ok(Flow::Stop);
            }
        };
        drop(subjects);
        let mut ready = self.claim(agreement, ready).await?;
        let unknown_epoch = match self.send(agreement, &ready, 0).await? {
            Sent::Stopped => return Ok(Flow::Stop),
            Sent::Settled(unknown_epoch) => unknown_epoch,
        };
        if unknown_epoch.is_empty() {
            return Ok(Flow::GoOn);
        }
        // The switchboard does not have the newest epoch yet: the one before still counts there.
        ready.retain(|one| unknown_epoch.contains(&one.errand.item.id));
        match self.send(agreement, &ready, 1).await? {
            Sent::Stopped => Ok(Flow::Stop),
            Sent::Settled(_) => Ok(Flow::GoOn),
        }
    }

    /// The subjects of the messages; one that does not open is parked.
    async fn open_subjects(
        &self,
        agreement: &Arc<Agreement>,
        errands: Vec<Errand>,
    ) -> Result<(Vec<Subject>, Vec<Errand>), SyncError> {
        let (mut subjects, mut good, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        for errand in errands {
            let sealed = errand.item.subject_sealed.as_deref().unwrap_or_default();
            match self.parts.vault.open_subject(errand.item.handle, sealed) {
                Ok(subject) => {
                    subjects.push(subject);
                    good.push(errand);
                }
                Err(_) => bad.push(self.park(&errand.item, &errand.record, "sealed-value-damaged")),
            }
        }
        self.settle(agreement, bad).await?;
        Ok((subjects, good))
    }

    async fn pseudonymise(
        &self,
        subjects: &[Subject],
        errands: &[Errand],
    ) -> Result<Vec<Ready>, PseudonymError> {
        let pseudonymiser = &self.parts.pseudonymiser;
        let (index, binding) = tokio::try_join!(
            pseudonymiser.evaluate(subjects, KeyUse::Index, BudgetClass::Register),
            pseudonymiser.evaluate(subjects, KeyUse::Binding, BudgetClass::Register),
        )?;
        let mut ready = Vec::with_capacity(errands.len());
        for ((errand, index), binding) in errands.iter().zip(index).zip(binding) {
            let (Some(newest), false) = (binding.last(), index.is_empty()) else {
                return Err(PseudonymError::NoKnownKey);
            };
            ready.push(Ready {
                errand: errand.clone(),
                index,
                binding: Binding::derive(&newest.element, self.parts.holder),
                binding_epoch: newest.epoch,
            });
        }
        Ok(ready)
    }

    /// Stores the bindings before anything leaves: from then on a record may be known at the switchboard, and a pull may
    /// come before the acknowledgement. Leaves out what changed in the meantime.
    ///
    /// The messages stay due: only the leading process sends, and one that is killed here is followed by one that sends them
    /// at once.
    async fn claim(&self, agreement: &Arc<Agreement>, ready: Vec<Ready>) -> Result<Vec<Ready>, SyncError> {
        let vault = &self.parts.vault;
        let bindings: Vec<_> = ready
            .iter()
            .map(|one| {
                let item = &one.errand.item;
                (item.id, item.handle, vault.seal_binding(item.handle, &one.binding), one.binding_epoch)
            })
            .collect();
        let (holder, agreement, now) = (self.parts.holder, Arc::clone(agreement), self.now());
        let alive = self
            .parts
            .store
            .write("claim_registrations", move |tx| {
                let mut alive = Vec::with_capacity(bindings.len());
                for (id, handle, sealed, epoch) in &bindings {
                    let Some(mut record) = tx.read().record_by_handle(*handle)? else { continue };
                    // Taken back by hand before anything left: it stays unheard of.
                    if record.state == LocalState::Suppressed && is_unheard_of(&record) {
                        continue;
                    }
                    record.binding_sealed = Some(sealed.clone());
                    record.binding_epoch = Some(*epoch);
                    tx.write().store_record(&record)?;
                    alive.push(*id);
                }
                let act = act(holder, &agreement, now, alive.len() as u64, Vec::new())?;
                Ok::<_, Abort<Never>>((alive, act))
            })
            .await?
            .value;
        Ok(ready.into_iter().filter(|one| alive.contains(&one.errand.item.id)).collect())
    }

    /// Registers with the element of the newest epoch, or one that many generations older.
    async fn send(
        &self,
        agreement: &Arc<Agreement>,
        ready: &[Ready],
        older: usize,
    ) -> Result<Sent, SyncError> {
        let mut lines = Vec::with_capacity(ready.len());
        let mut settled = Vec::new();
        let mut pointers = Vec::with_capacity(ready.len());
        for one in ready {
            let Some(element) = one.index.iter().rev().nth(older) else {
                settled.push(self.later(&one.errand.item, None));
                continue;
            };
            pointers.push(pointer(&one.errand, element));
            lines.push(&one.errand);
        }
        if lines.is_empty() {
            self.settle(agreement, settled).await?;
            return Ok(Sent::Settled(Vec::new()));
        }
        let upload = self.parts.vault.entropy().id::<BatchId>(self.now());
        let results = match self.parts.index.register(upload, pointers).await {
            Ok(results) => results,
            Err(error) => {
                settled.extend(lines.iter().map(|errand| self.failed(&errand.item, &error)));
                self.settle(agreement, settled).await?;
                return Ok(Sent::Stopped);
            }
        };
        let mut results: BTreeMap<u64, BulkResult> =
            results.into_iter().map(|result| (result.line, result)).collect();
        let (mut taken, mut unknown_epoch) = (Vec::new(), Vec::new());
        let mut unheard = false;
        for (line, errand) in lines.into_iter().enumerate() {
            let Some(result) = results.remove(&(line as u64)) else {
                unheard = true;
                settled.push(self.later(&errand.item, None));
                continue;
            };
            if let (Some(pointer), Some(stored)) = (result.id, result.handle) {
                let created = result.outcome == BulkOutcome::Created;
                taken.push((created, acknowledged(errand, stored, pointer, result.valid_until)));
                continue;
            }
            let code = result.problem.as_deref().and_then(ProblemCode::from_code);
            if code == Some(ProblemCode::EpochUnknown) && older == 0 {
                unknown_epoch.push(errand.item.id);
            } else {
                settled.push(self.refused(errand, code));
            }
        }
        self.settle(agreement, settled).await?;
        self.acknowledge(agreement, taken).await?;
        Ok(if unheard { Sent::Stopped } else { Sent::Settled(unknown_epoch) })
    }

    fn refused(&self, errand: &Errand, code: Option<ProblemCode>) -> Settled {
        match code {
            Some(code) if code.retryable() => self.later(&errand.item, None),
            // It was on its way out anyway, and is not there.
            _ if is_on_its_way_out(&errand.record) => Settled::Forget(errand.item.handle),
            code => {
                if code == Some(ProblemCode::Denied) {
                    self.board.denied();
                }
                self.park(&errand.item, &errand.record, code.map_or("refused", ProblemCode::code))
            }
        }
    }

    async fn acknowledge(
        &self,
        agreement: &Arc<Agreement>,
        taken: Vec<(bool, Acknowledged)>,
    ) -> Result<(), SyncError> {
        if taken.is_empty() {
            return Ok(());
        }
        let (vault, now) = (self.parts.vault.clone(), self.now());
        let (holder, agreement) = (self.parts.holder, Arc::clone(agreement));
        let list: Vec<Acknowledged> = taken.iter().map(|(_, one)| one.clone()).collect();
        let again = backoff::parked(now, vault.entropy());
        let outcomes = self
            .parts
            .store
            .write("acknowledge_registrations", move |tx| {
                let mut outcomes = Vec::with_capacity(list.len());
                for one in &list {
                    outcomes.push(take(tx.write(), &vault, one, now, again)?);
                }
                let categories = list.iter().map(|one| one.record.category.clone()).collect();
                // Where another record has the place, that one is about the same person.
                let about: Vec<Handle> = list.iter().map(|one| one.stored).collect();
                let act = act_about(&vault, &about, holder, &agreement, now, list.len() as u64, categories)?;
                Ok::<_, Abort<Never>>((outcomes, act))
            })
            .await?
            .value;
        for ((created, one), outcome) in taken.into_iter().zip(outcomes) {
            match outcome {
                Taken::Registered => {
                    self.board.count(&one.record.source, |counts| {
                        counts.registered += u64::from(created);
                        counts.existing += u64::from(!created);
                    });
                }
                Taken::SamePersonTwice => log_parked(&one.record, SAME_PERSON_TWICE),
                Taken::Else => {}
            }
        }
        Ok(())
    }
}

enum Sent {
    /// Every line has a result; those of an epoch that the switchboard does not have, by message.
    Settled(Vec<i64>),
    Stopped,
}

fn pointer(errand: &Errand, element: &EpochElement) -> RegisterPointer {
    RegisterPointer {
        subject: SubjectElement { element: SecretBytes32(element.element.to_bytes()), epoch: element.epoch },
        category: errand.record.category.clone(),
        source: errand.record.source.clone(),
        handle: errand.record.handle,
        purposes: Vec::new(),
        valid_until: None,
        destroy_by: errand.item.destroy_by,
        reason: if errand.item.administrative {
            RegistrationReason::Administrative
        } else {
            RegistrationReason::Regular
        },
    }
}

fn acknowledged(
    errand: &Errand,
    stored: Handle,
    pointer: PointerId,
    valid_until: Option<Instant>,
) -> Acknowledged {
    let (item, record) = (&errand.item, errand.record.clone());
    Acknowledged { id: item.id, attempts: item.attempts, record, stored, pointer, valid_until }
}

/// Takes note of one acknowledgement. The record is read again: it may have begun to leave while its message was away.
///
/// A registration whose place is taken waits for the record that has it, from this transaction on, so that it does not matter
/// when that one goes; and should it not go, for `again`.
fn take(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    one: &Acknowledged,
    now: Instant,
    again: Instant,
) -> Result<Taken, StoreError> {
    let Some(mut record) = tables.record_by_handle(one.record.handle)? else {
        return Ok(Taken::Else);
    };
    let leaving = is_on_its_way_out(&record);
    if one.stored == record.handle {
        record.pointer = Some(one.pointer);
        record.valid_until = one.valid_until;
        if !leaving {
            record.state = LocalState::Registered;
        }
        tables.store_record(&record)?;
        tables.dequeue(one.id)?;
        return Ok(if leaving { Taken::Else } else { Taken::Registered });
    }
    match tables.record_by_handle(one.stored)? {
        // Ours never came to be there: the place was taken by another of our records.
        Some(_) if leaving => {
            forget_pointer(tables, record.handle)?;
            Ok(Taken::Else)
        }
        // The pointer there is about to be withdrawn; then the place is free.
        Some(other) if other.state == LocalState::Leaving => {
            forget_binding(tables, record)?;
            tables.put_off(one.id, one.attempts, backoff::waiting(now))?;
            tables.wait_for(one.id, one.stored)?;
            Ok(Taken::Else)
        }
        Some(_) => {
            forget_binding(tables, record)?;
            tables.put_off(one.id, one.attempts.saturating_add(1), again)?;
            tables.park(one.id, SAME_PERSON_TWICE, now)?;
            tables.wait_for(one.id, one.stored)?;
            Ok(Taken::SamePersonTwice)
        }
        None => adopt(tables, vault, record, one, now),
    }
}

/// Whether its pointer is to be taken back as soon as it is known.
fn is_on_its_way_out(record: &LocalRecord) -> bool {
    matches!(record.state, LocalState::Leaving | LocalState::Suppressed)
}

/// Ours is not at the switchboard for certain, so that it can be dropped here alone if it goes.
fn forget_binding(
    tables: &mut (dyn PartnerWrite + 'static),
    mut record: LocalRecord,
) -> Result<(), StoreError> {
    record.binding_sealed = None;
    record.binding_epoch = None;
    tables.store_record(&record)
}

/// The switchboard knows this pointer under a handle that is not known here: the database was lost or is an older one. The
/// record takes that handle, for grants will carry it.
fn adopt(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    mut record: LocalRecord,
    one: &Acknowledged,
    now: Instant,
) -> Result<Taken, StoreError> {
    let sealed = StoreError::Damaged("sealed value");
    let old = record.handle;
    let id = vault.open_record(old, &record.record_sealed).map_err(|_| sealed.clone())?;
    if let Some(binding) = &record.binding_sealed {
        let binding = vault.open_binding(old, binding).map_err(|_| sealed)?;
        record.binding_sealed = Some(vault.seal_binding(one.stored, &binding));
    }
    drop_record(tables, old)?;
    tables.move_links(old, one.stored)?;
    record.handle = one.stored;
    record.record_sealed = vault.seal_record(one.stored, &id);
    record.pointer = Some(one.pointer);
    record.valid_until = one.valid_until;
    let leaving = is_on_its_way_out(&record);
    if record.state == LocalState::Leaving {
        record.record_key = vault.leaving_key(one.stored);
    }
    if leaving {
        tables.queue(&message(one.stored, OutboxTask::Withdraw, now))?;
    } else {
        record.state = LocalState::Registered;
    }
    tables.store_record(&record)?;
    Ok(if leaving { Taken::Else } else { Taken::Registered })
}

/// The reason for which a registration is parked when another record of the same source and category is about the same person.
const SAME_PERSON_TWICE: &str = "same-person-twice";
