//! The partner process is killed anywhere, again and again, while its source changes and the switchboard loses and gains pointers
//! behind its back: in the end the index has exactly what the source has.
//!
//! `KW_SYNC_KILLS` says how often; a few times without it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_agreement::Agreement;
use kw_client::{Context, Entropy, IdempotencyKey, SwitchboardClient};
use kw_domain::{Category, Handle, SourceName, SystemClock};
use kw_partner::PartnerConfig;
use kw_protocol::pointer::{
    PointerState, RegisterPointer, RegistrationReason, WithdrawPointer, WithdrawalReason,
};
use kw_testbed::{PostgresServer, subject_element};
use kw_transport::Tls;
use serde_json::{Value, json};

use crate::program::{Demo, Service, run, run_with_input};

const SCHOOL: &str = "00000099000000012000";
const SOURCE: &str = "pupils";
const CATEGORY: &str = "school-attendance";
const UNIVERSE: usize = 90;
const PATIENCE: Duration = Duration::from_mins(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_the_index_ends_up_with_exactly_what_the_source_has() {
    kill_again_and_again(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_it_does_so_on_postgresql_as_well() {
    let server = PostgresServer::start().unwrap();
    let url = server.database().unwrap();
    kill_again_and_again(&["--database", &url]).await;
}

async fn kill_again_and_again(database: &[&str]) {
    let kills: u32 = std::env::var("KW_SYNC_KILLS").ok().map_or(4, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    assert_eq!(Demo::start_with(&kept, database).interrupt(), 0);
    let mut school = School::new(&kept);
    let start = |kind: &str, file: &str| Service::start(kind, &kept.join(file));
    let _pseudonymiser = start("pseudonymiser", "pseudonymiser/pseudonymiser.toml");
    let _others = witnesses(&kept);
    let mut switchboard = Some(start("switchboard", "switchboard/switchboard.toml"));
    let client = school.client();
    let (mut strays, mut lost, mut ended) = (0, 0, 0);
    for kill in 0..kills {
        school.change(8);
        let mut partner = school.spawn();
        // Another moment each time: while it starts, reads, tells, compares.
        let life = [200..900, 900..2_500, 1_500..4_000][School::draw(3)].clone();
        let life = Duration::from_millis(life.start + School::draw((life.end - life.start) as usize) as u64);
        let dead = tokio::time::Instant::now() + life;
        let asked = (School::draw(3) > 0).then(|| school.ask_for_sync(life / 2));
        match School::draw(4) {
            0 => strays += u32::from(stray(&client, kill.into()).await),
            1 => lost += u32::from(lose(&client, School::draw(20)).await),
            2 if kill % 5 == 2 => {
                drop(switchboard.take());
                switchboard = Some(start("switchboard", "switchboard/switchboard.toml"));
            }
            _ => {}
        }
        tokio::time::sleep_until(dead).await;
        // As the kernel does it: nothing of the process gets to do anything any more.
        partner.kill().unwrap();
        partner.wait().unwrap();
        if let Some(mut asked) = asked {
            // Zero or one, as the program says: whether everything is in line.
            ended += u32::from(matches!(asked.wait().unwrap().code(), Some(0 | 1)));
        }
    }

    let began = Instant::now();
    let _partner = Service::start("partner", &school.config);
    let arguments = ["--full", "--confirm-shrink", "--reconcile", "--json"];
    let report = loop {
        let ran = run(["sync", "--config", school.config.to_str().unwrap()].into_iter().chain(arguments));
        if ran.code == 0 {
            let report = ran.json();
            let compared = &report["sources"][0]["reconciliation"];
            let differences: u64 = ["registeredAgain", "withdrawn", "mended", "held", "waiting"]
                .iter()
                .map(|name| compared[name].as_u64().unwrap())
                .sum();
            if differences == 0 {
                break report;
            }
        }
        assert!(began.elapsed() < PATIENCE, "{ran:?}");
        std::thread::sleep(Duration::from_secs(3));
    };
    let compared = &report["sources"][0]["reconciliation"];
    let expected = school.rows.len() as u64;
    assert_eq!((&compared["here"], &compared["there"]), (&json!(expected), &json!(expected)), "{report}");
    assert_eq!(active(&client).await.len(), school.rows.len());
    let present: Vec<&String> = school.rows.values().collect();
    for bsn in &school.universe {
        assert_eq!(
            School::is_found(&kept, bsn),
            present.contains(&bsn),
            "somebody is wrongly found, or not found"
        );
    }
    eprintln!(
        "{kills} kills, {strays} pointers too many and {lost} too few behind its back, {ended} runs with a comparison that ended: \
         {expected} pointers are exactly the source's, {:.0} s after the last kill",
        began.elapsed().as_secs_f64()
    );
}

/// The school and its source.
pub(crate) struct School {
    pub(crate) config: PathBuf,
    file: PathBuf,
    universe: Vec<String>,
    /// By the source's own key: whom the row is about.
    pub(crate) rows: BTreeMap<usize, String>,
}

impl School {
    pub(crate) fn new(kept: &Path) -> Self {
        let folder = kept.join("partners/school");
        let config = folder.join("partner.toml");
        let text = fs::read_to_string(&config).unwrap();
        assert!(!text.contains("reconcile_seconds"));
        let every = "interval_seconds = 1\nreconcile_seconds = 1\n";
        let text = if text.contains("[sync]") {
            let lines = text.lines().filter(|line| !line.starts_with("interval_seconds"));
            let lines: Vec<_> = lines.collect();
            lines.join("\n").replace("[sync]", &format!("[sync]\n{every}"))
        } else {
            format!("{text}\n[sync]\n{every}")
        };
        fs::write(&config, text).unwrap();
        // In the end the municipality asks about everybody at once.
        let mut agreement = fs::File::options().append(true).open(kept.join("agreement.toml")).unwrap();
        for budget in ["query", "switchboard_query", "register"] {
            let most = "burst = 1000000\nhour = 1000000\nday = 1000000";
            write!(agreement, "\n[budgets.{budget}]\n{most}\n").unwrap();
        }
        let universe = numbers(UNIVERSE);
        let rows = universe.iter().take(60).cloned().enumerate().collect();
        let school = Self { config, file: folder.join("source/leerlingen.json"), universe, rows };
        school.write();
        school
    }

    /// A number below a bound.
    fn draw(below: usize) -> usize {
        let mut bytes = [0; 4];
        aws_lc_rs::rand::fill(&mut bytes).unwrap();
        u32::from_le_bytes(bytes) as usize % below
    }

    /// People come, go, and a key goes over to another person.
    fn change(&mut self, most: usize) {
        for _ in 0..Self::draw(most) {
            let key = Self::draw(UNIVERSE);
            let taken = |bsn: &String| self.rows.values().any(|one| one == bsn);
            let free = self.universe.iter().find(|bsn| !taken(bsn)).cloned();
            match (Self::draw(3), free) {
                (0, _) => drop(self.rows.remove(&key)),
                (1, Some(bsn)) => drop(self.rows.insert(key, bsn)),
                (_, Some(bsn)) => drop(self.rows.entry(key).or_insert(bsn)),
                (_, None) => {}
            }
        }
        self.write();
    }

    /// Beside the old one and over it, as docs/sources.md says.
    pub(crate) fn write(&self) {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(key, bsn)| json!({ "pupil": format!("L{key:05}"), "bsn": bsn, "birthDate": "2012-05-03" }))
            .collect();
        let next = self.file.with_extension("next");
        fs::write(&next, json!({ "leerlingen": rows }).to_string()).unwrap();
        fs::rename(next, &self.file).unwrap();
    }

    pub(crate) fn spawn(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ketenwijzer"));
        command.args(["partner", "serve", "--config"]).arg(&self.config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// After a while, so that the kill comes in the middle of it.
    fn ask_for_sync(&self, after: Duration) -> Child {
        let mut command = Command::new("sh");
        let sync = "sleep $1; exec \"$2\" sync --config \"$3\" --full --reconcile";
        command.args(["-c", sync, "sh", &after.as_secs_f64().to_string(), env!("CARGO_BIN_EXE_ketenwijzer")]);
        command.arg(&self.config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The school's own client of the switchboard, beside its process.
    fn client(&self) -> SwitchboardClient {
        let config = PartnerConfig::load(&self.config).unwrap();
        let agreement = Agreement::parse(&fs::read_to_string(&config.agreement).unwrap()).unwrap();
        let tls = Tls::load(&config.tls).unwrap();
        let context = Context::new(Arc::new(SystemClock), Entropy::system());
        SwitchboardClient::new(&tls, &agreement, context).unwrap()
    }

    /// Whether the municipality finds the school with something about this person.
    fn is_found(kept: &Path, bsn: &str) -> bool {
        let config = kept.join("partners/municipality/partner.toml");
        let asked = [
            "query",
            "--json",
            "--config",
            config.to_str().unwrap(),
            "--bsn",
            "-",
            "--purpose",
            "coordinate-help",
            "--role",
            "municipal-consultant",
            "--actor",
            "j.jansen",
            "--case",
            "1",
            "--basis",
            "motivated",
            "--reason",
            "to compare the index with the source",
        ];
        let ran = run_with_input(asked, bsn);
        assert!(ran.code <= 1, "{ran:?}");
        ran.stdout.contains(SCHOOL)
    }
}

/// The other partners: a switchboard that starts lets nobody in before its witnesses have answered.
pub(crate) fn witnesses(kept: &Path) -> Vec<Service> {
    let names = ["health-service", "municipality", "youth-care"];
    names
        .iter()
        .map(|name| Service::start("partner", &kept.join(format!("partners/{name}/partner.toml"))))
        .collect()
}

/// Numbers for tests, that pass the check.
pub(crate) fn numbers(count: usize) -> Vec<String> {
    let passes = |text: &String| {
        let digits: Vec<i64> = text.bytes().map(|digit| i64::from(digit - b'0')).collect();
        let sum: i64 = (0..8).map(|at| digits[at] * (9 - at as i64)).sum();
        (sum - digits[8]).rem_euclid(11) == 0
    };
    (999_900_000..999_999_999u32).map(|number| number.to_string()).filter(passes).take(count).collect()
}

/// A pointer that nothing at the partner stands for.
async fn stray(client: &SwitchboardClient, number: u64) -> bool {
    let registration = RegisterPointer {
        subject: subject_element(number).unwrap(),
        category: Category::parse(CATEGORY).unwrap(),
        source: SourceName::parse(SOURCE).unwrap(),
        handle: Handle::from_bytes(Entropy::system().bytes()),
        purposes: Vec::new(),
        valid_until: None,
        destroy_by: None,
        reason: RegistrationReason::Regular,
    };
    client.register(&registration, &IdempotencyKey::random(&Entropy::system())).await.is_ok()
}

/// Takes one of the school's pointers away without its process knowing.
async fn lose(client: &SwitchboardClient, which: usize) -> bool {
    let pointers = active(client).await;
    let Some(pointer) = pointers.get(which) else { return false };
    let withdrawal = WithdrawPointer { reason: WithdrawalReason::EnteredInError };
    client.withdraw(*pointer, &withdrawal).await.is_ok()
}

async fn active(client: &SwitchboardClient) -> Vec<kw_domain::PointerId> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let Ok(page) = client.list(cursor.as_deref(), 500).await else { return found };
        let live = page.pointers.iter().filter(|pointer| pointer.state == PointerState::Active);
        found.extend(live.map(|pointer| pointer.id));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}
