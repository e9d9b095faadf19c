//! What waits in the writer's queue: acts, which leave records, and the log's own book-keeping, which leaves none.

use kw_ledger::{Leaf, Salt};
use tokio::sync::oneshot;

use super::{Done, Entropy, Tx};
use crate::books::Bookkeeping;
use crate::error::{Abort, StoreError, WriteError};
use crate::ledger::{Act, Committed, NewEntry, NewLink, StoredReceipt};
use crate::store::Service;
use crate::without_ledger::WITHOUT_LEDGER;

pub(super) enum Ran {
    Done,
    Refused,
}

/// One operation of a batch. It may run twice and is settled once.
pub(super) trait Operation<S: Service>: Send {
    fn name(&self) -> &'static str;
    fn run(&mut self, tx: &mut Tx<'_, S>, log: &mut Appender<'_>) -> Result<Ran, StoreError>;
    fn settle(self: Box<Self>, committed: bool);
}

pub(super) struct Acting<T, E, F> {
    pub(super) name: &'static str,
    pub(super) act: F,
    pub(super) reply: oneshot::Sender<Result<Committed<T>, WriteError<E>>>,
    pub(super) outcome: Option<Result<Committed<T>, E>>,
}

impl<S, T, E, F> Operation<S> for Acting<T, E, F>
where
    S: Service,
    T: Send,
    E: Send,
    F: FnMut(&mut Tx<'_, S>) -> Result<(T, Act), Abort<E>> + Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx<'_, S>, log: &mut Appender<'_>) -> Result<Ran, StoreError> {
        self.outcome = None;
        match (self.act)(tx) {
            Ok((value, act)) => {
                self.outcome = Some(Ok(Committed { value, receipts: log.append(act) }));
                Ok(Ran::Done)
            }
            Err(Abort::Refused(refusal)) => {
                self.outcome = Some(Err(refusal));
                Ok(Ran::Refused)
            }
            Err(Abort::Store(error)) => Err(error),
        }
    }

    fn settle(self: Box<Self>, committed: bool) {
        answer(self.reply, self.outcome, committed);
    }
}

pub(super) struct Keeping<T, F> {
    pub(super) name: &'static str,
    pub(super) keep: F,
    pub(super) reply: oneshot::Sender<Result<T, WriteError<StoreError>>>,
    pub(super) outcome: Option<Result<T, StoreError>>,
}

impl<S, T, F> Operation<S> for Keeping<T, F>
where
    S: Service,
    T: Send,
    F: FnMut(&mut dyn Bookkeeping) -> Result<T, StoreError> + Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx<'_, S>, log: &mut Appender<'_>) -> Result<Ran, StoreError> {
        match (self.keep)(tx.books()) {
            Ok(value) => {
                self.outcome = Some(Ok(value));
                log.kept = true;
                Ok(Ran::Done)
            }
            Err(error) => {
                // Its caller is told why, unlike an act's: it decides whether this process may go on.
                self.outcome = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    fn settle(self: Box<Self>, committed: bool) {
        answer(self.reply, self.outcome, committed);
    }
}

fn answer<T, E>(
    reply: oneshot::Sender<Result<T, WriteError<E>>>,
    outcome: Option<Result<T, E>>,
    committed: bool,
) {
    let answer = match outcome {
        Some(Err(refusal)) => Err(WriteError::Refused(refusal)),
        Some(Ok(done)) if committed => Ok(done),
        _ => Err(WriteError::Unavailable),
    };
    // The caller may have given up waiting; what was done stands all the same.
    drop(reply.send(answer));
}

/// What a batch is about to leave.
pub(super) struct Appender<'a> {
    entropy: &'a Entropy,
    pub(super) base: u64,
    pub(super) entries: Vec<NewEntry>,
    pub(super) links: Vec<NewLink>,
    /// Whether an operation changed the books.
    pub(super) kept: bool,
    /// Whether an operation wrote into the service's tables.
    pub(super) wrote: bool,
    /// Whether an operation erased records.
    pub(super) erased: bool,
}

impl<'a> Appender<'a> {
    pub(super) fn new(entropy: &'a Entropy, base: u64) -> Self {
        Self {
            entropy,
            base,
            entries: Vec::new(),
            links: Vec::new(),
            kept: false,
            wrote: false,
            erased: false,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    pub(super) fn note(&mut self, done: &Done) {
        self.wrote |= done.wrote;
        self.erased |= done.erased;
    }

    fn append(&mut self, act: Act) -> Vec<StoredReceipt> {
        if WITHOUT_LEDGER {
            let receipt = StoredReceipt { index: 0, salt: Salt([0; 32]) };
            return vec![receipt; act.entries.len()];
        }
        let record_index = self.size();
        self.links.extend(act.links.into_iter().enumerate().map(|(position, link)| NewLink {
            meant: link.meant,
            index: record_index + link.entry as u64,
            position: position as u32,
            reference: link.reference,
            transaction: link.transaction,
        }));
        act.entries
            .into_iter()
            .map(|(kind, record)| {
                let mut salt = Salt([0; 32]);
                (self.entropy)(&mut salt.0);
                let index = self.size();
                let leaf = Leaf::commit(kind, &salt, &record);
                self.entries.push(NewEntry { index, at: act.at, leaf, salt, record });
                StoredReceipt { index, salt }
            })
            .collect()
    }

    pub(super) fn mark(&self) -> (usize, usize) {
        (self.entries.len(), self.links.len())
    }

    pub(super) fn truncate(&mut self, (entries, links): (usize, usize)) {
        self.entries.truncate(entries);
        self.links.truncate(links);
    }
}
