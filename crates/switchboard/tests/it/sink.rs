//! A subscriber's own server, in a process of its own: it writes down what it takes before it answers, and does otherwise when
//! the test says so.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use kw_domain::SystemClock;
use kw_protocol::signal::Signal;
use kw_protocol::subscription::CreateSubscription;
use kw_runtime::{Http, Member, Membership, Metrics, Server, ServerSettings, SharedAgreement};
use kw_testbed::{Process, RunningChain, child_command, child_config, free_port};
use kw_transport::{Tls, TlsFiles};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "the other end of the tests, which run it in a process of its own"]
async fn takes() {
    let Some(config) = child_config() else { return };
    let config: Value = serde_json::from_str(&fs::read_to_string(config).unwrap()).unwrap();
    let chain = PathBuf::from(config["chain"].as_str().unwrap());
    let folder = PathBuf::from(config["folder"].as_str().unwrap());
    let name = config["name"].as_str().unwrap();
    let pki = chain.join("pki");
    let tls = Tls::load(&TlsFiles {
        certificate: pki.join(format!("{name}.pem")),
        key: pki.join(format!("{name}.key")),
        trust_anchors: pki.join("ca.pem"),
        revocation_lists: vec![pki.join("crl.pem")],
        without_revocation: false,
    })
    .unwrap();
    let agreement = SharedAgreement::load(&chain.join("agreement.toml"), Arc::new(SystemClock)).unwrap();
    let port = config["port"].as_u64().unwrap() as u16;
    let settings = ServerSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        admin: None,
        workers: Some(1),
        ..ServerSettings::default()
    };
    let file = File::options().create(true).append(true).open(folder.join("taken")).unwrap();
    let taken = Data::new(Taken { folder, file: Mutex::new(file) });
    let routes = move |config: &mut ServiceConfig| {
        let resource = web::resource("/events").app_data(taken.clone());
        let asked = web::method(Method::OPTIONS).to(agree);
        config.service(resource.route(asked).route(web::post().to(take)));
    };
    let server = Server::new(settings, Http::new(Metrics::new())).unwrap();
    server.service(&tls, &agreement, routes).unwrap().run().await.unwrap();
}

struct Taken {
    folder: PathBuf,
    file: Mutex<File>,
}

async fn agree(taken: Data<Taken>, member: Member, request: HttpRequest) -> HttpResponse {
    assert_eq!(member.membership, Membership::Switchboard);
    let origin = request.headers().get("webhook-request-origin").unwrap().to_str().unwrap();
    assert!(!origin.is_empty() && request.headers().contains_key("webhook-request-rate"));
    match behaviour(&taken.folder).as_str() {
        "denies" => {
            HttpResponse::Ok().insert_header(("webhook-allowed-origin", "elsewhere.example")).finish()
        }
        "silent" => HttpResponse::Ok().finish(),
        "moves" => HttpResponse::Found().insert_header(("location", "/elsewhere")).finish(),
        _ => HttpResponse::Ok()
            .insert_header(("webhook-allowed-origin", origin))
            .insert_header(("webhook-allowed-rate", "*"))
            .finish(),
    }
}

async fn take(taken: Data<Taken>, member: Member, request: HttpRequest, body: Bytes) -> HttpResponse {
    assert_eq!(member.membership, Membership::Switchboard);
    assert_eq!(request.headers().get("content-type").unwrap(), "application/cloudevents+json");
    let behaviour = behaviour(&taken.folder);
    let mut words = behaviour.split(' ');
    match (words.next(), words.next()) {
        (Some("status"), Some(status)) => {
            let mut answer = HttpResponse::build(StatusCode::from_u16(status.parse().unwrap()).unwrap());
            if let Some(seconds) = words.next() {
                answer.insert_header(("retry-after", seconds));
            }
            // What is no problem is turned into one, with another status.
            return answer.content_type("application/problem+json").body("{}");
        }
        (Some("not"), Some(kind)) if String::from_utf8_lossy(&body).contains(kind) => {
            return HttpResponse::BadRequest().finish();
        }
        _ => {}
    }
    let mut file = taken.file.lock().unwrap();
    file.write_all(&[&body[..], b"\n"].concat()).unwrap();
    file.sync_data().unwrap();
    HttpResponse::NoContent().finish()
}

fn behaviour(folder: &Path) -> String {
    fs::read_to_string(folder.join("behaviour")).unwrap_or_default()
}

/// A running sink, seen from the test.
pub(crate) struct Sink {
    pub(crate) url: String,
    folder: tempfile::TempDir,
    process: Option<Process>,
}

impl Sink {
    /// A server with the certificate of this member.
    pub(crate) fn of(chain: &RunningChain, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let config = json!({ "chain": chain.folder(), "folder": folder.path(), "name": name, "port": port });
        fs::write(folder.path().join("sink.json"), config.to_string()).unwrap();
        let url = format!("https://127.0.0.1:{port}/events");
        let mut sink = Self { url, folder, process: None };
        sink.start();
        sink
    }

    pub(crate) fn start(&mut self) {
        let command = child_command("sink::takes", &self.folder.path().join("sink.json")).unwrap();
        self.process = Some(Process::start(command, &self.folder.path().join("errors")).unwrap());
    }

    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill().unwrap();
    }

    /// From now on it does this: nothing, `status 503 1`, `not review-due`, `denies`, `silent`, `moves`.
    pub(crate) fn behaves(&self, how: &str) {
        let (next, file) = (self.folder.path().join("next"), self.folder.path().join("behaviour"));
        fs::write(&next, how).unwrap();
        fs::rename(next, file).unwrap();
    }

    /// Everything it took, in the order in which it came.
    pub(crate) fn taken(&self) -> Vec<Signal> {
        let text = fs::read_to_string(self.folder.path().join("taken")).unwrap();
        // The last line may not be whole: it was killed before it answered.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What it took, as it came.
    pub(crate) fn raw(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("taken")).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A subscription that delivers here.
    pub(crate) fn subscription(&self, types: &[&str]) -> CreateSubscription {
        CreateSubscription {
            sink: Some(self.url.clone()),
            types: types.iter().map(|kind| format!("nl.ketenwijzer.{kind}.v1")).collect(),
            ..CreateSubscription::default()
        }
    }
}
