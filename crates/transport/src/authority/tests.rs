use std::os::unix::fs::PermissionsExt;
use std::thread;

use kw_domain::ManualClock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use tempfile::TempDir;
use x509_parser::extensions::GeneralName;
use x509_parser::{parse_x509_certificate, parse_x509_crl};

use super::*;

const OIN: &str = "00000099000000001000";

fn authority() -> (TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::init(folder.path(), &chain()).unwrap();
    (folder, authority)
}

fn chain() -> ChainName {
    "youth".parse().unwrap()
}

fn request(name: &str) -> IssueRequest {
    IssueRequest {
        name: name.to_owned(),
        oin: OIN.parse().unwrap(),
        hosts: vec!["school.example".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()],
        validity: Duration::from_hours(24),
    }
}

/// The serial numbers on the issuing authority's list, which is the second one.
fn revoked(folder: &TempDir) -> Vec<Vec<u8>> {
    let lists: Vec<_> = CertificateRevocationListDer::pem_file_iter(folder.path().join(LISTS))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(lists.len(), 2);
    let (_, list) = parse_x509_crl(&lists[1]).unwrap();
    list.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect()
}

fn serial_of(files: &IssuedFiles) -> Vec<u8> {
    let der = CertificateDer::from_pem_file(&files.certificate).unwrap();
    parse_x509_certificate(&der).unwrap().1.raw_serial().to_vec()
}

#[test]
fn a_party_s_certificate_has_the_shape_of_pkioverheid_s() {
    let (_folder, authority) = authority();
    let files = authority.issue(&request("school")).unwrap();
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(&files.certificate).unwrap().map(Result::unwrap).collect();
    assert_eq!(chain.len(), 2, "the issuing authority comes with it");
    let (_, own) = parse_x509_certificate(&chain[0]).unwrap();
    assert_eq!(own.subject().to_string(), format!("C=NL, O=school, CN=school.example, serialNumber={OIN}"));
    let (_, issuing) = parse_x509_certificate(&chain[1]).unwrap();
    assert_eq!(own.issuer().as_raw(), issuing.subject().as_raw());
    assert!(!own.is_ca() && issuing.is_ca());
    let purpose = own.extended_key_usage().unwrap().unwrap().value;
    assert!(purpose.client_auth && purpose.server_auth && !purpose.any);
    let names = &own.subject_alternative_name().unwrap().unwrap().value.general_names;
    let loopback_6 = std::net::Ipv6Addr::LOCALHOST.octets();
    let expected = [
        GeneralName::DNSName("school.example"),
        GeneralName::IPAddress(&[127, 0, 0, 1]),
        GeneralName::IPAddress(&loopback_6),
    ];
    assert_eq!(names[..], expected);
    assert_eq!(own.raw_serial().len(), 16);
}

#[test]
fn private_keys_are_for_their_owner_only() {
    let (folder, authority) = authority();
    authority.issue(&request("school")).unwrap();
    for key in [ROOT_KEY, ISSUING_KEY, "school.key"] {
        let mode = fs::metadata(folder.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let (folder, authority) = authority();
    assert!(matches!(Authority::init(folder.path(), &chain()), Err(AuthorityError::Exists { .. })));
    let files = authority.issue(&request("school")).unwrap();
    let before = fs::read(&files.key).unwrap();
    assert!(matches!(authority.issue(&request("school")), Err(AuthorityError::Exists { .. })));
    fs::remove_file(&files.certificate).unwrap();
    assert!(matches!(authority.issue(&request("school")), Err(AuthorityError::Exists { .. })));
    assert_eq!(fs::read(&files.key).unwrap(), before);
}

#[test]
fn issuing_and_revoking_work_across_runs() {
    let (folder, authority) = authority();
    let school = authority.issue(&request("school")).unwrap();
    drop(authority);
    let authority = Authority::open(folder.path()).unwrap();
    let clinic = authority.issue(&request("clinic")).unwrap();
    assert_eq!(authority.revoke("school").unwrap(), 1);
    drop(authority);
    let authority = Authority::open(folder.path()).unwrap();
    assert_eq!(revoked(&folder), [serial_of(&school)]);
    assert_eq!(authority.revoke("clinic").unwrap(), 1);
    assert_eq!(revoked(&folder), [serial_of(&school), serial_of(&clinic)]);
    assert_eq!(authority.revoke("clinic").unwrap(), 0, "revoked before");
}

#[test]
fn a_name_that_was_issued_again_is_revoked_in_all_its_certificates() {
    let (folder, authority) = authority();
    let files = authority.issue(&request("school")).unwrap();
    let first = serial_of(&files);
    fs::remove_file(&files.certificate).unwrap();
    fs::remove_file(&files.key).unwrap();
    let second = serial_of(&authority.issue(&request("school")).unwrap());
    assert_eq!(authority.revoke("school").unwrap(), 2);
    assert_eq!(revoked(&folder), [first, second]);
}

#[test]
fn an_unknown_name_cannot_be_revoked_and_changes_nothing() {
    let (folder, authority) = authority();
    let before = fs::read(folder.path().join(LISTS)).unwrap();
    assert!(matches!(authority.revoke("nobody"), Err(AuthorityError::NotIssued)));
    assert_eq!(fs::read(folder.path().join(LISTS)).unwrap(), before);
}

#[test]
fn a_name_that_would_leave_the_folder_or_hit_the_authority_s_own_files_is_refused() {
    let (_folder, authority) = authority();
    for name in ["", "../school", "a/b", ".hidden", "School", "ca", "crl", "index", "issuing", "-x", "x.y"] {
        assert!(matches!(authority.issue(&request(name)), Err(AuthorityError::Name)), "{name:?}");
    }
}

#[test]
fn a_request_for_no_host_no_time_or_too_much_time_is_refused_and_leaves_nothing() {
    let (folder, authority) = authority();
    let ask = |change: &dyn Fn(&mut IssueRequest)| {
        let mut request = request("school");
        change(&mut request);
        authority.issue(&request).unwrap_err()
    };
    assert!(matches!(ask(&|it| it.hosts.clear()), AuthorityError::NoHosts));
    assert!(matches!(ask(&|it| it.hosts.push("not a host é".to_owned())), AuthorityError::Host));
    assert!(matches!(ask(&|it| it.validity = Duration::ZERO), AuthorityError::Validity));
    assert!(matches!(ask(&|it| it.validity = Duration::MAX), AuthorityError::Validity));
    assert!(!folder.path().join("school.key").exists());
    assert!(matches!(authority.revoke("school"), Err(AuthorityError::NotIssued)));
}

#[test]
fn parties_that_are_issued_at_the_same_time_are_all_in_the_index() {
    let (folder, authority) = authority();
    thread::scope(|scope| {
        for number in 0..8 {
            let authority = &authority;
            scope.spawn(move || authority.issue(&request(&format!("p{number}"))).unwrap());
        }
    });
    let index = Index::read(&folder.path().join(INDEX)).unwrap();
    assert_eq!(index.issued.len(), 8);
    assert_eq!(index.list_number, 9, "one publication at the start and one for each");
}

#[test]
fn refreshed_lists_are_good_for_another_while() {
    let folder = tempfile::tempdir().unwrap();
    let start = SystemClock.now();
    let clock = Arc::new(ManualClock::new(start));
    let authority = Authority::init_with_clock(folder.path(), &chain(), clock.clone()).unwrap();
    let end = || {
        let der = CertificateRevocationListDer::from_pem_file(folder.path().join(LISTS)).unwrap();
        parse_x509_crl(&der).unwrap().1.next_update().unwrap().timestamp()
    };
    assert_eq!(end(), start.plus(LISTS_VALID_FOR).as_seconds());
    clock.advance(LISTS_VALID_FOR);
    authority.refresh().unwrap();
    assert_eq!(end(), start.plus(2 * LISTS_VALID_FOR).as_seconds());
}

#[test]
fn a_damaged_index_is_named_and_not_guessed_at() {
    let (folder, _authority) = authority();
    fs::write(folder.path().join(INDEX), "{}").unwrap();
    assert!(matches!(Authority::open(folder.path()), Err(AuthorityError::Damaged { .. })));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Authority::open(empty.path()), Err(AuthorityError::Unreadable { .. })));
}
