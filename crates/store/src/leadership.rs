//! Which of several processes on one database signs the log, which of them delivers signals, and which of them synchronises.
//!
//! A lock that goes with its holder: a session's advisory lock in PostgreSQL, a locked file beside a SQLite database. It only saves
//! work and quarrels. What keeps the history single is that a checkpoint is stored by compare-and-swap
//! ([`Bookkeeping::publish`](crate::Bookkeeping::publish)), and so is how far signals were delivered; and that a registration that is
//! sent twice is one pointer.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::backend::{Connection, ConnectionRole, postgres};
use crate::config::DatabaseConfig;
use crate::error::StoreError;

// The server forgets a leader whose machine went away without a word.
const NOTICE_SILENCE: &str =
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

/// What is led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Delivering signals.
    Delivery,
    /// Signing the log.
    Log,
    /// Telling the switchboard what the sources hold.
    Synchronisation,
}

impl Lead {
    /// The number is arbitrary, but everybody's; migrations have the one before the first.
    fn lock(self) -> i64 {
        match self {
            Self::Log => 720_186_012,
            Self::Delivery => 720_186_013,
            Self::Synchronisation => 720_186_014,
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Log => ".leader",
            Self::Delivery => ".deliverer",
            Self::Synchronisation => ".synchroniser",
        }
    }
}

/// A candidacy for leading, or the lead itself while it lasts.
#[derive(Debug)]
pub struct Leadership {
    seat: Seat,
    lead: Lead,
}

enum Seat {
    File { path: PathBuf, locked: Option<File> },
    Session { config: Box<DatabaseConfig>, session: Option<Box<postgres::Conn>> },
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File { .. } => "File",
            Self::Session { .. } => "Session",
        })
    }
}

#[derive(QueryableByName)]
struct Tried {
    #[diesel(sql_type = Bool)]
    held: bool,
}

#[derive(QueryableByName)]
struct Confirmed {
    #[diesel(sql_type = BigInt)]
    locks: i64,
}

impl Leadership {
    /// A candidacy for signing beside the services of this database: for whoever must be sure that none of them leads.
    pub fn new(config: DatabaseConfig) -> Self {
        Self::of(config, Lead::Log)
    }

    pub(crate) fn of(config: DatabaseConfig, lead: Lead) -> Self {
        let seat = match config.sqlite_file() {
            Some(file) => Seat::File { path: beside(file, lead), locked: None },
            None => Seat::Session { config: Box::new(config), session: None },
        };
        Self { seat, lead }
    }

    /// Whether this process leads: takes the lead when nobody has it, and makes sure that it is still held when it was taken.
    /// Blocks; call it on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`] when that cannot be found out. The process leads no longer then, and the next call tries again.
    pub fn is_leader(&mut self) -> Result<bool, StoreError> {
        match &mut self.seat {
            Seat::File { locked: Some(_), .. } => Ok(true),
            Seat::File { path, locked } => {
                *locked = lock(path)?;
                Ok(locked.is_some())
            }
            Seat::Session { config, session } => {
                let asked = ask(config, session, self.lead);
                if asked.is_err() {
                    *session = None;
                }
                asked
            }
        }
    }
}

fn beside(file: &Path, lead: Lead) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(lead.suffix());
    name.into()
}

fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let failed = |error: std::io::Error| StoreError::Database(format!("the leader's lock file: {error}"));
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Asks the server in any case: a lock that was taken may be gone with its session.
fn ask(
    config: &DatabaseConfig,
    session: &mut Option<Box<postgres::Conn>>,
    lead: Lead,
) -> Result<bool, StoreError> {
    if session.is_none() {
        let opened = Connection::open(config, ConnectionRole::Reader);
        let Connection::Postgres(mut conn) =
            opened.map_err(|error| StoreError::Database(error.to_string()))?
        else {
            return Err(StoreError::Database("a session is PostgreSQL's".into()));
        };
        diesel::connection::SimpleConnection::batch_execute(&mut conn, NOTICE_SILENCE)?;
        *session = Some(Box::new(conn));
    }
    let Some(conn) = session.as_mut() else { return Ok(false) };
    let number = lead.lock();
    let confirm = format!(
        "SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = {number} \
         AND granted"
    );
    let confirmed: Confirmed = diesel::sql_query(confirm).get_result(conn.as_mut())?;
    if confirmed.locks > 0 {
        return Ok(true);
    }
    let tried: Tried = diesel::sql_query(format!("SELECT pg_try_advisory_lock({number}) AS held"))
        .get_result(conn.as_mut())?;
    Ok(tried.held)
}
