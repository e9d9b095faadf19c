//! `audit replay`, on a chain that ran.

use std::fs;
use std::path::Path;

use kw_domain::Oin;
use kw_ledger::{AccessRecord, Event, Verdict};

use crate::audit_records::{Chain, audit_databases, configurations, entries, record_of};
use crate::program::{Ran, run};

/// Replays records from files.
fn replay(agreement: &Path, records: &[&AccessRecord]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut command = vec![
        "audit".to_owned(),
        "replay".into(),
        "--json".into(),
        "--agreement".into(),
        agreement.display().to_string(),
    ];
    for (number, record) in records.iter().enumerate() {
        let file = folder.path().join(format!("{number}.json"));
        fs::write(&file, serde_json::to_string(record).unwrap()).unwrap();
        command.extend(["--record".to_owned(), file.display().to_string()]);
    }
    run(command)
}

#[test]
fn decisions_of_switchboard_and_holders_come_out_the_same_and_changed_ones_do_not() {
    let chain = Chain::start();
    let role = ["--role", "municipal-consultant"];
    chain.ask("dossier", &[&role[..], &["--birth-date", "2011-03-04"]].concat()).expect(0);
    chain.ask("dossier", &[&role[..], &["--birth-date", "2011-03-05"]].concat()).expect(1);
    chain.ask("query", &["--role", "youth-doctor"]).expect(5);
    assert_eq!(chain.demo.interrupt(), 0);
    let agreement = chain.kept.join("agreement.toml");

    let databases = configurations(&chain.kept);
    let arguments = ["replay", "--json", "--agreement", agreement.to_str().unwrap()];
    let replayed = audit_databases(&arguments, &databases).expect(0).json();
    assert!(replayed["replayed"].as_u64().unwrap() >= 10, "{replayed}");
    assert_eq!(replayed["differences"], serde_json::json!([]));
    assert_eq!((&replayed["underAnotherPolicy"], &replayed["underOtherAgreements"]), (&0.into(), &0.into()));
    let readable =
        audit_databases(&["replay", "--agreement", agreement.to_str().unwrap()], &databases).expect(0);
    assert!(readable.stdout.contains("0 come out otherwise"), "{readable:?}");

    let other = chain.kept.join("other.toml");
    fs::write(&other, fs::read_to_string(&agreement).unwrap() + "\n# another hash\n").unwrap();
    let refused = audit_databases(&["replay", "--agreement", other.to_str().unwrap()], &databases).expect(2);
    assert!(refused.stderr.contains("nothing here was decided under the agreement"), "{refused:?}");

    let records: Vec<AccessRecord> =
        databases.iter().flat_map(|one| entries(one).1).filter_map(|entry| record_of(&entry)).collect();
    let of = |event, verdict| {
        let is_one = |record: &&AccessRecord| {
            record.event == event && record.decision.verdict == verdict && record.decision.input.is_some()
        };
        records.iter().rfind(is_one).unwrap()
    };
    let answered = of(Event::QueryAnswered, Verdict::Allowed);
    let denied = of(Event::QueryAnswered, Verdict::Denied);
    let pulled = of(Event::PullAnswered, Verdict::Allowed);
    // Refused after the rules had allowed it: another birth date.
    let mismatch = of(Event::PullAnswered, Verdict::Denied);
    assert_eq!(mismatch.decision.reason.as_deref(), Some("birth-date-mismatch"));
    let same = replay(&agreement, &[answered, denied, pulled, mismatch]).expect(0).json();
    assert_eq!(same["replayed"], 4);
    for record in &records {
        let input = record.decision.input.as_deref().unwrap_or_default();
        assert!(!input.contains("999990342") && !input.contains("j.jansen"), "{input}");
    }

    let mut narrower = answered.clone();
    narrower.categories.pop();
    let mut excused = denied.clone();
    excused.decision.reason = Some("unknown-purpose".to_owned());
    let mut granted = answered.clone();
    granted.grants[0].holder = Oin::parse("00000099000000999000").unwrap();
    let mut elsewhere = pulled.clone();
    let input = elsewhere.decision.input.take().unwrap();
    elsewhere.decision.input = Some(input.replace("municipal-consultant", "attendance-officer"));
    for changed in [&narrower, &excused, &granted, &elsewhere] {
        let found = replay(&agreement, &[pulled, changed]).expect(1).json();
        let differences = found["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 1, "{found}");
        assert_ne!(differences[0]["recorded"], differences[0]["replayed"]);
    }

    let mut malformed = answered.clone();
    malformed.decision.input = Some("{\"role\":\"x\"}".to_owned());
    assert!(replay(&agreement, &[&malformed]).expect(2).stderr.contains("not the input of a decision"));
    assert_eq!(run(["audit", "replay", "--agreement", agreement.to_str().unwrap()]).code, 2);
}
