//! A first load over real processes, killed halfway: it goes on where it was, and tells how far it is.
//!
//! `KW_FIRST_LOAD` says of how many records; a few hundred without it.

use std::time::{Duration, Instant};

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
    // Until its log is confirmed by a witness, the partner answers that it cannot do it now.
    while !matches!(run(["sync", "--full", "--confirm-shrink", "--config", &config]).code, 0 | 1) {
        assert!(began.elapsed() < PATIENCE, "it is not confirmed");
        std::thread::sleep(Duration::from_millis(100));
    }
    let status = || -> Value { run(["status", "--json", "--config", &config]).expect(0).json() };
    let (mut seen, mut waiting) = (0, 1);
    while seen != records as u64 || waiting > 0 {
        let state = status();
        seen = state["sources"][0]["registered"].as_u64().unwrap();
        waiting = state["outbox"]["waiting"].as_u64().unwrap();
        assert!(began.elapsed() < PATIENCE, "{state}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let status = run(["sync", "status", "--config", &config]).expect(0);
    assert!(status.stdout.contains("nothing waits to be told"), "{status:?}");
}

/// However many records there are.
const PATIENCE: Duration = Duration::from_mins(10);
