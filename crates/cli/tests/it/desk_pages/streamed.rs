//! The dossier as it comes, over the local API of a partner that runs: `Accept: application/x-ndjson`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kw_client::LocalClient;
use kw_partner::PartnerConfig;
use kw_protocol::dossier::{DossierPart, DossierRequest, SectionStatus};
use kw_protocol::local::accesses::OwnAccessSearch;
use kw_protocol::problem::ProblemCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::signal_service;
use crate::town::Town;

const PERSON: &str = "999990342";

struct Chain {
    town: Town,
    local: LocalClient,
    address: SocketAddr,
    token: String,
}

impl Chain {
    async fn start() -> Self {
        let chain = tokio::task::spawn_blocking(|| {
            let mut town = Town::new();
            town.start_centre();
            for partner in ["municipality", "school", "youth-care"] {
                town.start(partner);
            }
            let config = PartnerConfig::load(&town.config("municipality")).unwrap();
            let token = std::fs::read_to_string(&config.local.token_file).unwrap().trim().to_owned();
            let local = LocalClient::new(config.local.listen, kw_client::LocalToken::parse(&token).unwrap());
            Self { town, local: local.unwrap(), address: config.local.listen, token }
        });
        let chain = chain.await.unwrap();
        // Services that have just started wait until the logs of the others confirm their own.
        for _ in 0..60 {
            if chain.local.dossier(&request("Z-0")).await.is_ok() {
                return chain;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("the chain does not come to life");
    }

    /// Asks and reads raw, until `enough`.
    async fn lines_until(&self, case: &str, enough: impl Fn(&str) -> bool) -> String {
        let body = serde_json::to_string(&request(case)).unwrap();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /v1/dossiers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nAccept: application/x-ndjson\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        let mut some = [0; 4096];
        loop {
            let count =
                tokio::time::timeout(Duration::from_secs(20), stream.read(&mut some)).await.unwrap().unwrap();
            read.extend_from_slice(&some[..count]);
            let text = String::from_utf8_lossy(&read).into_owned();
            if count == 0 || enough(&text) {
                return text;
            }
        }
    }

    /// The events of a case in the own log, oldest first.
    async fn recorded(&self, case: &str) -> Vec<String> {
        let actor = request(case).actor;
        let search = OwnAccessSearch { actor, cursor: None, limit: Some(200) };
        let found = self.local.own_accesses(&search).await.unwrap();
        let of_case =
            found.accesses.iter().filter(|one| one.case.as_ref().is_some_and(|own| own.as_str() == case));
        let mut events: Vec<String> = of_case.map(|one| one.event.clone()).collect();
        events.reverse();
        events
    }

    async fn recorded_soon(&self, case: &str, expected: &[&str]) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let events = self.recorded(case).await;
            if events == expected {
                return;
            }
            assert!(Instant::now() < end, "{case}: {events:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn request(case: &str) -> DossierRequest {
    serde_json::from_value(json!({
        "subject": format!("nl.bsn:{PERSON}"), "birthDate": "2011-03-04", "purpose": "coordinate-help", "case": case,
        "actor": { "id": "j.jansen", "role": "municipal-consultant" }, "relation": { "basis": "listed" },
        "categories": ["school-attendance", "youth-care-plan"],
    }))
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_come_before_the_whole_while_a_holder_is_slow() {
    let chain = Chain::start().await;
    let slow = chain.town.config("youth-care");
    signal_service(&slow, "STOP");
    let began = Instant::now();
    let told: Arc<Mutex<Vec<(Duration, DossierPart)>>> = Arc::default();
    let seen = Arc::clone(&told);
    let waking = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        tokio::task::spawn_blocking(move || signal_service(&slow, "CONT")).await.unwrap();
    });
    let request = request("Z-1");
    let dossier = chain.local.dossier_told(&request, move |part| {
        seen.lock().unwrap().push((began.elapsed(), part));
    });
    let dossier = dossier.await.unwrap();
    let whole = began.elapsed();
    waking.await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert!(
        matches!(told[0].1, DossierPart::Found { ref holders } if holders.len() == dossier.sections.len())
    );
    let section = |name: &str| {
        told.iter().find_map(|(at, part)| match part {
            DossierPart::Section { place, section } if section.category.as_str() == name => {
                assert_eq!(dossier.sections[*place].transaction, section.transaction);
                Some((*at, section.status))
            }
            _ => None,
        })
    };
    let (fast, status) = section("school-attendance").unwrap();
    let (late, _) = section("youth-care-plan").unwrap();
    eprintln!("first section after {fast:?}, the slow one after {late:?}, the whole after {whole:?}");
    assert_eq!(status, SectionStatus::Delivered);
    assert!(fast < Duration::from_secs(1), "{fast:?}");
    assert!(late >= Duration::from_millis(1400) && whole >= late, "{late:?} {whole:?}");
    chain.recorded_soon("Z-1", &["query-asked", "answer-received", "dossier-assembled"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_in_the_middle_is_told_as_a_problem() {
    let chain = Chain::start().await;
    let slow = chain.town.config("youth-care");
    signal_service(&slow, "STOP");
    // Somebody else has the asker's database when the whole is to be recorded.
    let config: toml::Table =
        toml::from_str(&std::fs::read_to_string(chain.town.config("municipality")).unwrap()).unwrap();
    let url = config["database"]["url"].as_str().unwrap();
    let Some(file) = url.strip_prefix("sqlite:") else { return };
    let file = chain.town.config("municipality").parent().unwrap().join(file);
    let holding = Arc::new(Mutex::new(None));
    let held = Arc::clone(&holding);
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let request = request("Z-2");
    let asked = chain.local.dossier_told(&request, move |part| {
        *count.lock().unwrap() += 1;
        if matches!(part, DossierPart::Section { .. }) && held.lock().unwrap().is_none() {
            let mut sqlite = Command::new("sqlite3")
                .arg(&file)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("apt-get install sqlite3: {error}"));
            let mut input = sqlite.stdin.take().unwrap();
            input.write_all(b".timeout 5000\nBEGIN IMMEDIATE;\n").unwrap();
            input.flush().unwrap();
            std::thread::sleep(Duration::from_millis(300));
            signal_service(&slow, "CONT");
            *held.lock().unwrap() = Some((sqlite, input));
        }
    });
    let refused = asked.await.unwrap_err();
    if let Some((mut sqlite, input)) = holding.lock().unwrap().take() {
        drop(input);
        sqlite.wait().unwrap();
    }
    assert!(*told.lock().unwrap() >= 2, "parts came before it");
    assert_eq!(refused.code().map(ProblemCode::code), Some("unavailable"), "{refused:?}");
    // The chain goes on.
    assert!(chain.local.dossier(&self::request("Z-3")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_listening_leaves_the_same_records_as_with_the_plain_form() {
    let chain = Chain::start().await;
    let text = chain.lines_until("Z-4", |text| text.contains("\"part\":\"found\"")).await;
    assert!(text.contains("application/x-ndjson") && !text.contains("\"part\":\"dossier\""), "{text}");
    chain.local.dossier(&request("Z-5")).await.unwrap();
    let plain = chain.recorded("Z-5").await;
    assert_eq!(plain, ["query-asked", "answer-received", "dossier-assembled"]);
    chain.recorded_soon("Z-4", &["query-asked", "answer-received", "dossier-assembled"]).await;

    let text = chain
        .lines_until("Z-6", |text| text.contains("\"part\":\"dossier\"") && text.ends_with("0\r\n\r\n"))
        .await;
    let parts: Vec<Value> = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = parts.iter().filter_map(|part| part["part"].as_str()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"found"), Some(&"dossier")), "{names:?}");
    assert!(names[1..names.len() - 1].iter().all(|name| *name == "section"));
    assert!(!text.contains(PERSON), "the subject does not come back");
}
