//! Every operation of the published description, asked by everybody who should not and by who should.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use kw_protocol::pointer::SupersedePointer;
use kw_testbed::{Member, RunningChain};
use reqwest::Method;
use serde_json::{Value, json};

use crate::child::chain;
use crate::mandates;

/// A request that the right caller gets answered well; for what only others may, or what a partner needs more for, one that
/// shows by its answer how far it came.
struct Sample {
    path: String,
    body: Option<Value>,
    media_type: &'static str,
}

#[tokio::test]
async fn every_operation_is_refused_to_whom_it_should_be() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let stranger = chain.party("stranger", "00000099000000099000").unwrap();
    let suspended = chain.member("municipality").unwrap();
    chain
        .change_agreement(|draft| draft.partner_mut(suspended.oin.as_str()).unwrap().suspended = true)
        .unwrap();
    until_refused(&suspended).await;
    let elsewhere = super::child::chain().prepare().unwrap();
    let forged = elsewhere.member("school").unwrap();

    let mut table =
        String::from("operation | no certificate | another authority | unknown party | suspended | right\n");
    for (operation, method, path) in operations() {
        let public = path.starts_with("/.well-known");
        let agreement = chain.agreement().unwrap();
        let public_address =
            agreement.switchboard().public_endpoint.trim_start_matches("https://").parse().unwrap();
        let address = if public { public_address } else { chain.address() };
        let mut cells = vec![without_certificate(address, &method, &path)];
        for member in [&forged, &stranger, &suspended, &school] {
            // Each asks for something that is there.
            let sample = sample(&chain, &school, &operation).await;
            cells.push(ask(member, &agreement.switchboard().oin, address, &method, sample).await);
        }
        table.push_str(&[vec![operation], cells].concat().join(" | "));
        table.push('\n');
    }
    insta::assert_snapshot!("access_matrix", table);
}

/// What the description names: `METHOD path`.
fn operations() -> Vec<(String, Method, String)> {
    let document: Value = serde_json::from_str(&kw_switchboard::openapi::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                let name = method.to_uppercase();
                operations.push((format!("{name} {path}"), name.parse().unwrap(), path.clone()));
            }
        }
    }
    let names: BTreeSet<_> = operations.iter().map(|(name, ..)| name).collect();
    assert!(names.len() == operations.len() && names.len() >= 13, "{names:?}");
    operations
}

/// A new operation fails here until it has a line of its own.
async fn sample(chain: &RunningChain, school: &Member, operation: &str) -> Sample {
    let mut random = [0; 8];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    let number = u64::from_le_bytes(random) >> 8;
    let registration = school.registration(number).unwrap();
    let existing = async || {
        let registered = school.switchboard().unwrap().register(&registration, &school.key()).await.unwrap();
        registered.pointer.id.to_string()
    };
    let json = |path: String, body: Option<Value>| Sample { path, body, media_type: "application/json" };
    match operation {
        "GET /.well-known/jwks.json" => json("/.well-known/jwks.json".into(), None),
        "GET /log/checkpoint" => json("/log/checkpoint".into(), None),
        "GET /log/tile/{resource}" => json("/log/tile/63/000".into(), None),
        "GET /log/witnessed-checkpoint" => json("/log/witnessed-checkpoint".into(), None),
        "GET /v1/access-log/resolutions" => json("/v1/access-log/resolutions".into(), None),
        "GET /v1/alarms" => json("/v1/alarms?limit=1".into(), None),
        "GET /v1/alarms/{id}" => json("/v1/alarms/01931b3e-7d5a-7000-8000-000000000001".into(), None),
        "GET /v1/bulk-uploads/{id}" => {
            json("/v1/bulk-uploads/01931b3e-7d5a-7000-8000-000000000001".into(), None)
        }
        "GET /v1/corrections/{transaction}" => {
            json("/v1/corrections/01931b3e-7d5a-7000-8000-000000000001".into(), None)
        }
        "GET /v1/feedback-reports/{id}" => {
            json("/v1/feedback-reports/01931b3e-7d5a-7000-8000-000000000001".into(), None)
        }
        "POST /v1/corrections" => {
            let pull = json!({
                "recipient": school.oin, "transaction": "01931b3e-7d5a-7000-8000-000000000001"
            });
            let body = json!({
                "report": "01931b3e-7d5a-7000-8000-000000000001", "category": "school-attendance",
                "received": [pull]
            });
            json("/v1/corrections".into(), Some(body))
        }
        "POST /v1/feedback-statuses" => {
            let id = kw_domain::FeedbackId::new(kw_domain::Instant::from_millis(0), [random[0]; 10]);
            let body = json!({
                "id": id, "reporter": school.oin, "status": "reported", "since": "2026-11-22T10:00:00Z"
            });
            json("/v1/feedback-statuses".into(), Some(body))
        }
        "GET /v1/mandates/{id}" => json(format!("/v1/mandates/{NO_MANDATE}"), None),
        "GET /v1/matches" => json("/v1/matches?limit=1".into(), None),
        "GET /v1/matches/_figures" => json("/v1/matches/_figures".into(), None),
        "GET /v1/matches/{id}" => json("/v1/matches/01931b3e-7d5a-7000-8000-000000000001".into(), None),
        "POST /v1/matches/{id}/_contact" | "POST /v1/matches/{id}/_coordinated" => {
            let actor = json!({ "id": "j.jansen", "role": "care-coordinator" });
            let path = operation.trim_start_matches("POST ").replace("{id}", NO_MANDATE);
            json(path, Some(json!({ "actor": actor })))
        }
        "POST /v1/relations" => {
            let actor = json!({ "id": "j.jansen", "role": "care-coordinator" });
            let other = school.registration(number + 1).unwrap().subject;
            let (one, kind) = (&registration.subject, "parent-child");
            let body = json!({ "one": one, "other": other, "kind": kind, "actor": actor });
            json("/v1/relations".into(), Some(body))
        }
        "POST /v1/relations/{id}/_end" => {
            let actor = json!({ "id": "j.jansen", "role": "care-coordinator" });
            json(format!("/v1/relations/{NO_MANDATE}/_end"), Some(json!({ "actor": actor })))
        }
        "GET /v1/objections/{id}" => json(format!("/v1/objections/{NO_MANDATE}"), None),
        "GET /v1/pointers" => json("/v1/pointers?limit=1".into(), None),
        "GET /v1/pointers/{id}" => json(format!("/v1/pointers/{}", existing().await), None),
        "GET /v1/reviews/{id}" => json("/v1/reviews/01931b3e-7d5a-7000-8000-000000000001".into(), None),
        "GET /v1/signals" => json("/v1/signals?limit=1".into(), None),
        "GET /v1/subscriptions" => json("/v1/subscriptions".into(), None),
        "GET /v1/subscriptions/{id}" => json(format!("/v1/subscriptions/{NO_MANDATE}"), None),
        "GET /v1/subscriptions/{id}/dead-letters" => {
            json(format!("/v1/subscriptions/{NO_MANDATE}/dead-letters"), None)
        }
        "POST /v1/subscriptions" => json("/v1/subscriptions".into(), Some(json!({}))),
        "POST /v1/subscriptions/{id}/_end" => json(format!("/v1/subscriptions/{NO_MANDATE}/_end"), None),
        "POST /v1/subscriptions/{id}/_replay" => {
            json(format!("/v1/subscriptions/{NO_MANDATE}/_replay"), Some(json!({})))
        }
        "POST /v1/subscriptions/{id}/_verify" => {
            json(format!("/v1/subscriptions/{NO_MANDATE}/_verify"), None)
        }
        "GET /witness/checkpoints/{origin}" => json(format!("/witness/checkpoints/{}", "0".repeat(64)), None),
        "POST /v1/access-log/_search" => json("/v1/access-log/_search".into(), Some(json!({}))),
        "POST /v1/access-log/resolutions" => json("/v1/access-log/resolutions".into(), Some(json!({}))),
        "POST /v1/access-log/resolutions/{id}/approvals" => {
            let id = "01931b3e-7d5a-7000-8000-000000000001";
            json(format!("/v1/access-log/resolutions/{id}/approvals"), Some(json!({})))
        }
        "POST /v1/access-reports" => json("/v1/access-reports".into(), Some(json!({}))),
        "POST /v1/consents"
        | "POST /v1/consents/_check"
        | "POST /v1/consents/_holders"
        | "POST /v1/objections" => {
            let path = operation.trim_start_matches("POST ").to_owned();
            json(path, Some(json!({})))
        }
        "POST /v1/consents/_search" => {
            let subject = &registration.subject;
            json("/v1/consents/_search".into(), Some(json!({ "subject": subject })))
        }
        "POST /v1/consents/{id}/withdrawal" => {
            let body = json!({ "subject": &registration.subject, "declared": { "givenBy": "subject" } });
            json("/v1/consents/01931b3e-7d5a-7000-8000-000000000001/withdrawal".into(), Some(body))
        }
        "POST /v1/objections/_search" => json("/v1/objections/_search".into(), Some(json!({}))),
        "POST /v1/objections/{id}/decision" => {
            let actor = json!({ "id": "j.jansen", "role": "care-coordinator" });
            let body = json!({ "verdict": "rejected", "reasons": "weighed", "actor": actor });
            json("/v1/objections/01931b3e-7d5a-7000-8000-000000000001/decision".into(), Some(body))
        }
        "GET /v1/delegations" => json("/v1/delegations".into(), None),
        "GET /v1/delegations/{id}" => {
            json("/v1/delegations/01931b3e-7d5a-7000-8000-000000000001".into(), None)
        }
        "POST /v1/delegations" => json("/v1/delegations".into(), Some(json!({}))),
        "POST /v1/delegations/{id}/approvals" => {
            json("/v1/delegations/01931b3e-7d5a-7000-8000-000000000001/approvals".into(), Some(json!({})))
        }
        "POST /v1/delegations/{id}/end" => {
            json("/v1/delegations/01931b3e-7d5a-7000-8000-000000000001/end".into(), Some(json!({})))
        }
        "GET /v1/departures" => json("/v1/departures".into(), None),
        "POST /v1/departures" => json("/v1/departures".into(), Some(json!({}))),
        "GET /v1/departures/{id}" => json(format!("/v1/departures/{NO_DEPARTURE}"), None),
        "POST /v1/departures/{id}/approvals" => {
            json(format!("/v1/departures/{NO_DEPARTURE}/approvals"), Some(json!({})))
        }
        "POST /v1/departures/{id}/end" => json(format!("/v1/departures/{NO_DEPARTURE}/end"), Some(json!({}))),
        "POST /v1/departures/{id}/finish" => {
            json(format!("/v1/departures/{NO_DEPARTURE}/finish"), Some(json!({})))
        }
        "POST /v1/leases" => json("/v1/leases".into(), None),
        "POST /v1/mandates" => json("/v1/mandates".into(), Some(serde_json::to_value(parental()).unwrap())),
        "POST /v1/mandates/_check" => {
            let represented = &registration.subject;
            let body = json!({ "mandate": NO_MANDATE, "represented": represented, "act": "view" });
            json("/v1/mandates/_check".into(), Some(body))
        }
        "POST /v1/mandates/_search" => {
            let body = json!({ "subject": registration.subject, "side": "represented" });
            json("/v1/mandates/_search".into(), Some(body))
        }
        "POST /v1/mandates/{id}/confirmations" => {
            let body = json!({ "subject": registration.subject, "side": "represented" });
            json(format!("/v1/mandates/{NO_MANDATE}/confirmations"), Some(body))
        }
        "POST /v1/mandates/{id}/withdrawal" => {
            json(format!("/v1/mandates/{NO_MANDATE}/withdrawal"), Some(json!({})))
        }
        "POST /v1/pointers" => {
            json("/v1/pointers".into(), Some(serde_json::to_value(&registration).unwrap()))
        }
        "POST /v1/pointers/_bulk" => Sample {
            path: "/v1/pointers/_bulk".into(),
            body: Some(serde_json::to_value(&registration).unwrap()),
            media_type: "application/x-ndjson",
        },
        "POST /v1/pointers/_digests" => json("/v1/pointers/_digests".into(), Some(json!({}))),
        "POST /v1/pointers/_withdraw" => {
            existing().await;
            let holder = school.oin;
            let index = crate::log::index(chain).await;
            let selector = kw_store::switchboard::ActiveSelector::default();
            let count = index.read(move |index| index.count_active(holder, &selector)).await.unwrap();
            let body =
                json!({ "selector": { "all": true }, "expectedCount": count, "reason": "entered-in-error" });
            json("/v1/pointers/_withdraw".into(), Some(body))
        }
        "POST /v1/pointers/{id}/renewals" => {
            json(format!("/v1/pointers/{}/renewals", existing().await), Some(json!({})))
        }
        "POST /v1/pointers/{id}/successors" => {
            let path = format!("/v1/pointers/{}/successors", existing().await);
            let mut successor = registration.clone();
            successor.source = "newer".parse().unwrap();
            json(path, Some(serde_json::to_value(SupersedePointer { successor }).unwrap()))
        }
        "POST /v1/pointers/{id}/withdrawals" => {
            let path = format!("/v1/pointers/{}/withdrawals", existing().await);
            json(path, Some(json!({ "reason": "no-longer-present" })))
        }
        // On the admin listener only: here nobody finds them.
        "GET /v1/operator/state" => json("/v1/operator/state".into(), None),
        "GET /v1/operator/agreement" => json("/v1/operator/agreement".into(), None),
        "GET /v1/operator/agreement/versions" => json("/v1/operator/agreement/versions".into(), None),
        "GET /v1/operator/agreement/versions/{place}" => {
            json("/v1/operator/agreement/versions/next".into(), None)
        }
        "POST /v1/operator/agreement/approvals" => {
            json("/v1/operator/agreement/approvals".into(), Some(json!({})))
        }
        "POST /v1/queries" => {
            json("/v1/queries".into(), Some(serde_json::to_value(school.question(number).unwrap()).unwrap()))
        }
        "POST /v1/reviews/_search" => {
            let reader = json!({ "id": "r.viewer", "role": "care-coordinator" });
            json("/v1/reviews/_search".into(), Some(json!({ "reader": reader })))
        }
        "POST /v1/reviews/{id}/verdict" => {
            let actor = json!({ "id": "r.viewer", "role": "care-coordinator" });
            let path = "/v1/reviews/01931b3e-7d5a-7000-8000-000000000001/verdict";
            json(path.into(), Some(json!({ "actor": actor, "verdict": "justified" })))
        }
        "POST /witness/add-checkpoint" => Sample {
            path: "/witness/add-checkpoint".into(),
            body: Some(json!("old 0")),
            media_type: "text/plain",
        },
        other => panic!("{other} has no sample request: give it one"),
    }
}

const NO_DEPARTURE: &str = "01931b3e-7d5a-7000-8000-000000000001";
const NO_MANDATE: &str = "01931b3e-7d5a-7000-8000-000000000003";

fn parental() -> kw_protocol::mandate::RegisterMandate {
    mandates::mandate(kw_protocol::mandate::MandateKind::ParentalAuthority, "under-12")
}

async fn ask(
    member: &Member,
    switchboard: &kw_domain::Oin,
    address: SocketAddr,
    method: &Method,
    sample: Sample,
) -> String {
    let client = member.tls.client(*switchboard, kw_transport::ClientOptions::default());
    let mut request = client.request(method.clone(), format!("https://{address}{}", sample.path));
    request = request.header("upload-id", "01931b3e-7d5a-7000-8000-000000000002");
    if let Some(body) = sample.body {
        request = request.header("content-type", sample.media_type).body(format!("{body}\n"));
    }
    match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let problem: Option<Value> =
                answer.text().await.ok().and_then(|text| serde_json::from_str(&text).ok());
            let code =
                problem.and_then(|problem| Some(problem["type"].as_str()?.rsplit(':').next()?.to_owned()));
            code.map_or(status.to_string(), |code| format!("{status} {code}"))
        }
        Err(_) => "no connection".to_owned(),
    }
}

/// Another implementation of TLS than ours, which shows no certificate.
fn without_certificate(address: SocketAddr, method: &Method, path: &str) -> String {
    let mut child = Command::new("timeout")
        .args(["10", "openssl", "s_client", "-quiet", "-connect", &address.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs openssl: apt-get install -y openssl");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    // The server may have closed the connection before this is read.
    drop(child.stdin.take().unwrap().write_all(request.as_bytes()));
    let ended = child.wait_with_output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    match said.split_whitespace().nth(1) {
        Some(status) => status.to_owned(),
        None if errors.contains("certificate required") => "no connection".to_owned(),
        None => panic!("{said} {errors}"),
    }
}

async fn until_refused(member: &Member) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while member.http().get(member.url("/v1/pointers")).send().await.unwrap().status() != 403 {
        assert!(std::time::Instant::now() < end, "the suspension is not taken in");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
