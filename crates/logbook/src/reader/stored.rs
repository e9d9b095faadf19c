//! Verifying a log where it lies: in the database of its service, with the records that nobody else has.

use std::time::{Duration, Instant};

use kw_audit::reader::CHECKPOINT;
use kw_ledger::audit::Audit;
use kw_ledger::tree::subtree_root;
use kw_ledger::{AccessRecord, Event, LeafKind};
use kw_store::{Publication, StoreError, StoredEntry, StoredLog};

use super::{Progress, Trust, VerifyError};

/// How many entries are read at once.
const PAGE: u32 = 2_000;

/// What the record of an erasure has in its text, and hardly another: the rest need not be read as JSON.
const ERASURE: &str = "\"records-erased\"";

/// A stored log that verified.
#[derive(Debug, Clone)]
pub struct StoredLogState {
    /// How many entries there are.
    pub entries: u64,
    /// How many of them lost their record to retention.
    pub erased: u64,
    /// How many are in the newest signed checkpoint.
    pub published: u64,
    /// How long it took.
    pub took: Duration,
}

/// Verifies every entry against its record and salt, the tree against the newest signed checkpoint, and the stored hashes
/// of tiles against the tree. Blocks.
pub fn verify_stored(
    log: &mut StoredLog,
    trust: &Trust,
    mut progress: impl FnMut(Progress),
) -> Result<StoredLogState, VerifyError> {
    let began = Instant::now();
    let (expected, found) = (trust.log().name().as_str(), log.origin());
    if expected != found {
        return Err(VerifyError::OtherLog { expected: expected.to_owned(), found: found.to_owned() });
    }
    // Read first: what was published then is stored when the entries are read.
    let publication = log.publication().map_err(unread)?;
    let published = publication.as_ref().map_or(0, |publication| publication.size);
    let total = log.size().map_err(unread)?.max(published);
    let mut check = Check::new(trust, publication);
    check.published()?;
    while check.audit.size() < total {
        let page = log.entries_from(check.audit.size(), PAGE).map_err(unread)?;
        if page.is_empty() {
            return Err(VerifyError::NoEntry(check.audit.size()));
        }
        for entry in page {
            check.entry(log, &entry)?;
        }
        progress(Progress { done: check.audit.size().min(total), total });
    }
    check.erasures.check()?;
    let (entries, erased) = (check.audit.size(), check.erasures.count);
    Ok(StoredLogState { entries, erased, published, took: began.elapsed() })
}

struct Check<'t> {
    trust: &'t Trust,
    publication: Option<Publication>,
    audit: Audit,
    erasures: Erasures,
}

impl<'t> Check<'t> {
    fn new(trust: &'t Trust, publication: Option<Publication>) -> Self {
        Self { trust, publication, audit: Audit::new(), erasures: Erasures::default() }
    }

    fn entry(&mut self, log: &mut StoredLog, entry: &StoredEntry) -> Result<(), VerifyError> {
        let index = self.audit.size();
        if entry.index != index {
            return Err(VerifyError::NoEntry(index));
        }
        if !entry.is_sound() {
            return Err(VerifyError::Record(index));
        }
        self.erasures.note(entry);
        self.audit.add_entry(&entry.leaf().to_bytes());
        self.tiles(log)?;
        self.published()
    }

    /// The hashes of full tiles that are stored so that they need not be computed again.
    fn tiles(&mut self, log: &mut StoredLog) -> Result<(), VerifyError> {
        let published = self.publication.as_ref().map_or(0, |publication| publication.size);
        for (tile, hashes) in self.audit.completed() {
            if tile.end_index().is_none_or(|end| end > published) {
                continue;
            }
            let stored = log.subtree_roots(tile.level, tile.index, 1).map_err(unread)?;
            let computed = subtree_root(hashes).map(|root| root.0);
            if stored.first().copied() != computed {
                return Err(VerifyError::StoredTile(tile));
            }
        }
        Ok(())
    }

    /// Where the newest checkpoint ends, the tree has its root.
    fn published(&self) -> Result<(), VerifyError> {
        let Some(publication) = self.publication.as_ref().filter(|one| one.size == self.audit.size()) else {
            return Ok(());
        };
        let refused = |refusal| VerifyError::Checkpoint { file: CHECKPOINT, refusal };
        let signed = self.trust.read(&publication.note).map_err(refused)?;
        if (signed.checkpoint().size, signed.checkpoint().root.0) != (publication.size, publication.root) {
            return Err(VerifyError::StoredCheckpoint);
        }
        Ok(self.audit.finish(signed.checkpoint())?)
    }
}

/// Records that are gone, against the records that say so. Retention erases the oldest of a class first: what is gone and
/// younger than the youngest that was erased was taken by somebody else.
#[derive(Default)]
struct Erasures {
    count: u64,
    /// Per class: the youngest record that is gone, and the youngest that was erased with a record of it.
    classes: [(Option<u64>, Option<u64>); 3],
}

impl Erasures {
    fn note(&mut self, entry: &StoredEntry) {
        let Some(record) = &entry.record else {
            self.count += 1;
            self.class(entry.kind).0 = Some(entry.index);
            return;
        };
        if !record.as_str().contains(ERASURE) {
            return;
        }
        let told = serde_json::from_str::<AccessRecord>(record.as_str()).ok();
        let told = told.filter(|told| told.event == Event::RecordsErased).and_then(|told| told.erased);
        if let Some(range) = told
            && let Some(kind) = kind_of(&range.class)
        {
            let erased = &mut self.class(kind).1;
            *erased = (*erased).max(Some(range.last));
        }
    }

    fn check(&self) -> Result<(), VerifyError> {
        let unexplained = self.classes.iter().find(|(gone, erased)| gone > erased);
        unexplained.and_then(|(gone, _)| *gone).map_or(Ok(()), |index| Err(VerifyError::Gone(index)))
    }

    fn class(&mut self, kind: LeafKind) -> &mut (Option<u64>, Option<u64>) {
        match kind {
            LeafKind::Access => &mut self.classes[0],
            LeafKind::Key => &mut self.classes[1],
            LeafKind::Agreement => &mut self.classes[2],
        }
    }
}

fn kind_of(class: &str) -> Option<LeafKind> {
    match class {
        "access" => Some(LeafKind::Access),
        "key" => Some(LeafKind::Key),
        "agreement" => Some(LeafKind::Agreement),
        _ => None,
    }
}

pub(super) fn unread(error: StoreError) -> VerifyError {
    VerifyError::Store { damaged: matches!(error, StoreError::Damaged(_)), source: Box::new(error) }
}
