//! What this crate writes into the log.

use std::time::Duration;

use kw_domain::Oin;
use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Look at the database: signals are delivered once more until it takes how far they are.
    DeliveryNotStored(
        Application, Error, "delivery-not-stored", "how far signals were delivered could not be stored"
    ) { reason: Reason }
    /// A rotation of index keys took a step.
    GenerationsChanged(
        Application, Info, "generations-changed", "the live generations of the index keys changed"
    ) {}
    /// Ask the holder: it was down or cut off for longer than its lease.
    HolderLeaseRanOut(
        Application, Warn, "holder-lease-ran-out", "a holder's lease ran out; its pointers lapse"
    ) { holder: Oin }
    /// Ask the holder's data protection officer: the person waits longer than the chain agreed.
    ObjectionOverdue(
        Application, Warn, "objection-overdue", "an objection was not decided within its term"
    ) { holder: Oin }
    /// Put it there: meanwhile acts are answered "unavailable".
    LiveKeyMissing(
        Application, Error, "live-key-missing", "a key of a live generation is missing from the key folder"
    ) {}
    /// Call the coordinators of the chain: holders of these matches made no contact within the term. They were told.
    MatchesUncontacted(
        Application, Warn, "matches-uncontacted", "holders of a match made no contact in time"
    ) { matches: u64 }
    /// A reviewer found that a colleague had no ground to ask. It is for that organisation to act.
    QuestionUnjustified(
        Security, Warn, "question-unjustified", "a reviewer found that there was no ground for a question"
    ) { caller: Oin }
    /// Ask the organisation: nobody there reviewed in time. Its auditors were told.
    ReviewsOverdue(
        Security, Warn, "reviews-overdue", "questions were not reviewed in time and are passed on"
    ) { caller: Oin, reviews: u64 }
    /// Call the party: its questions look as if somebody searches through all numbers. Its auditors were told; suspend it in
    /// the agreement if need be.
    SearchSuspected(
        Security, Error, "search-suspected", "a party's questions look like a search through all numbers"
    ) {
        caller: Oin,
        pattern: &'static str,
        questions: u64,
        misses: u64,
        window_ms: Duration,
    }
    /// Acts are answered "unavailable" until it can be.
    RotationNotFollowed(
        Application, Error, "rotation-not-followed", "a rotation cannot be followed"
    ) { reason: Reason }
}
