//! Whole databases made, filled, read out and dropped: for demonstrations and tests. A source only ever reads.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use futures_util::StreamExt as _;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

/// Makes a SQLite file, which must not be there yet, by a script of statements in one transaction.
pub fn make_sqlite(path: &Path, script: &str) -> Result<(), WorkbenchError> {
    let refused = |what: &dyn std::fmt::Display| WorkbenchError::Refused(what.to_string());
    if path.exists() {
        return Err(refused(&format!("{} is there already", path.display())));
    }
    let mut connection =
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| refused(&error))?;
    // One transaction, and so one sync: a statement of its own costs several.
    connection.batch_execute(&format!("BEGIN; {script}; COMMIT;")).map_err(|error| refused(&error))
}

/// A PostgreSQL server on which this user may make databases.
#[derive(Clone)]
pub struct Server {
    config: Config,
    root_certificates: Option<PathBuf>,
}

impl Server {
    /// The server behind a URL, whose own database is only used to connect to.
    pub fn at(url: &str, root_certificates: Option<&Path>) -> Result<Self, WorkbenchError> {
        let mut config = Config::from_str(url).map_err(|_| WorkbenchError::Url)?;
        let is_local = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        };
        let local =
            config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        if !local && root_certificates.is_none() {
            return Err(WorkbenchError::NotSecure);
        }
        config
            .ssl_mode(if root_certificates.is_some() { SslMode::Require } else { SslMode::Disable })
            .connect_timeout(std::time::Duration::from_secs(10))
            .application_name("ketenwijzer");
        Ok(Self { config, root_certificates: root_certificates.map(Path::to_owned) })
    }

    /// The password in the URL, if there is one.
    pub fn password(&self) -> Option<&[u8]> {
        self.config.get_password()
    }

    /// Makes an empty database.
    pub async fn create(&self, database: &str) -> Result<(), WorkbenchError> {
        let client = self.connect(None).await?;
        Ok(client.batch_execute(&format!("CREATE DATABASE {}", quoted(database))).await?)
    }

    /// Drops a database, whoever is connected to it.
    pub async fn drop(&self, database: &str) -> Result<(), WorkbenchError> {
        let client = self.connect(None).await?;
        Ok(client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(database)))
            .await?)
    }

    /// Runs a script of statements in a database.
    pub async fn run(&self, database: &str, script: &str) -> Result<(), WorkbenchError> {
        Ok(self.connect(Some(database)).await?.batch_execute(script).await?)
    }

    /// Hands over every table of a database as the server itself holds its values (`COPY … (FORMAT binary)`), table by
    /// table: the table's name and all of its bytes.
    pub async fn read_out(
        &self,
        database: &str,
        mut take: impl FnMut(&str, Vec<u8>) + Send,
    ) -> Result<(), WorkbenchError> {
        let client = self.connect(Some(database)).await?;
        let tables = client.query(TABLES, &[]).await?;
        for row in tables {
            let (schema, table): (String, String) = (row.get(0), row.get(1));
            let copy = format!(
                "COPY (SELECT * FROM {}.{}) TO STDOUT (FORMAT binary)",
                quoted(&schema),
                quoted(&table)
            );
            let stream = client.copy_out(&copy).await?;
            tokio::pin!(stream);
            let mut bytes = Vec::new();
            while let Some(part) = stream.next().await {
                bytes.extend_from_slice(&part?);
            }
            take(&table, bytes);
        }
        Ok(())
    }

    async fn connect(&self, database: Option<&str>) -> Result<Client, WorkbenchError> {
        let mut config = self.config.clone();
        if let Some(database) = database {
            config.dbname(database);
        }
        if let Some(roots) = &self.root_certificates {
            let tls = kw_transport::postgres_tls(Some(roots))
                .map_err(|error| WorkbenchError::Refused(error.to_string()))?;
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(connection);
            return Ok(client);
        }
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server(…)")
    }
}

/// Why the workbench stopped. For whoever runs the demonstration or test.
#[derive(Debug, thiserror::Error)]
pub enum WorkbenchError {
    /// A server elsewhere would be spoken to in the clear.
    #[error("a server that is not on this machine is only spoken to over TLS: name its root certificates")]
    NotSecure,
    /// A statement or connection was refused.
    #[error("the database refused: {0}")]
    Refused(String),
    /// The URL is not one.
    #[error("the URL is not of the form postgres://user@host:5432/database")]
    Url,
}

impl From<tokio_postgres::Error> for WorkbenchError {
    fn from(error: tokio_postgres::Error) -> Self {
        // The server's own message: its detail and hint may repeat values.
        let told = error.as_db_error().map(|refused| refused.message().to_owned());
        Self::Refused(told.unwrap_or_else(|| error.to_string()))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

const TABLES: &str = "SELECT schemaname::text, tablename::text FROM pg_tables \
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        make_sqlite(&path, "CREATE TABLE a (b TEXT); INSERT INTO a VALUES ('x');").unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 0);
        assert!(make_sqlite(&path, "SELECT 1;").is_err());
    }

    #[test]
    fn a_server_elsewhere_is_not_spoken_to_in_the_clear() {
        let refused = Server::at("postgres://kw@db.example.nl/kw", None);
        assert!(matches!(refused, Err(WorkbenchError::NotSecure)), "{refused:?}");
        assert!(Server::at("postgres://kw@localhost/kw", None).is_ok());
    }
}
