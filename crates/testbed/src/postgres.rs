//! A private PostgreSQL server.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use kw_domain::{ChainName, Oin};
use kw_transport::authority::{Authority, IssueRequest};
use tempfile::TempDir;

use crate::free_port;

static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(1);

const MISSING: &str =
    "this test needs PostgreSQL and does not go without it. Install it: apt-get install -y postgresql";
/// PostgreSQL tells psql and libpq by this role.
const OWNER: &str = "owner";

/// A PostgreSQL cluster in a temporary folder, on a socket and a loopback port of its own, with TLS. Killed when dropped.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    running: Mutex<Option<Child>>,
    pki: TempDir,
}

impl PostgresServer {
    /// The server that the tests of this program share while any of them runs.
    pub fn shared() -> anyhow::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    /// A server of its own, for a test that stops it.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs().context(MISSING)?;
        // A short path: the name of a socket has room for 107 bytes.
        let folder = tempfile::Builder::new().prefix("kw-pg").tempdir_in("/tmp")?;
        let pki = tempfile::tempdir()?;
        let authority = Authority::init(&pki.path().join("pki"), &ChainName::parse("postgres")?)?;
        let issued = authority.issue(&IssueRequest {
            name: "database".to_owned(),
            oin: Oin::parse("00000099000000009000")?,
            hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            validity: Duration::from_hours(24),
        })?;
        fs::copy(&issued.certificate, folder.path().join("server.crt"))?;
        fs::copy(&issued.key, folder.path().join("server.key"))?;
        let server = Self { programs, port: free_port()?, running: Mutex::new(None), pki, folder };
        server.give_to_postgres()?;
        let data = server.data();
        let arguments = ["--no-sync", "-A", "trust", "-U", OWNER, "-E", "UTF8", "--locale=C", "-D"];
        let made = server.command("initdb").args(arguments).arg(&data).output()?;
        ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        server.run()?;
        Ok(server)
    }

    /// Starts it again after [`Self::crash`].
    pub fn run(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(running.is_none(), "the server runs already");
        let socket = self.folder.path();
        let log = fs::File::options().create(true).append(true).open(self.pki.path().join("log"))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(socket);
        command.args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1".to_owned(),
            "max_connections=60".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", socket.join("server.crt").display()),
            format!("ssl_key_file={}", socket.join("server.key").display()),
        ] {
            command.args(["-c", &setting]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        *running = Some(child);
        drop(running);
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = fs::read_to_string(self.pki.path().join("log")).unwrap_or_default();
        bail!("PostgreSQL did not start: {said}")
    }

    /// Ends it at once, as `pg_ctl stop -m immediate` does: sessions break, what is not committed is lost.
    pub fn crash(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut child) = running.take() else { return Ok(()) };
        let told = Command::new("kill").args(["-s", "QUIT", &child.id().to_string()]).status()?;
        ensure!(told.success(), "the server was not told to end");
        child.wait()?;
        Ok(())
    }

    /// Makes a new database and gives its URL over the socket.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("db{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        let socket = self.folder.path().display();
        Ok(format!("postgres:///{name}?host={socket}&port={}&user={OWNER}", self.port))
    }

    /// The URL of the same database over TLS, for a client that checks the certificate.
    pub fn over_tls(&self, url: &str) -> String {
        let name = database_of(url);
        format!("postgres://{OWNER}@127.0.0.1:{}/{name}?sslmode=require", self.port)
    }

    /// The authority of the server's certificate.
    pub fn root_certificates(&self) -> PathBuf {
        self.pki.path().join("pki/ca.pem")
    }

    /// Runs SQL in the database of this URL and gives what it selects: one row a line, columns separated by `|`.
    pub fn query(&self, url: &str, sql: &str) -> anyhow::Result<String> {
        self.sql(database_of(url), sql)
    }

    /// Ends all sessions with the database of this URL.
    pub fn end_sessions(&self, url: &str) -> anyhow::Result<()> {
        let name = database_of(url);
        let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        self.sql("postgres", &sql).map(drop)
    }

    /// The id of the server's first process.
    pub fn pid(&self) -> Option<u32> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Child::id)
    }

    fn sql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let ran = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", OWNER, "-h"])
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .stdin(Stdio::null())
            .output()?;
        ensure!(ran.status.success(), "psql failed: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(String::from_utf8(ran.stdout)?.trim_end().to_owned())
    }

    /// Everything that the database of this URL holds, as `pg_dump` writes it out.
    pub fn dump(&self, url: &str) -> anyhow::Result<Vec<u8>> {
        let ran = Command::new(self.programs.join("pg_dump"))
            .args(["-U", OWNER, "-h"])
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-d", database_of(url)])
            .stdin(Stdio::null())
            .output()?;
        ensure!(ran.status.success(), "pg_dump failed: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(ran.stdout)
    }

    /// The folder with all that the server keeps: every database, and the write-ahead log.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of PostgreSQL, which refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/tmp");
        command
    }

    fn give_to_postgres(&self) -> anyhow::Result<()> {
        if is_root() {
            let given =
                Command::new("chown").args(["-R", "postgres:postgres"]).arg(self.folder.path()).status()?;
            ensure!(given.success(), "the folder was not given to the user postgres");
        }
        Ok(())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // A failure here leaves a process behind and must not hide why a test failed.
        drop(self.crash());
    }
}

fn database_of(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // What Debian packages comes first: elsewhere there may be wrappers that start servers in their own way.
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    packaged.sort();
    packaged.reverse();
    packaged
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|folder| ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file()))
}

pub(crate) fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|own| own.uid() == 0)
}
