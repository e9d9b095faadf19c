//! What a process refuses to start with.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use kw_domain::{Clock, ManualClock, SystemClock};
use kw_transport::{IdentityError, Tls, TlsError, TlsFiles};
use time::OffsetDateTime;

use crate::forge::Forge;
use crate::town::{DAY, SCHOOL, SWITCHBOARD, Town, oin};

fn refusal(files: &TlsFiles) -> TlsError {
    Tls::load(files).unwrap_err()
}

#[test]
fn sound_files_give_the_party_and_its_dates() {
    let town = Town::new();
    let tls = Tls::load(&town.issue_for("school", SCHOOL, 10 * DAY)).unwrap();
    assert_eq!(tls.oin(), oin(SCHOOL));
    let now = SystemClock.now();
    assert!(tls.not_after() > now.plus(9 * DAY) && tls.not_after() < now.plus(11 * DAY));
    assert!(tls.revocation_lists_until().unwrap() > now.plus(29 * DAY));
    tls.check_own_certificate().unwrap();
}

#[test]
fn no_revocation_lists_is_no_start() {
    let mut files = Town::new().issue("school", SCHOOL);
    files.revocation_lists.clear();
    // The town is gone with its files: the folder must be there for the right reason to show.
    let town = Town::new();
    let mut files_here = town.issue("school", SCHOOL);
    files_here.revocation_lists.clear();
    assert!(matches!(refusal(&files_here), TlsError::NoRevocationLists));
    assert!(matches!(refusal(&files), TlsError::Unreadable { .. }));
}

#[test]
fn revocation_lists_and_the_order_not_to_use_them_contradict() {
    let town = Town::new();
    let mut files = town.issue("school", SCHOOL);
    files.without_revocation = true;
    assert!(matches!(refusal(&files), TlsError::RevocationContradiction));
}

#[test]
fn a_missing_revocation_list_is_no_start() {
    let town = Town::new();
    let files = town.issue("school", SCHOOL);
    fs::remove_file(town.path("crl.pem")).unwrap();
    assert!(matches!(refusal(&files), TlsError::Unreadable { .. }));
}

#[test]
fn an_expired_revocation_list_is_no_start() {
    let town = Town::new();
    let files = town.issue("school", SCHOOL);
    let clock = Arc::new(ManualClock::new(SystemClock.now().plus(31 * DAY)));
    assert!(matches!(Tls::load_with_clock(&files, clock), Err(TlsError::RevocationListExpired { .. })));
}

#[test]
fn one_expired_list_among_good_ones_is_no_start() {
    let (town, forge) = (Town::new(), Forge::new());
    let mut files = town.issue("school", SCHOOL);
    let yesterday = OffsetDateTime::now_utc() - time::Duration::days(1);
    fs::write(town.path("old.pem"), forge.list(yesterday).pem().unwrap()).unwrap();
    files.revocation_lists.push(town.path("old.pem"));
    assert!(
        matches!(refusal(&files), TlsError::RevocationListExpired { path, .. } if path == town.path("old.pem"))
    );
}

#[test]
fn revocation_lists_are_read_as_der_too() {
    let forge = Forge::new();
    let mut files = forge.files("own", &Forge::good(Some(SCHOOL)));
    let soon = OffsetDateTime::now_utc() + time::Duration::days(1);
    fs::write(forge.path("list.crl"), forge.list(soon).der()).unwrap();
    files.revocation_lists = vec![forge.path("list.crl")];
    Tls::load(&files).unwrap().check_own_certificate().unwrap();
}

#[test]
fn a_file_that_holds_no_revocation_list_is_no_start() {
    let town = Town::new();
    let mut files = town.issue("school", SCHOOL);
    for wrong in [b"".as_slice(), b"# lists", &fs::read(town.path("ca.pem")).unwrap()] {
        fs::write(town.path("wrong.pem"), wrong).unwrap();
        files.revocation_lists = vec![town.path("wrong.pem")];
        assert!(matches!(refusal(&files), TlsError::Malformed { .. }));
    }
}

#[test]
fn a_key_of_another_certificate_is_no_start() {
    let town = Town::new();
    let mut files = town.issue("school", SCHOOL);
    files.key = town.issue("switchboard", SWITCHBOARD).key;
    assert!(matches!(refusal(&files), TlsError::KeyMismatch { .. }));
}

#[test]
fn a_key_that_everybody_can_read_is_no_start() {
    let town = Town::new();
    let files = town.issue("school", SCHOOL);
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(refusal(&files), TlsError::KeyOpenToAll { .. }));
}

#[test]
fn an_own_certificate_without_an_oin_is_no_start() {
    let forge = Forge::new();
    let files = forge.files("own", &Forge::good(None));
    assert!(matches!(refusal(&files), TlsError::Identity { source: IdentityError::NoOin, .. }));
}

#[test]
fn files_that_hold_something_else_are_no_start_and_are_not_shown() {
    let town = Town::new();
    let good = town.issue("school", SCHOOL);
    fs::write(town.path("wrong"), "-----BEGIN SECRET-----\nhush\n").unwrap();
    fs::set_permissions(town.path("wrong"), fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = town.path("wrong");
    for files in [
        TlsFiles { certificate: wrong.clone(), ..good.clone() },
        TlsFiles { key: wrong.clone(), ..good.clone() },
        TlsFiles { trust_anchors: wrong.clone(), ..good.clone() },
        TlsFiles { revocation_lists: vec![wrong.clone()], ..good },
    ] {
        let refusal = refusal(&files);
        assert!(matches!(&refusal, TlsError::Malformed { path, .. } if *path == wrong), "{refusal}");
        assert!(!format!("{refusal} {refusal:?}").contains("hush"));
    }
}

#[test]
fn an_own_certificate_that_others_will_refuse_is_found_by_the_check() {
    let town = Town::new();
    let files = town.issue("school", SCHOOL);
    let school = Tls::load(&files).unwrap();
    town.authority.revoke("school").unwrap();
    school.reload().unwrap();
    school.check_own_certificate().unwrap_err();
}
