//! A partner has its signals delivered at its own process, in a whole chain of processes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kw_agreement::draft::AgreementDraft;
use kw_client::{LocalClient, LocalToken};
use kw_partner::PartnerConfig;
use kw_protocol::signal::{SignalType, SignalsAsked};

use crate::program::{Demo, run, run_with_input};

/// Known to the school and the youth care provider, and to nobody else.
const PERSON: &str = "999975134";

fn local(folder: &Path) -> (PartnerConfig, LocalClient) {
    let config = PartnerConfig::load(&folder.join("partner.toml")).unwrap();
    let token = LocalToken::parse(&fs::read_to_string(&config.local.token_file).unwrap()).unwrap();
    let client = LocalClient::new(config.local.listen, token).unwrap();
    (config, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_s_own_process_takes_what_it_is_told_once_whichever_way_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let _demo = Demo::start(&kept);
    let partner = |name: &str| kept.join("partners").join(name);
    let config = |name: &str| partner(name).join("partner.toml").to_str().unwrap().to_owned();
    let (school, care) = (config("school"), config("youth-care"));
    let (holder, client) = local(&partner("youth-care"));
    let own = kw_transport::Tls::load(&holder.tls).unwrap().oin();
    let draft = AgreementDraft::parse(&fs::read_to_string(&holder.agreement).unwrap()).unwrap();
    let endpoint = draft.partners.iter().find(|one| one.oin == own.as_str()).unwrap().endpoint.clone();
    let sink = format!("{endpoint}/v1/events");
    let create =
        ["subscriptions", "create", "--config", &care, "--sink", &sink, "--reference", "own", "--json"];
    let made = run(create).expect(0).json();
    assert_eq!(made["status"], "active", "{made}");
    let id = made["id"].as_str().unwrap();

    let asked = ["query", "--config", &school, "--bsn", "-", "--purpose", "coordinate-help"];
    let who = ["--role", "care-coordinator", "--actor", "j.jansen", "--case", "Z-17", "--json"];
    let ground = ["--basis", "emergency", "--reason", "a child is missing"];
    run_with_input(asked.iter().chain(&who).chain(&ground), PERSON).expect(0);
    let began = Instant::now();
    let show = || run(["subscriptions", "show", "--config", &care, id, "--json"]).expect(0).json();
    while show()["reached"] == made["reached"] {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", show());
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = client.signals(&SignalsAsked::default()).await.unwrap().signals;
    let kinds: Vec<_> = told.iter().map(|signal| signal.known().unwrap()).collect();
    let urgent = kinds.iter().filter(|kind| **kind == SignalType::EmergencyUsed).count();
    assert_eq!(urgent, 1, "{told:?}");
    assert_eq!(show()["deadLetters"], 0);

    let table = run(["subscriptions", "list", "--config", &care]).expect(0);
    assert!(table.stdout.contains("active") && table.stdout.contains(&sink), "{table:?}");
    run(["subscriptions", "verify", "--config", &care, id]).expect(0);
    let none = run(["subscriptions", "dead-letters", "--config", &care, id]).expect(0);
    assert!(none.stdout.contains("everything was delivered"), "{none:?}");
    run(["subscriptions", "replay", "--config", &care, id]).expect(0);
    // Somebody else's looks like none.
    assert_ne!(run(["subscriptions", "show", "--config", &school, id]).code, 0);
    let ended = run(["subscriptions", "end", "--config", &care, id, "--json"]).expect(0).json();
    assert_eq!(ended["status"], "ended");
}
