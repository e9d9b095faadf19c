//! Moves SQLite's write-ahead log into the database file, away from the commit path.

use std::sync::{Arc, Weak};
use std::time::Duration;

use kw_telemetry::Reason;

use crate::backend::{Connection, ConnectionRole};
use crate::config::DatabaseConfig;
use crate::events::CheckpointFailed;
use crate::same_file::OpenedFile;

const INTERVAL: Duration = Duration::from_millis(500);

/// A thread for the life of the store: a passive checkpoint never makes a writer or reader wait.
pub(crate) fn start(
    config: DatabaseConfig,
    file: Arc<OpenedFile>,
    service: &str,
    store: Weak<()>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name(format!("{service}-checkpoint")).spawn(move || {
        let mut connection = None;
        while store.strong_count() > 0 {
            std::thread::sleep(INTERVAL);
            // Opening it would make an empty one where it was.
            if connection.is_none() && file.is_in_place().is_ok() {
                connection = Connection::open(&config, ConnectionRole::Writer).ok();
            }
            if let Some(open) = connection.as_mut()
                && let Err(error) = open.execute("PRAGMA wal_checkpoint(PASSIVE)")
            {
                CheckpointFailed { reason: Reason::of(&error) }.log();
                connection = None;
            }
        }
    })?;
    Ok(())
}
