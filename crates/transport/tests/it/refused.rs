//! Who is kept out, each for its own reason.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Clock, ManualClock, SystemClock};
use kw_transport::Tls;
use rcgen::ExtendedKeyUsagePurpose;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::forge::Forge;
use crate::raw::{NEWEST, OLDEST, Pair, config, dial, dial_and_ask, pair_of};
use crate::server::Server;
use crate::town::{DAY, SCHOOL, SWITCHBOARD, Town};

/// Asserts that neither TLS version lets the client in, that the server says why, and that no request got through.
async fn assert_refused(server: &Server, town: &Town, pair: impl Fn() -> Option<Pair>, alert: &str) {
    for versions in [&NEWEST, &OLDEST] {
        let client = config(&town.path("ca.pem"), pair(), versions);
        let refusal = dial_and_ask(server.address, &client).await.unwrap_err();
        assert!(refusal.contains(alert), "{refusal}");
    }
    assert_eq!(server.requests(), 0);
}

#[actix_web::test]
async fn a_client_without_a_certificate_is_refused() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let stranger = config(&town.path("ca.pem"), None, &NEWEST);
    let refusal = dial_and_ask(server.address, &stranger).await.unwrap_err();
    assert!(refusal.contains("CertificateRequired"), "{refusal}");
    // TLS 1.2 has no alert of that name.
    let stranger = config(&town.path("ca.pem"), None, &OLDEST);
    dial_and_ask(server.address, &stranger).await.unwrap_err();
    assert_eq!(server.requests(), 0);
}

#[actix_web::test]
async fn no_request_byte_is_parsed_without_a_certificate() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let stranger = config(&town.path("ca.pem"), None, &NEWEST);
    // What a parser would answer with 400, sent along with the handshake's last message.
    let mut stream = dial(server.address, &stranger).await.unwrap();
    let _ = stream.write_all(b"this is not HTTP\r\n\r\n").await;
    let mut answer = Vec::new();
    let refusal = stream.read_to_end(&mut answer).await.unwrap_err();
    assert!(refusal.to_string().contains("CertificateRequired"), "{refusal}");
    assert!(answer.is_empty());

    // The same without any TLS: an alert or nothing, but no HTTP.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.windows(4).any(|part| part == b"HTTP"));
    assert_eq!(server.requests(), 0);
}

#[actix_web::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (town, elsewhere) = (Town::new(), Town::new());
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let files = elsewhere.issue("school", SCHOOL);
    // It bears the same names: only the signature differs.
    assert_refused(&server, &town, || Some(pair_of(&files)), "DecryptError").await;
    let forge = Forge::new();
    assert_refused(&server, &town, || Some(forge.sign(&Forge::good(Some(SCHOOL)))), "UnknownCA").await;
}

#[actix_web::test]
async fn an_expired_certificate_is_refused() {
    let town = Town::new();
    let files = town.issue_for("school", SCHOOL, DAY);
    let clock = Arc::new(ManualClock::new(SystemClock.now().plus(2 * DAY)));
    let server =
        Server::start(&Tls::load_with_clock(&town.issue("switchboard", SWITCHBOARD), clock).unwrap());
    assert_refused(&server, &town, || Some(pair_of(&files)), "CertificateExpired").await;
}

#[actix_web::test]
async fn a_certificate_that_is_not_valid_yet_is_refused() {
    let town = Town::new();
    let files = town.issue("school", SCHOOL);
    let clock = Arc::new(ManualClock::new(SystemClock.now().minus(Duration::from_mins(10))));
    let server =
        Server::start(&Tls::load_with_clock(&town.issue("switchboard", SWITCHBOARD), clock).unwrap());
    assert_refused(&server, &town, || Some(pair_of(&files)), "CertificateExpired").await;
}

#[actix_web::test]
async fn a_revoked_certificate_is_refused_and_its_neighbour_is_not() {
    let town = Town::new();
    let (school, clinic) = (town.issue("school", SCHOOL), town.issue("clinic", "00000099000000003000"));
    assert_eq!(town.authority.revoke("school").unwrap(), 1);
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    assert_refused(&server, &town, || Some(pair_of(&school)), "CertificateRevoked").await;
    let neighbour = config(&town.path("ca.pem"), Some(pair_of(&clinic)), &NEWEST);
    assert_eq!(dial_and_ask(server.address, &neighbour).await.unwrap().0, 200);
}

#[actix_web::test]
async fn a_certificate_without_its_issuing_authority_is_refused() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let files = town.issue("school", SCHOOL);
    let alone = || {
        let (mut chain, key) = pair_of(&files);
        chain.truncate(1);
        Some((chain, key))
    };
    assert_refused(&server, &town, alone, "UnknownCA").await;
}

#[actix_web::test]
async fn a_chain_whose_authority_has_no_revocation_list_is_refused() {
    let town = Town::new();
    let files = town.issue("switchboard", SWITCHBOARD);
    let school = town.issue("school", SCHOOL);
    // Only the root's list is left: nothing is known of what the issuing authority revoked.
    let lists = fs::read_to_string(town.path("crl.pem")).unwrap();
    let end = lists.find("-----END X509 CRL-----").unwrap() + "-----END X509 CRL-----\n".len();
    fs::write(town.path("crl.pem"), &lists[..end]).unwrap();
    let server = Server::start(&Tls::load(&files).unwrap());
    for versions in [&NEWEST, &OLDEST] {
        let client = config(&town.path("ca.pem"), Some(pair_of(&school)), versions);
        dial_and_ask(server.address, &client).await.unwrap_err();
    }
    assert_eq!(server.requests(), 0);
}

/// A server that trusts the forge, and a client with what the forge signed.
fn forged(params: &rcgen::CertificateParams) -> (Server, Arc<ClientConfig>, Forge) {
    let forge = Forge::new();
    let server = Server::start(&Tls::load(&forge.files("own", &Forge::good(Some(SWITCHBOARD)))).unwrap());
    let client = config(&forge.path("ca.pem"), Some(forge.sign(params)), &NEWEST);
    (server, client, forge)
}

#[actix_web::test]
async fn a_certificate_for_servers_only_is_refused() {
    let mut params = Forge::good(Some(SCHOOL));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (server, client, _forge) = forged(&params);
    dial_and_ask(server.address, &client).await.unwrap_err();
    assert_eq!(server.requests(), 0);
    // The purpose makes the difference.
    let (server, client, _forge) = forged(&Forge::good(Some(SCHOOL)));
    assert_eq!(dial_and_ask(server.address, &client).await.unwrap().0, 200);
}

#[actix_web::test]
async fn a_certificate_without_an_oin_is_nobody() {
    let (server, client, _forge) = forged(&Forge::good(None));
    let answer = dial_and_ask(server.address, &client).await;
    assert_eq!(answer, Ok((401, "Identity(NoOin)".to_owned())));
}

#[actix_web::test]
async fn a_certificate_with_another_kind_of_number_is_nobody() {
    let (server, client, _forge) = forged(&Forge::good(Some("27124701")));
    let answer = dial_and_ask(server.address, &client).await;
    assert_eq!(answer, Ok((401, "Identity(NotAnOin(WrongLength))".to_owned())));
}

#[actix_web::test]
async fn a_client_that_knows_tls_1_1_only_is_refused() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let refused = answer_to_hello(&server, [3, 2]).await;
    // A fatal alert: protocol_version.
    assert_eq!((refused[0], &refused[5..7]), (21, &[2, 70][..]));
    // The version makes the difference: the same in TLS 1.2 is answered with a handshake message, the ServerHello.
    let accepted = answer_to_hello(&server, [3, 3]).await;
    assert_eq!((accepted[0], accepted[5]), (22, 2));
}

/// The first bytes that a server answers to a ClientHello (RFC 5246 §7.4.1.2) of the given version.
async fn answer_to_hello(server: &Server, version: [u8; 2]) -> Vec<u8> {
    let mut hello = vec![22, 3, 1, 0, 67, 1, 0, 0, 63];
    hello.extend(version);
    hello.extend([7; 32]);
    // No session, ECDHE-ECDSA-AES128-GCM-SHA256, no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // signature_algorithms, supported_groups, extended_master_secret.
    hello.extend([0, 20, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23, 0, 23, 0, 0]);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = vec![0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}
