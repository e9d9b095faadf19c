//! Two operators approve a widening.

use kw_agreement::draft::{AgreementDraft, OperatorDraft, key_text};
use kw_agreement::{Agreement, Approval, ApprovalError, Approvals, operator_public_key};

use crate::youth;

const SEEDS: [(&str, [u8; 32]); 3] = [("jansen", [1; 32]), ("de-vries", [2; 32]), ("bakker", [3; 32])];

fn with_operators(count: usize, edit: impl FnOnce(&mut AgreementDraft)) -> Agreement {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.operators = SEEDS[..count]
        .iter()
        .map(|(name, seed)| OperatorDraft {
            name: (*name).to_owned(),
            key: key_text(&operator_public_key(seed).unwrap()),
        })
        .collect();
    edit(&mut draft);
    Agreement::parse(&draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn wider(draft: &mut AgreementDraft) {
    draft.subject_access.staff_names = true;
}

fn approvals(current: &Agreement, next: &Agreement, who: &[usize]) -> Approvals {
    let mut approvals = Approvals::default();
    for index in who {
        let (name, seed) = &SEEDS[*index];
        approvals.add(Approval::sign(current, next, name, seed).unwrap());
    }
    Approvals::parse(&approvals.to_text()).unwrap()
}

#[test]
fn a_widening_takes_two_operators_of_the_agreement_in_force() {
    let (current, next) = (with_operators(2, |_| ()), with_operators(2, wider));
    let missing = |who: &[usize]| current.admits(&next, &approvals(&current, &next, who)).missing;
    assert_eq!((missing(&[]), missing(&[0]), missing(&[0, 0]), missing(&[0, 1])), (2, 1, 1, 0));
    assert_eq!(missing(&[0, 2]), 1, "a stranger counted");
    let admission = current.admits(&next, &approvals(&current, &next, &[1, 0]));
    assert_eq!(admission.approved_by.iter().collect::<Vec<_>>(), ["de-vries", "jansen"]);
    assert!(admission.is_admitted() && admission.widenings().count() == 1);
}

#[test]
fn a_narrowing_needs_nobody() {
    let (current, next) = (with_operators(2, wider), with_operators(2, |_| ()));
    assert!(current.admits(&next, &Approvals::default()).is_admitted());
}

#[test]
fn operators_of_the_new_agreement_only_do_not_count() {
    let current = with_operators(2, |_| ());
    let next = with_operators(3, |draft| _ = draft.operators.remove(0));
    assert_eq!(current.admits(&next, &approvals(&current, &next, &[1, 2])).missing, 1);
    assert_eq!(current.admits(&next, &approvals(&current, &next, &[0, 1])).missing, 0);
}

#[test]
fn an_approval_is_for_one_step_only_and_cannot_be_changed() {
    let (current, next) = (with_operators(2, |_| ()), with_operators(2, wider));
    let good = approvals(&current, &next, &[0, 1]);
    let other = with_operators(2, |draft| {
        wider(draft);
        draft.chain.lease_term = "P60D".to_owned();
    });
    assert_eq!(current.admits(&other, &good).missing, 2);
    assert_eq!(other.admits(&next, &good).missing, 0, "no widening back");
    let renamed = good.to_text().replacen("operator jansen", "operator de-vries", 1);
    assert_eq!(current.admits(&next, &Approvals::parse(&renamed).unwrap()).missing, 1);
}

#[test]
fn without_operators_a_test_is_free() {
    let (current, next) = (with_operators(0, |_| ()), with_operators(0, wider));
    assert!(current.admits(&next, &Approvals::default()).is_admitted());
}

#[test]
fn what_is_no_file_of_approvals_is_refused() {
    let (current, next) = (with_operators(2, |_| ()), with_operators(2, wider));
    let text = approvals(&current, &next, &[0]).to_text();
    assert_eq!(Approvals::parse(""), Ok(Approvals::default()));
    for wrong in [
        text.replace("approval v1", "approval v2"),
        text.replace("current ", "now "),
        text.replace("signature ", "signature !"),
        text.replace("next ", "next 0"),
        format!("{text}hello\n"),
        " ".repeat(64 * 1024 + 1),
    ] {
        assert_eq!(Approvals::parse(&wrong), Err(ApprovalError::Shape), "{wrong}");
    }
}
