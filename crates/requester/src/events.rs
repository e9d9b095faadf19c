//! What this crate writes into the log.

use kw_domain::{Oin, TransactionId};
use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Compare the agreements, if it goes on for longer than a change of the agreement takes.
    AgreementDiffers(
        Application, Warn, "agreement-differs", "the switchboard decided under another agreement than ours"
    ) {}
    /// The holder's to mend. Nothing of it was shown.
    PulledMalformed(
        Application, Warn, "pulled-malformed", "a pulled document does not fit the agreement's schema"
    ) { holder: Oin, transaction: TransactionId, complaints: usize }
    /// The dossier says so too.
    PullNotDelivered(Application, Info, "pull-not-delivered", "a pull did not deliver") {
        holder: Oin,
        transaction: TransactionId,
        reason: Option<&'static str>,
    }
    /// Look at the partner's database. Nothing was handed out.
    UnansweredNotRecorded(
        Application, Error, "unanswered-not-recorded", "a question without an answer is not recorded as such"
    ) { transaction: TransactionId, reason: Reason }
}
