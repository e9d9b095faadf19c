//! One service's database.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::{Connection, ConnectionRole, Migrations};
use crate::books::Bookkeeping;
use crate::config::DatabaseConfig;
use crate::error::{Abort, KeepError, OpenError, ReadError, StoreError, WriteError};
use crate::leadership::{Lead, Leadership};
use crate::ledger::{Act, Committed, LedgerRead, Links};
use crate::pool::{self, Pool};
use crate::same_file::OpenedFile;
use crate::writer::{Tx, Writer};

/// The tables of one service: what can be read, what can be changed.
pub trait Service: sealed::Sealed + Send + Sync + 'static {
    /// What can be read.
    type Read: ?Sized + LedgerRead;
    /// What can be changed.
    type Write: ?Sized + LedgerRead;
    /// For thread names and messages.
    const NAME: &'static str;
    /// Which tables say whom a record is about.
    const LINKS: Links;
    #[doc(hidden)]
    fn reading(connection: &mut sealed::Open) -> &mut Self::Read;
    #[doc(hidden)]
    fn writing(connection: &mut sealed::Open) -> &mut Self::Write;
}

pub(crate) mod sealed {
    pub trait Sealed {
        fn migrations() -> super::Migrations;
    }
    pub(crate) type Open = crate::backend::Connection;
}

/// One service's database: a pool for reading and the group-commit writer.
pub struct Store<S: Service> {
    readers: Pool,
    writer: Writer<S>,
    file: Option<Arc<OpenedFile>>,
    origin: Arc<str>,
    config: DatabaseConfig,
    /// Ends the thread that moves the write-ahead log when the store goes.
    _alive: Arc<()>,
    service: PhantomData<S>,
}

impl<S: Service> Store<S> {
    /// Opens the database, brings its schema up to date and starts the writer. It refuses a database that holds another
    /// log than `origin`. Blocks; call it before serving or on a blocking thread.
    pub fn open(
        config: &DatabaseConfig,
        origin: &str,
        entropy: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        crate::without_ledger::only_for_measuring()?;
        let mut connection = Connection::open(config, ConnectionRole::Writer)?;
        connection.migrate(crate::ledger_migrations())?;
        connection.migrate(S::migrations())?;
        let ledger = connection.ledger();
        ledger.create_head(origin)?;
        let found = ledger.lock_head()?.map(|(found, _)| found).ok_or(StoreError::Damaged("log head"))?;
        if found != origin {
            return Err(OpenError::OtherOrigin { expected: origin.to_owned(), found });
        }
        let readers = pool::open(config)?;
        let file = OpenedFile::of(config)?.map(Arc::new);
        let writer =
            Writer::start(config.clone(), file.clone(), origin.to_owned(), connection, Arc::new(entropy))
                .map_err(|error| OpenError::Connection(error.to_string()))?;
        let alive = Arc::new(());
        if let Some(file) = file.clone() {
            crate::checkpoint::start(config.clone(), file, S::NAME, Arc::downgrade(&alive))
                .map_err(|error| OpenError::Connection(error.to_string()))?;
        }
        Ok(Self {
            readers,
            writer,
            file,
            origin: origin.into(),
            config: config.clone(),
            _alive: alive,
            service: PhantomData,
        })
    }

    /// How many migrations the schema lacks, which [`Store::open`] would bring up to date; `None` where the SQLite file is
    /// not there yet. For whoever wants to know before a start. Blocks.
    pub fn pending_migrations(config: &DatabaseConfig) -> Result<Option<usize>, OpenError> {
        if config.sqlite_file().is_some_and(|file| !file.exists()) {
            return Ok(None);
        }
        let mut connection = Connection::open(config, ConnectionRole::Writer)?;
        Ok(Some(connection.pending(crate::ledger_migrations())? + connection.pending(S::migrations())?))
    }

    /// The name of this service's log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Reads, unless the file of a SQLite database is not where it was opened any more. SQLite answers in microseconds and is asked on this thread; PostgreSQL is waited for on another.
    pub async fn read<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&mut S::Read) -> Result<T, StoreError> + Send + 'static,
    {
        if !self.config.is_postgres() {
            return self.read_blocking(read);
        }
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || {
            let mut connection = pool::check_out(&readers)?;
            Ok(read(S::reading(&mut connection))?)
        })
        .await
        .unwrap_or(Err(ReadError::Busy))
    }

    /// Reads on this thread, whatever the database. Not for asynchronous code.
    pub fn read_blocking<T>(
        &self,
        read: impl FnOnce(&mut S::Read) -> Result<T, StoreError>,
    ) -> Result<T, ReadError> {
        if let Some(file) = &self.file {
            file.is_in_place()?;
        }
        let mut connection = pool::check_out(&self.readers)?;
        Ok(read(S::reading(&mut connection))?)
    }

    /// Acts. The closure may run twice; it reads, refuses or writes, and hands back what it leaves in the log. The answer
    /// comes after the commit.
    pub async fn write<T, E, F>(&self, name: &'static str, act: F) -> Result<Committed<T>, WriteError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnMut(&mut Tx<'_, S>) -> Result<(T, Act), Abort<E>> + Send + 'static,
    {
        self.writer.write(name, act).await
    }

    /// Keeps the log's own books: a transaction like that of an act, in the same queue and sharing its commit, that leaves no
    /// record because nothing was disclosed or changed for anybody. The closure may run twice.
    pub async fn keep<T, F>(&self, name: &'static str, keep: F) -> Result<T, KeepError>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Bookkeeping) -> Result<T, StoreError> + Send + 'static,
    {
        Ok(self.writer.keep(name, keep).await?)
    }

    /// Lets no act through until [`Store::release`]: every [`Store::write`] answers [`WriteError::Unavailable`]. Acts that are in
    /// the queue by then are still committed. Reading and [`Store::keep`] go on.
    pub fn hold(&self, reason: &str) {
        self.writer.hold(Some(reason.into()));
    }

    /// Lets acts through again.
    pub fn release(&self) {
        self.writer.hold(None);
    }

    /// Why no act gets through, while that is so.
    pub fn held(&self) -> Option<Arc<str>> {
        self.writer.held()
    }

    /// A candidacy for being the one process that signs this log. Whoever leads does so until it ends or loses its connection.
    pub fn leadership(&self) -> Leadership {
        Leadership::new(self.config.clone())
    }

    /// The same for being the one process that delivers signals.
    pub fn delivery_leadership(&self) -> Leadership {
        Leadership::of(self.config.clone(), Lead::Delivery)
    }

    /// The same for being the one process that synchronises.
    pub fn synchronisation_leadership(&self) -> Leadership {
        Leadership::of(self.config.clone(), Lead::Synchronisation)
    }
}

impl<S: Service> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("service", &S::NAME)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
