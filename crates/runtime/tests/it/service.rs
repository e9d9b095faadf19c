//! A service over real sockets: who gets in, what a reload changes, how it ends.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kw_protocol::problem::Problem;
use kw_runtime::jobs::eventually;
use kw_runtime::serve::{Control, ServeError};
use kw_runtime::{Http, Metrics, Server, ServerSettings, SharedAgreement};
use kw_transport::Tls;
use reqwest::{Client, StatusCode};
use tokio::task::JoinHandle;

use crate::town::{SCHOOL, SHARE, STRANGER, SWITCHBOARD, Town, client, oin, service};

const SOON: Duration = Duration::from_secs(10);

struct Running {
    service: SocketAddr,
    public: SocketAddr,
    admin: SocketAddr,
    agreement: SharedAgreement,
    control: Control,
    end: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    async fn start(town: &Town) -> Self {
        let (tls, agreement) = (town.tls("switchboard", SWITCHBOARD), town.agreement());
        let server = service(&tls, &agreement);
        let at = |name: &str| server.addresses()[name];
        let (service, public, admin) = (at("service"), at("public"), at("admin"));
        let control = server.control();
        let end = tokio::spawn(server.run());
        let running = Self { service, public, admin, agreement, control, end };
        assert!(running.wait_for_admin().await);
        running
    }

    async fn wait_for_admin(&self) -> bool {
        let started = Instant::now();
        while started.elapsed() < SOON {
            if self.ask_admin("/health/live").await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    async fn ask_admin(&self, path: &str) -> Result<(StatusCode, String), std::io::Error> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.admin).await?;
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = StatusCode::from_bytes(&answer.as_bytes()[9..12]).unwrap();
        Ok((status, answer))
    }

    async fn me(&self, client: &Client) -> (StatusCode, String) {
        let answer = client.get(format!("https://{}/v1/me", self.service)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn stop(self) {
        self.control.stop();
        self.end.await.unwrap().unwrap();
    }
}

fn code(body: &str) -> String {
    serde_json::from_str::<Problem>(body).unwrap().code().to_owned()
}

#[tokio::test]
async fn a_partner_is_known_by_its_certificate_and_a_stranger_is_refused() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let (status, name) = running.me(&client(&town.tls("school", SCHOOL))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(name, running.agreement.current().partner(oin(SCHOOL)).unwrap().name);
    let (status, body) = running.me(&client(&town.tls("stranger", STRANGER))).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::FORBIDDEN, "party-unknown"));
    running.stop().await;
}

#[tokio::test]
async fn a_suspended_partner_is_refused_after_the_reload_and_on_its_open_connection() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let school = client(&town.tls("school", SCHOOL));
    assert_eq!(running.me(&school).await.0, StatusCode::OK);
    town.suspend_school();
    running.control.reload();
    let agreement = running.agreement.clone();
    assert!(eventually(SOON, move || agreement.generation() == 2).await);
    let (status, body) = running.me(&school).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::FORBIDDEN, "party-unknown"));
    running.stop().await;
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_on_its_open_connection_after_sighup() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let school: Tls = town.tls("school", SCHOOL);
    let connection = client(&school);
    assert_eq!(running.me(&connection).await.0, StatusCode::OK);
    town.authority.revoke("school").unwrap();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
    let started = Instant::now();
    let (status, body) = loop {
        let answer = running.me(&connection).await;
        if answer.0 != StatusCode::OK || started.elapsed() > SOON {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((status, code(&body).as_str()), (StatusCode::UNAUTHORIZED, "certificate-refused"));
    running.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let first = futures_util::stream::once(async { Ok::<_, std::io::Error>("\"") });
    let endless = futures_util::StreamExt::chain(first, futures_util::stream::pending());
    let asked = client(&town.tls("school", SCHOOL))
        .post(format!("https://{}/v1/told", running.service))
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(endless))
        .timeout(Duration::from_mins(1));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(code(&answer.text().await.unwrap()), "too-slow");
    running.stop().await;
}

#[tokio::test]
async fn a_party_cannot_take_the_connections_of_others() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let (school, other) = (town.tls("school", SCHOOL), town.tls("stranger", STRANGER));
    let mut held: Vec<Client> = (0..SHARE).map(|_| client(&school)).collect();
    for one in &held {
        assert_eq!(running.me(one).await.0, StatusCode::OK);
    }
    let me = format!("https://{}/v1/me", running.service);
    assert!(client(&school).get(&me).send().await.is_err());
    assert_eq!(running.me(&client(&other)).await.0, StatusCode::FORBIDDEN);
    for one in &held {
        assert_eq!(running.me(one).await.0, StatusCode::OK);
    }
    drop(held.pop());
    let began = Instant::now();
    while client(&school).get(&me).send().await.is_err() {
        assert!(began.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_broken_agreement_leaves_the_old_one_in_force() {
    let town = Town::new();
    let running = Running::start(&town).await;
    fs::write(town.agreement_file(), "format = 'none'").unwrap();
    let error = running.agreement.reload().unwrap_err().to_string();
    assert!(error.contains("agreement.toml"), "{error}");
    assert_eq!(running.agreement.generation(), 1);
    assert_eq!(running.me(&client(&town.tls("school", SCHOOL))).await.0, StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn everybody_may_read_the_public_listener_but_has_no_name_there() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let stranger = client(&town.tls("stranger", STRANGER));
    let at = |path: &str| format!("https://{}{path}", running.public);
    assert_eq!(stranger.get(at("/v1/openapi.json")).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(stranger.get(at("/v1/me")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    running.stop().await;
}

#[tokio::test]
async fn the_operator_sees_health_readiness_and_metrics() {
    let town = Town::new();
    let running = Running::start(&town).await;
    running.me(&client(&town.tls("school", SCHOOL))).await;
    let (status, body) = running.ask_admin("/health/ready").await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    let (status, body) = running.ask_admin("/metrics").await.unwrap();
    assert_eq!(status, StatusCode::OK);
    for series in [
        r#"ketenwijzer_http_requests_total{method="GET",route="/v1/me",status="200"} 1"#,
        "ketenwijzer_agreement_generation 1",
        "ketenwijzer_tls_generation 1",
        r#"ketenwijzer_job_last_success_age_seconds{job="tls"}"#,
    ] {
        assert!(body.contains(series), "{series} is not in {body}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let town = Town::new();
    let running = Running::start(&town).await;
    let school = client(&town.tls("school", SCHOOL));
    running.me(&school).await;
    let slow = tokio::spawn(school.get(format!("https://{}/v1/slow", running.service)).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let address = running.service;
    running.stop().await;
    assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn plain_http_is_refused_on_any_address_but_loopback() {
    let server = |admin: &str, beyond| {
        let settings = ServerSettings {
            admin: Some(admin.parse().unwrap()),
            admin_beyond_loopback: beyond,
            ..ServerSettings::default()
        };
        Server::new(settings, Http::new(Metrics::new()))
    };
    let refused = server("0.0.0.0:0", false).err().unwrap();
    assert!(matches!(refused, ServeError::NotLoopback { name: "admin", .. }), "{refused}");
    let local = server("127.0.0.1:0", false).unwrap().local("local", "0.0.0.0:0".parse().unwrap(), |_| {});
    assert!(matches!(local.err(), Some(ServeError::NotLoopback { name: "local", .. })));
    let meant = server("0.0.0.0:0", true).unwrap();
    meant.control().stop();
    assert!(meant.run().await.is_ok());
}

#[tokio::test]
async fn a_taken_address_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let settings = ServerSettings { admin: None, ..ServerSettings::default() };
    let refused = Server::new(settings, Http::new(Metrics::new()))
        .unwrap()
        .local("local", address, |_| {})
        .err()
        .unwrap();
    assert!(refused.to_string().contains(&address.to_string()), "{refused}");
}
