//! The ledger inside the act's own transaction: sequencing, leaves, receipts.

use std::fmt;
use std::time::Duration;

use kw_domain::{Handle, Instant, SubjectId, SubjectReference, TransactionId};
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};

use crate::books::BooksRead;
use crate::error::StoreError;
use crate::resolutions::{ResolutionsRead, ResolutionsWrite};
use crate::succession::Succession;

/// What an act leaves behind: one record, and a leaf for every grant that goes with it.
#[derive(Debug)]
pub struct Act {
    pub(crate) at: Instant,
    pub(crate) entries: Vec<(LeafKind, Canonical)>,
    pub(crate) links: Vec<ActLink>,
}

/// Whom a reference means, in the terms of the service whose log it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// Somebody a partner asked about, by a keyed digest.
    Asked([u8; 16]),
    /// A partner's own record.
    Record(Handle),
    /// A subject of the index.
    Subject(SubjectId),
}

impl fmt::Debug for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands for a person in a table does so in a log line too.
        f.write_str(match self {
            Self::Asked(_) => "Asked(…)",
            Self::Record(_) => "Record(…)",
            Self::Subject(_) => "Subject(…)",
        })
    }
}

/// Which tables of links a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// None: its records are about nobody in particular.
    None,
    /// The partner's: its own records, and whom it asked about.
    RecordsAndAsked,
    /// The switchboard's: subjects of the index.
    Subjects,
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

    /// Adds a further record with whom its reference means, for what follows from an act. For the switchboard.
    #[must_use]
    pub fn and_about(mut self, record: Canonical, subject: SubjectId, reference: SubjectReference) -> Self {
        let entry = self.entries.len();
        self.entries.push((LeafKind::Access, record));
        self.links.push(ActLink { entry, meant: Meant::Subject(subject), reference, transaction: None });
        self
    }

    /// Says whom a reference in the record means. For the switchboard.
    #[must_use]
    pub fn link(mut self, subject: SubjectId, reference: SubjectReference) -> Self {
        self.links.push(ActLink { entry: 0, meant: Meant::Subject(subject), reference, transaction: None });
        self
    }

    /// Says by a keyed digest about whom a partner asked others, under a reference in the record, and in which exchange. For
    /// a partner.
    #[must_use]
    pub fn link_asked(
        mut self,
        subject_key: [u8; 16],
        reference: SubjectReference,
        transaction: Option<TransactionId>,
    ) -> Self {
        self.links.push(ActLink { entry: 0, meant: Meant::Asked(subject_key), reference, transaction });
        self
    }

    /// Says which of the partner's own records a reference in the record means, and in which exchange. For a partner.
    #[must_use]
    pub fn link_record(
        mut self,
        handle: Handle,
        reference: SubjectReference,
        transaction: Option<TransactionId>,
    ) -> Self {
        self.links.push(ActLink { entry: 0, meant: Meant::Record(handle), reference, transaction });
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
    /// When the act was.
    pub at: Instant,
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
    /// What the tree commits to.
    pub fn leaf(&self) -> Leaf {
        Leaf { kind: self.kind, hash: self.leaf }
    }

    /// Whether the stored leaf is the one its record and salt give; an erased record proves nothing.
    pub fn is_sound(&self) -> bool {
        match (&self.salt, &self.record) {
            (Some(salt), Some(record)) => Leaf::commit(self.kind, salt, record).hash == self.leaf,
            (None, None) => true,
            _ => false,
        }
    }
}

/// Which entries lost their record and salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// The first index.
    pub first: u64,
    /// The last index. Between the two, entries of other kinds keep theirs.
    pub last: u64,
    /// How many entries.
    pub count: u64,
}

/// How far the moment of an entry may be from its place in the log: an act's time is taken before it is queued, and
/// clocks of two processes differ.
const DISORDER: Duration = Duration::from_mins(10);

/// Reading the log.
pub trait LedgerRead: BooksRead + ResolutionsRead {
    /// The name of the log; `None` before its first service opened it.
    fn ledger_origin(&mut self) -> Result<Option<String>, StoreError>;

    /// How many entries there are.
    fn ledger_size(&mut self) -> Result<u64, StoreError>;

    /// At most `limit` entries from `from` on.
    fn ledger_entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError>;

    /// At most `limit` entries before `before`, or the newest ones; newest first.
    fn ledger_entries_before(
        &mut self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;

    /// At most `limit` entries of one kind before `before`, or the newest ones; newest first. Quick for the rare kinds.
    fn ledger_entries_of(
        &mut self,
        kind: LeafKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;

    /// At most `limit` leaves from `from` on with their indices, and nothing of the records: for hashing.
    fn ledger_leaves(&mut self, from: u64, limit: u32) -> Result<Vec<(u64, Leaf)>, StoreError>;

    /// When the act of an entry was.
    fn ledger_time(&mut self, index: u64) -> Result<Option<Instant>, StoreError>;

    /// The first index that may be of an act at `moment` or later: every entry before it is older. It may be up to ten
    /// minutes of entries too early.
    fn index_at(&mut self, moment: Instant) -> Result<u64, StoreError> {
        let searched = moment.minus(DISORDER);
        let (mut low, mut high) = (0, self.ledger_size()?);
        while low < high {
            let middle = low.midpoint(high);
            match self.ledger_time(middle)? {
                Some(at) if at < searched => low = middle + 1,
                Some(_) => high = middle,
                None => return Err(StoreError::Damaged("log")),
            }
        }
        Ok(low)
    }

    /// The first index from which on every entry is of `moment` or later. It may be up to twenty minutes of entries too late.
    fn index_after(&mut self, moment: Instant) -> Result<u64, StoreError> {
        // One step for the place that is found, and one for what stands after it and is older.
        self.index_at(moment.plus(DISORDER * 2))
    }

    /// Whom the record at an index is about, in the order of its references; `links` says where to look
    /// ([`Service::LINKS`](crate::Service::LINKS)).
    fn links_at(&mut self, links: Links, index: u64) -> Result<Vec<(Meant, SubjectReference)>, StoreError>;

    /// The records of the log that are about the same one: index and reference, oldest first, after an index.
    fn links_to(
        &mut self,
        meant: Meant,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError>;

    /// The records before an index that are about the same one: index and reference, newest first. For one of a partner's own
    /// records also those about its other records of the same subject, as long as it has the record.
    fn links_before(
        &mut self,
        meant: Meant,
        before: u64,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError>;
}

/// Writing the log: the writer's own business.
pub(crate) trait LedgerWrite: LedgerRead + ResolutionsWrite {
    fn lock_head(&mut self) -> Result<Option<(String, u64)>, StoreError>;
    fn create_head(&mut self, origin: &str) -> Result<(), StoreError>;
    fn append(&mut self, size: u64, entries: &[NewEntry], links: &[NewLink]) -> Result<(), StoreError>;
    /// Gives the log its new name, without the checkpoints that were signed under the old one.
    fn succeed(&mut self, succession: &Succession, at: Instant) -> Result<(), StoreError>;
    /// Erases record, salt and links of the oldest entries of a class, as far as they are from before a moment.
    fn erase(
        &mut self,
        class: LeafKind,
        before: Instant,
        limit: u32,
        links: Links,
    ) -> Result<Option<Erased>, StoreError>;
}

pub(crate) struct NewEntry {
    pub(crate) index: u64,
    pub(crate) at: Instant,
    pub(crate) leaf: Leaf,
    pub(crate) salt: Salt,
    pub(crate) record: Canonical,
}

/// Whom a record is about, under which reference, in which exchange.
#[derive(Debug)]
pub(crate) struct ActLink {
    /// In which of the act's entries the reference stands.
    pub(crate) entry: usize,
    pub(crate) meant: Meant,
    pub(crate) reference: SubjectReference,
    /// For a partner's links only.
    pub(crate) transaction: Option<TransactionId>,
}

pub(crate) struct NewLink {
    pub(crate) meant: Meant,
    pub(crate) index: u64,
    pub(crate) position: u32,
    pub(crate) reference: SubjectReference,
    pub(crate) transaction: Option<TransactionId>,
}
