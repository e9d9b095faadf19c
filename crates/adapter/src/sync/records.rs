//! What happens to a local record and its messages, inside a transaction.

use kw_domain::{BirthDate, Category, Handle, Instant, SourceName, Subject};
use kw_protocol::pointer::WithdrawalReason;
use kw_store::StoreError;
use kw_store::partner::{LocalRecord, LocalState, OutboxItem, OutboxTask, PartnerWrite};

use super::place::Place;
use crate::{LocalId, Vault};

/// A record at the source, made ready to be compared and stored.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) category: Category,
    pub(super) key: [u8; 16],
    pub(super) record: LocalId,
    pub(super) subject: Subject,
    pub(super) subject_key: [u8; 16],
    pub(super) age: AgeLimit,
    /// Nobody is to be notified of its registration.
    pub(super) administrative: bool,
}

/// What the category's age limit means for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgeLimit {
    /// There is none, or the birth date is not known.
    None,
    /// The month in which it is reached has begun.
    Reached,
    /// To be destroyed at the latest then: the first day of the month in which it is reached.
    DestroyBy(Instant),
}

impl AgeLimit {
    /// Counted from the latest day that the birth date can be, and coarsened to the month so that it tells less.
    pub(super) fn of(limit: Option<u32>, birth_date: Option<&BirthDate>, now: Instant) -> Self {
        let day = limit.zip(birth_date).and_then(|(limit, date)| date.reaches_age(limit));
        match day.map(|day| Instant::from_date(day).start_of_month()) {
            None => Self::None,
            Some(month) if month <= now => Self::Reached,
            Some(month) => Self::DestroyBy(month),
        }
    }
}

/// Whether the person has reached the age limit of a category, so that nothing is registered.
pub(crate) fn is_past_age_limit(limit: Option<u32>, birth_date: Option<&BirthDate>, now: Instant) -> bool {
    AgeLimit::of(limit, birth_date, now) == AgeLimit::Reached
}

/// Stores a new record and queues its registration; the handle that it got.
pub(super) fn arrive(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    source: &SourceName,
    arrival: &Arrival,
    read: u64,
    now: Instant,
) -> Result<Handle, StoreError> {
    let handle = vault.new_handle();
    tables.store_record(&LocalRecord {
        handle,
        source: source.clone(),
        category: arrival.category.clone(),
        record_key: arrival.key,
        record_sealed: vault.seal_record(handle, &arrival.record),
        subject_key: arrival.subject_key,
        binding_sealed: None,
        binding_epoch: None,
        pointer: None,
        state: LocalState::Pending,
        valid_until: None,
        seen_read: read,
    })?;
    queue_registration(tables, vault, handle, arrival, now, arrival.administrative)?;
    Ok(handle)
}

/// Lets a record go: at once when the switchboard cannot have heard of it, else by a withdrawal.
///
/// Its key is given up right away, so that the source can give the same key to a new record, with a new handle.
pub(super) fn leave(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    mut record: LocalRecord,
    reason: WithdrawalReason,
    now: Instant,
) -> Result<(), StoreError> {
    match record.state {
        LocalState::Leaving => return Ok(()),
        LocalState::Pending | LocalState::Suppressed if is_unheard_of(&record) => {
            return drop_record(tables, record.handle);
        }
        LocalState::Pending | LocalState::Registered | LocalState::Suppressed => {}
    }
    let told_already = record.state == LocalState::Suppressed;
    record.state = LocalState::Leaving;
    record.record_key = vault.leaving_key(record.handle);
    tables.store_record(&record)?;
    if told_already {
        return Ok(());
    }
    let withdrawal = message(record.handle, OutboxTask::Withdraw, now);
    tables.queue(&OutboxItem { reason: Some(reason), ..withdrawal })
}

/// Takes a record's pointer back for good: the record stays known, so that no read registers it again.
pub(super) fn suppress(
    tables: &mut (dyn PartnerWrite + 'static),
    mut record: LocalRecord,
    reason: WithdrawalReason,
    now: Instant,
) -> Result<(), StoreError> {
    if matches!(record.state, LocalState::Leaving | LocalState::Suppressed) {
        return Ok(());
    }
    record.state = LocalState::Suppressed;
    tables.store_record(&record)?;
    if is_unheard_of(&record) {
        return tables.dequeue_all(record.handle);
    }
    let withdrawal = message(record.handle, OutboxTask::Withdraw, now);
    tables.queue(&OutboxItem { reason: Some(reason), ..withdrawal })
}

/// The switchboard does not have the pointer any more: forgets the record, or of a suppressed one only the pointer.
pub(super) fn forget_pointer(
    tables: &mut (dyn PartnerWrite + 'static),
    handle: Handle,
) -> Result<(), StoreError> {
    match tables.record_by_handle(handle)? {
        Some(record) if record.state == LocalState::Suppressed => {
            tables.dequeue_all(handle)?;
            tables.wake(handle)?;
            tables.store_record(&LocalRecord {
                binding_sealed: None,
                binding_epoch: None,
                pointer: None,
                valid_until: None,
                ..record
            })
        }
        _ => drop_record(tables, handle),
    }
}

/// Whether the switchboard cannot have heard of it: the binding is stored before the first message leaves.
pub(super) fn is_unheard_of(record: &LocalRecord) -> bool {
    record.binding_sealed.is_none() && record.pointer.is_none()
}

/// Forgets a record and every message about it; whatever waited for its place may go on.
pub(super) fn drop_record(
    tables: &mut (dyn PartnerWrite + 'static),
    handle: Handle,
) -> Result<(), StoreError> {
    tables.delete_record(handle)?;
    tables.dequeue_all(handle)?;
    tables.wake(handle)
}

/// Has the source read from the start at the next run. In the transaction that makes it necessary, so that no kill and no
/// source that is down can make it forgotten.
pub(super) fn start_over(
    tables: &mut (dyn PartnerWrite + 'static),
    source: &SourceName,
) -> Result<(), StoreError> {
    let mut place = Place::of(tables.source_cursor(source)?);
    place.start_over();
    tables.store_cursor(source, &place.to_stored())
}

/// The switchboard has lapsed its pointer: it is registered again, under the same handle, when the source names the subject
/// again. It keeps the pointer until then, so that it can be taken back if the source does not have it any more and it did
/// not lapse after all.
pub(super) fn set_back(
    tables: &mut (dyn PartnerWrite + 'static),
    record: LocalRecord,
) -> Result<(), StoreError> {
    tables.store_record(&LocalRecord { state: LocalState::Pending, valid_until: None, ..record })
}

/// Whether it waits, since [`set_back`], for its source to name the subject: a new record has no pointer before it is
/// registered.
pub(super) fn is_set_back(record: &LocalRecord) -> bool {
    record.state == LocalState::Pending && record.pointer.is_some()
}

/// Queues the registration of a record that was set back. Nobody is notified: the chain knew of it before.
pub(super) fn arrive_again(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    record: LocalRecord,
    arrival: &Arrival,
    now: Instant,
) -> Result<(), StoreError> {
    let handle = record.handle;
    tables.store_record(&LocalRecord { pointer: None, ..record })?;
    queue_registration(tables, vault, handle, arrival, now, true)
}

fn queue_registration(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    handle: Handle,
    arrival: &Arrival,
    now: Instant,
    administrative: bool,
) -> Result<(), StoreError> {
    let destroy_by = match arrival.age {
        AgeLimit::DestroyBy(month) => Some(month),
        AgeLimit::None | AgeLimit::Reached => None,
    };
    tables.queue(&OutboxItem {
        subject_sealed: Some(vault.seal_subject(handle, &arrival.subject)),
        destroy_by,
        administrative,
        ..message(handle, OutboxTask::Register, now)
    })
}

/// A message that may be sent now.
pub(super) fn message(handle: Handle, task: OutboxTask, now: Instant) -> OutboxItem {
    OutboxItem {
        id: 0,
        handle,
        task,
        subject_sealed: None,
        reason: None,
        destroy_by: None,
        queued_at: now,
        attempts: 0,
        next_at: now,
        administrative: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_limit_is_coarsened_to_the_month_in_which_it_is_reached() {
        let date = BirthDate::parse("2010-05-20").unwrap();
        let at = |text| Instant::parse(text).unwrap();
        let of = |now| AgeLimit::of(Some(23), Some(&date), at(now));
        assert_eq!(of("2026-11-21T00:00:00Z"), AgeLimit::DestroyBy(at("2033-05-01T00:00:00Z")));
        assert_eq!(of("2033-04-30T23:59:59Z"), AgeLimit::DestroyBy(at("2033-05-01T00:00:00Z")));
        assert_eq!(of("2033-05-01T00:00:00Z"), AgeLimit::Reached);
        assert_eq!(AgeLimit::of(None, Some(&date), at("2099-01-01T00:00:00Z")), AgeLimit::None);
        assert_eq!(AgeLimit::of(Some(23), None, at("2099-01-01T00:00:00Z")), AgeLimit::None);
    }
}
