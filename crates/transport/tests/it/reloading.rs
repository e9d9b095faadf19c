//! A reload replaces everything or nothing.

use std::fs;

use kw_transport::{Tls, TlsError};

use crate::server::Server;
use crate::town::{DAY, SCHOOL, SWITCHBOARD, Town, hex, oin, patient};

#[actix_web::test]
async fn a_renewed_certificate_is_shown_by_server_and_client_after_the_reload() {
    let town = Town::new();
    let files = town.install(&town.issue("switchboard", SWITCHBOARD));
    let switchboard = Tls::load(&files).unwrap();
    let server = Server::start(&switchboard);
    let before = switchboard.certificate_sha256();
    assert_eq!(shown_by(&town, &server).await, before);

    town.install(&town.issue("switchboard-next", SWITCHBOARD));
    assert!(switchboard.reload().unwrap());
    let after = switchboard.certificate_sha256();
    assert_ne!(after, before);
    assert_eq!(shown_by(&town, &server).await, after);

    // As a client too, without a new client being made: the server is the party itself.
    let body = switchboard.client(oin(SWITCHBOARD), patient()).get(server.url()).send().await.unwrap();
    let sha256 = hex(after);
    assert!(body.text().await.unwrap().contains(&sha256));
}

/// The fingerprint of the certificate that a server shows to a new connection.
async fn shown_by(town: &Town, server: &Server) -> [u8; 32] {
    let client = crate::raw::config(&town.path("ca.pem"), None, &crate::raw::NEWEST);
    let stream = crate::raw::dial(server.address, &client).await.unwrap();
    let certificate = &stream.get_ref().1.peer_certificates().unwrap()[0];
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate).as_ref().try_into().unwrap()
}

#[actix_web::test]
async fn a_client_that_was_made_before_a_reload_shows_the_renewed_certificate_to_new_connections() {
    let town = Town::new();
    let files = town.install(&town.issue("school", SCHOOL));
    let school = Tls::load(&files).unwrap();
    let client = school.client(oin(SWITCHBOARD), patient());
    let switchboard = town.party("switchboard", SWITCHBOARD);
    town.install(&town.issue("school-next", SCHOOL));
    assert!(school.reload().unwrap());
    let server = Server::start(&switchboard);
    let body = client.get(server.url()).send().await.unwrap().text().await.unwrap();
    let sha256 = hex(school.certificate_sha256());
    assert!(body.contains(&sha256), "{body}");
}

#[actix_web::test]
async fn a_key_of_another_certificate_is_refused_at_reload_and_the_old_pair_stays() {
    let town = Town::new();
    let files = town.install(&town.issue("switchboard", SWITCHBOARD));
    let switchboard = Tls::load(&files).unwrap();
    let server = Server::start(&switchboard);
    let before = (switchboard.certificate_sha256(), switchboard.generation());

    fs::copy(town.issue("other", SCHOOL).key, &files.key).unwrap();
    // The revocation of a bystander comes with the same reload: neither half may take effect alone.
    assert!(matches!(switchboard.reload(), Err(TlsError::KeyMismatch { .. })));
    assert_eq!((switchboard.certificate_sha256(), switchboard.generation()), before);
    assert_eq!(shown_by(&town, &server).await, before.0);
}

#[test]
fn files_that_did_not_change_are_not_a_new_generation() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    assert!(!switchboard.reload().unwrap());
    assert_eq!(switchboard.generation(), 1);
    town.authority.refresh().unwrap();
    assert!(switchboard.reload().unwrap());
    assert_eq!(switchboard.generation(), 2);
}

#[test]
fn a_revocation_list_that_went_missing_or_was_spoilt_leaves_the_old_one_in_force() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    let lists = fs::read(town.path("crl.pem")).unwrap();
    for spoilt in [b"".as_slice(), b"not a list", &lists[..lists.len() - 60]] {
        fs::write(town.path("crl.pem"), spoilt).unwrap();
        assert!(matches!(switchboard.reload(), Err(TlsError::Malformed { .. })), "{}", spoilt.len());
    }
    fs::remove_file(town.path("crl.pem")).unwrap();
    assert!(matches!(switchboard.reload(), Err(TlsError::Unreadable { .. })));
    assert_eq!(switchboard.generation(), 1);
    assert!(switchboard.age() < DAY);
}
