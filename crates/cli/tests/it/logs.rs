//! Logs between real processes: confirmed and cosigned by one another, refused when they are older, recovered under a new name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kw_agreement::draft::key_text;
use kw_testbed::{Chain, Member, Process, Program, RunningChain, free_port, public_half};

use crate::program::run;

/// Long for a machine with other work; it takes a second or two.
const PATIENCE: Duration = Duration::from_mins(1);
const CHAIN: &str = "youth-demostad";
const NEW_NAME: &str = "switchboard.example/youth-2";

/// A switchboard, and a school that is its only witness.
struct Two {
    chain: RunningChain,
    school: Option<Process>,
    member: Member,
}

impl Two {
    fn new() -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_ketenwijzer"));
        let chain = Chain::new(Program::binary(program)).unwrap().partner("school");
        let keys = chain.folder().join("school-keys");
        let folder = keys.to_str().unwrap();
        run(["keys", "init", "partner", "--chain", CHAIN, "--directory", folder]).expect(0);
        let public = |name: &str| key_text(&public_half(&keys.join(name)).unwrap());
        let (log, witness) = (public("log-1.key"), public("witness-1.key"));
        let port = free_port().unwrap();
        let chain = chain.agreed(|draft| {
            let school = draft.partners.iter_mut().find(|partner| partner.kind == "school").unwrap();
            (school.log_key, school.witness_key) = (log, Some(witness));
            school.endpoint = format!("https://127.0.0.1:{port}");
            draft.ledger.witness_quorum = Some(1);
        });
        let chain = chain.prepare().unwrap();
        let config = fs::read_to_string(chain.config_file()).unwrap();
        fs::write(chain.config_file(), config + "\n[ledger]\nquorum-alarm-seconds = 1\n").unwrap();
        let text = format!(
            "agreement = 'agreement.toml'\n[server]\nlisten = '127.0.0.1:{port}'\nadmin = '127.0.0.1:0'\nworkers = 1\n\
             shutdown-deadline = 5\n[log]\nfile = 'school.log'\n[tls]\ncertificate = 'pki/school.pem'\nkey = 'pki/school.key'\n\
             trust_anchors = 'pki/ca.pem'\nrevocation_lists = ['pki/crl.pem']\n[database]\nurl = 'school.db'\n\
             [keys]\ndirectory = 'school-keys'\n[local]\ntoken_file = 'school.token'\n[sync]\ninterval_seconds = 3600\n"
        );
        fs::write(chain.folder().join("school.toml"), text).unwrap();
        let member = chain.member("school").unwrap();
        Self { chain, school: None, member }
    }

    fn start_school(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ketenwijzer"));
        command.args(["partner", "serve", "--config"]).arg(self.chain.folder().join("school.toml"));
        self.school = Some(Process::start(command, &self.chain.folder().join("school.err")).unwrap());
    }

    async fn register(&self, number: u64) -> bool {
        let client = self.member.switchboard().unwrap();
        client.register(&self.member.registration(number).unwrap(), &self.member.key()).await.is_ok()
    }

    async fn text(&self, path: &str) -> Option<String> {
        let response = self.member.http().get(self.member.url(path)).send().await.ok()?;
        if response.status() == 200 { response.text().await.ok() } else { None }
    }

    /// The size in the checkpoint at a path.
    async fn size(&self, path: &str) -> Option<u64> {
        self.text(path).await?.lines().nth(1)?.parse().ok()
    }

    fn metric(&self, name: &str) -> Option<f64> {
        self.chain.switchboard().unwrap().metric(name).unwrap()
    }

    fn config(&self) -> String {
        self.chain.config_file().to_str().unwrap().to_owned()
    }

    /// Puts an earlier copy in the place of everything that this machine knows of its log.
    fn restore(&self, copy: &Path) {
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", self.chain.database_url()));
        }
        fs::copy(copy, self.chain.database_url()).unwrap();
        for entry in fs::read_dir(self.chain.keys_folder()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "checkpoint") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_before_a_witness_confirms_and_publishing_goes_on_without_one() {
    let mut two = Two::new();
    two.chain.start_switchboard().unwrap();
    assert!(!two.register(1).await, "no act before the log is confirmed");
    assert_eq!(two.size("/log/checkpoint").await, None, "nothing is signed before the log is confirmed");
    two.start_school();
    until("the log is confirmed", async || two.register(1).await).await;
    until("the log is cosigned", async || two.size("/log/witnessed-checkpoint").await >= Some(2)).await;
    let note = two.text("/log/witnessed-checkpoint").await.unwrap();
    assert!(note.contains(&format!("— {CHAIN}/witness/{} ", two.member.oin)), "{note}");
    let school =
        two.chain.draft().partners.iter().find(|partner| partner.kind == "school").unwrap().endpoint.clone();
    let peer = two.chain.party("switchboard", &two.chain.draft().switchboard.oin).unwrap();
    let http = peer.tls.client(two.member.oin, kw_transport::ClientOptions::default());
    until("the switchboard cosigned the school's log", async || {
        let response = http.get(format!("{school}/log/witnessed-checkpoint")).send().await.unwrap();
        response.status() == 200 && response.text().await.unwrap().contains(&format!("— {CHAIN}/witness/"))
    })
    .await;

    two.school.take().unwrap().kill().unwrap();
    let before = two.size("/log/witnessed-checkpoint").await.unwrap();
    assert!(two.register(2).await);
    until("published without a witness", async || two.size("/log/checkpoint").await > Some(before)).await;
    until("the missing quorum is an alarm", async || {
        two.metric("ketenwijzer_log_quorum_missed") == Some(1.0)
    })
    .await;
    assert_eq!(two.size("/log/witnessed-checkpoint").await, Some(before));
    two.start_school();
    until("cosigned again", async || two.size("/log/witnessed-checkpoint").await > Some(before)).await;
    until("no alarm any more", async || two.metric("ketenwijzer_log_quorum_missed") == Some(0.0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_is_refused_by_the_witness_and_goes_on_under_a_new_name() {
    let mut two = Two::new();
    two.chain.start_switchboard().unwrap();
    two.start_school();
    until("the log is confirmed", async || two.register(0).await).await;
    until("published", async || two.size("/log/witnessed-checkpoint").await >= Some(2)).await;
    two.chain.stop_switchboard().unwrap();
    let earlier = two.chain.folder().join("earlier.db");
    fs::copy(two.chain.database_url(), &earlier).unwrap();

    two.chain.start_switchboard().unwrap();
    until("confirmed again", async || two.register(1).await).await;
    for number in 2..9 {
        assert!(two.register(number).await);
    }
    until("cosigned", async || two.size("/log/witnessed-checkpoint").await >= Some(10)).await;
    two.chain.stop_switchboard().unwrap();

    two.restore(&earlier);
    two.chain.start_switchboard().unwrap();
    let (ended, said) = two.chain.wait_for_end(PATIENCE).unwrap();
    assert!(!ended.success());
    assert!(said.contains("the database is older than the log") && said.contains("the witness"), "{said}");

    let config = two.config();
    let recover = |more: &[&str]| {
        let all = ["audit", "recover", "--config", config.as_str(), "--json"];
        run(all.iter().chain(more).copied())
    };
    let found = recover(&[]).expect(1).json();
    assert_eq!(found["finding"], "older", "{found}");
    recover(&["--new-origin", NEW_NAME]).expect(3);
    let made = run(["keys", "rotate", "log", "--config", &config, "--json"]).expect(0).json();
    two.chain
        .change_agreement(|draft| {
            draft.switchboard.log_origin = NEW_NAME.to_owned();
            draft.switchboard.log_key = made["logKey"].as_str().unwrap().to_owned();
        })
        .unwrap();
    two.school.as_ref().unwrap().signal("HUP").unwrap();
    let began = Instant::now();
    let recovered = loop {
        let ran = recover(&["--new-origin", NEW_NAME]);
        if ran.code == 0 {
            break ran.json();
        }
        assert!(
            ran.code == 4 && began.elapsed() < PATIENCE,
            "the witness takes the agreement in a moment: {ran:?}"
        );
        std::thread::sleep(Duration::from_millis(500));
    };
    let carried = recovered["carriedOver"].as_u64().unwrap();
    assert!(recovered["predecessor"]["size"].as_u64().unwrap() >= 10 && carried < 10, "{recovered}");

    two.chain.start_switchboard().unwrap();
    until("the new log is confirmed", async || two.register(20).await).await;
    until("the new log is cosigned", async || two.size("/log/witnessed-checkpoint").await > Some(carried))
        .await;
    assert!(two.text("/log/checkpoint").await.unwrap().starts_with(NEW_NAME));
    two.chain.stop_switchboard().unwrap();

    // Once more from the same copy: the new name has a history by now.
    two.restore(&earlier);
    recover(&["--new-origin", NEW_NAME]).expect(5);
}
