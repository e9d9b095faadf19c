//! Who is let in, and as whom.

use kw_transport::Tls;

use crate::raw::{NEWEST, OLDEST, ask, config, dial, dial_and_ask, pair_of};
use crate::server::{Listener, Server};
use crate::town::{SCHOOL, SWITCHBOARD, Town, hex, oin, patient};

#[actix_web::test]
async fn a_party_is_known_by_oin_and_certificate_over_http_2() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let school = town.party("school", SCHOOL);
    let answer = school.client(oin(SWITCHBOARD), patient()).get(server.url()).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    let body = answer.text().await.unwrap();
    assert_eq!(body, format!("{SCHOOL} {} HTTP/2.0", hex(school.certificate_sha256())));
}

#[actix_web::test]
async fn a_party_is_known_by_oin_and_certificate_over_http_1() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let school = town.party("school", SCHOOL);
    let mut stream = school.connect(server.address, "127.0.0.1", oin(SWITCHBOARD)).await.unwrap();
    for _ in 0..2 {
        let (status, body) = ask(&mut stream).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(body, format!("{SCHOOL} {} HTTP/1.1", hex(school.certificate_sha256())));
    }
}

#[actix_web::test]
async fn two_parties_on_two_connections_are_not_mixed_up() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let parties = [SCHOOL, "00000099000000003000"];
    let clients =
        parties.map(|number| town.party(&format!("p{number}"), number).client(oin(SWITCHBOARD), patient()));
    for _ in 0..3 {
        for (number, client) in parties.iter().zip(&clients) {
            let body = client.get(server.url()).send().await.unwrap().text().await.unwrap();
            assert!(body.starts_with(number), "{body}");
        }
    }
}

#[actix_web::test]
async fn tls_1_2_and_1_3_are_both_spoken() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let files = town.issue("school", SCHOOL);
    for (versions, expected) in
        [(&NEWEST, rustls::ProtocolVersion::TLSv1_3), (&OLDEST, rustls::ProtocolVersion::TLSv1_2)]
    {
        let config = config(&files.trust_anchors, Some(pair_of(&files)), versions);
        let mut stream = dial(server.address, &config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(ask(&mut stream).await.unwrap().0, 200);
    }
}

#[actix_web::test]
async fn the_public_listener_asks_nobody_for_a_certificate_and_knows_nobody() {
    let town = Town::new();
    let server = Server::listen(&town.party("switchboard", SWITCHBOARD), Listener::Public);
    let files = town.issue("school", SCHOOL);
    let stranger = config(&files.trust_anchors, None, &NEWEST);
    let refused = Ok((401, "NoCertificate".to_owned()));
    assert_eq!(dial_and_ask(server.address, &stranger).await, refused);
    let party = config(&files.trust_anchors, Some(pair_of(&files)), &NEWEST);
    assert_eq!(dial_and_ask(server.address, &party).await, refused);
}

#[actix_web::test]
async fn a_server_that_was_put_together_wrongly_knows_nobody() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    let school = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    for (listener, refusal) in
        [(Listener::Unconfigured, "Unconfigured"), (Listener::Forgetful, "NoCertificate")]
    {
        let server = Server::listen(&switchboard, listener);
        let answer = school.get(server.url()).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.text().await.unwrap(), refusal);
    }
}

#[actix_web::test]
async fn without_revocation_works_when_said_in_words() {
    let town = Town::new();
    let mut files = town.issue("switchboard", SWITCHBOARD);
    files.revocation_lists.clear();
    files.without_revocation = true;
    let switchboard = Tls::load(&files).unwrap();
    assert_eq!(switchboard.revocation_lists_until(), None);
    let server = Server::start(&switchboard);
    let school = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    assert_eq!(school.get(server.url()).send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn a_plain_connection_has_no_identity() {
    let town = Town::new();
    let server = Server::listen(&town.party("switchboard", SWITCHBOARD), Listener::Plain);
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap(), (401, "NoCertificate".to_owned()));
    assert!(server.nodelay());
}

#[actix_web::test]
async fn answers_do_not_wait_for_more_to_send() {
    let town = Town::new();
    let server = Server::start(&town.party("switchboard", SWITCHBOARD));
    let school = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    school.get(server.url()).send().await.unwrap();
    assert!(server.nodelay());
}
