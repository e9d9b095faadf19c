//! Logs, witnesses, retention and oversight.

use std::collections::BTreeSet;

use kw_agreement::draft::{AgreementDraft, LedgerDraft, SubjectAccessDraft};
use kw_agreement::{Agreement, LogAccess, LogOwner, OfficeHours, RetentionClass, SubjectAccess, Term};
use kw_domain::{Category, Oin, Purpose};

use crate::youth::{self, MUNICIPALITY};

const CARE: &str = include_str!("../../../../examples/chains/care.toml");
const WORK: &str = include_str!("../../../../examples/chains/work-and-income.toml");

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

fn parsed(draft: &AgreementDraft) -> Agreement {
    Agreement::parse(&draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_party_has_a_log_under_a_name_and_a_key_of_its_own() {
    for text in [youth::TEXT, CARE, WORK] {
        let agreement = Agreement::parse(text).unwrap();
        let logs = agreement.logs();
        assert_eq!(logs.len(), agreement.partners().count() + 2);
        for log in &logs {
            assert_eq!(agreement.log(&log.origin).as_ref(), Some(log));
            assert_eq!(agreement.log_of(log.owner).as_ref(), Some(log));
            assert_eq!(agreement.log_owner(log.oin), Some(log.owner));
        }
        let keys: BTreeSet<_> = logs.iter().map(|log| log.key).collect();
        assert_eq!(keys.len(), logs.len());
        assert!(agreement.log("log.unheard-of.example").is_none());
        assert!(agreement.log_of(LogOwner::Partner(oin("00000099000000999000"))).is_none());
    }
}

#[test]
fn a_partners_log_is_named_after_chain_and_number_unless_it_says_otherwise() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    let of_municipality = LogOwner::Partner(oin(MUNICIPALITY));
    let log = parsed(&draft).log_of(of_municipality).unwrap();
    assert_eq!(log.origin, "youth-demostad/partner/00000099000000013000");
    assert_eq!(
        (log.oin, log.endpoint.as_str()),
        (oin(MUNICIPALITY), "https://ketenwijzer.demostad.example:8443")
    );
    draft.partner_mut(MUNICIPALITY).unwrap().log_origin = Some("log.demostad.example/2".to_owned());
    assert_eq!(parsed(&draft).log_of(of_municipality).unwrap().origin, "log.demostad.example/2");
}

#[test]
fn partners_witness_the_switchboard_and_the_switchboard_everybody_else() {
    let agreement = youth::agreement();
    let of_switchboard = agreement.witnesses_of(LogOwner::Switchboard);
    let partners: Vec<Oin> = agreement.partners().map(|partner| partner.oin).collect();
    assert_eq!(of_switchboard.iter().map(|witness| witness.oin).collect::<Vec<_>>(), partners);
    assert_eq!(of_switchboard[2].name, "youth-demostad/witness/00000099000000013000");
    assert_eq!(of_switchboard[2].endpoint, "https://ketenwijzer.demostad.example:8443");
    assert_eq!(agreement.quorum_for(LogOwner::Switchboard), 2);
    for owner in [LogOwner::Pseudonymiser, LogOwner::Partner(oin(MUNICIPALITY))] {
        let [witness] = &agreement.witnesses_of(owner)[..] else { panic!("{owner:?}") };
        assert_eq!(witness.oin, agreement.switchboard().oin);
        assert_eq!(Some(witness.key), agreement.switchboard().witness_key);
        assert_eq!(agreement.quorum_for(owner), 1);
    }
    let logs: BTreeSet<_> = agreement.logs().into_iter().map(|log| log.key).collect();
    assert!(of_switchboard.iter().all(|witness| !logs.contains(&witness.key)));
}

#[test]
fn who_has_no_witness_key_or_is_suspended_does_not_count_as_a_witness() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.switchboard.witness_key = None;
    draft.partners[0].witness_key = None;
    draft.partner_mut(MUNICIPALITY).unwrap().suspended = true;
    let agreement = parsed(&draft);
    let witnesses: Vec<_> = agreement.witnesses_of(LogOwner::Switchboard).iter().map(|w| w.oin).collect();
    let expected = ["00000099000000012000", "00000099000000014000", "00000099000000015000"].map(oin);
    assert_eq!(witnesses, expected);
    assert!(agreement.witness_of(oin(&draft.partners[0].oin)).is_none());
    assert!(agreement.witness_of(agreement.switchboard().oin).is_none());
    assert!(agreement.witness_of(agreement.pseudonymiser().oin).is_none());
    assert!(agreement.witnesses_of(LogOwner::Pseudonymiser).is_empty());
    assert_eq!(agreement.quorum_for(LogOwner::Pseudonymiser), 0);
}

#[test]
fn what_an_agreement_leaves_out_has_a_careful_default() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.ledger = LedgerDraft::default();
    draft.subject_access = SubjectAccessDraft::default();
    draft.auditors.clear();
    let agreement = parsed(&draft);
    assert_eq!(agreement.quorum_for(LogOwner::Switchboard), 0);
    assert_eq!(agreement.log_access(), LogAccess::Chain);
    assert_eq!(agreement.retention(RetentionClass::Access), Term::years(5));
    assert_eq!(agreement.retention(RetentionClass::Key), Term::years(20));
    assert_eq!(agreement.retention(RetentionClass::Agreement), Term::years(20));
    assert_eq!(agreement.office_hours(), OfficeHours::default());
    assert_eq!(agreement.subject_access(), &SubjectAccess::default());
    assert_eq!(agreement.auditors().count(), 0);
}

#[test]
fn the_care_chain_opens_its_logs_and_keeps_records_as_long_as_files() {
    let agreement = Agreement::parse(CARE).unwrap();
    assert_eq!(agreement.log_access(), LogAccess::Anyone);
    assert_eq!(agreement.retention(RetentionClass::Access), Term::years(20));
    assert_eq!(agreement.retention(RetentionClass::Key), Term::years(20));
    assert_eq!(agreement.office_hours().until.to_string(), "22:00:00");
    assert!(agreement.subject_access().staff_names);
    assert_eq!(agreement.subject_access().partners.len(), 2);
    let auditor = agreement.auditor(oin("00000099000000103000")).unwrap();
    assert_eq!(auditor.name, "Toezicht Zorg Demoregio");
    assert!(agreement.auditor(agreement.switchboard().oin).is_none());
    assert_eq!(agreement.witnesses_of(LogOwner::Switchboard).len(), 2);
}

#[test]
fn investigations_are_left_out_of_a_persons_report_and_nothing_else_is() {
    let agreement = Agreement::parse(WORK).unwrap();
    let withheld: Vec<&str> = agreement
        .purposes()
        .filter(|(_, rules)| rules.withheld_from_subject)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(withheld, ["recover-payments"]);
    assert!(agreement.categories().all(|(_, rules)| !rules.withheld_from_subject));
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.categories.get_mut("addiction-care").unwrap().withheld_from_subject = true;
    let category = Category::parse("addiction-care").unwrap();
    let youth = parsed(&draft);
    assert!(youth.category(&category).unwrap().withheld_from_subject);
    assert!(!youth.purpose(&Purpose::parse("coordinate-help").unwrap()).unwrap().withheld_from_subject);
}
