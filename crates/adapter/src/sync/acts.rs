//! What a synchroniser writes in the partner's log about its own work.

use aws_lc_rs::digest::{Context, SHA256};
use kw_agreement::Agreement;
use kw_domain::{Category, Handle, Instant, Oin, SubjectReference};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_store::{Abort, Act, StoreError};

use crate::Vault;

/// The record of one batch of work here. What it makes the switchboard do has its own records there.
pub(super) fn act<E>(
    holder: Oin,
    agreement: &Agreement,
    now: Instant,
    count: u64,
    categories: Vec<Category>,
) -> Result<Act, Abort<E>> {
    into_act(&record(holder, agreement, now, count, categories))
}

/// The same about these records: each gets a fresh reference, and the link that resolves it goes into the same
/// transaction.
pub(super) fn act_about<E>(
    vault: &Vault,
    about: &[Handle],
    holder: Oin,
    agreement: &Agreement,
    now: Instant,
    count: u64,
    categories: Vec<Category>,
) -> Result<Act, Abort<E>> {
    let mut record = record(holder, agreement, now, count, categories);
    let references: Vec<SubjectReference> = about.iter().map(|_| vault.entropy().id(now)).collect();
    if !references.is_empty() {
        let mut digest = Context::new(&SHA256);
        for reference in &references {
            digest.update(reference.as_bytes());
        }
        let mut hexadecimals = String::with_capacity(64);
        for byte in digest.finish().as_ref() {
            hexadecimals.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
        record.subjects = Some(hexadecimals);
    }
    let act = into_act(&record)?;
    Ok(about
        .iter()
        .zip(references)
        .fold(act, |act, (handle, reference)| act.link_record(*handle, reference, None)))
}

/// A record with its place in the log.
pub(crate) fn into_act<E>(record: &AccessRecord) -> Result<Act, Abort<E>> {
    let canonical = canonical(record).map_err(StoreError::from)?;
    Ok(Act::new(record.at, LeafKind::Access, canonical))
}

fn record(
    holder: Oin,
    agreement: &Agreement,
    now: Instant,
    count: u64,
    mut categories: Vec<Category>,
) -> AccessRecord {
    categories.sort();
    categories.dedup();
    let chain = agreement.chain().clone();
    let mut record =
        AccessRecord::new(Event::SourceSynchronised, now, chain, holder, holder, agreement.hash());
    record.count = Some(count);
    record.categories = categories;
    record.holders = vec![holder];
    record
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";
