//! `keys rotate`, beside a running chain.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::{Demo, Ran, run, run_with_input};

struct Chain<'a> {
    folder: &'a Path,
}

impl Chain<'_> {
    fn config(&self, service: &str) -> String {
        self.folder.join(service).to_str().unwrap().to_owned()
    }

    fn rotate(&self, key: &str, service: &str, more: &[&str]) -> Ran {
        let config = self.config(service);
        run(["keys", "rotate", key, "--config", &config, "--json"]
            .iter()
            .copied()
            .chain(more.iter().copied()))
    }

    /// How many holders a query finds.
    fn holders(&self) -> usize {
        let config = self.config("partners/municipality/partner.toml");
        let asked = [
            "query",
            "--config",
            &config,
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
            "--json",
        ];
        run_with_input(asked, "999990342").expect(0).json()["holders"].as_array().unwrap().len()
    }
}

/// Repeats until it succeeds: services take a changed agreement within ten seconds.
fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(40));
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn both_index_keys_are_rotated_without_a_miss_and_the_old_ones_are_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let demo = Demo::start(&kept);
    let chain = Chain { folder: &kept };
    let switchboard = "switchboard/switchboard.toml";
    assert_eq!(chain.holders(), 3);

    // k_s, step by step.
    chain.rotate("index", switchboard, &["--step", "begin"]).expect(0);
    assert_eq!(chain.holders(), 3);
    let converted = chain.rotate("index", switchboard, &["--step", "convert"]).expect(0).json();
    assert!(converted["converted"].as_u64().unwrap() >= 40, "{converted}");
    chain.rotate("index", switchboard, &["--step", "close"]).expect(0);
    assert_eq!(chain.holders(), 3);
    assert!(!kept.join("switchboard/keys/switchboard-index-1.key").exists());
    assert!(kept.join("switchboard/keys/switchboard-index-2.key").exists());

    // k_p: the pseudonymiser makes it, the chain agrees on it, the switchboard converts with δ.
    let keys = kept.join("switchboard/keys");
    let hand_over = ["--hand-over", keys.to_str().unwrap()];
    chain.rotate("pseudonymiser", switchboard, &[]).expect(3);
    let made =
        chain.rotate("pseudonymiser-index", "pseudonymiser/pseudonymiser.toml", &hand_over).expect(0).json();
    let public = made["publicKey"]["publicKey"].as_str().unwrap();
    let agreement = kept.join("agreement.toml");
    let entry = format!("\n[[pseudonymiser.keys]]\nuse = \"index\"\nepoch = 2\npublic_key = \"{public}\"\n");
    fs::write(&agreement, fs::read_to_string(&agreement).unwrap() + &entry).unwrap();
    run(["agreement", "check", agreement.to_str().unwrap()]).expect(0);
    let hash =
        run(["agreement", "check", agreement.to_str().unwrap(), "--json"]).expect(0).json()["hash"].clone();
    // Nobody misses anything while each process takes the agreement in its own time.
    for service in
        ["switchboard", "pseudonymiser", "partners/municipality", "partners/school", "partners/youth-care"]
    {
        let log = kept.join(service).join("log.jsonl");
        until(|| {
            assert_eq!(chain.holders(), 3, "{service}");
            fs::read_to_string(&log).unwrap().contains(hash.as_str().unwrap())
        });
    }
    // The pseudonymiser reads its key folder after the agreement, every ten seconds: before that it evaluates under the old key
    // only, whose window the last step closes (docs/operations.md).
    std::thread::sleep(Duration::from_secs(11));
    for step in ["begin", "convert", "close"] {
        chain.rotate("pseudonymiser", switchboard, &["--step", step]).expect(0);
        assert_eq!(chain.holders(), 3, "{step}");
    }
    assert!(!keys.join("index-delta-2.key").exists());

    let granted = chain.rotate("grant", switchboard, &[]).expect(0).json();
    assert!(Path::new(granted["file"].as_str().unwrap()).exists());
    assert_eq!(demo.interrupt(), 0);
}
