//! SQLite, opened for reading only.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, QueryableByName};
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::{Sqlite as SqliteBackend, SqliteConnection, SqliteType};
use diesel::{Connection, RunQueryDsl, sql_query};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::{Bound, DatabaseFault, MAX_ROW_BYTES, TOO_LATE, fault_of, too_large};
use crate::config::SqlConfig;
use crate::statement::Statement;

/// A SQLite file.
pub(crate) struct Sqlite {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    deadline: Duration,
}

struct Shared {
    path: PathBuf,
    uri: String,
    idle: Mutex<Vec<(FileMark, SqliteConnection)>>,
    busy_timeout_ms: u64,
}

/// Which file a path leads to: device and inode. One that was put in its place is another.
type FileMark = (u64, u64);

struct AnyRow(Map<String, Value>);

impl Sqlite {
    pub(crate) fn new(path: &Path, config: &SqlConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                uri: read_only_uri(path),
                idle: Mutex::new(Vec::new()),
                busy_timeout_ms: config.statement_timeout_ms.min(config.deadline_ms),
            }),
            permits: Arc::new(Semaphore::new(config.connections.max(1))),
            deadline: Duration::from_millis(config.deadline_ms),
        }
    }

    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        values: Vec<Bound>,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, DatabaseFault> {
        let (shared, permits, sql) =
            (Arc::clone(&self.shared), Arc::clone(&self.permits), statement.sql.clone());
        let work = async move {
            let permit = permits.acquire_owned().await;
            // The permit goes along, so that queries that nobody waits for any more still count.
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                shared.rows(&sql, values, most)
            })
            .await
        };
        match tokio::time::timeout(self.deadline, work).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(_)) => Err(DatabaseFault::Unavailable("reading the database broke off")),
            Err(_) => Err(TOO_LATE),
        }
    }
}

impl Shared {
    fn rows(
        &self,
        sql: &str,
        values: Vec<Bound>,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, DatabaseFault> {
        // Marked before it is opened: one that is put in place in between is opened again the next time.
        let mark = self.mark()?;
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|(opened, _)| *opened == mark);
            idle.pop()
        };
        let mut connection = match idle {
            Some((_, connection)) => connection,
            None => self.connect()?,
        };
        let mut query = sql_query(sql).into_boxed::<SqliteBackend>();
        for value in values {
            query = match value {
                Bound::Number(number) => query.bind::<BigInt, _>(number),
                Bound::Text(text) => query.bind::<Nullable<Text>, _>(text),
            };
        }
        let rows = query
            .load_iter::<AnyRow, _>(&mut connection)
            .and_then(|rows| rows.take(most).map(|row| row.map(|AnyRow(row)| row)).collect())
            .map_err(|error| fault_of(&error))?;
        // After an error the connection is dropped, so that the next one starts afresh.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((mark, connection));
        Ok(rows)
    }

    fn mark(&self) -> Result<FileMark, DatabaseFault> {
        let found = fs::metadata(&self.path).map_err(|_| NOT_OPENED)?;
        Ok((found.dev(), found.ino()))
    }

    fn connect(&self) -> Result<SqliteConnection, DatabaseFault> {
        let mut connection = SqliteConnection::establish(&self.uri).map_err(|_| NOT_OPENED)?;
        connection
            .batch_execute(&format!(
                "PRAGMA busy_timeout = {}; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;",
                self.busy_timeout_ms
            ))
            .map_err(|error| fault_of(&error))?;
        Ok(connection)
    }
}

const NOT_OPENED: DatabaseFault =
    DatabaseFault::Unavailable("the database file cannot be opened: check that it is there");

impl QueryableByName<SqliteBackend> for AnyRow {
    fn build<'a>(row: &impl NamedRow<'a, SqliteBackend>) -> deserialize::Result<Self> {
        let mut members = Map::new();
        let mut bytes = 0;
        for at in 0..row.field_count() {
            let Some(field) = Row::get(row, at) else { continue };
            let Some(name) = field.field_name().map(str::to_owned) else { continue };
            let value = match field.value() {
                None => Value::Null,
                Some(mut value) => match value.value_type() {
                    Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                        Value::from(value.read_long())
                    }
                    Some(SqliteType::Float | SqliteType::Double) => Value::from(value.read_double()),
                    Some(SqliteType::Text) => {
                        let text = value.read_text();
                        bytes += text.len();
                        Value::from(text)
                    }
                    Some(SqliteType::Binary) => return Err("a column holds a blob".into()),
                    None => Value::Null,
                },
            };
            if bytes > MAX_ROW_BYTES {
                return Err(too_large().into());
            }
            members.insert(name, value);
        }
        Ok(Self(members))
    }
}

/// The URI of a file that is opened for reading only and not made when it is not there.
fn read_only_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?mode=ro"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_put_in_its_place_is_read_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("people.db"), folder.path().join("next.db"));
        for (file, city) in [(&path, "Oudstad"), (&next, "Nieuwstad")] {
            let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            let made = format!("CREATE TABLE people (city TEXT); INSERT INTO people VALUES ('{city}')");
            connection.batch_execute(&made).unwrap();
        }
        let read = |shared: &Shared| shared.rows("SELECT city FROM people", Vec::new(), 9);
        let shared = Shared {
            uri: read_only_uri(&path),
            path: path.clone(),
            idle: Mutex::default(),
            busy_timeout_ms: 100,
        };
        assert_eq!(read(&shared).unwrap()[0]["city"], "Oudstad");
        fs::rename(&next, &path).unwrap();
        assert_eq!(read(&shared).unwrap()[0]["city"], "Nieuwstad");
        fs::remove_file(&path).unwrap();
        assert!(matches!(read(&shared), Err(DatabaseFault::Unavailable(_))));
    }

    #[test]
    fn a_path_cannot_add_options_to_the_uri() {
        assert_eq!(
            read_only_uri(Path::new("/a b/x?mode=rw#é")),
            "file:/a%20b/x%3Fmode%3Drw%23%C3%A9?mode=ro"
        );
    }
}
