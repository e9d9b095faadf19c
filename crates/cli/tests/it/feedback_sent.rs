//! Feedback reports from the reporter's side, over a chain of real processes: from a difference to the outcome, to another holder, to a
//! holder that was away, and once whatever happens.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kw_client::{LocalClient, LocalToken};
use kw_domain::{FeedbackId, Oin};
use kw_partner::PartnerConfig;
use kw_protocol::feedback::{AnnotateFeedback, FeedbackListed, FeedbackView};
use kw_protocol::signal::{LARGEST_PAGE, Signal, SignalType, SignalsAsked};
use serde_json::{Value, json};

use crate::audit_records::{Chain, kinds, soon};
use crate::program::{Ran, Service, run_with_input, signal_service};

const PERSON: &str = "999990342";
const YOUTH_CARE: &str = "00000099000000011000";
const SCHOOL: &str = "00000099000000012000";
const HEALTH: &str = "00000099000000014000";
const ADDICTION: &str = "00000099000000015000";
/// What may stand in the clear in no file of any process.
const SECRETS: [&str; 3] = ["Zwaluwstraat-zegt-zij", "wil.niet.genoemd@example.nl", "Ik-was-bij-haar-thuis"];

/// The municipality reports; the others are holders.
struct Road {
    chain: Chain,
}

/// Chains choose ports that are free when they look, so two of them do not look at the same time.
static STARTING: Mutex<()> = Mutex::new(());

impl Road {
    fn open() -> Self {
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        Self { chain: Chain::start() }
    }

    fn config(&self, partner: &str) -> PathBuf {
        self.chain.kept.join(format!("partners/{partner}/partner.toml"))
    }

    /// The partner's own software, over its local API.
    fn people_of(&self, partner: &str) -> LocalClient {
        let config = PartnerConfig::load(&self.config(partner)).unwrap();
        let token = std::fs::read_to_string(&config.local.token_file).unwrap();
        LocalClient::new(config.local.listen, LocalToken::parse(&token).unwrap()).unwrap()
    }

    fn feedback(&self, partner: &str, words: &[&str]) -> Ran {
        let config = self.config(partner);
        let start = ["feedback", words[0], "--json", "--config", config.to_str().unwrap()];
        run_with_input(start.iter().chain(&words[1..]), &format!("{PERSON}\n"))
    }

    fn report_as(&self, partner: &str, role: &str, words: &[&str]) -> Ran {
        let who = ["--bsn", "-", "--purpose", "coordinate-help", "--role", role, "--actor", "j.jansen"];
        let why = ["--case", "2026-0042", "--strong-suspicion", "--own-knowledge", "--knows-definition"];
        let contact =
            ["--contact-name", "J. Jansen", "--contact-email", SECRETS[1], "--explanation", SECRETS[2]];
        let all: Vec<&str> = ["report"]
            .into_iter()
            .chain(who)
            .chain(why)
            .chain(contact)
            .chain(words.iter().copied())
            .collect();
        self.feedback(partner, &all)
    }

    fn report(&self, words: &[&str]) -> Ran {
        self.report_as("municipality", "municipal-consultant", words)
    }

    /// A report by hand at the school, and its name.
    fn doubt(&self, reference: &str) -> (Value, FeedbackId) {
        self.doubt_at("/person/address/street", reference)
    }

    fn doubt_at(&self, pointer: &str, reference: &str) -> (Value, FeedbackId) {
        let sent = self
            .report(&[
                "--holder",
                SCHOOL,
                "--category",
                "school-attendance",
                "--pointer",
                pointer,
                "--doubted",
                "Oude weg 1",
                "--proposed",
                SECRETS[0],
                "--reference",
                reference,
            ])
            .expect(0)
            .json();
        let id = sent["id"].as_str().unwrap().parse().unwrap();
        (sent, id)
    }

    /// What the municipality's list says of a report, once it says this.
    fn until(&self, id: FeedbackId, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let (start, name) = (Instant::now(), id.to_string());
        loop {
            let list = self.feedback("municipality", &["list", "--sent"]);
            if list.code == 0 {
                let list = list.json();
                let found =
                    list["reports"].as_array().unwrap().iter().find(|one| one["id"] == *name).cloned();
                if let Some(found) = found.filter(&is_so) {
                    return found;
                }
                assert!(start.elapsed() < Duration::from_secs(150), "never {what}: {list}");
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    async fn annotate(&self, partner: &str, id: FeedbackId, annotation: Value) -> FeedbackView {
        let annotation: AnnotateFeedback = serde_json::from_value(json!({
            "actor": {"id": "o.official", "role": "quality-officer"}, "annotation": annotation,
        }))
        .unwrap();
        self.people_of(partner).annotate_received_feedback(id, &annotation).await.unwrap()
    }

    async fn received(&self, partner: &str) -> Vec<FeedbackId> {
        let list = self.people_of(partner).received_feedback(&FeedbackListed::default()).await.unwrap();
        list.reports.into_iter().map(|one| one.id).collect()
    }

    /// How often the municipality's own software was told that there is something about a report.
    async fn told_of(&self, id: FeedbackId) -> usize {
        let asked = SignalsAsked { limit: Some(LARGEST_PAGE), ..SignalsAsked::default() };
        let signals = self.people_of("municipality").signals(&asked).await.unwrap().signals;
        let about = |signal: &&Signal| signal.known() == Some(SignalType::FeedbackChanged);
        signals.iter().filter(about).filter(|signal| signal.about == id.to_string()).count()
    }

    /// Waits until the municipality's own software was told so often that there is something about a report, and not once more.
    async fn until_told(&self, id: FeedbackId, times: usize) {
        let start = Instant::now();
        let mut told = self.told_of(id).await;
        while told < times {
            assert!(start.elapsed() < Duration::from_mins(1), "told {told} times of {times}");
            tokio::time::sleep(Duration::from_millis(300)).await;
            told = self.told_of(id).await;
        }
        assert_eq!(told, times);
    }

    /// That the logs of all who run tell the same story of what was asked and reported.
    fn logs_match(&self) {
        let compared = self.chain.reconcile(&["--until", &soon()]).expect(0);
        assert_eq!(kinds(&compared), [""; 0], "{compared:?}");
        assert!(compared.json()["reconciliation"]["pulls"].as_u64().unwrap() >= 2, "{compared:?}");
    }

    fn dossier(&self) -> Value {
        self.chain.ask("dossier", &["--role", "municipal-consultant", "--birth-date", "2011-03-04"]).json()
    }

    fn nothing_is_in_the_clear(&self) {
        for text in SECRETS {
            assert_eq!(
                holding(&self.chain.kept, text),
                Vec::<PathBuf>::new(),
                "{text} stands where it should not"
            );
        }
    }
}

fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_step_leads_from_a_difference_to_a_report_whose_outcome_comes_back() {
    let road = Road::open();
    let dossier = road.dossier();
    let place = dossier["differences"]
        .as_array()
        .unwrap()
        .iter()
        .position(|one| one["attribute"] == "phone")
        .unwrap();
    let difference = &dossier["differences"][place];
    let of_school =
        difference["values"].as_array().unwrap().iter().find(|one| one["holder"]["oin"] == SCHOOL).unwrap();
    for field in ["source", "asOf", "pointer", "feedback"] {
        assert!(!of_school[field].is_null(), "{field}: {of_school}");
    }
    assert!(of_school["openReports"].is_null() && of_school["underInvestigation"] == false, "{of_school}");

    let file = road.chain.kept.join("dossier.json");
    std::fs::write(&file, dossier.to_string()).unwrap();
    let number = (place + 1).to_string();
    let from = ["--from", file.to_str().unwrap(), "--difference", &number];
    road.report(&from).expect(2);
    let sent =
        road.report(&[&from[..], &["--holder", SCHOOL, "--reference", "DIF-1"]].concat()).expect(0).json();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((&sent["delivery"], &sent["status"]), (&json!("delivered"), &json!("reported")), "{sent}");
    assert_eq!(sent["view"]["attributes"][0]["doubted"], of_school["value"]);
    let id: FeedbackId = sent["id"].as_str().unwrap().parse().unwrap();

    // Who asks again sees that it is doubted, and by whom.
    let again = road.dossier();
    let section =
        again["sections"].as_array().unwrap().iter().find(|one| one["holder"]["oin"] == SCHOOL).unwrap();
    assert_eq!(section["openReports"], json!([id]));
    let values = again["differences"][place]["values"].as_array().unwrap();
    for held in values {
        let is_school = held["holder"]["oin"] == SCHOOL;
        assert_eq!(held["openReports"] == json!([id]), is_school, "{held}");
        assert_eq!(held["underInvestigation"] == true, is_school, "{held}");
    }

    // Each time, before the next: what comes twice within a moment may be told once.
    road.until_told(id, 1).await;
    road.annotate("school", id, json!({"status": "in-progress"})).await;
    road.until_told(id, 2).await;
    road.until(id, "in progress", |one| one["status"] == "in-progress");
    // What the holder says without another status is heard of too.
    let before = road.until(id, "seen", |one| one["id"].is_string())["changedAt"].clone();
    road.annotate("school", id, json!({"note": "We ask the parents."})).await;
    road.until(id, "spoken about", |one| one["changedAt"].as_str() > before.as_str());
    road.until_told(id, 3).await;
    let reasons = "The parents confirmed it.";
    road.annotate("school", id, json!({"status": "settled", "outcome": "rejected", "note": reasons})).await;
    let settled = road.until(id, "settled", |one| one["status"] == "settled");
    assert_eq!(settled["outcome"], "rejected");
    road.until_told(id, 4).await;
    let shown = road.feedback("municipality", &["show", &id.to_string()]).expect(0).json();
    assert_eq!(shown["view"]["annotations"].as_array().unwrap().last().unwrap()["note"], reasons);
    let over = road.feedback(
        "municipality",
        &["withdraw", &id.to_string(), "--actor", "j.jansen", "--role", "municipal-consultant"],
    );
    over.expect(5);
    let values = road.dossier()["differences"][place]["values"].clone();
    assert!(values.as_array().unwrap().iter().all(|held| held["openReports"].is_null()), "{values}");

    // Upheld: the report goes, and whoever received the value hears under its own pull.
    let pull = section["transaction"].as_str().unwrap().to_owned();
    let (_, second) = road.doubt("STR-1");
    road.annotate("school", second, json!({"status": "in-progress"})).await;
    road.annotate("school", second, json!({"status": "settled", "outcome": "upheld"})).await;
    road.until(second, "settled", |one| one["outcome"] == "upheld");
    let start = Instant::now();
    loop {
        let list = road.feedback("municipality", &["corrections"]).expect(0).json();
        let told = list["corrections"].as_array().unwrap().iter().any(|one| one["transaction"] == *pull);
        if told {
            break;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{list}");
        std::thread::sleep(Duration::from_millis(300));
    }

    // Withdrawn.
    let (_, third) = road.doubt("STR-2");
    let who =
        ["--actor", "j.jansen", "--role", "municipal-consultant", "--note", "It was a mistake of mine."];
    let taken = road
        .feedback("municipality", &[&["withdraw", &third.to_string()], &who[..]].concat())
        .expect(0)
        .json();
    assert_eq!((&taken["status"], &taken["view"]["status"]), (&json!("withdrawn"), &json!("withdrawn")));
    let list = road
        .feedback("municipality", &["list", "--status", "withdrawn", "--reference", "STR-2"])
        .expect(0)
        .json();
    assert_eq!(list["reports"].as_array().unwrap().len(), 1, "{list}");
    road.until_told(id, 4).await;
    road.logs_match();
    road.nothing_is_in_the_clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_at_the_wrong_holder_goes_on_by_itself_and_comes_back_where_nobody_has_the_person() {
    let road = Road::open();
    // What the other one may not see does not go to it: the report comes back to the reporter's people.
    let (_, own) = road.doubt("WRONG-0");
    road.annotate("school", own, json!({"status": "wrong-holder", "handler": HEALTH})).await;
    let kept = road.until(own, "kept", |one| one["reason"] == "handler-may-not-see");
    assert_eq!((&kept["holder"]["oin"], &kept["status"]), (&json!(SCHOOL), &json!("wrong-holder")), "{kept}");
    assert_eq!(road.received("health-service").await, []);
    // What both have goes on, without what was written for the first one's eyes.
    let (_, id) = road.doubt_at("/person/address/city", "WRONG-1");
    road.annotate("school", id, json!({"status": "wrong-holder", "handler": HEALTH})).await;
    let on = road.until(id, "sent on", |one| one["holder"]["oin"] == HEALTH && one["status"] == "reported");
    assert_eq!(on["sentOnBy"][0]["oin"], SCHOOL, "{on}");
    assert_eq!(road.received("health-service").await, [id]);
    let there = road.people_of("health-service").received_feedback_report(id).await.unwrap();
    assert_eq!(there.attributes[0].pointer, "/person/address/city");
    assert_eq!(
        (&there.annotations[0].content.note, there.attachments.len()),
        (&None, 0),
        "not for their eyes"
    );
    // The one that sent it on hears who has it.
    let start = Instant::now();
    loop {
        let before = road.people_of("school").received_feedback_report(id).await.unwrap();
        if before.handler.oin == Oin::parse(HEALTH).unwrap() && before.status.code() == "reported" {
            break;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{before:?} {:?}", before.annotations);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // The addiction clinic does not know the person, as far as the index tells: it is asked a few times, and the reporter is told.
    road.annotate("health-service", id, json!({"status": "wrong-holder", "handler": ADDICTION})).await;
    let sought = road.until(id, "sought", |one| one["reason"] == "handler-not-found-yet");
    assert_eq!((&sought["holder"]["oin"], &sought["delivery"]), (&json!(ADDICTION), &json!("waiting")));
    assert!(sought["nextAttemptAt"].is_string(), "{sought}");
    let back = road.until(id, "back", |one| one["reason"] == "handler-has-no-record");
    assert_eq!((&back["holder"]["oin"], &back["status"]), (&json!(HEALTH), &json!("wrong-holder")), "{back}");
    // In a circle it never goes.
    road.annotate("health-service", id, json!({"status": "wrong-holder", "handler": SCHOOL})).await;
    road.until(id, "held", |one| one["reason"] == "handler-was-asked");
    // Straight to another.
    road.annotate("health-service", id, json!({"status": "wrong-holder", "handler": YOUTH_CARE})).await;
    let third = road
        .until(id, "at the third", |one| one["holder"]["oin"] == YOUTH_CARE && one["status"] == "reported");
    assert_eq!(third["sentOnBy"].as_array().unwrap().len(), 2);
    road.annotate("youth-care", id, json!({"status": "wrong-holder", "handler": ADDICTION})).await;
    road.until(id, "held at the third", |one| one["reason"] == "too-many-holders");
    road.logs_match();
    road.nothing_is_in_the_clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_arrives_once_whatever_is_killed() {
    let road = Road::open();
    let (school, town) = (road.config("school"), road.config("municipality"));
    // The holder is away.
    signal_service(&school, "KILL");
    let (waiting, first) = road.doubt("AWAY-1");
    assert_eq!(waiting["delivery"], "waiting", "{waiting}");
    assert!(waiting["reason"].is_string() && waiting["nextAttemptAt"].is_string(), "{waiting}");
    road.nothing_is_in_the_clear();
    let _school = Service::start("partner", &school);
    road.until(first, "delivered", |one| one["delivery"] == "delivered" && one["status"] == "reported");
    assert_eq!(road.received("school").await, [first]);

    // The reporter is killed while the report is on its way.
    signal_service(&school, "STOP");
    let second = FeedbackId::parse("019ab000-0000-7000-8000-000000000001").unwrap();
    let (name, config) = (second.to_string(), town.clone());
    let sending = std::thread::spawn(move || {
        let words = [
            "feedback",
            "report",
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
            "2026-0042",
            "--strong-suspicion",
            "--own-knowledge",
            "--knows-definition",
            "--contact-name",
            "J",
            "--contact-email",
            "j@example.nl",
            "--holder",
            SCHOOL,
            "--category",
            "school-attendance",
            "--pointer",
            "/person/givenName",
            "--doubted",
            "X",
            "--id",
            &name,
        ];
        run_with_input(words, PERSON)
    });
    road.until(second, "taken in", |one| one["delivery"] == "waiting");
    std::thread::sleep(Duration::from_millis(700));
    // It may arrive any moment: nobody is told that it was taken back, and nobody waits to hear so.
    let (asked, who) = (Instant::now(), ["--actor", "j.jansen", "--role", "municipal-consultant"]);
    let early = road.feedback("municipality", &[&["withdraw", &second.to_string()], &who[..]].concat());
    assert!(early.code != 0 && asked.elapsed() < Duration::from_secs(5), "{early:?} {:?}", asked.elapsed());
    signal_service(&town, "KILL");
    assert_eq!(sending.join().unwrap().code, 4, "the command says that it does not know");
    signal_service(&school, "CONT");
    let _town = Service::start("partner", &town);
    road.until(second, "delivered", |one| one["delivery"] == "delivered" && one["status"] == "reported");
    let mut received = road.received("school").await;
    received.sort();
    let mut expected = [first, second];
    expected.sort();
    assert_eq!(received, expected);
    let again = run_with_input(
        [
            "feedback",
            "report",
            "--json",
            "--config",
            town.to_str().unwrap(),
            "--bsn",
            "-",
            "--purpose",
            "coordinate-help",
            "--role",
            "municipal-consultant",
            "--actor",
            "j.jansen",
            "--case",
            "2026-0042",
            "--strong-suspicion",
            "--own-knowledge",
            "--knows-definition",
            "--contact-name",
            "J",
            "--contact-email",
            "j@example.nl",
            "--holder",
            SCHOOL,
            "--category",
            "school-attendance",
            "--pointer",
            "/person/givenName",
            "--doubted",
            "X",
            "--id",
            &second.to_string(),
        ],
        PERSON,
    );
    assert_eq!(again.expect(0).json()["delivery"], "delivered");
    assert_eq!(road.received("school").await.len(), 2, "the same name is the same report");
    // Now that it is there it can be taken back, there too.
    road.feedback("municipality", &[&["withdraw", &second.to_string()], &who[..]].concat()).expect(0);
    let there = road.people_of("school").received_feedback_report(second).await.unwrap();
    assert_eq!(there.status.code(), "withdrawn");

    // What no holder can do anything with is refused at once, and says why.
    road.report(&["--holder", SCHOOL, "--category", "youth-care-plan", "--pointer", "/a", "--doubted", "1"])
        .expect(5);
    let list = road.feedback("municipality", &["list", "--delivery", "refused"]).expect(0).json();
    assert_eq!(list["reports"][0]["reason"], "not-found", "{list}");

    // A person's own request: at a partner of [subject_access], and nowhere else.
    let by_hand = [
        "--holder",
        SCHOOL,
        "--category",
        "school-attendance",
        "--pointer",
        "/person/familyName",
        "--doubted",
        "X",
    ];
    let own = ["--kind", "correction-request"];
    let asked = road.report(&[&by_hand[..], &own].concat()).expect(0).json();
    assert_eq!(asked["view"]["kind"], "correction-request", "{asked}");
    road.report_as("youth-care", "youth-care-worker", &[&by_hand[..], &own].concat()).expect(5);
    road.nothing_is_in_the_clear();
}
