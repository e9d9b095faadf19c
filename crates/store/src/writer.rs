//! The group-commit writer: one thread, one connection, one transaction for everything that is waiting.
//!
//! Operations queue up while the previous commit syncs. A batch first runs without savepoints: an operation refuses
//! before it writes, so most refusals leave nothing behind. When one fails after it wrote, the batch is rolled back and
//! each operation runs again inside its own savepoint, so that one bad operation does not poison the others. Closures may
//! therefore run twice. Any failure to commit drops the connection and answers every caller "unavailable"
//! (docs/decisions/0005).

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant as Elapsed};

use kw_ledger::{Leaf, Salt};
use tokio::sync::{mpsc, oneshot};

use crate::backend::{Connection, ConnectionRole};
use crate::config::DatabaseConfig;
use crate::error::{Abort, StoreError, WriteError};
use crate::ledger::{Act, Committed, NewEntry, NewLink, StoredReceipt};
use crate::store::Service;

/// How many operations may wait.
const QUEUE: usize = 4_096;
/// How many operations share one commit at most.
const BATCH: usize = 512;
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// The write-ahead log is truncated by the writer itself when it passes this size.
const WAL_LIMIT_BYTES: u64 = 256 * 1024 * 1024;

pub(crate) type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The transaction as one operation sees it.
pub struct Tx<'a, S: Service> {
    connection: &'a mut Connection,
    wrote: &'a mut bool,
    service: PhantomData<S>,
}

impl<S: Service> Tx<'_, S> {
    /// The service's tables, to decide. Refuse while you have only read: it costs the batch nothing.
    pub fn read(&mut self) -> &mut S::Read {
        S::reading(self.connection)
    }

    /// The service's tables, to change.
    pub fn write(&mut self) -> &mut S::Write {
        *self.wrote = true;
        S::writing(self.connection)
    }
}

pub(crate) struct Writer<S: Service> {
    queue: mpsc::Sender<Box<dyn Operation<S>>>,
}

impl<S: Service> Writer<S> {
    pub(crate) fn start(
        config: DatabaseConfig,
        origin: String,
        connection: Connection,
        entropy: Entropy,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let worker = Worker { config, origin, connection: Some(connection), entropy, wal: None };
        std::thread::Builder::new().name(format!("{}-writer", S::NAME)).spawn(move || worker.run(waiting))?;
        Ok(Self { queue })
    }

    pub(crate) async fn write<T, E, F>(
        &self,
        name: &'static str,
        act: F,
    ) -> Result<Committed<T>, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_, S>) -> Result<(T, Act), Abort<E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Job { name, act, reply, outcome: None };
        self.queue.try_send(Box::new(job)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::Busy,
            mpsc::error::TrySendError::Closed(_) => WriteError::Unavailable,
        })?;
        answer.await.unwrap_or(Err(WriteError::Unavailable))
    }
}

enum Ran {
    Done,
    Refused,
}

trait Operation<S: Service>: Send {
    fn name(&self) -> &'static str;
    fn run(&mut self, tx: &mut Tx<'_, S>, log: &mut Appender<'_>) -> Result<Ran, StoreError>;
    fn settle(self: Box<Self>, committed: bool);
}

struct Job<T, E, F> {
    name: &'static str,
    act: F,
    reply: oneshot::Sender<Result<Committed<T>, WriteError<E>>>,
    outcome: Option<Result<Committed<T>, E>>,
}

impl<S, T, E, F> Operation<S> for Job<T, E, F>
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
        let answer = match self.outcome {
            Some(Err(refusal)) => Err(WriteError::Refused(refusal)),
            Some(Ok(done)) if committed => Ok(done),
            _ => Err(WriteError::Unavailable),
        };
        // The caller may have given up waiting; the act stands all the same.
        drop(self.reply.send(answer));
    }
}

struct Appender<'a> {
    entropy: &'a Entropy,
    base: u64,
    entries: Vec<NewEntry>,
    links: Vec<NewLink>,
}

impl Appender<'_> {
    fn append(&mut self, act: Act) -> Vec<StoredReceipt> {
        let record_index = self.base + self.entries.len() as u64;
        self.links.extend(act.links.into_iter().enumerate().map(|(position, (meant, reference))| NewLink {
            meant,
            index: record_index,
            position: position as u32,
            reference,
        }));
        act.entries
            .into_iter()
            .map(|(kind, record)| {
                let mut salt = Salt([0; 32]);
                (self.entropy)(&mut salt.0);
                let index = self.base + self.entries.len() as u64;
                let leaf = Leaf::commit(kind, &salt, &record);
                self.entries.push(NewEntry { index, at: act.at, leaf, salt, record });
                StoredReceipt { index, salt }
            })
            .collect()
    }

    fn mark(&self) -> (usize, usize) {
        (self.entries.len(), self.links.len())
    }

    fn truncate(&mut self, (entries, links): (usize, usize)) {
        self.entries.truncate(entries);
        self.links.truncate(links);
    }
}

struct Worker {
    config: DatabaseConfig,
    origin: String,
    connection: Option<Connection>,
    entropy: Entropy,
    wal: Option<PathBuf>,
}

impl Worker {
    fn run<S: Service>(mut self, mut waiting: mpsc::Receiver<Box<dyn Operation<S>>>) {
        if !self.config.is_postgres() {
            let path = self.config.url.strip_prefix("sqlite:").unwrap_or(&self.config.url);
            self.wal = Some(PathBuf::from(format!("{path}-wal")));
        }
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            self.commit(&mut batch);
            self.bound_wal();
        }
    }

    fn commit<S: Service>(&mut self, batch: &mut Vec<Box<dyn Operation<S>>>) {
        let began = Elapsed::now();
        // A panic in a closure costs its batch, not the writer: without it every later write would fail for ever.
        let attempt = AssertUnwindSafe(|| self.connected().and_then(|()| self.run_batch(batch)));
        let outcome = catch_unwind(attempt)
            .unwrap_or_else(|_| Err(StoreError::Database("an operation panicked".into())));
        let committed = match outcome {
            Ok(()) => true,
            Err(error) => {
                log::error!(audience = "application", operations = batch.len(); "a batch was not committed: {error}");
                self.connection = None;
                false
            }
        };
        let elapsed = began.elapsed();
        if elapsed > Duration::from_secs(1) {
            let first = batch.first().map_or("", |operation| operation.name());
            log::warn!(audience = "application", first = first, millis = elapsed.as_millis() as u64; "a slow commit");
        }
        for operation in batch.drain(..) {
            operation.settle(committed);
        }
        if !committed {
            std::thread::sleep(RECONNECT_AFTER);
        }
    }

    fn connected(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            let connection = Connection::open(&self.config, ConnectionRole::Writer)
                .map_err(|error| StoreError::Database(error.to_string()))?;
            self.connection = Some(connection);
        }
        Ok(())
    }

    fn run_batch<S: Service>(&mut self, batch: &mut [Box<dyn Operation<S>>]) -> Result<(), StoreError> {
        let Some(connection) = self.connection.as_mut() else {
            return Err(StoreError::Database("there is no connection".into()));
        };
        let base = begin(connection, &self.origin)?;
        let mut log = Appender { entropy: &self.entropy, base, entries: Vec::new(), links: Vec::new() };
        if run_together(connection, batch, &mut log).is_err() {
            connection.execute("ROLLBACK")?;
            let base = begin(connection, &self.origin)?;
            log = Appender { entropy: &self.entropy, base, entries: Vec::new(), links: Vec::new() };
            run_apart(connection, batch, &mut log)?;
        }
        let size = log.base + log.entries.len() as u64;
        if log.entries.is_empty() {
            // Nothing but refusals: they wrote nothing, so there is nothing to sync.
            return connection.execute("ROLLBACK");
        }
        connection.ledger().append(size, &log.entries, &log.links)?;
        connection.execute("COMMIT")
    }

    fn bound_wal(&mut self) {
        let Some(path) = &self.wal else { return };
        if std::fs::metadata(path).is_ok_and(|wal| wal.len() > WAL_LIMIT_BYTES)
            && let Some(connection) = self.connection.as_mut()
            && let Err(error) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            log::warn!(audience = "application"; "the write-ahead log could not be truncated: {error}");
        }
    }
}

fn begin(connection: &mut Connection, origin: &str) -> Result<u64, StoreError> {
    connection.begin()?;
    match connection.ledger().lock_head()? {
        Some((found, size)) if found == origin => Ok(size),
        Some(_) => Err(StoreError::Damaged("log origin")),
        None => Err(StoreError::Damaged("log head")),
    }
}

/// Everything without savepoints. An error means that something was written that must not stay.
fn run_together<S: Service>(
    connection: &mut Connection,
    batch: &mut [Box<dyn Operation<S>>],
    log: &mut Appender<'_>,
) -> Result<(), StoreError> {
    for operation in batch {
        let mut wrote = false;
        let mut tx = Tx { connection: &mut *connection, wrote: &mut wrote, service: PhantomData };
        if matches!(operation.run(&mut tx, log)?, Ran::Refused) && wrote {
            return Err(StoreError::Database("refused after a write".into()));
        }
    }
    Ok(())
}

/// Each operation in its own savepoint; one that fails is undone and answered "unavailable" alone.
fn run_apart<S: Service>(
    connection: &mut Connection,
    batch: &mut [Box<dyn Operation<S>>],
    log: &mut Appender<'_>,
) -> Result<(), StoreError> {
    for operation in batch {
        let mark = log.mark();
        connection.execute("SAVEPOINT operation")?;
        let mut wrote = false;
        let mut tx = Tx { connection: &mut *connection, wrote: &mut wrote, service: PhantomData };
        match operation.run(&mut tx, log) {
            Ok(Ran::Done) => connection.execute("RELEASE SAVEPOINT operation")?,
            Ok(Ran::Refused) => undo(connection, log, mark)?,
            Err(error) => {
                let name = operation.name();
                log::error!(audience = "application", operation = name; "an operation failed: {error}");
                undo(connection, log, mark)?;
            }
        }
    }
    Ok(())
}

fn undo(connection: &mut Connection, log: &mut Appender<'_>, mark: (usize, usize)) -> Result<(), StoreError> {
    log.truncate(mark);
    connection.execute("ROLLBACK TO SAVEPOINT operation")?;
    connection.execute("RELEASE SAVEPOINT operation")
}
