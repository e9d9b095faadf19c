//! PostgreSQL, in read-only transactions.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

use super::{Bound, DatabaseFault, MAX_ROW_BYTES, TOO_LATE, fault_of, password_in, too_large};
use crate::config::SqlConfig;
use crate::statement::Statement;

/// A PostgreSQL database.
pub(crate) struct Postgres {
    config: Config,
    tls: bool,
    root_certificates: Option<PathBuf>,
    idle: Mutex<Vec<AsyncPgConnection>>,
    permits: Semaphore,
    deadline: Duration,
}

#[derive(QueryableByName)]
struct JsonRow {
    #[diesel(sql_type = Text)]
    kw_json: String,
}

impl Postgres {
    /// `Err` says what is wrong with the settings.
    pub(crate) fn new(settings: &SqlConfig) -> Result<Self, String> {
        let mut config = Config::from_str(&settings.url)
            .map_err(|_| "url is not of the form postgres://user@host:5432/database".to_owned())?;
        if config.get_password().is_some() {
            return Err(
                "url has a password in it: put it in a file of its own, named with password_file".to_owned()
            );
        }
        if let Some(file) = &settings.password_file {
            config.password(password_in(file)?);
        }
        let local =
            config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let tls = settings.tls || settings.root_certificates.is_some() || !local;
        config
            .ssl_mode(if tls { SslMode::Require } else { SslMode::Disable })
            .connect_timeout(Duration::from_millis(settings.deadline_ms))
            .application_name("ketenwijzer")
            .options(format!(
                "-c default_transaction_read_only=on -c statement_timeout={} -c timezone=UTC",
                settings.statement_timeout_ms
            ));
        Ok(Self {
            config,
            tls,
            root_certificates: settings.root_certificates.clone(),
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(settings.connections.max(1)),
            deadline: Duration::from_millis(settings.deadline_ms),
        })
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        self.tls
    }

    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        values: Vec<Bound>,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, DatabaseFault> {
        tokio::time::timeout(self.deadline, self.rows_in_time(statement, values, most))
            .await
            .unwrap_or(Err(TOO_LATE))
    }

    async fn rows_in_time(
        &self,
        statement: &Statement,
        values: Vec<Bound>,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, DatabaseFault> {
        let broken = |_| DatabaseFault::Unavailable("the connections to the database are closed");
        let _permit = self.permits.acquire().await.map_err(broken)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reused = idle.is_some();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let rows = match load(&mut connection, statement, &values, most).await {
            // The server may have gone and come back since the connection was last used.
            Err(DatabaseFault::Unavailable(_)) if reused => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                connection = self.connect().await?;
                load(&mut connection, statement, &values, most).await?
            }
            rows => rows?,
        };
        // After an error or past the deadline the connection is dropped: what it is doing is then nobody's.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        rows.iter().map(|JsonRow { kw_json }| object(kw_json)).collect()
    }

    async fn connect(&self) -> Result<AsyncPgConnection, DatabaseFault> {
        let refused = |error: tokio_postgres::Error| {
            // Classes 53 and 57: the server lacks resources, or is starting or stopping.
            match error.code().map(|code| &code.code()[..2]) {
                Some("53" | "57") => DatabaseFault::Unavailable("the database takes no more connections now"),
                Some(_) => DatabaseFault::Wrong(
                    "the database refuses us: check user, password and database".to_owned(),
                ),
                None => {
                    DatabaseFault::Unavailable("the database cannot be reached: check host, port and TLS")
                }
            }
        };
        let connection = if self.tls {
            let tls = kw_transport::postgres_tls(self.root_certificates.as_deref())
                .map_err(|error| DatabaseFault::Wrong(error.to_string()))?;
            let (client, connection) = self.config.connect(tls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        } else {
            let (client, connection) = self.config.connect(NoTls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        };
        connection.map_err(|_| DatabaseFault::Unavailable("the database ends the connection at once"))
    }
}

async fn load(
    connection: &mut AsyncPgConnection,
    statement: &Statement,
    values: &[Bound],
    most: usize,
) -> Result<Vec<JsonRow>, DatabaseFault> {
    // The inner query is the operator's, the outer one only makes each of its rows one JSON text. The line break ends a
    // comment that the operator's query may end with.
    let sql = format!(
        "SELECT row_to_json(kw_row)::text AS kw_json FROM (\n{}\n) AS kw_row LIMIT {most}",
        statement.sql
    );
    let mut query = sql_query(sql).into_boxed::<Pg>();
    for value in values {
        query = match value {
            Bound::Number(number) => query.bind::<BigInt, _>(*number),
            Bound::Text(text) => query.bind::<Nullable<Text>, _>(text.clone()),
        };
    }
    query.load(connection).await.map_err(|error| fault_of(&error))
}

fn object(text: &str) -> Result<Map<String, Value>, DatabaseFault> {
    if text.len() > MAX_ROW_BYTES {
        return Err(too_large());
    }
    serde_json::from_str(text).map_err(|_| DatabaseFault::Wrong("a row cannot be written as JSON".to_owned()))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}
