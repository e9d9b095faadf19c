//! The partner's own local API: what its own systems and the command line ask of the partner process.
//!
//! Served on loopback with a bearer token, or over mutual TLS. These messages may hold a subject, so those that do have
//! no `Debug`, and none of them ever travels to another party.

pub mod accesses;
pub mod canaries;
pub mod choices;
pub mod feedback;
mod syncing;

use kw_domain::{Category, ChainName, Instant, Oin, PointerId, Purpose, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::feedback::FeedbackWaiting;
use crate::pointer::{PointerSelector, RegistrationReason, WithdrawalReason};

pub use syncing::{OutboxStatus, ParkedMessages, Reconciliation};

/// Registers one record of a source: `POST /v1/registrations`. Answered with [`crate::pointer::Registered`].
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationRequest {
    /// The subject in its canonical form (`nl.bsn:…`).
    pub subject: String,
    /// What kind of data the source has.
    #[schema(value_type = String)]
    pub category: Category,
    /// Which source has them.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The source's own key of the record, which a pull will fetch.
    pub record: String,
    /// Only findable for these purposes; for every purpose of the category when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub purposes: Vec<Purpose>,
    /// Findable until then; the category's cap when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
    /// Why it is registered.
    #[serde(default)]
    pub reason: RegistrationReason,
}

/// Takes pointers back: `POST /v1/withdrawals`. Answered with [`crate::pointer::WithdrawnMany`].
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "scope", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum WithdrawalRequest {
    /// Every active pointer that matches; nothing at all when the count is wrong.
    Many {
        /// Which pointers.
        selector: PointerSelector,
        /// How many the caller believes that are.
        expected_count: u64,
        /// Why.
        reason: WithdrawalReason,
    },
    /// The pointer with this id.
    Pointer {
        /// The switchboard's name for it.
        #[schema(value_type = String)]
        pointer: PointerId,
        /// Why.
        reason: WithdrawalReason,
    },
    /// The pointer of one record of a source.
    Record {
        /// Which source.
        #[schema(value_type = String)]
        source: SourceName,
        /// In which category.
        #[schema(value_type = String)]
        category: Category,
        /// The source's own key of the record.
        record: String,
        /// Whom it is about (`nl.bsn:…`): needed for a source whose rows may come to be about somebody else, which is all
        /// ready-made ones but FHIR.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// Why.
        reason: WithdrawalReason,
    },
}

/// Brings the index in line with the sources: `POST /v1/syncs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncRequest {
    /// Only these sources; all when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub sources: Vec<SourceName>,
    /// Read the sources from the start, so that what is gone is withdrawn, instead of what changed since the last sync.
    #[serde(default)]
    pub full: bool,
    /// Somebody looked at it: much fewer records at a source than before is right, so withdraw what is gone.
    #[serde(default)]
    pub confirm_shrink: bool,
    /// Also compare with the switchboard by digests, and mend what differs.
    #[serde(default)]
    pub reconcile: bool,
    /// A migration or merge: nobody is notified of what this run registers.
    #[serde(default)]
    pub administrative: bool,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// One per source.
    pub sources: Vec<SourceSync>,
    /// The organisation left the chain of its own will then: nothing is registered until it ends its departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub left_at: Option<Instant>,
    /// Why the switchboard could not be told everything, if a service could not be used: what waits is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
    /// When it was done.
    #[schema(value_type = String)]
    pub finished_at: Instant,
}

/// What a sync did for one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceSync {
    /// Which source.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// Records read.
    pub read: u64,
    /// Pointers made.
    pub registered: u64,
    /// Records that had their pointer already.
    pub existing: u64,
    /// Pointers taken back.
    pub withdrawn: u64,
    /// Work in the outbox that the switchboard has not acknowledged yet.
    pub pending: u64,
    /// How many rows cannot be used.
    pub refused: u64,
    /// The first rows that cannot be used, and why; never a value from a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RowRefusal>,
    /// Why the source could not be read to its end, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How the comparison with the switchboard went, if this run made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
}

/// A row of a source that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowRefusal {
    /// The file, table or query.
    pub origin: String,
    /// The row's number as a person would count it, where rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Why, without any value from the row.
    pub reason: String,
}

/// How the partner process is doing: `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartnerStatus {
    /// Which party.
    #[schema(value_type = String)]
    pub oin: Oin,
    /// Its name in the agreement.
    pub name: String,
    /// In which chain.
    #[schema(value_type = String)]
    pub chain: ChainName,
    /// The agreement it works under: lower-case hexadecimal SHA-256.
    pub agreement: String,
    /// Its pointers lapse then, unless the lease is renewed before; absent when there is no lease yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lease_valid_until: Option<Instant>,
    /// The organisation left the chain of its own will then: nothing is registered until it ends its departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub left_at: Option<Instant>,
    /// Since when something may have changed at a source that the switchboard was not told; absent when nothing is behind, and
    /// before the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub behind_since: Option<Instant>,
    /// What waits to be told.
    #[serde(default)]
    pub outbox: OutboxStatus,
    /// One per source.
    pub sources: Vec<SourceStatus>,
    /// Feedback reports that were received.
    #[serde(default)]
    pub feedback: FeedbackWaiting,
    /// Its canaries; absent when it keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canaries: Option<canaries::CanariesStatus>,
}

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// Which source.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// Records that have a pointer.
    pub registered: u64,
    /// Work in the outbox that the switchboard has not acknowledged yet.
    pub pending: u64,
    /// When it was last in line with the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub synced_at: Option<Instant>,
    /// Since when something may have changed there that the switchboard was not told; absent when nothing is behind, and before
    /// the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub behind_since: Option<Instant>,
    /// How many rows a read that is going on has come to; it goes on from there after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<u64>,
    /// Rows that cannot be used, as of the last read.
    #[serde(default)]
    pub refused: u64,
    /// Why it could not be read to its end the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Much is gone at once, and so many are left: nothing is withdrawn until somebody confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// How the last comparison with the switchboard went, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_confirms_nothing_unless_it_is_said() {
        let plain: SyncRequest = serde_json::from_str("{}").unwrap();
        assert!(!plain.full && !plain.confirm_shrink);
        let confirmed: SyncRequest = serde_json::from_str(r#"{"confirmShrink":true}"#).unwrap();
        assert!(confirmed.confirm_shrink);
        assert!(serde_json::from_str::<SyncRequest>(r#"{"confirm_shrink":true}"#).is_err());
    }

    #[test]
    fn a_withdrawal_says_its_scope_and_nothing_else() {
        let one =
            r#"{"scope":"pointer","pointer":"01890a5d-ac96-774b-bcce-b302099a8057","reason":"deceased"}"#;
        let read: WithdrawalRequest = serde_json::from_str(one).unwrap();
        assert!(matches!(read, WithdrawalRequest::Pointer { .. }));
        assert_eq!(serde_json::to_string(&read).unwrap(), one);

        for wrong in [
            r#"{"reason":"deceased"}"#,
            r#"{"scope":"many","reason":"deceased"}"#,
            r#"{"scope":"many","selector":{"all":true},"reason":"deceased"}"#,
            r#"{"scope":"pointer","pointer":"01890a5d-ac96-774b-bcce-b302099a8057","reason":"deceased","all":true}"#,
        ] {
            assert!(serde_json::from_str::<WithdrawalRequest>(wrong).is_err(), "{wrong}");
        }
    }
}
