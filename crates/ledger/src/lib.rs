//! The ledger without a disk: records, leaves, tree, tiles, signed checkpoints and proofs. No I/O, no clock.
//!
//! What this crate promises:
//!
//! - a record has one byte form only, the canonical JSON of RFC 8785;
//! - a leaf is 41 bytes, always, and says nothing about its record to whoever lacks the salt;
//! - a record and its salt give back the leaf, so that either can be erased without touching the tree;
//! - the tree is that of RFC 6962 with SHA-256, and everything that leaves the house about it has the form of a
//!   C2SP specification, so that tools of others verify it;
//! - every text form has one spelling: what is parsed is written again byte for byte.
#![forbid(unsafe_code)]

pub mod audit;
pub mod checkpoint;
pub mod cosignature;
pub mod note;
pub mod policy;
pub mod projection;
pub mod proof;
pub mod reconcile;
pub mod report;
pub mod search;
pub mod tile;
pub mod tree;
pub mod witness;

mod allowed;
mod canonical;
mod leaf;
mod logged;
mod record;
mod text;

pub use allowed::RecordField;
pub use canonical::{Canonical, CanonicalError, Recordable, canonical};
pub use leaf::{LEAF_LENGTH, Leaf, LeafError, LeafKind, Salt};
pub use logged::Logged;
pub use record::{
    AccessRecord, Action, ErasedRange, Event, GrantedAccess, GrantedAct, Outcome, PredecessorLog,
    RecordedActor, RecordedDecision, RecordedKey, RecordedRelation, Verdict,
};
