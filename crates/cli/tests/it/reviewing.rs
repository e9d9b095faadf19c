//! A question in need, in a whole chain of processes: who hears of it, and who reviews it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kw_agreement::draft::AgreementDraft;
use kw_client::{LocalClient, LocalToken};
use kw_partner::PartnerConfig;
use kw_protocol::signal::{SignalType, SignalsAsked};
use serde_json::json;

use crate::program::{Demo, run, run_with_input};

/// Known to the school and the youth care provider, and to nobody else.
const PERSON: &str = "999975134";

fn local(folder: &Path) -> LocalClient {
    let config = PartnerConfig::load(&folder.join("partner.toml")).unwrap();
    let token = LocalToken::parse(&fs::read_to_string(&config.local.token_file).unwrap()).unwrap();
    LocalClient::new(config.local.listen, token).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_in_need_is_heard_of_at_the_holder_and_waits_for_a_reviewer() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let _demo = Demo::start(&kept);
    let partner = |name: &str| kept.join("partners").join(name);
    let config = |name: &str| partner(name).join("partner.toml").to_str().unwrap().to_owned();
    let (school, care) = (config("school"), config("youth-care"));

    let holder = local(&partner("youth-care"));
    let waiting = tokio::spawn(async move {
        let now = SignalsAsked { after: Some("now".to_owned()), limit: None, wait: Some(25) };
        (holder.signals(&now).await.unwrap(), Instant::now())
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let asked = ["query", "--config", &school, "--bsn", "-", "--purpose", "coordinate-help"];
    let who = ["--role", "care-coordinator", "--actor", "j.jansen", "--case", "Z-17", "--json"];
    let ground = ["--basis", "emergency", "--reason", "a child is missing"];
    let began = Instant::now();
    run_with_input(asked.iter().chain(&who).chain(&ground), PERSON).expect(0);
    let (page, heard) = waiting.await.unwrap();
    eprintln!("the holder's own software heard {:?} after the question was asked", heard - began);
    assert_eq!(page.signals.len(), 1);
    assert_eq!(page.signals[0].known(), Some(SignalType::EmergencyUsed));

    let told = run(["signals", "--config", &care, "--json"]).expect(0).json();
    // A match of its own person may stand before it.
    let signals = told["signals"].as_array().unwrap();
    assert!(signals.iter().any(|one| one["subject"] == page.signals[0].about), "{told}");
    let table = run(["signals", "--config", &school]).expect(0);
    assert!(table.stdout.contains("review-due"), "{table:?}");

    // Who asked sees their own question; a colleague without the task sees none.
    let list = |actor: &str, role: &str| {
        run(["reviews", "list", "--config", &school, "--actor", actor, "--role", role, "--json"])
            .expect(0)
            .json()
    };
    let own = list("j.jansen", "teacher");
    assert_eq!(own["reviews"][0]["ground"], json!("emergency"));
    assert_eq!(own["reviews"][0]["reason"], json!("a child is missing"));
    assert_eq!(list("c.olleague", "teacher")["reviews"], json!([]));
    let id = own["reviews"][0]["id"].as_str().unwrap().to_owned();
    let judge = |actor: &str, role: &str| {
        run(["reviews", "verdict", "--config", &school, "--actor", actor, "--role", role, &id, "justified"])
    };
    judge("j.jansen", "care-coordinator").expect(5);
    judge("c.olleague", "teacher").expect(5);
    let draft = AgreementDraft::parse(&fs::read_to_string(kept.join("agreement.toml")).unwrap()).unwrap();
    if let Some(role) = draft.review.reviewers.first() {
        judge("r.viewer", role).expect(0);
        judge("r.viewer", role).expect(5);
    }
}
