//! A first load over real processes, killed halfway: it goes on where it was. And how fast it is, beside what the pseudonyms alone
//! cost.
//!
//! `KW_FIRST_LOAD` says of how many records; a few hundred without it.

use std::time::{Duration, Instant};

use kw_domain::Subject;
use kw_pseudonym::{SecretKey, blind, evaluate, verify_and_unblind};
use kw_runtime::Entropy;
use serde_json::Value;

use crate::killed_sync::{School, numbers, witnesses};
use crate::program::{Demo, Service, run};

#[test]
fn a_first_load_that_is_killed_goes_on_and_tells_how_far_it_is() {
    let records: usize = std::env::var("KW_FIRST_LOAD").ok().map_or(300, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    assert_eq!(Demo::start(&kept).interrupt(), 0);
    let mut school = School::new(&kept);
    let start = |kind: &str, file: &str| Service::start(kind, &kept.join(file));
    let _pseudonymiser = start("pseudonymiser", "pseudonymiser/pseudonymiser.toml");
    let _others = witnesses(&kept);
    let _switchboard = start("switchboard", "switchboard/switchboard.toml");
    school.rows = numbers(records).into_iter().enumerate().collect();
    school.write();

    // Killed before it is done, and it goes on.
    let mut partner = school.spawn();
    std::thread::sleep(Duration::from_millis(1_200));
    partner.kill().unwrap();
    partner.wait().unwrap();
    let began = Instant::now();
    let _partner = Service::start("partner", &school.config);
    let config = school.config.to_str().unwrap().to_owned();
    // Those whom the demonstration knew are gone, all at once, and that is right.
    run(["sync", "--full", "--confirm-shrink", "--config", &config]);
    let status = || -> Value { run(["status", "--json", "--config", &config]).expect(0).json() };
    let (mut first, mut seen) = (None::<(u64, Instant)>, 0);
    let mut waiting = 1;
    while seen != records as u64 || waiting > 0 {
        let state = status();
        seen = state["sources"][0]["registered"].as_u64().unwrap();
        waiting = state["outbox"]["waiting"].as_u64().unwrap();
        first.get_or_insert((seen, Instant::now()));
        // What was under way at the kill is tried again after two minutes.
        assert!(began.elapsed() < Duration::from_mins(10), "{state}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let (at_first, since) = first.unwrap();
    let status = run(["sync", "status", "--config", &config]).expect(0);
    assert!(status.stdout.contains("nothing waits to be told"), "{status:?}");
    let rate = (records as u64 - at_first) as f64 / since.elapsed().as_secs_f64();
    let ceiling = pseudonyms_per_second();
    eprintln!(
        "first load of {records} records: {rate:.0}/s after a kill that left {at_first} registered; the pseudonyms alone \
         {ceiling:.0}/s on one core: a ratio of {:.2} ({} profile)",
        rate / ceiling,
        if cfg!(debug_assertions) { "dev" } else { "release" }
    );
}

/// Both uses, both sides: blinding, evaluating with a proof, verifying and unblinding.
fn pseudonyms_per_second() -> f64 {
    let mut random = Entropy::os();
    let key = SecretKey::generate(&mut random);
    let subjects: Vec<Subject> =
        numbers(200).iter().map(|bsn| Subject::parse(&format!("nl.bsn:{bsn}")).unwrap()).collect();
    let began = Instant::now();
    for _ in 0..2 {
        let (mut blindings, mut points) = (Vec::new(), Vec::new());
        for subject in &subjects {
            let (blinding, point) = blind(subject, &mut random).unwrap();
            blindings.push(blinding);
            points.push(point);
        }
        let (evaluated, proof) = evaluate(&key, &points, &mut random).unwrap();
        verify_and_unblind(&key.public(), &blindings, &points, &evaluated, &proof).unwrap();
    }
    subjects.len() as f64 / began.elapsed().as_secs_f64()
}
