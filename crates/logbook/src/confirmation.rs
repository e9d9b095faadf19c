//! At the start: nothing is done before witnesses say that they know nothing newer of this log. A database that was
//! restored from an older copy, with everything beside it, is recognised by them only.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use kw_domain::Oin;
use kw_telemetry::Reason;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::books::Books;
use crate::doubt::Doubt;
use crate::events;
use crate::publisher::Publisher;
use crate::recovery::needed;
use crate::witnesses::{Testimony, Witnesses};

/// How often the log tells that it still waits.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// The hold of a log that is not confirmed yet.
pub(crate) struct Confirmation {
    books: Arc<dyn Books>,
    witnesses: Arc<Witnesses>,
    publisher: Arc<Publisher>,
    start_unconfirmed: bool,
    confirmed: AtomicBool,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    confirmed_by: BTreeSet<Oin>,
    since: Option<Instant>,
    told: Option<Instant>,
}

impl Confirmation {
    pub(crate) fn new(
        books: Arc<dyn Books>,
        witnesses: Arc<Witnesses>,
        publisher: Arc<Publisher>,
        start_unconfirmed: bool,
    ) -> Self {
        let (confirmed, asked) = (AtomicBool::new(false), Mutex::default());
        Self { books, witnesses, publisher, start_unconfirmed, confirmed, asked }
    }

    /// Whether the log is in use.
    pub(crate) fn is_given(&self) -> bool {
        self.confirmed.load(Ordering::SeqCst)
    }

    /// Asks whoever has not confirmed yet; `true` when that made the log confirmed.
    pub(crate) async fn ask(&self) -> Result<bool, Doubt> {
        let mut asked = self.asked.lock().await;
        if self.is_given() {
            return Ok(false);
        }
        if self.start_unconfirmed {
            events::Unconfirmed {}.log();
            self.give();
            return Ok(true);
        }
        let witnesses = self.witnesses.current();
        // One at least, whatever the quorum: a log that nobody relies on may be restored as easily as another.
        let needed = needed(witnesses.len(), self.witnesses.quorum());
        asked.confirmed_by.retain(|oin| witnesses.iter().any(|witness| witness.oin() == *oin));
        let open = witnesses.iter().filter(|witness| !asked.confirmed_by.contains(&witness.oin()));
        let answers =
            join_all(open.map(async |witness| (witness, witness.testify(&self.publisher).await))).await;
        for (witness, answer) in answers {
            match answer? {
                Ok(Testimony::Agrees(size)) => {
                    witness.stands(size);
                    asked.confirmed_by.insert(witness.oin());
                }
                Ok(Testimony::Unsound) => {
                    let reason = "its newest checkpoint of this log is not signed by this log";
                    events::WitnessUnsound { witness: witness.oin(), reason: Reason::of(&reason) }.log();
                }
                Err(_) => {}
            }
        }
        let confirmations = asked.confirmed_by.len();
        if confirmations >= needed {
            events::Confirmed { confirmations }.log();
            self.give();
            return Ok(true);
        }
        let now = Instant::now();
        let since = *asked.since.get_or_insert(now);
        if asked.told.is_none_or(|told| now - told >= TOLD_EVERY) {
            asked.told = Some(now);
            events::Waiting { confirmations, needed, waited_ms: now - since }.log();
        }
        Ok(false)
    }

    fn give(&self) {
        self.confirmed.store(true, Ordering::SeqCst);
        self.books.release();
    }
}
