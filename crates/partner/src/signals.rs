//! What this partner was told: its feed at the switchboard, followed by a job and kept for its own systems.
//!
//! The switchboard keeps the feed; this process keeps the newest part of it in memory and reads it anew after a start. A
//! place in it is named by the signal that was read last, so that a reader's place outlives a restart. What the switchboard
//! delivers at `/v1/events` comes into the same feed; a signal that comes by both roads is there once.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use kw_adapter::pulls::Consents;
use kw_client::ClientError;
use kw_domain::{PointerId, SignalId};
use kw_protocol::signal::{
    FROM_NOW, LARGEST_PAGE, LONGEST_WAIT, Signal, SignalPage, SignalType, SignalsAsked,
};
use kw_runtime::http::Traffic;
use kw_telemetry::{Explain, Reason};
use tokio::sync::watch;

use crate::app::App;
use crate::clients::Clients;
use crate::sent_feedback;

/// How many signals are kept for readers.
const KEPT: usize = 2_000;
/// Instead of a cursor: the oldest that is kept. What an empty page of an empty feed goes on from.
const FROM_START: &str = "start";

/// The newest part of the feed. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    kept: watch::Sender<VecDeque<Signal>>,
    /// The switchboard's cursor.
    cursor: Arc<Mutex<Option<String>>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { kept: watch::Sender::new(VecDeque::new()), cursor: Arc::default() }
    }
}

impl Feed {
    /// Asks for the next page at the switchboard, and waits for it when nothing is delivered here; none when the process ends.
    /// [`Feed::take`] it when it was acted upon.
    ///
    /// Whoever relies on an answer about consent hears here that a choice changed; while nothing can be heard, nobody relies on
    /// one.
    pub(crate) async fn next(
        &self,
        clients: &Clients,
        traffic: &Traffic,
        consents: &Consents,
        waits: bool,
    ) -> Result<Option<SignalPage>, ClientError> {
        let asked = SignalsAsked {
            after: self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            limit: Some(LARGEST_PAGE),
            wait: waits.then_some(LONGEST_WAIT),
        };
        let current = clients.current()?;
        let page = tokio::select! {
            page = current.switchboard.signals(&asked) => page.inspect_err(|_| consents.drop_all())?,
            () = traffic.ending() => return Ok(None),
        };
        drop_changed(&page.signals, consents);
        Ok(Some(page))
    }

    /// Whether the feed was read since the start: before that the order of what is delivered is not known.
    fn was_read(&self) -> bool {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Keeps a page for readers, and goes on after it.
    pub(crate) fn take(&self, page: SignalPage) {
        self.add(page.signals);
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(page.cursor);
    }

    fn add(&self, signals: Vec<Signal>) {
        if signals.is_empty() {
            return;
        }
        self.kept.send_if_modified(|kept| {
            let known: HashSet<SignalId> = kept.iter().map(|signal| signal.id).collect();
            let before = known.len();
            kept.extend(signals.into_iter().filter(|signal| !known.contains(&signal.id)));
            let news = kept.len() > before;
            let surplus = kept.len().saturating_sub(KEPT);
            kept.drain(..surplus);
            news
        });
    }

    /// A page after a place; nothing for a place that is no place.
    pub(crate) fn page(&self, after: Option<&str>, limit: usize) -> SignalPage {
        let kept = self.kept.borrow();
        let from = match after {
            None | Some(FROM_START) => 0,
            Some(FROM_NOW) => kept.len(),
            // A place that is not kept any more is before everything that is.
            Some(id) => {
                kept.iter().position(|signal| signal.id.to_string() == id).map_or(0, |place| place + 1)
            }
        };
        let signals: Vec<Signal> = kept.iter().skip(from).take(limit).cloned().collect();
        let last = signals.last().or_else(|| kept.get(from.checked_sub(1)?));
        let cursor = last.map_or_else(|| FROM_START.to_owned(), |signal| signal.id.to_string());
        SignalPage { signals, cursor }
    }

    /// Resolves when there is a page after this place.
    pub(crate) async fn beyond(&self, cursor: &str) {
        let mut changes = self.kept.subscribe();
        while self.page(Some(cursor), 1).signals.is_empty() {
            // The feed lives as long as its readers.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Waits for what comes next and acts upon it. What could not be made durable is heard again.
pub(crate) async fn follow(app: &App, consents: &Consents, waits: bool) -> Result<(), NotFollowed> {
    let next = app.feed.next(&app.clients, &app.traffic, consents, waits).await;
    if let Some(page) = next.map_err(NotFollowed::Feed)? {
        sent_feedback::hear(app, &page.signals).await.map_err(NotFollowed::Feedback)?;
        app.feed.take(page);
    }
    Ok(())
}

/// Acts upon a signal that the switchboard delivered, and keeps it. `false` until the feed was read once: it is to be delivered
/// again then.
pub(crate) async fn receive(app: &App, signal: Signal, consents: &Consents) -> Result<bool, NotFollowed> {
    if !app.feed.was_read() {
        return Ok(false);
    }
    drop_changed(std::slice::from_ref(&signal), consents);
    sent_feedback::hear(app, std::slice::from_ref(&signal)).await.map_err(NotFollowed::Feedback)?;
    app.feed.add(vec![signal]);
    Ok(true)
}

/// Why nothing more was heard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFollowed {
    /// The switchboard does not answer.
    #[error(transparent)]
    Feed(ClientError),
    /// What it said about feedback reports could not be noted.
    #[error(transparent)]
    Feedback(sent_feedback::Fault),
}

impl Explain for NotFollowed {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Feed(error) => error.explain(reason),
            Self::Feedback(fault) => fault.explain(reason),
        }
    }
}

/// A changed choice is asked for again. The signal names the own pointer that it speaks of.
fn drop_changed(signals: &[Signal], consents: &Consents) {
    let changed = signals.iter().filter(|signal| signal.known() == Some(SignalType::ConsentChanged));
    for signal in changed {
        match PointerId::parse(&signal.about) {
            Ok(pointer) => consents.drop_about(pointer),
            Err(_) => consents.drop_all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::{Instant, Oin};

    use super::*;

    fn signal(number: u8) -> Signal {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let at = Instant::from_millis(i64::from(number) * 1_000);
        let id = SignalId::new(at, [number; 10]);
        Signal::new(oin, id, SignalType::ReviewDue, at, id.to_string(), u64::from(number))
    }

    fn told(numbers: impl IntoIterator<Item = u8>) -> SignalPage {
        SignalPage { signals: numbers.into_iter().map(signal).collect(), cursor: "x".into() }
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let feed = Feed::default();
        let empty = feed.page(None, 10);
        assert!(empty.signals.is_empty());
        feed.take(told(1..=5));
        let first = feed.page(Some(&empty.cursor), 2);
        assert_eq!(first.signals, [signal(1), signal(2)]);
        let rest = feed.page(Some(&first.cursor), 10);
        assert_eq!(rest.signals, [signal(3), signal(4), signal(5)]);
        let none = feed.page(Some(&rest.cursor), 10);
        assert_eq!((none.signals.len(), &none.cursor), (0, &rest.cursor));
        assert_eq!(feed.page(Some(FROM_NOW), 10), none);
    }

    #[test]
    fn a_signal_that_comes_twice_is_there_once() {
        let feed = Feed::default();
        feed.take(told(1..=3));
        feed.add(vec![signal(4)]);
        feed.add(vec![signal(2)]);
        feed.take(told(3..=5));
        assert_eq!(feed.page(None, 10).signals, [1, 2, 3, 4, 5].map(signal));
    }

    #[test]
    fn a_place_outlives_a_restart() {
        let before = Feed::default();
        before.take(told(1..=3));
        let read = before.page(None, 2);
        let after = Feed::default();
        after.take(told(2..=4));
        assert_eq!(after.page(Some(&read.cursor), 10).signals, [signal(3), signal(4)]);
    }

    #[tokio::test]
    async fn a_reader_that_waits_hears_of_the_next_one() {
        let feed = Feed::default();
        feed.take(told([1]));
        let cursor = feed.page(None, 10).cursor;
        let (waiting, at) = (feed.clone(), cursor.clone());
        let reader = tokio::spawn(async move { waiting.beyond(&at).await });
        tokio::task::yield_now().await;
        assert!(!reader.is_finished());
        feed.take(told([2]));
        reader.await.unwrap();
        assert_eq!(feed.page(Some(&cursor), 10).signals, [signal(2)]);
    }
}
