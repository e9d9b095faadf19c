//! Mistakes about logs, witnesses, `[ledger]`, `[subject_access]` and `[[auditors]]`.

use kw_agreement::draft::{AgreementDraft, key_text};

use super::{assert_each_is_found_alone, errors, mistake};
use crate::youth;

const SWITCHBOARD_LOG: &str = "log_key = \"Y6_5srX3bANEN1ymshHa0XjdtDYzQ2RqSiqFg4t4Cdk\"";
const SWITCHBOARD_WITNESS: &str = "witness_key = \"pvf3cQwQg00_oXRTG-U3D2xbUZ4LBiKVzFbr8lPLU4s\"";
const PSEUDONYMISER_LOG: &str = "log_key = \"1kavEZyLF7HX6RUUqoBAxUV58UsoOnRWFCv4xbvg5hs\"";
const FIRST_LOG: &str = "log_key = \"mZWfQgr95VYAC6-YDxO4T3dhMkQhyhPi8W3DVDtZCmk\"";
const FIRST_WITNESS: &str = "witness_key = \"CLaGQf5mCfjs05j9am6wejcG-JWAdpHOIU9hET_wnkw\"";
const SECOND_WITNESS: &str = "witness_key = \"eWlYJCGnC9YCUbvGPYLi9Uua_btSPxcE11kuyPfjak8\"";

#[test]
fn about_the_keys_of_logs_and_witnesses() {
    let form = "32 bytes in unpadded base64url";
    assert_each_is_found_alone(vec![
        mistake(SWITCHBOARD_LOG, "", "switchboard.log_key", "missing").at("[switchboard]"),
        mistake(SWITCHBOARD_LOG, "log_key = \"abc\"", "switchboard.log_key", form),
        mistake(SWITCHBOARD_LOG, "log_key = 1", "switchboard.log_key", "found a whole number"),
        mistake(SWITCHBOARD_WITNESS, "witness_key = \"abc\"", "switchboard.witness_key", form),
        mistake(PSEUDONYMISER_LOG, "", "pseudonymiser.log_key", "missing").at("[pseudonymiser]"),
        mistake(
            PSEUDONYMISER_LOG,
            "log_key = \"1kavEZyLF7HX6RUUqoBAxUV58UsoOnRWFCv4xbvg5hs\"\nwitness_key = \"AAAA\"",
            "pseudonymiser.witness_key",
            "no such field",
        )
        .at("witness_key = \"AAAA\""),
        mistake(FIRST_WITNESS, "witness_key = \"abc\"", "partners[0].witness_key", form),
    ]);
    let text = super::change(youth::TEXT, &format!("{FIRST_LOG}\n"), "");
    let found = errors(&text);
    let [error] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(
        (error.path.as_str(), error.reason.as_str()),
        ("partners[0].log_key", "this field is missing")
    );
}

#[test]
fn no_log_and_no_witness_has_the_key_of_another() {
    let first = |field: &str| format!("this is the key of line {}", line_of(field));
    for (field, other, path) in [
        (PSEUDONYMISER_LOG, SWITCHBOARD_LOG, "pseudonymiser.log_key"),
        (FIRST_LOG, SWITCHBOARD_LOG, "partners[0].log_key"),
        (FIRST_LOG, PSEUDONYMISER_LOG, "partners[0].log_key"),
        (FIRST_WITNESS, SWITCHBOARD_LOG, "partners[0].witness_key"),
        (FIRST_WITNESS, FIRST_LOG, "partners[0].witness_key"),
        (FIRST_WITNESS, SWITCHBOARD_WITNESS, "partners[0].witness_key"),
        (SECOND_WITNESS, FIRST_WITNESS, "partners[1].witness_key"),
        (SECOND_WITNESS, FIRST_LOG, "partners[1].witness_key"),
    ] {
        let (name, key) = (value(field).0, value(other).1);
        let found = errors(&super::change(youth::TEXT, field, &format!("{name} = {key}")));
        let [error] = &found[..] else { panic!("{path}: {found:#?}") };
        assert_eq!((error.path.as_str(), error.line), (path, line_of(field)));
        assert!(error.reason.starts_with(&first(other)), "{error}");
    }
}

#[test]
fn no_two_logs_have_one_origin() {
    let taken = "switchboard.demoregio.example/youth-demostad";
    let with = |origins: [Option<&str>; 2]| {
        let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
        for (partner, origin) in draft.partners.iter_mut().zip(origins) {
            partner.log_origin = origin.map(str::to_owned);
        }
        let found = errors(&draft.to_toml().unwrap());
        assert!(
            found.iter().all(|error| error.reason.contains("two logs cannot have one origin")),
            "{found:?}"
        );
        found.into_iter().map(|error| error.path).collect::<Vec<_>>()
    };
    assert_eq!(with([Some(taken), None]), ["partners[0].log_origin"]);
    assert_eq!(with([Some("a"), Some("a")]), ["partners[1].log_origin"]);
    // The second partner's usual name, taken by the first.
    assert_eq!(with([Some("youth-demostad/partner/00000099000000012000"), None]), ["partners[1]"]);
    assert!(with([Some("a"), Some("b")]).is_empty());
}

#[test]
fn about_the_ledger() {
    let quorum = "witness_quorum = 2";
    let access = "access = \"P5Y\"";
    let from = "from = \"07:00\"";
    assert_each_is_found_alone(vec![
        mistake(quorum, "witness_quorum = 6", "ledger.witness_quorum", "5 partners have a witness_key"),
        mistake(quorum, "witness_quorum = -1", "ledger.witness_quorum", "out of bounds"),
        mistake(quorum, "witness_quorum = \"all\"", "ledger.witness_quorum", "found a text"),
        mistake(quorum, "witness_qorum = 2", "ledger.witness_qorum", "no such field"),
        mistake(
            "log_access = \"chain\"",
            "log_access = \"nobody\"",
            "ledger.log_access",
            "none of the possible",
        ),
        mistake(access, "access = \"five years\"", "ledger.retention.access", "expected a term in years"),
        mistake(access, "access = \"P364D\"", "ledger.retention.access", "out of bounds"),
        mistake(access, "access = \"P30Y1D\"", "ledger.retention.access", "out of bounds"),
        mistake("keys = \"P20Y\"", "keys = \"P31Y\"", "ledger.retention.keys", "out of bounds"),
        mistake(
            "agreement = \"P20Y\"",
            "agreement = 20",
            "ledger.retention.agreement",
            "found a whole number",
        ),
        mistake("agreement = \"P20Y\"", "grants = \"P20Y\"", "ledger.retention.grants", "no such field"),
        mistake(from, "from = \"7:00\"", "ledger.office_hours.from", "a time of day"),
        mistake(from, "from = 07:00:00", "ledger.office_hours.from", "found a date or time"),
        mistake(from, "from = \"19:00\"", "ledger.office_hours", "ends after it begins")
            .at("[ledger.office_hours]"),
        mistake("until = \"19:00\"", "", "ledger.office_hours.until", "missing").at("[ledger.office_hours]"),
    ]);
    // A working day may have any length.
    assert!(errors(&super::change(youth::TEXT, from, "from = \"00:00\"")).is_empty());
}

#[test]
fn a_quorum_counts_the_partners_that_can_witness() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.ledger.witness_quorum = Some(4);
    draft.partners[0].witness_key = None;
    assert!(errors(&draft.to_toml().unwrap()).is_empty());
    draft.partners[1].suspended = true;
    let found = errors(&draft.to_toml().unwrap());
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("3 partners"), "{found:?}");
}

#[test]
fn a_checkpoint_is_not_signed_by_more_witnesses_than_verifiers_read() {
    let with = |count: u8| {
        let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
        let model = draft.partners[0].clone();
        draft.partners.extend((5..count).map(|number| {
            let mut partner = model.clone();
            partner.oin = format!("00000099000000500{number:03}");
            partner.log_key = key_text(&[number; 32]);
            partner.witness_key = Some(key_text(&[number + 100; 32]));
            partner
        }));
        errors(&draft.to_toml().unwrap()).into_iter().map(|error| error.path).collect::<Vec<_>>()
    };
    assert!(with(64).is_empty());
    assert_eq!(with(66), ["partners[64].witness_key"]);
}

#[test]
fn about_oversight() {
    let partners = "partners = [\"00000099000000013000\"]";
    let auditor = "oin = \"00000099000000003000\"";
    assert_each_is_found_alone(vec![
        mistake(
            partners,
            "partners = [\"00000099000000003000\"]",
            "subject_access.partners[0]",
            "no such partner",
        ),
        mistake(
            partners,
            "partners = [\"00000099000000013000\", \"00000099000000013000\"]",
            "subject_access.partners[1]",
            "stands here twice",
        ),
        mistake(partners, "partners = \"all\"", "subject_access.partners", "expected a list"),
        mistake(
            "staff_names = false",
            "staff_names = 0",
            "subject_access.staff_names",
            "expected true or false",
        ),
        mistake(
            "staff_names = false",
            "purpose = \"coordinate-helps\"\nstaff_names = false",
            "subject_access.purpose",
            "no such purpose",
        ),
        mistake("staff_names = false", "staff = false", "subject_access.staff", "no such field"),
        mistake(
            auditor,
            "oin = \"00000099000000001000\"",
            "auditors[0].oin",
            "this is the operator of the switchboard",
        ),
        mistake(
            auditor,
            "oin = \"00000099000000002000\"",
            "auditors[0].oin",
            "this is the operator of the pseudonymiser",
        ),
        mistake(auditor, "oin = \"00000099000000013000\"", "auditors[0].oin", "this is a partner"),
        mistake(auditor, "oin = \"3\"", "auditors[0].oin", "exactly 20 positions"),
        mistake(
            "oin = \"00000099000000004000\"",
            auditor,
            "auditors[1].oin",
            "has an auditor with this OIN already",
        ),
        mistake("name = \"Auditdienst Demoregio\"", "name = \"\"", "auditors[0].name", "one line"),
        mistake("contact = \"fg@demostad.example\"", "", "auditors[1].contact", "missing").at("[[auditors]]"),
        mistake(
            "contact = \"fg@demostad.example\"",
            "contact = \"fg@demostad.example\"\nrank = \"fg\"",
            "auditors[1].rank",
            "no such field",
        )
        .at("rank = \"fg\""),
    ]);
}

#[test]
fn what_is_kept_from_a_person_is_a_yes_or_no() {
    assert_each_is_found_alone(vec![
        mistake(
            "[categories.youth-health]\n",
            "[categories.youth-health]\nwithheld_from_subject = \"no\"\n",
            "categories.youth-health.withheld_from_subject",
            "expected true or false",
        )
        .at("withheld_from_subject"),
        mistake(
            "[purposes.coordinate-help]\n",
            "[purposes.coordinate-help]\nwithheld_from_subject = 1\n",
            "purposes.coordinate-help.withheld_from_subject",
            "expected true or false",
        )
        .at("withheld_from_subject"),
    ]);
}

/// `name = "value"` as the name and the value with its quotes.
fn value(field: &str) -> (&str, &str) {
    field.split_once(" = ").unwrap()
}

fn line_of(field: &str) -> usize {
    let offset = youth::TEXT.find(field).unwrap();
    youth::TEXT[..offset].matches('\n').count() + 1
}
