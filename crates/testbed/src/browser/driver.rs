//! The driver's process, and the windows that it opens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::page::Browser;
use super::programs::Programs;
use super::wire::Wire;
use crate::free_port;

static SHARED: Mutex<Weak<BrowserDriver>> = Mutex::new(Weak::new());

/// chromedriver on a loopback port of its own. Killed when dropped, with its browsers.
#[derive(Debug)]
pub struct BrowserDriver {
    child: Child,
    address: SocketAddr,
    programs: Programs,
    /// Each window is a browser of its own, of many processes: no more of them at a time than two cores can bear.
    room: Arc<Semaphore>,
    // Last, so that it is removed when nothing uses it any more.
    folder: TempDir,
}

impl BrowserDriver {
    /// The driver that the tests of this program share while any of them runs.
    pub fn shared() -> anyhow::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = shared.upgrade() {
            return Ok(driver);
        }
        let driver = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&driver);
        Ok(driver)
    }

    fn start() -> anyhow::Result<Self> {
        let programs = Programs::find_or_install()?;
        let folder = tempfile::tempdir()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let child = Command::new(&programs.driver)
            .arg(format!("--port={}", address.port()))
            // Its browsers write where it says that home is: nothing of theirs stays.
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver cannot be started")?;
        let driver = Self { child, address, programs, room: Arc::new(Semaphore::new(WINDOWS)), folder };
        let until = Instant::now() + START;
        while Instant::now() < until {
            if std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(driver);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("chromedriver did not start")
    }

    /// A browser with nothing in it: no cookie, no history. It takes the certificates in these files (PEM) for true, besides those
    /// that everybody does: their keys are named to it one by one, so that any other certificate is refused as ever.
    pub async fn open(self: &Arc<Self>, certificates: &[PathBuf]) -> anyhow::Result<Browser> {
        let room = Arc::clone(&self.room);
        let room =
            tokio::time::timeout(PATIENCE, room.acquire_owned()).await.context("no window came free")??;
        let keys = certificates.iter().map(|path| key_digest(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let profile = tempfile::tempdir_in(self.folder.path())?;
        let mut flags = vec![format!("--user-data-dir={}", profile.path().display())];
        flags.extend(FLAGS.iter().map(|flag| (*flag).to_owned()));
        if !keys.is_empty() {
            flags.push(format!("--ignore-certificate-errors-spki-list={}", keys.join(",")));
        }
        let wire = Wire::new(self.address)?;
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "pageLoadStrategy": "normal",
            "timeouts": { "script": DEADLINE, "pageLoad": DEADLINE, "implicit": 0 },
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": self.programs.browser,
                "args": flags,
                "prefs": { "intl.accept_languages": "nl-NL,nl" },
            },
        }}});
        let begun = wire.begin(&capabilities).await?;
        Browser::new(Arc::clone(self), wire.of_session(begun), profile, room).await
    }
}

impl Drop for BrowserDriver {
    fn drop(&mut self) {
        // It may have ended by itself. Its browsers end with it: each asked the kernel for that.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The SHA-256 digest of a certificate's public key, in base64, as the browser wants it (RFC 7469 §2.4).
fn key_digest(certificate: &Path) -> anyhow::Result<String> {
    const STEPS: &str = "openssl x509 -in \"$1\" -noout -pubkey | openssl pkey -pubin -outform der \
                         | openssl dgst -sha256 -binary | openssl base64 -A";
    let told = Command::new("sh").args(["-c", STEPS, "sh"]).arg(certificate).stdin(Stdio::null()).output()?;
    let digest = String::from_utf8(told.stdout)?.trim().to_owned();
    ensure!(
        digest.len() == 44,
        "openssl does not read {}: {}",
        certificate.display(),
        String::from_utf8_lossy(&told.stderr)
    );
    Ok(digest)
}

const FLAGS: [&str; 11] = [
    "--disable-smooth-scrolling",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // What stands in the browser's own words (dates, the names of its own controls) is the same on every machine.
    "--lang=nl-NL",
];
const WINDOWS: usize = 2;
const START: Duration = Duration::from_secs(30);
/// Other tests may use the windows for long.
const PATIENCE: Duration = Duration::from_mins(5);
/// Of a script and of a page, in milliseconds.
const DEADLINE: u64 = 30_000;
