//! A private PostgreSQL server for the tests of this binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// A server on a socket of its own, stopped when dropped.
pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
}

static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Cluster {
    /// The server that the tests that run now share, started by the first of them.
    pub(crate) fn shared() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = running.upgrade().unwrap_or_else(|| Arc::new(Self::start()));
        *running = Arc::downgrade(&cluster);
        cluster
    }

    /// Starts a server. Without PostgreSQL on the machine the test fails, and says what to install.
    fn start() -> Self {
        let programs = programs().expect(
            "PostgreSQL is needed for this test: apt-get install -y postgresql, or set PATH to where initdb is",
        );
        let folder = tempfile::Builder::new().prefix("kw-sql").tempdir_in("/tmp").unwrap();
        let cluster = Self { folder, programs };
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(cluster.folder.path()).status();
            assert!(owned.unwrap().success(), "the folder is given to user postgres");
        }
        let data = cluster.data();
        let data = data.to_str().unwrap();
        cluster.run(
            "initdb",
            &["--no-sync", "-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C", "-D", data],
        );
        let options = format!("-c listen_addresses='' -c fsync=off -k {}", cluster.folder.path().display());
        cluster.run("pg_ctl", &["-D", data, "-w", "-l", &format!("{data}/log"), "-o", &options, "start"]);
        cluster
    }

    /// A new database with that in it; gives its URL.
    pub(crate) fn database(&self, sql: &str) -> String {
        let name = format!("db{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.sql(&name, sql);
        format!("postgres:///{name}?host={}&user=owner", self.folder.path().display())
    }

    /// Runs SQL in a database.
    pub(crate) fn sql(&self, database: &str, sql: &str) {
        let socket = self.folder.path().to_str().unwrap();
        self.run(
            "psql",
            &["-q", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "owner", "-d", database, "-c", sql],
        );
    }

    /// Ends all sessions with a database, as a restart of the server does.
    pub(crate) fn end_sessions(&self, database: &str) {
        let sql =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        self.sql("postgres", &sql);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // initdb refuses to run as root.
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                .arg(self.programs.join(program));
            command
        } else {
            Command::new(self.programs.join(program))
        };
        command.args(arguments).current_dir("/tmp").stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "{program} {arguments:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", data.to_str().unwrap(), "-w", "-m", "immediate", "stop"]);
    }
}

fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(packaged.map(|version| version.path().join("bin")));
    folders
        .into_iter()
        .find(|folder| ["initdb", "pg_ctl", "psql"].iter().all(|program| folder.join(program).is_file()))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|own| own.uid() == 0)
}
