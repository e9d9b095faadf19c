//! A partner has its signals delivered at its own process, in a whole chain of processes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kw_agreement::draft::AgreementDraft;
use kw_client::{LocalClient, LocalToken};
use kw_partner::PartnerConfig;
use kw_protocol::signal::{SignalType, SignalsAsked};

use crate::program::{Demo, Service, run, run_with_input, signal_service};

/// Known to the school and the youth care provider, and to nobody else.
const PERSON: &str = "999975134";

fn local(folder: &Path) -> (PartnerConfig, LocalClient) {
    let config = PartnerConfig::load(&folder.join("partner.toml")).unwrap();
    let token = LocalToken::parse(&fs::read_to_string(&config.local.token_file).unwrap()).unwrap();
    let client = LocalClient::new(config.local.listen, token).unwrap();
    (config, client)
}

/// The school asks, which alarms youth care.
fn ask_in_need(school: &str) {
    let asked = ["query", "--config", school, "--bsn", "-", "--purpose", "coordinate-help"];
    let who = ["--role", "care-coordinator", "--actor", "j.jansen", "--case", "Z-17", "--json"];
    let ground = ["--basis", "emergency", "--reason", "a child is missing"];
    run_with_input(asked.iter().chain(&who).chain(&ground), PERSON).expect(0);
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

    ask_in_need(&school);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_is_delivered_to_hears_at_once_and_of_what_was_not_delivered_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let _demo = Demo::start(&kept);
    let partner = kept.join("partners/youth-care");
    let file = partner.join("partner.toml");
    let school = kept.join("partners/school/partner.toml").to_str().unwrap().to_owned();
    signal_service(&file, "KILL");
    let settings = fs::read_to_string(&file).unwrap();
    assert!(!settings.contains("[signals]"), "{settings}");
    fs::write(&file, format!("{settings}\n[signals]\nwebhook = true\n")).unwrap();
    let _care = Service::start("partner", &file);
    let (holder, client) = local(&partner);
    let own = kw_transport::Tls::load(&holder.tls).unwrap().oin();
    let draft = AgreementDraft::parse(&fs::read_to_string(&holder.agreement).unwrap()).unwrap();
    let endpoint = &draft.partners.iter().find(|one| one.oin == own.as_str()).unwrap().endpoint;
    let (care, sink) = (file.to_str().unwrap(), format!("{endpoint}/v1/events"));
    let create = ["subscriptions", "create", "--config", care, "--sink", &sink, "--json"];
    let made = run(create).expect(0).json();
    let start = client.signals(&SignalsAsked::default()).await.unwrap().cursor;

    // Asking at the feed comes by every 15 seconds: that would bring one of these in time at most.
    let heard = async |within| {
        let asked = SignalsAsked { after: Some(start.clone()), limit: None, wait: None };
        let began = Instant::now();
        let before = client.signals(&asked).await.unwrap().signals.len();
        ask_in_need(&school);
        let sent = Instant::now();
        while client.signals(&asked).await.unwrap().signals.len() == before {
            assert!(began.elapsed() < within, "nothing was heard within {within:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        sent.elapsed()
    };
    let mut delivered = Vec::new();
    for _ in 0..4 {
        delivered.push(heard(Duration::from_secs(40)).await);
    }
    eprintln!("delivered after {delivered:?}");
    let late = delivered.iter().filter(|took| **took > Duration::from_secs(5)).count();
    assert!(late <= 1, "{delivered:?}");
    run(["subscriptions", "end", "--config", care, made["id"].as_str().unwrap()]).expect(0);
    let asked_for = heard(Duration::from_mins(1)).await;
    eprintln!("without a delivery after {asked_for:?}");
    let told = client.signals(&SignalsAsked { after: Some(start), ..SignalsAsked::default() }).await.unwrap();
    let ids: std::collections::BTreeSet<_> = told.signals.iter().map(|signal| signal.id).collect();
    assert_eq!((ids.len(), told.signals.len()), (5, 5), "each once: {:?}", told.signals);
}
