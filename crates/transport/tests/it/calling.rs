//! Whom a client takes for the party that it calls.

use std::sync::{Arc, Mutex};

use kw_domain::{Clock, ManualClock, SystemClock};
use kw_transport::{Tls, TlsError};
use rcgen::ExtendedKeyUsagePurpose;

use crate::forge::Forge;
use rustls::HandshakeKind;
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::raw::{ask, pair_of};
use crate::server::Server;
use crate::town::{DAY, SCHOOL, SWITCHBOARD, Town, oin, patient};

/// Every cause of an error, joined.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

async fn refusal(client: &Tls, server: &Server) -> String {
    let refused = client.client(oin(SWITCHBOARD), patient()).get(server.url()).send().await.unwrap_err();
    assert_eq!(server.requests(), 0);
    causes(&refused)
}

#[actix_web::test]
async fn a_server_of_another_party_is_refused_although_its_certificate_is_good() {
    let town = Town::new();
    let server = Server::start(&town.party("impostor", "00000099000000009000"));
    let school = town.party("school", SCHOOL);
    let reason = refusal(&school, &server).await;
    assert!(reason.contains("OtherParty { expected: Oin(00000099000000001000) }"), "{reason}");
    let refused = school.connect(server.address, "localhost", oin(SWITCHBOARD)).await;
    assert!(matches!(refused, Err(TlsError::Connect { .. })));
}

#[actix_web::test]
async fn a_server_without_an_oin_in_its_certificate_cannot_even_start_and_one_with_a_bad_one_is_refused() {
    let forge = Forge::new();
    let school = Tls::load(&forge.files("school", &Forge::good(Some(SCHOOL)))).unwrap();
    let mut params = Forge::good(Some(SWITCHBOARD));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let server = Server::start(&Tls::load(&forge.files("clientonly", &params)).unwrap());
    let reason = refusal(&school, &server).await;
    assert!(reason.contains("certificate"), "{reason}");
}

#[actix_web::test]
async fn a_revoked_server_is_refused() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    town.authority.revoke("switchboard").unwrap();
    let reason = refusal(&town.party("school", SCHOOL), &server).await;
    assert!(reason.contains("Revoked"), "{reason}");
}

#[actix_web::test]
async fn a_server_of_another_authority_is_refused() {
    let (town, elsewhere) = (Town::new(), Town::new());
    let server = Server::start(&elsewhere.party("switchboard", SWITCHBOARD));
    let reason = refusal(&town.party("school", SCHOOL), &server).await;
    assert!(reason.contains("BadSignature") || reason.contains("UnknownIssuer"), "{reason}");
}

#[actix_web::test]
async fn a_server_under_another_name_is_refused() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let school = town.party("school", SCHOOL);
    assert!(school.connect(server.address, "switchboard.example", oin(SWITCHBOARD)).await.is_err());
    assert!(matches!(
        school.connect(server.address, "not a name", oin(SWITCHBOARD)).await,
        Err(TlsError::ServerName)
    ));
    let mut stream = school.connect(server.address, "localhost", oin(SWITCHBOARD)).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap().0, 200);
}

#[actix_web::test]
async fn a_client_made_before_a_reload_refuses_a_revoked_server_after_it() {
    let town = Town::new();
    let school = town.party("school", SCHOOL);
    let client = school.client(oin(SWITCHBOARD), patient());
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    town.authority.revoke("switchboard").unwrap();
    assert!(school.reload().unwrap());
    let reason = causes(&client.get(server.url()).send().await.unwrap_err());
    assert!(reason.contains("Revoked"), "{reason}");
}

#[actix_web::test]
async fn a_lasting_client_leaves_the_open_connection_to_a_server_that_was_revoked() {
    let town = Town::new();
    let school = town.party("school", SCHOOL);
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let lasting = school.peer_client(oin(SWITCHBOARD), patient());
    assert_eq!(lasting.get(&server.url()).send().await.unwrap().status(), 200);
    town.authority.revoke("switchboard").unwrap();
    assert_eq!(lasting.get(&server.url()).send().await.unwrap().status(), 200, "nothing is reloaded yet");
    assert!(school.reload().unwrap());
    let reason = causes(&lasting.get(&server.url()).send().await.unwrap_err());
    assert!(reason.contains("Revoked"), "{reason}");
    assert_eq!(server.requests(), 2);
}

#[actix_web::test]
async fn a_lasting_client_leaves_its_connections_when_a_revocation_list_expires() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let town = Town::at(clock.clone());
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let school = Tls::load_with_clock(&town.issue("school", SCHOOL), clock.clone()).unwrap();
    let lasting = school.peer_client(oin(SWITCHBOARD), patient());
    assert_eq!(lasting.get(&server.url()).send().await.unwrap().status(), 200);
    clock.advance(31 * DAY);
    let reason = causes(&lasting.get(&server.url()).send().await.unwrap_err());
    assert!(reason.contains("revocation list expired"), "{reason}");
    // The server has a clock of its own, by which a list that is made now has yet to expire.
    town.authority.refresh().unwrap();
    assert!(school.reload().unwrap());
    assert_eq!(lasting.get(&server.url()).send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn redirects_are_shown_and_not_followed() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let client = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    let answer = client.get(server.url().replace("/who", "/elsewhere")).send().await.unwrap();
    assert_eq!(answer.status(), 307);
    assert_eq!(server.requests(), 1);
}

#[actix_web::test]
async fn nothing_is_sent_without_tls() {
    let town = Town::new();
    let client = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    assert!(client.get("http://localhost:1/who").send().await.unwrap_err().is_builder());
}

#[actix_web::test]
async fn a_client_resumes_no_session_although_the_server_offers_it() {
    let town = Town::new();
    let (chain, key) = pair_of(&town.issue("switchboard", SWITCHBOARD));
    let config = rustls::ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    assert!(config.send_tls13_tickets > 0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&kinds);
    actix_web::rt::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((socket, _)) = listener.accept().await {
            let mut stream = acceptor.accept(socket).await.unwrap();
            seen.lock().unwrap().push(stream.get_ref().1.handshake_kind().unwrap());
            // The whole request comes in one piece; the answer makes the client read the tickets on its way.
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    // One client, and so one store for sessions if it had any.
    let client = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    for _ in 0..3 {
        let answer = client.get(format!("https://localhost:{port}/")).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
    assert_eq!(*kinds.lock().unwrap(), [HandshakeKind::Full; 3]);
}

#[actix_web::test]
async fn a_client_says_what_it_is() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let client = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    let answer = client.get(server.url().replace("/who", "/agent")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), concat!("ketenwijzer/", env!("CARGO_PKG_VERSION")));
}
