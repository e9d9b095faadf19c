//! A connection is only as good as its certificate is now.

use std::sync::Arc;

use kw_domain::{Clock, ManualClock, SystemClock};
use kw_transport::Tls;
use rustls::HandshakeKind;

use crate::raw::{NEWEST, OLDEST, ask, config, dial, dial_and_ask, pair_of};
use crate::server::Server;
use crate::town::{DAY, SCHOOL, SWITCHBOARD, Town, oin, patient};

#[actix_web::test]
async fn a_revocation_ends_kept_alive_http_1_connections_with_the_reload() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    let server = Server::start(&switchboard);
    let files = town.issue("school", SCHOOL);
    let client = config(&files.trust_anchors, Some(pair_of(&files)), &NEWEST);
    let mut kept = dial(server.address, &client).await.unwrap();
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);

    town.authority.revoke("school").unwrap();
    assert_eq!(ask(&mut kept).await.unwrap().0, 200, "nothing is reloaded yet");
    assert!(switchboard.reload().unwrap());
    for _ in 0..2 {
        assert_eq!(ask(&mut kept).await.unwrap(), (401, "Revoked".to_owned()));
    }
    let refusal = dial_and_ask(server.address, &client).await.unwrap_err();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
}

#[actix_web::test]
async fn a_revocation_ends_kept_alive_http_2_connections_with_the_reload() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    let server = Server::start(&switchboard);
    let school = town.party("school", SCHOOL).client(oin(SWITCHBOARD), patient());
    assert_eq!(school.get(server.url()).send().await.unwrap().status(), 200);

    town.authority.revoke("school").unwrap();
    assert!(switchboard.reload().unwrap());
    // An answer shows that the connection was the old one: a new one would not get as far as a status.
    let answer = school.get(server.url()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.text().await.unwrap(), "Revoked");
}

#[actix_web::test]
async fn a_reload_that_does_not_concern_a_party_leaves_its_connection() {
    let town = Town::new();
    let switchboard = town.party("switchboard", SWITCHBOARD);
    let server = Server::start(&switchboard);
    let files = town.issue("school", SCHOOL);
    town.issue("clinic", "00000099000000003000");
    let client = config(&files.trust_anchors, Some(pair_of(&files)), &NEWEST);
    let mut kept = dial(server.address, &client).await.unwrap();
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
    town.authority.revoke("clinic").unwrap();
    assert!(switchboard.reload().unwrap());
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
}

#[actix_web::test]
async fn a_certificate_that_expires_ends_its_kept_alive_connection_without_a_reload() {
    let town = Town::new();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let files = town.issue("switchboard", SWITCHBOARD);
    let server = Server::start(&Tls::load_with_clock(&files, clock.clone()).unwrap());
    let school = town.issue_for("school", SCHOOL, 2 * DAY);
    let client = config(&school.trust_anchors, Some(pair_of(&school)), &NEWEST);
    let mut kept = dial(server.address, &client).await.unwrap();
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
    clock.advance(DAY);
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
    clock.advance(DAY + DAY / 24);
    assert_eq!(ask(&mut kept).await.unwrap(), (401, "Expired".to_owned()));
}

#[actix_web::test]
async fn a_revocation_list_that_expires_ends_kept_alive_connections_until_a_new_one_is_loaded() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let town = Town::at(clock.clone());
    let files = town.issue("switchboard", SWITCHBOARD);
    let switchboard = Tls::load_with_clock(&files, clock.clone()).unwrap();
    let server = Server::start(&switchboard);
    let school = town.issue("school", SCHOOL);
    let client = config(&school.trust_anchors, Some(pair_of(&school)), &NEWEST);
    let mut kept = dial(server.address, &client).await.unwrap();
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
    clock.advance(31 * DAY);
    assert_eq!(ask(&mut kept).await.unwrap(), (401, "RevocationUnknown".to_owned()));
    dial_and_ask(server.address, &client).await.unwrap_err();
    town.authority.refresh().unwrap();
    assert!(switchboard.reload().unwrap());
    assert_eq!(ask(&mut kept).await.unwrap().0, 200);
    assert_eq!(dial_and_ask(server.address, &client).await.unwrap().0, 200);
}

#[actix_web::test]
async fn no_session_is_resumed_so_that_none_walks_past_a_revocation() {
    for versions in [&NEWEST, &OLDEST] {
        let town = Town::new();
        let switchboard = town.party("switchboard", SWITCHBOARD);
        let server = Server::start(&switchboard);
        let files = town.issue("school", SCHOOL);
        // This client keeps every ticket and session that it is given: resumption is rustls's default.
        let client = config(&files.trust_anchors, Some(pair_of(&files)), versions);
        for _ in 0..3 {
            let mut stream = dial(server.address, &client).await.unwrap();
            assert_eq!(ask(&mut stream).await.unwrap().0, 200);
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
        town.authority.revoke("school").unwrap();
        assert!(switchboard.reload().unwrap());
        let refusal = dial_and_ask(server.address, &client).await.unwrap_err();
        assert!(refusal.contains("CertificateRevoked"), "{refusal}");
    }
}

#[test]
fn servers_hand_out_no_tickets_and_keep_no_sessions() {
    let tls = Town::new().party("switchboard", SWITCHBOARD);
    for config in [tls.server_config(), tls.public_server_config()] {
        assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
        assert!(!config.ticketer.enabled() && !config.session_storage.can_cache());
        assert!(config.require_ems);
    }
}
