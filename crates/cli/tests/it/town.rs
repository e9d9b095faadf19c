//! The demonstration's chain with its data, each service a process of its own that a test starts and ends.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kw_agreement::draft::AgreementDraft;

use crate::program::{Demo, Ran, Service, run, run_with_input};

pub(crate) struct Town {
    folder: tempfile::TempDir,
    services: Vec<(String, Service)>,
}

impl Town {
    /// Everything is there, and nothing runs yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Demo::start(&folder.path().join("kept")).interrupt();
        Self { folder, services: Vec::new() }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    pub(crate) fn config(&self, partner: &str) -> PathBuf {
        self.kept().join("partners").join(partner).join("partner.toml")
    }

    /// Changes the configuration of a partner.
    pub(crate) fn configure(&self, partner: &str, change: impl FnOnce(&mut toml::Table)) {
        let file = self.config(partner);
        let mut config: toml::Table = toml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        change(&mut config);
        fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    }

    /// Changes the agreement, as if it had been so from the beginning.
    pub(crate) fn agree(&self, change: impl FnOnce(&mut AgreementDraft)) {
        let file = self.kept().join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        change(&mut draft);
        fs::write(&file, draft.to_toml().unwrap()).unwrap();
        let partners =
            fs::read_dir(self.kept().join("partners")).unwrap().flatten().map(|entry| entry.path());
        for service in
            ["pseudonymiser", "switchboard"].map(|name| self.kept().join(name)).into_iter().chain(partners)
        {
            // A service that never saw one has nothing to forget.
            let _ = fs::remove_file(service.join("keys/agreement-in-force.json"));
        }
    }

    /// Starts the central services.
    pub(crate) fn start_centre(&mut self) {
        for kind in ["pseudonymiser", "switchboard"] {
            self.start_central(kind);
        }
    }

    /// Starts one of them.
    pub(crate) fn start_central(&mut self, kind: &str) {
        let path = self.kept().join(kind).join(format!("{kind}.toml"));
        self.services.push((kind.to_owned(), Service::start(kind, &path)));
    }

    pub(crate) fn start(&mut self, partner: &str) {
        let service = Service::start("partner", &self.config(partner));
        self.services.push((partner.to_owned(), service));
    }

    /// Ends it as the kernel does.
    pub(crate) fn stop(&mut self, service: &str) {
        self.services.retain(|(name, _)| name != service);
    }

    /// Runs a command of a partner.
    pub(crate) fn run(&self, partner: &str, arguments: &[&str]) -> Ran {
        self.run_with_input(partner, arguments, "")
    }

    /// The same, with something on standard input.
    pub(crate) fn run_with_input(&self, partner: &str, arguments: &[&str], input: &str) -> Ran {
        let config = self.config(partner);
        let all = arguments.iter().copied().chain(["--config", config.to_str().unwrap(), "--json"]);
        run_with_input(all, input)
    }

    /// The same without `--json`: what a person reads.
    pub(crate) fn show(&self, partner: &str, arguments: &[&str]) -> String {
        let config = self.config(partner);
        run(arguments.iter().copied().chain(["--config", config.to_str().unwrap()])).expect(0).stdout
    }

    /// Syncs until the index is in line with the sources. Services that have just started wait until the logs of others
    /// confirm theirs.
    pub(crate) fn sync(&self, partner: &str, more: &[&str]) {
        let arguments: Vec<&str> = ["sync"].into_iter().chain(more.iter().copied()).collect();
        until("the sync", || {
            let ran = self.run(partner, &arguments);
            let is_done = ran.code <= 1
                && ran.json()["sources"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|one| one["pending"] == 0 && one["problem"].is_null());
            is_done.then_some(()).ok_or_else(|| format!("{ran:?}"))
        });
    }

    /// Speaks to the database of a service, whose configuration says where it is.
    pub(crate) fn sql(&self, config: &str, statement: &str) -> String {
        let config = self.kept().join(config);
        let read: toml::Table = toml::from_str(&fs::read_to_string(&config).unwrap()).unwrap();
        let url = read["database"]["url"].as_str().unwrap();
        let file = config.parent().unwrap().join(url.strip_prefix("sqlite:").unwrap_or(url));
        let mut sqlite = Command::new("sqlite3");
        sqlite.args(["-cmd", ".timeout 10000"]).arg(file).arg(statement);
        let ran = sqlite.output().unwrap_or_else(|error| panic!("apt-get install sqlite3: {error}"));
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }
}

/// Waits until it is so, a minute at most; what was seen last is told when it is not.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(seen) if Instant::now() > end => panic!("{what}: {seen}"),
            Err(_) => std::thread::sleep(Duration::from_millis(500)),
        }
    }
}
