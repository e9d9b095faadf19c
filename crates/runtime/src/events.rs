//! What this crate writes into the log.

use std::time::Duration;

use kw_domain::{Oin, TransactionId};
use kw_telemetry::{Addresses, Configured, Digest, Reason, TraceId};

kw_telemetry::events! {
    /// The agreement with which this process started.
    AgreementLoaded(Application, Info, "agreement-loaded", "agreement loaded") { hash: Digest, chain: Configured }
    /// Somebody put a wider agreement in place without the approvals of two operators. The old one stays in force.
    AgreementRefused(
        Security, Error, "agreement-refused", "a wider agreement was refused: two operators have to approve it"
    ) { hash: Digest, before: Digest, widenings: usize, missing: usize }
    /// From now on decisions are made under another agreement.
    AgreementReplaced(Application, Info, "agreement-replaced", "agreement replaced") { hash: Digest, before: Digest }
    /// Fetch the authority's newest revocation lists: until then nobody gets in.
    CallerUnjudged(
        Security, Error, "caller-unjudged", "a caller cannot be judged: revocation lists are out of date"
    ) {}
    /// Somebody came with a certificate that was good in the handshake and is not now.
    CertificateRefused(Security, Warn, "certificate-refused", "a certificate was refused") { reason: Reason }
    /// The end of the process.
    Ended(Application, Info, "ended", "ended") {}
    /// The process was told to end.
    Ending(Application, Info, "ending", "ending: no new requests, what is under way may finish") { requests: usize }
    /// A fault of this program or of what it stands on. The caller was told the correlation id and nothing else.
    Fault(Application, Error, "fault", "fault") { correlation: TraceId<8>, reason: Reason }
    /// It goes on when the process starts again.
    JobCutOff(Application, Warn, "job-cut-off", "a job did not end in time and is cut off") { job: &'static str }
    /// It is tried again after the wait, which doubles.
    JobFailed(Application, Error, "job-failed", "a job failed") {
        job: &'static str,
        wait_ms: Duration,
        reason: Reason,
    }
    /// Only who stands in the agreement reads logs.
    MemberRefused(Security, Warn, "member-refused", "somebody outside the chain asked for a log") { caller: Oin }
    /// A fault of this program: the figures of this metric are not shown.
    MetricMisused(Application, Error, "metric-misused", "a metric is registered as another kind") { metric: &'static str }
    /// A party of the chain, or a stranger, tried to read what is for auditors.
    NoAuditor(Security, Warn, "no-auditor", "somebody who is no auditor asked for the access log") { caller: Oin }
    /// Mend the file: meanwhile the old one grows older.
    NotReloaded(Application, Error, "not-reloaded", "not reloaded, the old one stays in force") {
        what: &'static str,
        reason: Reason,
    }
    /// A party that the agreement does not know, or has suspended.
    PartyRefused(Security, Warn, "party-refused", "a party was refused") { caller: Oin, suspended: bool }
    /// A party that has no mandate for what it wanted to do for a partner.
    SupplierRefused(Security, Warn, "supplier-refused", "a supplier was refused") { caller: Oin, principal: Oin }
    /// Everything listens.
    Ready(Application, Info, "ready", "ready") { addresses: Addresses }
    /// As told by SIGHUP.
    Reloaded(Application, Info, "reloaded", "reloaded as told") { what: &'static str, changed: bool }
    /// One for each request.
    Request(Application, Info, "request", "request", in "kw_request") {
        method: &'static str,
        route: &'static str,
        status: u16,
        micros: u64,
        caller: Option<Oin>,
        trace: TraceId,
        transaction: TransactionId,
    }
    /// Give the process more time to end, if its callers mind.
    RequestsCutOff(
        Application, Warn, "requests-cut-off", "requests were still under way at the deadline and are cut off"
    ) { requests: usize }
}
