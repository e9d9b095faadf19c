//! Asking: query, parallel pulls and the virtual dossier.
//!
//! A [`Requester`] turns one question about one person into one honest picture of what the holders have:
//!
//! 1. pseudonyms, from the pseudonymiser, verified against the agreement's keys;
//! 2. who holds what, from the switchboard, with a grant per pointer;
//! 3. one pull per grant, side by side, at holders that each decide for themselves;
//! 4. a [`Dossier`](kw_protocol::dossier::Dossier) with a section for *every* disclosed holder, whatever became of it.
//!
//! A doubt about a value goes to its holder as a feedback report, under a grant of its own.
//!
//! For a person who asks what was done with their data, it gathers an
//! [`AccessReport`](kw_protocol::access_report::AccessReport) from the logs of the whole chain in the same way.
//!
//! It promises:
//!
//! - nothing is asked, and nothing is handed out, before the own [`AccessLog`] has it;
//! - an index that could not be asked is an error, never an empty dossier;
//! - `complete` is true only if every disclosed holder delivered or has nothing;
//! - what a holder sends is shown only if it is what the grant and the agreement say.
//!
//! `examples/dossier.rs` shows its use.
#![forbid(unsafe_code)]

mod access_log;
mod assembly;
mod breaker;
mod differences;
mod error;
mod events;
mod feedback;
mod grant;
mod holders;
mod limits;
mod outcome;
mod progress;
mod pull;
mod question;
mod report;
mod representative;
mod requester;

pub use access_log::{
    AccessEvent, AccessLog, Answered, Asked, Assembled, Disclosure, PullOutcome, RecordError, Recording,
    Reported, Unanswered,
};
pub use assembly::complete;
pub use breaker::BreakerSettings;
pub use differences::touches;
pub use error::RequestError;
pub use events::EVENTS as LOG_EVENTS;
pub use feedback::{Addressee, Delivered, ReportError};
pub use limits::Limits;
pub use progress::Listener;
pub use question::{DossierQuery, Representation};
pub use report::ReportQuestion;
pub use requester::{Parts, Requester};
