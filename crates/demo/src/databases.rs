//! Where the services keep their databases: SQLite files in their folders, or databases of their own on one PostgreSQL.

use std::path::{Path, PathBuf};

use kw_adapter_sql::workbench::{self, Server};
use kw_runtime::Entropy;
use kw_runtime::config::create_secret;
use kw_store::DatabaseConfig;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use crate::{DemoError, Settings};

/// The databases of one demonstration.
#[derive(Debug)]
pub(crate) struct Databases {
    server: Option<Postgres>,
    /// Nothing of a partner is on the server.
    partners_on_files: bool,
}

#[derive(Debug)]
struct Postgres {
    server: Server,
    url: String,
    root_certificates: Option<PathBuf>,
    /// Keeps two demonstrations on one server apart.
    mark: String,
    made: Mutex<Vec<String>>,
}

impl Databases {
    /// On the server behind this URL, or in files.
    pub(crate) fn new(settings: &Settings) -> Result<Self, DemoError> {
        let (partners_on_files, roots) = (settings.partners_on_files, settings.root_certificates.as_deref());
        let Some(text) = &settings.database else { return Ok(Self { server: None, partners_on_files }) };
        let server = Server::at(text, roots)?;
        let url = text.to_owned();
        let mark = format!("{:08x}", u32::from_be_bytes(Entropy::os().draw()));
        let root_certificates = roots.map(Path::to_owned);
        let server = Some(Postgres { server, url, root_certificates, mark, made: Mutex::default() });
        Ok(Self { server, partners_on_files })
    }

    /// The kind, for people.
    pub(crate) fn kind(&self) -> &'static str {
        if self.server.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Whether they are on a server.
    pub(crate) fn are_on_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// The database of a central service, made if it is on a server.
    pub(crate) async fn of_central(&self, role: &str, folder: &Path) -> Result<DatabaseConfig, DemoError> {
        Self::of_service(self.server.as_ref(), role, folder).await
    }

    /// The database of a partner's process, made if it is on a server.
    pub(crate) async fn of_partner(&self, role: &str, folder: &Path) -> Result<DatabaseConfig, DemoError> {
        Self::of_service(self.of_partners(), role, folder).await
    }

    fn of_partners(&self) -> Option<&Postgres> {
        self.server.as_ref().filter(|_| !self.partners_on_files)
    }

    async fn of_service(
        server: Option<&Postgres>,
        role: &str,
        folder: &Path,
    ) -> Result<DatabaseConfig, DemoError> {
        let Some(postgres) = server else {
            let file = folder.join("ketenwijzer.db");
            return Ok(DatabaseConfig::at(file.to_string_lossy()));
        };
        let name = postgres.make(role).await?;
        let mut config = DatabaseConfig::at(postgres.url_of(&name));
        config.root_certificates.clone_from(&postgres.root_certificates);
        // Eight processes share the server's connections.
        config.readers = 2;
        Ok(config)
    }

    /// The database of a partner's own system, filled by a script; returned as settings of a `sql` source.
    pub(crate) async fn source(
        &self,
        role: &str,
        script: &str,
        folder: &Path,
    ) -> Result<Vec<(&'static str, Value)>, DemoError> {
        let Some(postgres) = self.of_partners() else {
            let path = folder.join("clients.db");
            workbench::make_sqlite(&path, script)?;
            return Ok(vec![("url", json!(format!("sqlite://{}", path.display())))]);
        };
        let name = postgres.make(&format!("{role}_source")).await?;
        postgres.server.run(&name, script).await?;
        let mut settings = Vec::new();
        let mut url = postgres.url_of(&name);
        if let Some(password) = postgres.server.password() {
            // A source's password stands in a file of its own.
            let file = folder.join("postgresql.password");
            create_secret(&file, password)?;
            settings.push(("password_file", json!(file)));
            let mut open = Url::parse(&url).map_err(|_| workbench::WorkbenchError::Url)?;
            let _ = open.set_password(None);
            url = open.into();
        }
        settings.push(("url", json!(url)));
        if let Some(roots) = &postgres.root_certificates {
            settings.push(("root_certificates", json!(roots)));
        }
        Ok(settings)
    }

    /// Hands over every byte that the server holds for a service.
    pub(crate) async fn read_out(
        &self,
        database: &DatabaseConfig,
        take: impl FnMut(&str, Vec<u8>) + Send,
    ) -> Result<(), DemoError> {
        let Some(postgres) = &self.server else { return Ok(()) };
        let name =
            database.url.split(['?', '#']).next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        Ok(postgres.server.read_out(name, take).await?)
    }

    /// Drops what was made on the server; says what could not be.
    pub(crate) async fn drop_all(&self) -> Vec<String> {
        let Some(postgres) = &self.server else { return Vec::new() };
        let mut dropping = tokio::task::JoinSet::new();
        for name in postgres.made.lock().await.drain(..) {
            let server = postgres.server.clone();
            dropping.spawn(async move { server.drop(&name).await.err().map(|_| name) });
        }
        dropping.join_all().await.into_iter().flatten().collect()
    }
}

impl Postgres {
    async fn make(&self, role: &str) -> Result<String, DemoError> {
        // The server cuts names off at 63 bytes.
        let role: String = role.replace('-', "_").chars().take(32).collect();
        let mut made = self.made.lock().await;
        let name = format!("kw_demo_{role}_{}_{}", self.mark, made.len());
        // Noted first: what is interrupted between the two is dropped as well.
        made.push(name.clone());
        self.server.create(&name).await?;
        Ok(name)
    }

    /// By hand: `postgres://user@/database?host=/run/postgresql` is no URL by the book, and usual.
    fn url_of(&self, database: &str) -> String {
        let (address, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let authority_at = address.find("://").map_or(0, |at| at + 3);
        let authority_end = address[authority_at..].find('/').map_or(address.len(), |at| authority_at + at);
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("{}/{database}{mark}{parameters}", &address[..authority_end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_everything_but_the_database() {
        for (given, expected) in [
            ("postgres://kw@localhost:5433/postgres", "postgres://kw@localhost:5433/kw_demo_1"),
            ("postgres://kw@/postgres?host=/run/pg", "postgres://kw@/kw_demo_1?host=/run/pg"),
            ("postgres://kw@localhost", "postgres://kw@localhost/kw_demo_1"),
        ] {
            let settings = Settings {
                program: PathBuf::new(),
                folder: None,
                database: Some(given.to_owned()),
                root_certificates: None,
                partners_on_files: false,
                cast: crate::Cast::MadeUp { people: 0, pages: false },
            };
            assert_eq!(Databases::new(&settings).unwrap().server.unwrap().url_of("kw_demo_1"), expected);
        }
    }
}
