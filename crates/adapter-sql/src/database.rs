//! Running a statement on one of the databases.

use std::path::Path;

use serde_json::{Map, Value};

use crate::statement::{Dialect, Statement};

mod mysql;
mod postgres;
mod sqlite;

pub(crate) use mysql::Mysql;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;

/// A value for a parameter.
#[derive(Clone)]
pub(crate) enum Bound {
    Number(i64),
    Text(Option<String>),
}

/// Why a statement gave nothing. Never contains a value from the database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseFault {
    /// The database cannot be reached or takes too long.
    #[error("{0}")]
    Unavailable(&'static str),
    /// The statement or the settings are wrong.
    #[error("{0}")]
    Wrong(String),
}

/// The most bytes that a row may have.
const MAX_ROW_BYTES: usize = 1024 * 1024;

pub(crate) enum Database {
    Mysql(Box<Mysql>),
    Postgres(Box<Postgres>),
    Sqlite(Sqlite),
}

impl Database {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Mysql(_) => Dialect::Mysql,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// At most `most` rows.
    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        values: Vec<Bound>,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, DatabaseFault> {
        match self {
            Self::Mysql(database) => database.rows(statement, values, most).await,
            Self::Postgres(database) => database.rows(statement, values, most).await,
            Self::Sqlite(database) => database.rows(statement, values, most).await,
        }
    }
}

/// The first line of a file that holds a password. `Err` says what is wrong with it.
fn password_in(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|_| "password_file cannot be read: check its name and permissions".to_owned())?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

const TOO_LONG: DatabaseFault = DatabaseFault::Unavailable("the query took longer than statement_timeout_ms");
const TOO_LATE: DatabaseFault = DatabaseFault::Unavailable("the database took longer than deadline_ms");

fn too_large() -> DatabaseFault {
    DatabaseFault::Wrong(format!("a row is larger than {MAX_ROW_BYTES} bytes: ask for less"))
}

/// What a failed statement comes to. The database's own words are passed on only where they speak of the query: others
/// quote values.
fn fault_of(error: &diesel::result::Error) -> DatabaseFault {
    use diesel::result::{DatabaseErrorKind, Error};
    let Error::DatabaseError(kind, information) = error else {
        return DatabaseFault::Wrong("the rows cannot be read: run the query by hand".to_owned());
    };
    let message = information.message();
    let about_query = [
        ("no such ", ""),
        ("relation \"", "does not exist"),
        ("column ", "does not exist"),
        ("permission denied for ", ""),
        ("operator does not exist: ", ""),
        ("attempt to write a readonly database", ""),
        ("cannot execute ", "in a read-only transaction"),
    ];
    let broken_off =
        ["terminating connection", "connection closed", "error communicating", "database is locked"];
    let closed = matches!(kind, DatabaseErrorKind::ClosedConnection);
    if closed || broken_off.iter().any(|start| message.starts_with(start)) {
        return DatabaseFault::Unavailable("the connection to the database broke off");
    }
    if message.starts_with("canceling statement due to") {
        return TOO_LONG;
    }
    if about_query.iter().any(|(start, end)| message.starts_with(start) && message.ends_with(end)) {
        return DatabaseFault::Wrong(message.to_owned());
    }
    DatabaseFault::Wrong("the database refuses the query: run it by hand to see why".to_owned())
}
