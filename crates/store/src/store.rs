//! One service's database.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::backend::{Connection, ConnectionRole, Migrations};
use crate::config::DatabaseConfig;
use crate::error::{Abort, OpenError, ReadError, StoreError, WriteError};
use crate::ledger::{Act, Committed};
use crate::pool::{self, Pool};
use crate::writer::{Tx, Writer};

/// The tables of one service: what can be read, what can be changed.
pub trait Service: sealed::Sealed + Send + Sync + 'static {
    /// What can be read.
    type Read: ?Sized;
    /// What can be changed.
    type Write: ?Sized;
    /// For thread names and messages.
    const NAME: &'static str;
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
    origin: Arc<str>,
    postgres: bool,
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
        let writer = Writer::start(config.clone(), origin.to_owned(), connection, Arc::new(entropy))
            .map_err(|error| OpenError::Connection(error.to_string()))?;
        let alive = Arc::new(());
        if !config.is_postgres() {
            crate::checkpoint::start(config.clone(), S::NAME, Arc::downgrade(&alive))
                .map_err(|error| OpenError::Connection(error.to_string()))?;
        }
        Ok(Self {
            readers,
            writer,
            origin: origin.into(),
            postgres: config.is_postgres(),
            _alive: alive,
            service: PhantomData,
        })
    }

    /// How many migrations the schema lacks, which [`Store::open`] would bring up to date; `None` where the SQLite file is
    /// not there yet. For whoever wants to know before a start. Blocks.
    pub fn pending_migrations(config: &DatabaseConfig) -> Result<Option<usize>, OpenError> {
        let file = config.url.strip_prefix("sqlite:").unwrap_or(&config.url);
        if !config.is_postgres() && !std::path::Path::new(file).exists() {
            return Ok(None);
        }
        let mut connection = Connection::open(config, ConnectionRole::Writer)?;
        Ok(Some(connection.pending(crate::ledger_migrations())? + connection.pending(S::migrations())?))
    }

    /// The name of this service's log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Reads. SQLite answers in microseconds and is asked on this thread; PostgreSQL is waited for on another.
    pub async fn read<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&mut S::Read) -> Result<T, StoreError> + Send + 'static,
    {
        if !self.postgres {
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
}

impl<S: Service> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("service", &S::NAME)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
