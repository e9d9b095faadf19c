//! A private MariaDB server.

use std::fs;
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
use crate::postgres::is_root;

static SHARED: Mutex<Weak<MariaDbServer>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(1);

const MISSING: &str = "this test needs MariaDB and does not go without it. It could not be installed by itself; do it with: \
                       apt-get install -y --no-install-recommends mariadb-server";
/// May do everything, over the socket and over TCP, without a password: the folder and the port are the test's.
const OWNER: &str = "owner";

/// A MariaDB server in a temporary folder, on a socket and a loopback port of its own, with TLS. Killed when dropped.
#[derive(Debug)]
pub struct MariaDbServer {
    folder: TempDir,
    programs: Programs,
    port: u16,
    running: Mutex<Option<Child>>,
    pki: TempDir,
}

#[derive(Debug, Clone)]
struct Programs {
    server: PathBuf,
    client: PathBuf,
    installer: PathBuf,
}

impl MariaDbServer {
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
        let programs = Programs::find_or_install()?;
        // A short path: the name of a socket has room for 107 bytes.
        let folder = tempfile::Builder::new().prefix("kw-my").tempdir_in("/tmp")?;
        let pki = tempfile::tempdir()?;
        let authority = Authority::init(&pki.path().join("pki"), &ChainName::parse("mariadb")?)?;
        let issued = authority.issue(&IssueRequest {
            name: "database".to_owned(),
            oin: Oin::parse("00000099000000009000")?,
            hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            validity: Duration::from_hours(24),
        })?;
        fs::copy(&issued.certificate, folder.path().join("server.crt"))?;
        fs::copy(&issued.key, folder.path().join("server.key"))?;
        let server = Self { programs, port: free_port()?, running: Mutex::new(None), pki, folder };
        server.give_to_mysql()?;
        let made = Command::new(&server.programs.installer)
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", server.data().display()))
            .args(Self::as_whom())
            // Two that are made at once get in each other's way in a common one.
            .env("TMPDIR", server.folder.path())
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            made.status.success(),
            "mariadb-install-db failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.run()?;
        // Users without a name would be taken for everybody who connects from this machine.
        server.sql(
            None,
            &format!(
                "DELETE FROM mysql.global_priv WHERE User = ''; FLUSH PRIVILEGES; CREATE USER {OWNER}@'%'; \
                 GRANT ALL ON *.* TO {OWNER}@'%' WITH GRANT OPTION"
            ),
        )?;
        Ok(server)
    }

    /// Starts it again after [`Self::crash`].
    pub fn run(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(running.is_none(), "the server runs already");
        let log = fs::File::options().create(true).append(true).open(self.pki.path().join("log"))?;
        let folder = self.folder.path().display();
        let mut command = Command::new(&self.programs.server);
        command.arg("--no-defaults").args(Self::as_whom());
        for setting in [
            format!("--datadir={}", self.data().display()),
            format!("--socket={}", self.socket().display()),
            format!("--pid-file={folder}/pid"),
            format!("--port={}", self.port),
            format!("--ssl-cert={folder}/server.crt"),
            format!("--ssl-key={folder}/server.key"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--character-set-server=utf8mb4".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--innodb-flush-log-at-trx-commit=2".to_owned(),
            "--max-connections=60".to_owned(),
        ] {
            command.arg(setting);
        }
        let child =
            command.current_dir("/tmp").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        *running = Some(child);
        drop(running);
        let until = Instant::now() + Duration::from_mins(1);
        while Instant::now() < until {
            if self.sql(None, "SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = fs::read_to_string(self.pki.path().join("log")).unwrap_or_default();
        bail!("MariaDB did not start: {said}")
    }

    /// Ends it at once, as when the machine loses its power.
    pub fn crash(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut child) = running.take() else { return Ok(()) };
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Makes a new database and gives its URL over the socket.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("db{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql(None, &format!("CREATE DATABASE {name}"))?;
        Ok(format!("mysql://{OWNER}@localhost/{name}?socket={}", self.socket().display()))
    }

    /// The URL of the same database over TCP, for that user.
    pub fn over_tcp(&self, url: &str, user: &str) -> String {
        format!("mysql://{user}@127.0.0.1:{}/{}", self.port, database_of(url))
    }

    /// The authority of the server's certificate.
    pub fn root_certificates(&self) -> PathBuf {
        self.pki.path().join("pki/ca.pem")
    }

    /// Runs SQL in the database of this URL and gives what it selects: one row a line, columns separated by tabs.
    pub fn query(&self, url: &str, sql: &str) -> anyhow::Result<String> {
        self.sql(Some(database_of(url)), sql)
    }

    /// Ends all sessions with the database of this URL.
    pub fn end_sessions(&self, url: &str) -> anyhow::Result<()> {
        let name = database_of(url);
        let sessions =
            self.sql(None, &format!("SELECT id FROM information_schema.processlist WHERE db = '{name}'"))?;
        for session in sessions.lines() {
            self.sql(None, &format!("KILL {session}"))?;
        }
        Ok(())
    }

    /// The version, as the server itself says it.
    pub fn version(&self) -> anyhow::Result<String> {
        self.sql(None, "SELECT VERSION()")
    }

    fn sql(&self, database: Option<&str>, sql: &str) -> anyhow::Result<String> {
        let ran = Command::new(&self.programs.client)
            .args(["--no-defaults", "--batch", "--skip-column-names", "--user=root"])
            .args(["--default-character-set=utf8mb4"])
            .arg(format!("--socket={}", self.socket().display()))
            .args(["-e", sql])
            .args(database)
            .stdin(Stdio::null())
            .output()?;
        ensure!(ran.status.success(), "mariadb failed: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(String::from_utf8(ran.stdout)?.trim_end().to_owned())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// As root it wants to be told to be somebody else.
    fn as_whom() -> Option<&'static str> {
        is_root().then_some("--user=mysql")
    }

    fn give_to_mysql(&self) -> anyhow::Result<()> {
        if is_root() {
            let given = Command::new("chown").args(["-R", "mysql:mysql"]).arg(self.folder.path()).status()?;
            ensure!(given.success(), "the folder was not given to the user mysql");
        }
        Ok(())
    }
}

impl Drop for MariaDbServer {
    fn drop(&mut self) {
        // A failure here leaves a process behind and must not hide why a test failed.
        drop(self.crash());
    }
}

impl Programs {
    fn find_or_install() -> anyhow::Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        // What apt-get says is for whoever runs the test: it stands on the test's standard error.
        let installed = is_root()
            && Command::new("apt-get")
                .args(["install", "-y", "--no-install-recommends", "mariadb-server"])
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
        ensure!(installed, MISSING);
        Self::find().context(MISSING)
    }

    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = ["/usr/sbin", "/usr/bin"]
            .into_iter()
            .map(PathBuf::from)
            .chain(std::env::split_paths(&path))
            .collect();
        let program =
            |name: &str| folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file());
        Some(Self {
            server: program("mariadbd")?,
            client: program("mariadb")?,
            installer: program("mariadb-install-db")?,
        })
    }
}

fn database_of(url: &str) -> &str {
    let path: &str = url.split('?').next().unwrap_or_default();
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
