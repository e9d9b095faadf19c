//! MariaDB and MySQL, in read-only transactions.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts, Value as MysqlValue};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::{Bound, DatabaseFault, MAX_ROW_BYTES, TOO_LATE, password_in};
use crate::config::SqlConfig;
use crate::statement::{Parameter, Statement};

mod address;
mod faults;
mod values;

use address::{Address, Place};
use values::{Form, read};

/// A MariaDB or MySQL database.
pub(crate) struct Mysql {
    options: OptsBuilder,
    tls: bool,
    roots: Roots,
    statement_timeout: Duration,
    idle: Mutex<Vec<Conn>>,
    permits: Semaphore,
    deadline: Duration,
}

/// Where the trust anchors come from.
type Roots = Option<std::path::PathBuf>;

impl Mysql {
    /// `Err` says what is wrong with the settings.
    pub(crate) fn new(settings: &SqlConfig) -> Result<Self, String> {
        let address = Address::parse(&settings.url)?;
        let wanted = settings.tls || settings.root_certificates.is_some();
        let mut options = OptsBuilder::default()
            .user(Some(address.user))
            .db_name(Some(address.database))
            // What the driver would find out by itself: it asks the server where its socket is, and goes there.
            .prefer_socket(false)
            .tcp_nodelay(true)
            // So that what is waited for on a connection that nobody answers any more ends.
            .tcp_keepalive(Some(KEEP_ALIVE))
            // Larger than a row may be, for the refusal of such a row is ours.
            .max_allowed_packet(Some(2 * MAX_ROW_BYTES))
            .wait_timeout(Some(28_800));
        if let Some(file) = &settings.password_file {
            options = options.pass(Some(password_in(file)?));
        }
        let tls = match &address.place {
            Place::Socket(_) if wanted => {
                return Err("there is no TLS over a socket: leave out tls and root_certificates".to_owned());
            }
            Place::Socket(path) => {
                options = options.socket(Some(path.clone()));
                false
            }
            Place::Host { name, port } => {
                options = options.ip_or_hostname(name.clone()).tcp_port(*port);
                wanted || !address.place.is_local()
            }
        };
        Ok(Self {
            options,
            tls,
            roots: settings.root_certificates.clone(),
            statement_timeout: Duration::from_millis(settings.statement_timeout_ms),
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
        tokio::time::timeout(self.deadline, self.rows_in_time(statement, &values, most))
            .await
            .unwrap_or(Err(TOO_LATE))
    }

    async fn rows_in_time(
        &self,
        statement: &Statement,
        values: &[Bound],
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
        let loaded = match load(&mut connection, statement, values, most).await {
            // The server may have gone and come back since the connection was last used.
            Err(DatabaseFault::Unavailable(_)) if reused => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                connection = self.connect().await?;
                load(&mut connection, statement, values, most).await?
            }
            loaded => loaded?,
        };
        // After an error, past the deadline, or with rows left unread the connection is dropped.
        if loaded.to_the_end {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(loaded.rows)
    }

    async fn connect(&self) -> Result<Conn, DatabaseFault> {
        let mut options = self.options.clone();
        if self.tls {
            let roots = kw_transport::server_roots(self.roots.as_deref())
                .map_err(|error| DatabaseFault::Wrong(error.to_string()))?;
            let roots = roots.into_iter().map(Into::into).collect();
            // A server that offers no TLS is refused before it hears who we are.
            options =
                options.ssl_opts(SslOpts::default().with_disable_built_in_roots(true).with_root_certs(roots));
        }
        let mut connection =
            Conn::new(Opts::from(options)).await.map_err(|error| faults::of_connecting(&error))?;
        let version: Option<String> =
            connection.query_first("SELECT VERSION()").await.map_err(|error| faults::of_statement(&error))?;
        let timeout = if version.is_some_and(|version| version.contains("MariaDB")) {
            format!("SET SESSION max_statement_time = {:.3}", self.statement_timeout.as_secs_f64())
        } else {
            format!("SET SESSION max_execution_time = {}", self.statement_timeout.as_millis())
        };
        for setting in ["SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00'", &timeout] {
            connection.query_drop(setting).await.map_err(|error| faults::of_statement(&error))?;
        }
        Ok(connection)
    }
}

struct Loaded {
    rows: Vec<Map<String, Value>>,
    /// Whether the server has no more to say about the statement.
    to_the_end: bool,
}

async fn load(
    connection: &mut Conn,
    statement: &Statement,
    values: &[Bound],
    most: usize,
) -> Result<Loaded, DatabaseFault> {
    let prepared =
        connection.prep(statement.sql.as_str()).await.map_err(|error| faults::of_statement(&error))?;
    // A file is written on the server also in a read-only transaction, by a SELECT that gives no rows.
    if prepared.num_columns() == 0 {
        return Err(DatabaseFault::Wrong("the query gives no rows: it has to be a SELECT".to_owned()));
    }
    let bound: Vec<MysqlValue> = values
        .iter()
        .map(|value| match value {
            Bound::Number(number) => MysqlValue::Int(*number),
            Bound::Text(None) => MysqlValue::NULL,
            Bound::Text(Some(text)) => MysqlValue::Bytes(text.clone().into_bytes()),
        })
        .collect();
    let mut result =
        connection.exec_iter(&prepared, bound).await.map_err(|error| faults::of_statement(&error))?;
    let is_list = statement.has(Parameter::Limit);
    let mut rows = Vec::new();
    while rows.len() < most {
        let Some(row) = result.next().await.map_err(|error| faults::of_statement(&error))? else {
            return Ok(Loaded { rows, to_the_end: true });
        };
        let mut members = Map::new();
        let mut bytes = 0;
        for (at, column) in row.columns_ref().iter().enumerate() {
            let name = column.name_str().into_owned();
            // These go back into the next question, so they keep the form in which the server compares them.
            let as_compared = is_list && matches!(name.as_str(), "changed_at" | "record");
            let form = if as_compared { Form::AsCompared } else { Form::AsShown };
            let value = read(column, row.as_ref(at).unwrap_or(&MysqlValue::NULL), form)?;
            bytes += name.len() + value.as_str().map_or(8, str::len);
            if bytes > MAX_ROW_BYTES {
                return Err(super::too_large());
            }
            members.insert(name, value);
        }
        rows.push(members);
    }
    let to_the_end = result.next().await.is_ok_and(|row| row.is_none());
    Ok(Loaded { rows, to_the_end })
}

const KEEP_ALIVE: Duration = Duration::from_secs(30);
