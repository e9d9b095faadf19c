//! `audit export`, `audit report` and `audit reconcile`, on a chain that ran.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kw_domain::{Clock as _, DutchTime, Instant, SystemClock, TransactionId};
use kw_ledger::{AccessRecord, Canonical, Event, canonical};
use kw_store::{Act, DatabaseConfig, Service, Store, StoredEntry, StoredLog, partner, switchboard};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Demo, Ran, run, run_with_input};

const PARTNERS: [&str; 5] = ["addiction-care", "health-service", "municipality", "school", "youth-care"];
const AUDITOR: &str = "f.gegevensbescherming";
/// Of the five partners of the demonstration one is down.
const RUNNING: [&str; 5] =
    ["switchboard", "00000099000000011000", SCHOOL, "00000099000000013000", "00000099000000014000"];
const SCHOOL: &str = "00000099000000012000";

/// A chain that runs, with an auditor's certificate.
pub(crate) struct Chain {
    pub(crate) demo: Demo,
    /// When the demonstration had played its own part, which has a question past the requester and a partner that is down.
    from: String,
    pub(crate) kept: PathBuf,
    _folder: TempDir,
}

impl Chain {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let demo = Demo::start(&kept);
        let pki = kept.join("pki");
        let pki = pki.to_str().unwrap();
        let issue = ["pki", "issue", "--directory", pki, "--name", "auditor", "--host", "localhost"];
        run(issue.into_iter().chain(["--oin", "00000099000000003000"])).expect(0);
        let config = "agreement = 'agreement.toml'\n[tls]\ncertificate = 'pki/auditor.pem'\nkey = 'pki/auditor.key'\n\
                      trust_anchors = 'pki/ca.pem'\nrevocation_lists = ['pki/crl.pem']\n";
        fs::write(kept.join("auditor.toml"), config).unwrap();
        Self { demo, from: SystemClock.now().to_string(), kept, _folder: folder }
    }

    pub(crate) fn ask(&self, command: &str, more: &[&str]) -> Ran {
        let config = self.kept.join("partners/municipality/partner.toml");
        let asked =
            ["--bsn", "-", "--purpose", "coordinate-help", "--actor", "j.jansen", "--case", "2026-0042"];
        let arguments = [command, "--json", "--config", config.to_str().unwrap()];
        run_with_input(arguments.iter().chain(&asked).chain(more), "999990342\n")
    }

    /// Compares the logs of whoever runs.
    pub(crate) fn reconcile(&self, more: &[&str]) -> Ran {
        let logs = RUNNING.iter().flat_map(|log| ["--log", log]);
        let arguments = ["reconcile", "--json", "--from", &self.from].into_iter().chain(logs);
        self.audit(&arguments.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// A command of the auditor's, over the services.
    fn audit(&self, arguments: &[&str]) -> Ran {
        let config = self.kept.join("auditor.toml");
        let eyes = ["--config", config.to_str().unwrap(), "--auditor", AUDITOR];
        run(["audit"].iter().chain(arguments).chain(&eyes))
    }
}

/// A command over databases.
pub(crate) fn audit_databases(arguments: &[&str], databases: &[PathBuf]) -> Ran {
    let databases = databases.iter().flat_map(|path| ["--database", path.to_str().unwrap()]);
    run(["audit"].into_iter().chain(arguments.iter().copied()).chain(databases))
}

pub(crate) fn configurations(kept: &Path) -> Vec<PathBuf> {
    let partners = PARTNERS.map(|name| kept.join(format!("partners/{name}/partner.toml")));
    [kept.join("switchboard/switchboard.toml")].into_iter().chain(partners).collect()
}

pub(crate) fn kinds(ran: &Ran) -> Vec<String> {
    let data = ran.json();
    let found = data["reconciliation"]["discrepancies"].as_array().unwrap();
    found.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

/// What runs is not judged as under way.
pub(crate) fn soon() -> String {
    SystemClock.now().plus(std::time::Duration::from_mins(1)).to_string()
}

fn this_month() -> String {
    DutchTime::at(SystemClock.now()).month()
}

#[test]
fn an_auditor_compares_counts_and_exports_what_running_services_recorded() {
    let chain = Chain::start();
    let role = ["--role", "municipal-consultant"];
    chain.ask("dossier", &[&role[..], &["--birth-date", "2011-03-04"]].concat()).expect(0);
    chain.ask("dossier", &[&role[..], &["--birth-date", "2011-03-05"]].concat()).expect(1);
    chain.ask("query", &["--role", "youth-doctor"]).expect(5);

    let ran = chain.reconcile(&["--until", &soon()]).expect(0);
    assert_eq!(kinds(&ran), [""; 0], "{ran:?}");
    let compared = ran.json();
    assert_eq!(compared["reconciliation"]["questions"], 3);
    assert!(compared["reconciliation"]["pulls"].as_u64().unwrap() >= 6, "{compared}");
    assert_eq!(compared["reconciliation"]["unchecked"], 0);
    chain.ask("query", &role).expect(0);
    let ran = chain.reconcile(&["--until", &soon()]).expect(0);
    assert_eq!(kinds(&ran), ["grant-not-used"; 3], "a lookup pulls nothing");
    assert_eq!(
        chain.reconcile(&[]).expect(0).json()["reconciliation"]["questions"],
        0,
        "all may be under way"
    );
    chain.audit(&["reconcile", "--log", "switchboard"]).expect(2);
    let unreachable = chain.audit(&["reconcile", "--all"]).expect(4);
    assert!(unreachable.stderr.contains("00000099000000015000"), "{unreachable:?}");

    let month = this_month();
    let all = chain.audit(&["report", "--month", &month, "--smallest", "1", "--json"]).expect(0).json();
    let lines = all["lines"].as_array().unwrap().clone();
    let asked = lines.iter().find(|line| line["event"] == "query-answered" && line["result"] == "success");
    assert!(asked.unwrap()["count"].as_u64().unwrap() >= 3, "{lines:?}");
    assert!(all["read"]["records"].as_u64().unwrap() >= 3, "{all}");
    let used = chain.audit(&["report", "--month", &month, "--smallest", "3", "--json"]).expect(0);
    let lines = used.json()["lines"].as_array().unwrap().clone();
    let denied = lines.iter().find(|line| line["result"] == "refused").unwrap();
    assert_eq!(denied["count"], "<3", "{lines:?}");
    // Neither all records nor all lines but one are told: the small number would follow.
    assert_eq!(lines.iter().filter(|line| line["count"] == "withheld").count(), 1, "{lines:?}");
    assert!(used.json()["read"]["records"].is_null(), "{used:?}");
    for secret in ["j.jansen", AUDITOR, "2026-0042"] {
        assert!(!used.stdout.contains(secret), "{secret}");
    }
    let noticed = chain.audit(&["report", "--month", &month, "--anomalies", "--json"]).expect(0).json();
    let denied = noticed["findings"].as_array().unwrap().iter().find(|one| one["kind"] == "denied").unwrap();
    assert_eq!((&denied["count"], &denied["reason"]), (&1.into(), &"role-not-allowed".into()));
    let readable = chain.audit(&["report", "--month", &month]).expect(0);
    assert!(readable.stdout.contains("query-answered"), "{readable:?}");

    let lines = chain.audit(&["export", "--format", "fsc", "--log", SCHOOL]).expect(0).stdout;
    let directions: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(directions.iter().all(|line| line["destination"]["service_peer_id"] == SCHOOL), "{lines}");

    // A partner's certificate opens no log.
    let partner = chain.kept.join("partners/school/partner.toml");
    let asked = ["audit", "report", "--config", partner.to_str().unwrap(), "--auditor", "a"];
    run(asked).expect(5);

    let Chain { demo, from, kept, _folder } = chain;
    assert_eq!(demo.interrupt(), 0);
    let copies = configurations(&kept);
    let compare = ["reconcile", "--json", "--from", &from, "--until", &soon()];
    assert_eq!(kinds(&audit_databases(&compare, &copies).expect(0)), ["grant-not-used"; 3]);
    // What the demonstration asked in the municipality's name, past its requester, is found.
    let all = audit_databases(&["reconcile", "--json", "--until", &soon()], &copies).expect(1);
    assert_eq!(kinds(&all)[0], "answer-without-question");
    let exported = kept.join("export.ndjson");
    let to = exported.to_str().unwrap();
    let export = ["export", "--format", "nen7513", "--output", to, "--json"];
    let summary = audit_databases(&export, &copies[..1]).expect(0).json();
    assert_eq!(summary["lines"], summary["read"]["records"]);
    assert_eq!(fs::metadata(&exported).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&exported).unwrap();
    assert_eq!(text.lines().count() as u64, summary["lines"].as_u64().unwrap());
    assert!(
        text.contains("access-log-searched") && text.contains(AUDITOR),
        "the auditor's reading is recorded"
    );
    assert!(!text.contains("999990342"));
    audit_databases(&export, &copies[..1]).expect(2);
}

/// The entries of a service's database, oldest first.
pub(crate) fn entries(configuration: &Path) -> (String, Vec<StoredEntry>) {
    let database = configuration.with_file_name("ketenwijzer.db");
    let mut log = StoredLog::open(&DatabaseConfig::at(database.to_str().unwrap())).unwrap();
    let mut entries = log.entries_before(None, 10_000).unwrap();
    entries.reverse();
    (log.origin().to_owned(), entries)
}

pub(crate) fn record_of(entry: &StoredEntry) -> Option<AccessRecord> {
    serde_json::from_str(entry.record.as_ref()?.as_str()).ok()
}

/// A database that verifies, with other records than the service made; and a configuration that names it.
async fn rewritten<S: Service>(
    folder: &Path,
    configuration: &Path,
    change: impl FnOnce(&mut Vec<(Instant, Canonical)>),
) -> PathBuf {
    let (origin, entries) = entries(configuration);
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    let mut records: Vec<_> = entries.into_iter().map(|entry| (entry.at, entry.record.unwrap())).collect();
    change(&mut records);
    let path = folder.join("rewritten.db");
    let config = DatabaseConfig::at(path.to_str().unwrap());
    let store = tokio::task::spawn_blocking(move || {
        let fill = |bytes: &mut [u8]| bytes.fill_with(|| 7);
        Store::<S>::open(&config, &origin, fill).unwrap()
    });
    let store = store.await.unwrap();
    for (at, record) in records {
        let kind = kinds[0];
        store
            .write::<_, (), _>("rewrite", move |_| Ok(((), Act::new(at, kind, record.clone()))))
            .await
            .unwrap();
    }
    let copy = folder.join("copy.toml");
    let agreement = configuration.ancestors().find_map(|folder| {
        let agreement = folder.join("agreement.toml");
        agreement.exists().then_some(agreement)
    });
    let agreement = agreement.unwrap();
    let agreement = agreement.display();
    fs::write(&copy, format!("agreement = '{agreement}'\n[database]\nurl = 'rewritten.db'\n")).unwrap();
    copy
}

fn place_of(records: &[(Instant, Canonical)], event: Event) -> usize {
    let is_one = |(_, text): &(Instant, Canonical)| {
        serde_json::from_str::<AccessRecord>(text.as_str()).is_ok_and(|record| record.event == event)
    };
    records.iter().rposition(is_one).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_changed_in_a_log_is_named_though_the_log_verifies() {
    let chain = Chain::start();
    chain.ask("dossier", &["--role", "municipal-consultant", "--birth-date", "2011-03-04"]).expect(0);
    let Chain { demo, from, kept, _folder } = chain;
    assert_eq!(demo.interrupt(), 0);
    let originals = configurations(&kept);
    let reconcile = |databases: &[PathBuf], exit| {
        let compare = ["reconcile", "--json", "--from", &from, "--until", &soon()];
        audit_databases(&compare, databases).expect(exit)
    };
    assert_eq!(kinds(&reconcile(&originals, 0)), [""; 0]);

    let holders = originals.iter().position(|path| path.to_string_lossy().contains("school")).unwrap();
    let replaced = |place: usize, copy: PathBuf| {
        let mut databases = originals.clone();
        databases[place] = copy;
        databases
    };
    let folder = || tempfile::tempdir_in(&kept).unwrap();

    let lost = folder();
    let copy = rewritten::<partner::Partner>(lost.path(), &originals[holders], |records| {
        records.remove(place_of(records, Event::PullAnswered));
    });
    let ran = reconcile(&replaced(holders, copy.await), 1);
    assert_eq!(kinds(&ran), ["delivered-without-pull"]);
    let found = &ran.json()["reconciliation"]["discrepancies"][0];
    assert_eq!((&found["holder"], &found["missing"][0]), (&SCHOOL.into(), &SCHOOL.into()));

    let forged = folder();
    let copy = rewritten::<partner::Partner>(forged.path(), &originals[holders], |records| {
        let (at, text) = &records[place_of(records, Event::PullAnswered)];
        let mut record: AccessRecord = serde_json::from_str(text.as_str()).unwrap();
        record.transaction = Some(TransactionId::new(*at, [5; 10]));
        records.push((*at, canonical(&record).unwrap()));
    });
    let ran = reconcile(&replaced(holders, copy.await), 1);
    assert_eq!(kinds(&ran), ["pull-without-grant"]);

    let silent = folder();
    let (_, entries) = entries(&originals[0]);
    let asked =
        entries.iter().rev().filter_map(record_of).find(|record| record.event == Event::QueryAnswered);
    let grants = asked.unwrap().grants.len();
    let copy = rewritten::<switchboard::Switchboard>(silent.path(), &originals[0], |records| {
        records.remove(place_of(records, Event::QueryAnswered));
    });
    let ran = reconcile(&replaced(0, copy.await), 1);
    let mut expected = vec!["answer-without-query"];
    expected.extend(std::iter::repeat_n("pull-without-grant", grants));
    assert_eq!(kinds(&ran), expected);
    let readable =
        audit_databases(&["reconcile", "--until", &soon()], &replaced(0, silent.path().join("copy.toml")));
    assert!(readable.expect(1).stdout.contains("there are incidents"));
}

#[test]
fn what_to_read_has_to_be_said() {
    run(["audit", "reconcile"]).expect(2);
    run(["audit", "report", "--config", "auditor.toml"]).expect(2);
    run(["audit", "report", "--database", "x", "--log", "switchboard"]).expect(2);
    run(["audit", "export", "--format", "csv", "--database", "x"]).expect(2);
    run(["audit", "report", "--database", "x", "--month", "November"]).expect(2);
    run(["audit", "report", "--database", "/nowhere.toml"]).expect(3);
}
