//! The ledger inside the act's own transaction: sequencing, leaves, receipts.

use kw_domain::{Handle, Instant, SubjectId, SubjectReference};
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};

use crate::error::StoreError;

/// What an act leaves behind: one record, and a leaf for every grant that goes with it.
#[derive(Debug)]
pub struct Act {
    pub(crate) at: Instant,
    pub(crate) entries: Vec<(LeafKind, Canonical)>,
    pub(crate) links: Vec<(Meant, SubjectReference)>,
}

/// Whom a reference means, in the terms of the service whose log it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meant {
    /// Somebody a partner asked about, by a keyed digest.
    Asked([u8; 16]),
    /// A partner's own record.
    Record(Handle),
    /// A subject of the index.
    Subject(SubjectId),
}

impl Act {
    /// An act with its record.
    pub fn new(at: Instant, kind: LeafKind, record: Canonical) -> Self {
        Self { at, entries: vec![(kind, record)], links: Vec::new() }
    }

    /// Adds a grant: its canonical claims get a leaf of their own.
    #[must_use]
    pub fn grant(mut self, claims: Canonical) -> Self {
        self.entries.push((LeafKind::Access, claims));
        self
    }

    /// Adds a second record, for an act that is two events.
    #[must_use]
    pub fn and(mut self, kind: LeafKind, record: Canonical) -> Self {
        self.entries.push((kind, record));
        self
    }

    /// Says whom a reference in the record means. For the switchboard.
    #[must_use]
    pub fn link(mut self, subject: SubjectId, reference: SubjectReference) -> Self {
        self.links.push((Meant::Subject(subject), reference));
        self
    }

    /// Says by a keyed digest about whom a partner asked others, under a reference in the record. For a partner.
    #[must_use]
    pub fn link_asked(mut self, subject_key: [u8; 16], reference: SubjectReference) -> Self {
        self.links.push((Meant::Asked(subject_key), reference));
        self
    }

    /// Says which of the partner's own records a reference in the record means. For a partner.
    #[must_use]
    pub fn link_record(mut self, handle: Handle, reference: SubjectReference) -> Self {
        self.links.push((Meant::Record(handle), reference));
        self
    }
}

/// What was committed, with one receipt for the record and one for each grant, in order.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// The receipts.
    pub receipts: Vec<StoredReceipt>,
}

/// Where a leaf stands, and the salt that opens it.
#[derive(Debug, Clone)]
pub struct StoredReceipt {
    /// The leaf's index.
    pub index: u64,
    /// The leaf's salt.
    pub salt: Salt,
}

/// One entry of the log as it is stored.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its index.
    pub index: u64,
    /// What it is about.
    pub kind: LeafKind,
    /// The commitment.
    pub leaf: [u8; 32],
    /// The salt, unless erased.
    pub salt: Option<Salt>,
    /// The record, unless erased.
    pub record: Option<Canonical>,
}

impl StoredEntry {
    /// Whether the stored leaf is the one its record and salt give; an erased record proves nothing.
    pub fn is_sound(&self) -> bool {
        match (&self.salt, &self.record) {
            (Some(salt), Some(record)) => Leaf::commit(self.kind, salt, record).hash == self.leaf,
            (None, None) => true,
            _ => false,
        }
    }
}

/// Reading the log.
pub trait LedgerRead {
    /// How many entries there are.
    fn ledger_size(&mut self) -> Result<u64, StoreError>;

    /// At most `limit` entries from `from` on.
    fn ledger_entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError>;
}

/// Writing the log: the writer's own business.
pub(crate) trait LedgerWrite: LedgerRead {
    fn lock_head(&mut self) -> Result<Option<(String, u64)>, StoreError>;
    fn create_head(&mut self, origin: &str) -> Result<(), StoreError>;
    fn append(&mut self, size: u64, entries: &[NewEntry], links: &[NewLink]) -> Result<(), StoreError>;
}

pub(crate) struct NewEntry {
    pub(crate) index: u64,
    pub(crate) at: Instant,
    pub(crate) leaf: Leaf,
    pub(crate) salt: Salt,
    pub(crate) record: Canonical,
}

pub(crate) struct NewLink {
    pub(crate) meant: Meant,
    pub(crate) index: u64,
    pub(crate) position: u32,
    pub(crate) reference: SubjectReference,
}
