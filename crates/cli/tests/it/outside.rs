//! What programs that are not ours say of our log: Go's checksum database packages, and two packages from PyPI.
//!
//! They are installed when they can be; otherwise the test says what was not checked, and why.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kw_domain::{ChainName, Clock as _, Oin, SystemClock};
use kw_ledger::checkpoint::Checkpoint;
use kw_ledger::note::Note;
use kw_ledger::tile::{Resource, Tiles, all_bundles, all_tiles, consistency_tiles};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_store::switchboard::Switchboard;
use kw_store::{Abort, Act, DatabaseConfig, Store};
use serde_json::Value;

use crate::program::{Demo, run};

const ENTRIES: u64 = 100_000;
const FLIPS: &str = "10000";
/// An interpreted verifier checks the same in more time.
const INTERPRETED_FLIPS: &str = "500";

#[test]
fn third_parties_verify_a_log_of_a_hundred_thousand_entries_and_a_witness_cosigns_it() {
    let folder = tempfile::tempdir().unwrap();
    let chain = folder.path().join("chain");
    let demo = Demo::start(&chain);
    let (early, whole) = (folder.path().join("early"), folder.path().join("whole"));
    mirror(&chain, &early);
    // Enough for several tiles, and few enough to verify the whole after every flip.
    grow(&chain, &early, 1_000);
    grow(&chain, &whole, ENTRIES);
    drop(demo);
    let key = fs::read_to_string(whole.join("vkey")).unwrap();

    match go_verifier(folder.path()) {
        Err(missing) => kw_testbed::not_checked(format_args!("by Go's sumdb packages: {missing}")),
        Ok(verifier) => {
            let told = tell(Command::new(&verifier).arg("verify").arg(&whole).arg(&key));
            assert!(told["entries"].as_u64().unwrap() >= ENTRIES, "{told}");
            eprintln!("Go's sumdb packages, whole log: {told}");
            // Few entries, so that every flip is followed by a whole verification.
            let told = tell(Command::new(&verifier).arg("flips").arg(&early).arg(&key).args([FLIPS, "7"]));
            eprintln!("Go's sumdb packages, single-bit flips: {told}");
        }
    }
    match python_packages() {
        Err(missing) => kw_testbed::not_checked(format_args!("by aics-tlog and aics-witness: {missing}")),
        Ok(environment) => {
            let audit = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/audit.py");
            let python = environment.join("bin/python");
            let told = tell(Command::new(&python).arg(&audit).arg(&whole).arg(&key));
            assert!(told["entries"].as_u64().unwrap() >= ENTRIES, "{told}");
            eprintln!("aics-tlog, whole log: {told}");
            let told =
                tell(Command::new(&python).arg(&audit).arg(&early).arg(&key).args([INTERPRETED_FLIPS, "7"]));
            eprintln!("aics-tlog, single-bit flips: {told}");
            witnessed(&environment, folder.path(), &early, &whole, key.trim());
        }
    }
}

/// Copies the switchboard's log as a partner of the chain.
fn mirror(chain: &Path, to: &Path) {
    let config = chain.join("partners/school/partner.toml");
    run([
        "audit",
        "mirror",
        "--config",
        config.to_str().unwrap(),
        "--log",
        "switchboard",
        to.to_str().unwrap(),
    ])
    .expect(0);
}

fn size_of(mirror: &Path) -> u64 {
    fs::read_to_string(mirror.join("checkpoint")).map_or(0, |text| checkpoint(&text).size)
}

fn checkpoint(text: &str) -> Checkpoint {
    Checkpoint::parse(Note::parse(text).unwrap().text()).unwrap()
}

/// Adds entries beside the running switchboard, and copies its log when it has published them.
fn grow(chain: &Path, to: &Path, entries: u64) {
    fill(chain, entries);
    let until = Instant::now() + Duration::from_secs(90);
    while size_of(to) < entries {
        assert!(Instant::now() < until, "the entries were not published");
        mirror(chain, to);
        assert_no_file_too_many(to);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A copy that was brought up to date at many sizes is the copy that is made at once.
fn assert_no_file_too_many(copy: &Path) {
    let size = size_of(copy);
    let tiles = all_tiles(size).map(|tile| Resource::from(tile).path());
    let expected: BTreeSet<String> =
        tiles.chain(all_bundles(size).map(|bundle| Resource::from(bundle).path())).collect();
    let (mut found, mut folders) = (BTreeSet::new(), vec![copy.join("tile")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(copy).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(found, expected);
}

/// Records from beside the running switchboard, as a second process on its database would leave them.
fn fill(chain: &Path, entries: u64) {
    let origin = checkpoint_of_early(chain);
    let database = DatabaseConfig::at(chain.join("switchboard/ketenwijzer.db").to_str().unwrap());
    let salts = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    let store: Store<Switchboard> = Store::open(&database, &origin, salts).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let oin = Oin::parse("00000099000000001000").unwrap();
    let chain = ChainName::parse("youth-demostad").unwrap();
    runtime.block_on(async {
        for _ in 0..entries / 1_000 {
            let record = AccessRecord::new(
                Event::PointerRead,
                SystemClock.now(),
                chain.clone(),
                oin,
                oin,
                "ab".repeat(32),
            );
            let done = store.write("fill", move |_| {
                let text = canonical(&record).unwrap();
                let act = Act::new(record.at, LeafKind::Access, text.clone());
                let act = (1..1_000).fold(act, |act, _| act.and(LeafKind::Access, text.clone()));
                Ok::<_, Abort<()>>(((), act))
            });
            done.await.unwrap();
        }
    });
}

fn checkpoint_of_early(chain: &Path) -> String {
    checkpoint(&fs::read_to_string(chain.parent().unwrap().join("early/checkpoint")).unwrap()).origin
}

/// One JSON object on standard output, and success.
fn tell(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

/// Builds the verifier with Debian's Go and Debian's copy of golang.org/x/mod.
fn go_verifier(folder: &Path) -> Result<PathBuf, String> {
    let packages = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog");
    if !packages.is_dir() || succeeds(Command::new("go").arg("version")).is_err() {
        let install =
            ["install", "-y", "-qq", "--no-install-recommends", "golang-go", "golang-golang-x-mod-dev"];
        succeeds(Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/verify.go");
    let program = folder.join("verify");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(source);
    build
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", folder.join("go-cache"));
    succeeds(&mut build)?;
    Ok(program)
}

/// An environment with both packages, made once for all runs.
fn python_packages() -> Result<PathBuf, String> {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-python");
    if succeeds(Command::new(environment.join("bin/python")).args(["-c", "import aics_tlog, aics_witness"]))
        .is_ok()
    {
        return Ok(environment);
    }
    let python = new_enough_python().ok_or("there is no Python of 3.12 or newer")?;
    succeeds(Command::new(python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    let packages = ["aics-tlog==0.2.1", "aics-witness==0.1.0"];
    succeeds(Command::new(environment.join("bin/pip")).args(["install", "-q"]).args(packages))?;
    Ok(environment)
}

/// On the path, or among the versions that pyenv keeps.
fn new_enough_python() -> Option<PathBuf> {
    let mut candidates: Vec<PathBuf> =
        ["python3", "python3.12", "python3.13", "python3.14"].map(PathBuf::from).into();
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv")));
    if let Some(versions) = root.and_then(|root| fs::read_dir(root.join("versions")).ok()) {
        candidates.extend(versions.flatten().map(|version| version.path().join("bin/python")));
    }
    let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))";
    candidates.into_iter().find(|python| succeeds(Command::new(python).args(["-c", check])).is_ok())
}

/// A witness that is not ours: ends with the test.
struct Witness {
    process: Child,
    address: String,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Witness {
    fn start(environment: &Path, folder: &Path, key: &str) -> Self {
        let program = environment.join("bin/aics-witness");
        let address = format!("127.0.0.1:{}", kw_testbed::free_port().unwrap());
        let config = folder.join("witness.json");
        let named = ["--name", "witness.example/outside", "--listen", address.as_str()];
        succeeds(Command::new(&program).arg("init").arg("--config").arg(&config).args(named)).unwrap();
        let (origin, _) = key.split_once('+').unwrap();
        let trusted = ["--origin", origin, "--vkey", key];
        succeeds(Command::new(&program).arg("add-log").arg("--config").arg(&config).args(trusted)).unwrap();
        let process = Command::new(&program)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let witness = Self { process, address };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&witness.address).is_err() {
            assert!(Instant::now() < until, "the witness does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        witness
    }

    fn add_checkpoint(&self, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /add-checkpoint HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

fn witnessed(environment: &Path, folder: &Path, early: &Path, whole: &Path, key: &str) {
    let witness = Witness::start(environment, folder, key);
    let [first, second] = [early, whole].map(|mirror| fs::read_to_string(mirror.join("checkpoint")).unwrap());
    let (old, new) = (checkpoint(&first).size, checkpoint(&second).size);

    let (status, body) = witness.add_checkpoint(&format!("old 0\n\n{first}"));
    assert_eq!(status, 200, "{body}");
    let mut tiles = Tiles::new();
    for tile in consistency_tiles(old, new) {
        tiles.insert(tile, &fs::read(whole.join(Resource::Tile(tile).path())).unwrap()).unwrap();
    }
    let proof: String =
        tiles.consistency_proof(old, new).unwrap().iter().map(|hash| format!("{hash}\n")).collect();
    let (status, body) = witness.add_checkpoint(&format!("old {old}\n{proof}\n{second}"));
    assert_eq!(status, 200, "{body}");
    assert!(body.starts_with("\u{2014} witness.example/outside "), "{body}");
    let (status, body) = witness.add_checkpoint(&format!("old 0\n\n{first}"));
    assert_eq!((status, body.trim()), (409, new.to_string().as_str()), "a stale checkpoint is refused");
    let (status, _) = witness.add_checkpoint(&format!("old {new}\n\n{first}"));
    assert_eq!(status, 400, "a log does not shrink");
    eprintln!("aics-witness cosigned {old} and {new} entries, and refused {old} after {new}");
}
