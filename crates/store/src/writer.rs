//! The group-commit writer: one thread, one connection, one transaction for everything that is waiting.
//!
//! Operations queue up while the previous commit syncs. A batch first runs without savepoints: an operation refuses
//! before it writes, so most refusals leave nothing behind. When one fails after it wrote, the batch is rolled back and
//! each operation runs again inside its own savepoint, so that one bad operation does not poison the others. Closures may
//! therefore run twice. Any failure to commit drops the connection and answers every caller "unavailable"
//! (docs/decisions/0005).

mod operation;

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Elapsed};

use kw_domain::Instant;
use kw_ledger::LeafKind;
use kw_telemetry::Reason;
use tokio::sync::{mpsc, oneshot};

use self::operation::{Acting, Appender, Keeping, Operation, Ran};
use crate::backend::{Connection, ConnectionRole};
use crate::books::Bookkeeping;
use crate::config::DatabaseConfig;
use crate::error::{Abort, StoreError, WriteError};
use crate::events::{BatchNotCommitted, OperationFailed, SlowCommit, WalNotTruncated};
use crate::ledger::{Act, Committed, Erased};
use crate::resolutions::{Consent, Resolution};
use crate::same_file::OpenedFile;
use crate::store::Service;
use crate::without_ledger::WITHOUT_LEDGER;

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
    done: &'a mut Done,
    service: PhantomData<S>,
}

/// What an operation has done so far.
#[derive(Default)]
struct Done {
    wrote: bool,
    erased: bool,
}

impl<S: Service> Tx<'_, S> {
    /// The service's tables, to decide. Refuse while you have only read: it costs the batch nothing.
    pub fn read(&mut self) -> &mut S::Read {
        S::reading(self.connection)
    }

    /// The service's tables, to change.
    pub fn write(&mut self) -> &mut S::Write {
        self.done.wrote = true;
        S::writing(self.connection)
    }

    /// Erases record, salt and links of the oldest entries of a class that are from before a moment: at most `limit`, in the order
    /// of the log, up to the first that is still to be kept. Their leaves stay, so the tree does not change. `None` when there is
    /// nothing to erase.
    ///
    /// SQLite's bytes are overwritten at once, in its write-ahead log too unless somebody reads from it just then. PostgreSQL
    /// keeps them until its next vacuum. Backups and archived write-ahead logs of either are the operator's to end.
    pub fn erase_records(
        &mut self,
        class: LeafKind,
        before: Instant,
        limit: u32,
    ) -> Result<Option<Erased>, StoreError> {
        let erased = self.connection.ledger().erase(class, before, limit, S::LINKS)?;
        if erased.is_some() {
            *self.done = Done { wrote: true, erased: true };
        }
        Ok(erased)
    }

    /// Stores a request to be told whom a reference means.
    pub fn request_resolution(&mut self, resolution: &Resolution) -> Result<(), StoreError> {
        self.done.wrote = true;
        self.connection.ledger().request(resolution)
    }

    /// Stores a second auditor's approval, and until when the resolution stands because of it. `false` when there is no such
    /// request that still waits for one.
    pub fn approve_resolution(
        &mut self,
        id: &[u8; 16],
        approval: &Consent,
        expires_at: Instant,
    ) -> Result<bool, StoreError> {
        let approved = self.connection.ledger().approve(id, approval, expires_at)?;
        self.done.wrote |= approved;
        Ok(approved)
    }

    /// Removes resolutions that were void before a moment.
    pub fn forget_resolutions(&mut self, before: Instant) -> Result<(), StoreError> {
        self.done.wrote = true;
        self.connection.ledger().forget_resolutions(before)
    }

    fn books(&mut self) -> &mut dyn Bookkeeping {
        self.connection.books()
    }
}

pub(crate) struct Writer<S: Service> {
    queue: mpsc::Sender<Box<dyn Operation<S>>>,
    held: Mutex<Option<Arc<str>>>,
}

impl<S: Service> Writer<S> {
    pub(crate) fn start(
        config: DatabaseConfig,
        file: Option<Arc<OpenedFile>>,
        origin: String,
        connection: Connection,
        entropy: Entropy,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let worker = Worker {
            config,
            file,
            origin,
            connection: Some(connection),
            entropy,
            wal: None,
            truncate: false,
        };
        std::thread::Builder::new().name(format!("{}-writer", S::NAME)).spawn(move || worker.run(waiting))?;
        Ok(Self { queue, held: Mutex::new(None) })
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
        if self.held().is_some() {
            return Err(WriteError::Unavailable);
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(Acting { name, act, reply, outcome: None }))?;
        answer.await.unwrap_or(Err(WriteError::Unavailable))
    }

    pub(crate) async fn keep<T, F>(&self, name: &'static str, keep: F) -> Result<T, WriteError<StoreError>>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Bookkeeping) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(Keeping { name, keep, reply, outcome: None }))?;
        answer.await.unwrap_or(Err(WriteError::Unavailable))
    }

    pub(crate) fn hold(&self, reason: Option<Arc<str>>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    pub(crate) fn held(&self) -> Option<Arc<str>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn enqueue<E>(&self, operation: Box<dyn Operation<S>>) -> Result<(), WriteError<E>> {
        self.queue.try_send(operation).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::Busy,
            mpsc::error::TrySendError::Closed(_) => WriteError::Unavailable,
        })
    }
}

struct Worker {
    config: DatabaseConfig,
    file: Option<Arc<OpenedFile>>,
    origin: String,
    connection: Option<Connection>,
    entropy: Entropy,
    wal: Option<PathBuf>,
    /// Whether the write-ahead log is to be emptied, whatever its size.
    truncate: bool,
}

impl Worker {
    fn run<S: Service>(mut self, mut waiting: mpsc::Receiver<Box<dyn Operation<S>>>) {
        self.wal = self.config.sqlite_file().map(|file| {
            let mut name = file.as_os_str().to_owned();
            name.push("-wal");
            name.into()
        });
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
            Ok(erased) => {
                if erased {
                    // The write-ahead log still has the pages as they were before.
                    self.truncate = true;
                    self.bound_wal();
                }
                true
            }
            Err(error) => {
                BatchNotCommitted { operations: batch.len(), reason: Reason::of(&error) }.log();
                self.connection = None;
                false
            }
        };
        let elapsed = began.elapsed();
        if elapsed > Duration::from_secs(1) {
            let first = batch.first().map_or("", |operation| operation.name());
            SlowCommit { first, millis: elapsed }.log();
        }
        for operation in batch.drain(..) {
            operation.settle(committed);
        }
        if !committed {
            std::thread::sleep(RECONNECT_AFTER);
        }
    }

    fn connected(&mut self) -> Result<(), StoreError> {
        if let Some(file) = &self.file {
            file.is_in_place()?;
        }
        if self.connection.is_none() {
            let connection = Connection::open(&self.config, ConnectionRole::Writer)
                .map_err(|error| StoreError::Database(error.to_string()))?;
            self.connection = Some(connection);
        }
        Ok(())
    }

    /// Whether records were erased.
    fn run_batch<S: Service>(&mut self, batch: &mut [Box<dyn Operation<S>>]) -> Result<bool, StoreError> {
        let Some(connection) = self.connection.as_mut() else {
            return Err(StoreError::Database("there is no connection".into()));
        };
        let base = begin(connection, &self.origin)?;
        let mut log = Appender::new(&self.entropy, base);
        if run_together(connection, batch, &mut log).is_err() {
            connection.execute("ROLLBACK")?;
            let base = begin(connection, &self.origin)?;
            log = Appender::new(&self.entropy, base);
            run_apart(connection, batch, &mut log)?;
        }
        if log.entries.is_empty() && !log.kept && !(WITHOUT_LEDGER && log.wrote) {
            // Nothing but refusals: they wrote nothing, so there is nothing to sync.
            connection.execute("ROLLBACK")?;
            return Ok(false);
        }
        if !log.entries.is_empty() {
            connection.ledger().append(log.size(), &log.entries, &log.links)?;
        }
        connection.execute("COMMIT")?;
        Ok(log.erased)
    }

    fn bound_wal(&mut self) {
        let (Some(path), Some(connection)) = (&self.wal, self.connection.as_mut()) else { return };
        if self.truncate || std::fs::metadata(path).is_ok_and(|wal| wal.len() > WAL_LIMIT_BYTES) {
            match connection.truncate_wal() {
                // Tried again after the next batch when somebody was reading.
                Ok(done) => self.truncate = !done,
                Err(error) => WalNotTruncated { reason: Reason::of(&error) }.log(),
            }
        }
    }
}

fn begin(connection: &mut Connection, origin: &str) -> Result<u64, StoreError> {
    connection.begin()?;
    if WITHOUT_LEDGER {
        return Ok(0);
    }
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
        let mut done = Done::default();
        let mut tx = Tx { connection: &mut *connection, done: &mut done, service: PhantomData };
        if matches!(operation.run(&mut tx, log)?, Ran::Refused) && done.wrote {
            return Err(StoreError::Database("refused after a write".into()));
        }
        log.note(&done);
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
        let mut done = Done::default();
        let mut tx = Tx { connection: &mut *connection, done: &mut done, service: PhantomData };
        match operation.run(&mut tx, log) {
            Ok(Ran::Done) => {
                log.note(&done);
                connection.execute("RELEASE SAVEPOINT operation")?;
            }
            Ok(Ran::Refused) => undo(connection, log, mark)?,
            Err(error) => {
                OperationFailed { operation: operation.name(), reason: Reason::of(&error) }.log();
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
