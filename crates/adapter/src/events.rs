//! What this crate writes into the log.

use kw_domain::{Oin, TransactionId};
use kw_telemetry::{Configured, Reason};

kw_telemetry::events! {
    /// The pseudonymiser gives none now: what is left is refreshed at the next run.
    BindingsDelayed(Application, Warn, "bindings-delayed", "bindings are not refreshed now") { reason: Reason }
    /// Pulls of records of this source are refused until it can be read.
    BindingsNotRefreshed(
        Application, Warn, "bindings-not-refreshed", "bindings could not be refreshed from a source"
    ) { source: Configured, reason: Reason }
    /// Nothing is delivered where consent counts, until the switchboard answers.
    ConsentNotAsked(Application, Warn, "consent-not-asked", "the switchboard cannot be asked what a person chose") {
        reason: Reason,
    }
    /// Look at the partner's database: nothing is told or withdrawn meanwhile.
    DatabaseNotRead(Application, Error, "database-not-read", "the partner's database cannot be read") { reason: Reason }
    /// Mend the source or its mapping: nothing was delivered.
    DocumentMalformed(
        Application, Error, "document-malformed", "a document does not fit the agreement's schema"
    ) { source: Configured, category: Configured, complaints: usize }
    /// The asker was told that the source is unavailable.
    DocumentNotFetched(Application, Error, "document-not-fetched", "a document cannot be fetched") {
        source: Configured,
        reason: Reason,
    }
    /// Something of this holder broke.
    FeedbackFailed(Application, Error, "feedback-failed", "a feedback report could not be taken in") {
        caller: Oin,
        transaction: Option<TransactionId>,
        reason: &'static str,
    }
    /// It stays in the outbox and is tried again.
    FeedbackNotTold(
        Application, Warn, "feedback-not-told", "the switchboard was not told how a feedback report stands"
    ) { reason: Reason }
    /// Take them up: `ketenwijzer feedback received list --overdue`.
    FeedbackOverdue(
        Application, Warn, "feedback-overdue", "feedback reports were not taken up within the agreed working days"
    ) { reports: u64 }
    /// It is tried again much later: mend what the switchboard refuses.
    FeedbackParked(Application, Error, "feedback-parked", "the switchboard refuses a message about a feedback report") {
        reason: &'static str,
    }
    /// A mix-up was stopped, or somebody tries what is not theirs.
    FeedbackRefused(Security, Warn, "feedback-refused", "a feedback report was refused") {
        caller: Oin,
        transaction: Option<TransactionId>,
        reason: &'static str,
    }
    /// Without keys no grant can be checked; the last ones are used while they may be.
    GrantKeysNotFetched(
        Application, Warn, "grant-keys-not-fetched", "the switchboard's keys cannot be fetched"
    ) { reason: Reason }
    /// It is tried again; when the lease runs out, every pointer lapses.
    LeaseNotRenewed(Application, Warn, "lease-not-renewed", "the lease was not renewed") { reason: Reason }
    /// This partner was down or cut off for longer than its lease.
    LeaseRanOut(
        Application, Warn, "lease-ran-out",
        "the lease ran out, so the switchboard has lapsed all pointers: they are registered again"
    ) { count: u64 }
    /// The local API's status says which; it is tried again much later.
    MessageParked(Application, Error, "message-parked", "a message to the switchboard is parked") {
        source: Configured,
        category: Configured,
        reason: &'static str,
    }
    /// They stay in the outbox and are tried again.
    NoPseudonyms(Application, Warn, "no-pseudonyms", "no pseudonyms for registering") { reason: Reason }
    /// Compare the agreements of both sides, if it goes on for longer than a change of the agreement takes.
    PolicyDiffers(
        Application, Warn, "policy-differs",
        "a grant was decided under another agreement than the one in force here"
    ) { transaction: TransactionId, caller: Oin }
    /// Something of this holder broke.
    PullFailed(Application, Error, "pull-failed", "a pull could not be answered") {
        caller: Oin,
        transaction: Option<TransactionId>,
        reason: &'static str,
    }
    /// Look at the partner's database.
    PullNotRecorded(
        Application, Error, "pull-not-recorded", "a pull could not be recorded, so it was not answered"
    ) { reason: Reason }
    /// A mix-up was stopped, or somebody tries what is not theirs.
    PullRefused(Security, Warn, "pull-refused", "a pull was refused") {
        caller: Oin,
        transaction: Option<TransactionId>,
        reason: &'static str,
    }
    /// The mapping says that a record's key belongs to one person, and it does not.
    RecordChangedHands(
        Security, Warn, "record-changed-hands",
        "a record was given to another person at the source since the last sync; nothing was delivered"
    ) { source: Configured, category: Configured }
    /// A party keeps sending what is no grant.
    RefusalsCounted(Security, Warn, "refusals-counted", "refused pulls were counted and not recorded") {
        caller: Oin,
        reason: &'static str,
        count: u64,
    }
    /// Look at the status, and if it is right, confirm it with `sync --reconcile --confirm-shrink`.
    ReconciliationHeld(
        Application, Error, "reconciliation-held",
        "the switchboard has many pointers that nothing here stands for: none is withdrawn until somebody confirms it"
    ) { source: Configured, count: u64 }
    /// It is tried again; nothing was withdrawn.
    ReconciliationNotFinished(
        Application, Warn, "reconciliation-not-finished", "a source could not be compared with the switchboard"
    ) { source: Configured, reason: Reason }
    /// Configure it again, or withdraw its pointers.
    SourceNotConfigured(
        Application, Error, "source-not-configured", "a source is registered but not configured"
    ) { source: Configured }
    /// The local API's status has the source's own words.
    SourceNotRead(Application, Warn, "source-not-read", "a source could not be read to its end") {
        source: Configured,
        reason: Reason,
    }
    /// Confirm that it is right with `sync --confirm-shrink`, or mend the source.
    SourceShrank(
        Application, Error, "source-shrank",
        "much fewer records at the source than before: nothing is withdrawn until somebody confirms it"
    ) { source: Configured, left: u64 }
    /// The pointer ends when its time is up.
    SourceSilent(
        Application, Warn, "source-silent",
        "a pointer runs out and the source cannot be asked whether it still stands"
    ) { source: Configured }
    /// Something of this party broke.
    StatementFailed(
        Application, Error, "statement-failed", "what the log says about a person could not be told"
    ) { caller: Oin, transaction: Option<TransactionId>, reason: &'static str }
    /// A mix-up was stopped, or somebody tries what is not theirs.
    StatementRefused(
        Security, Warn, "statement-refused", "what the log says about a person was not told"
    ) { caller: Oin, transaction: Option<TransactionId>, reason: &'static str }
    /// It stays in the outbox and is tried again.
    SwitchboardNotTold(Application, Warn, "switchboard-not-told", "the switchboard was not told") { reason: Reason }
}
