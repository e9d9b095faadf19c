//! Access records, leaves and receipts of the ledger: pure.
//!
//! What this crate promises:
//!
//! - a record has one byte form only, the canonical JSON of RFC 8785;
//! - a leaf is 41 bytes, always, and says nothing about its record to whoever lacks the salt;
//! - a record and its salt give back the leaf, so that either can be erased without touching the tree.
#![forbid(unsafe_code)]

mod canonical;
mod leaf;
mod record;
pub mod search;

pub use canonical::{Canonical, CanonicalError, canonical};
pub use leaf::{LEAF_LENGTH, Leaf, LeafKind, Salt};
pub use record::{
    AccessRecord, Action, ErasedRange, Event, GrantedAccess, Outcome, PredecessorLog, RecordedActor,
    RecordedDecision, RecordedRelation, Verdict,
};
