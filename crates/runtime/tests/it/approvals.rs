//! A service takes up another agreement without restart, and a wider one only with two approvals; a restart changes nothing
//! of that.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kw_agreement::draft::{AgreementDraft, OperatorDraft, key_text};
use kw_agreement::{Agreement, Approval, Approvals, operator_public_key};
use kw_domain::SystemClock;
use kw_runtime::SharedAgreement;
use kw_runtime::party::{AgreementFileError, HandIn, approvals_file};
use tempfile::TempDir;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
const OPERATORS: [(&str, [u8; 32]); 2] = [("de-vries", [2; 32]), ("jansen", [1; 32])];

/// The agreement with two operators, in which staff are named or not.
fn text(staff_names: bool) -> String {
    let mut draft = AgreementDraft::parse(YOUTH).unwrap();
    let operator = |(name, seed): &(&str, [u8; 32])| OperatorDraft {
        name: (*name).to_owned(),
        key: key_text(&operator_public_key(seed).unwrap()),
    };
    draft.operators = OPERATORS.iter().map(operator).collect();
    draft.subject_access.staff_names = staff_names;
    draft.to_toml().unwrap()
}

struct Place {
    folder: TempDir,
}

impl Place {
    fn with(text: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.folder.path().join("keys")).unwrap();
        place.put(text);
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("agreement.toml")
    }

    fn put(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    fn approve(&self, count: usize) {
        let (current, next) =
            (Agreement::parse(&text(false)).unwrap(), Agreement::parse(&text(true)).unwrap());
        let mut approvals = Approvals::default();
        for (name, seed) in &OPERATORS[..count] {
            approvals.add(Approval::sign(&current, &next, name, seed).unwrap());
        }
        fs::write(approvals_file(&self.file()), approvals.to_text()).unwrap();
    }

    fn start(&self) -> Result<SharedAgreement, AgreementFileError> {
        let keys = self.folder.path().join("keys");
        SharedAgreement::load_remembering(&self.file(), &keys, Arc::new(SystemClock))
    }
}

fn names_staff(agreement: &SharedAgreement) -> bool {
    agreement.current().subject_access().staff_names
}

#[test]
fn a_running_service_refuses_a_widening_until_two_operators_approved_it() {
    let place = Place::with(&text(false));
    let agreement = place.start().unwrap();
    place.put(&text(true));
    for count in [0, 1] {
        place.approve(count);
        assert!(!agreement.reload().unwrap());
        assert!(agreement.is_refused() && !names_staff(&agreement));
    }
    place.approve(2);
    assert!(agreement.reload().unwrap());
    assert!(!agreement.is_refused() && names_staff(&agreement));
    let hash = agreement.current().hash().to_owned();
    assert_eq!(agreement.approved_by(&hash), ["de-vries", "jansen"]);
    assert!(!agreement.reload().unwrap());
}

#[test]
fn approvals_that_cannot_be_read_are_not_written_over() {
    let place = Place::with(&text(false));
    let agreement = place.start().unwrap();
    place.put(&text(true));
    place.approve(1);
    let given = fs::read_to_string(approvals_file(&place.file())).unwrap();
    fs::write(approvals_file(&place.file()), "somebody's notes").unwrap();
    let one = || Approvals::parse(&given).unwrap();
    assert!(matches!(agreement.hand_in(one()), Err(AgreementFileError::Unreadable { .. })));
    assert_eq!(fs::read_to_string(approvals_file(&place.file())).unwrap(), "somebody's notes");
    fs::remove_file(approvals_file(&place.file())).unwrap();
    assert_eq!(agreement.hand_in(one()).unwrap(), HandIn::Taken);
    let seen = agreement.proposal().unwrap().unwrap().approvals;
    assert_eq!(seen.iter().map(|one| one.operator.as_str()).collect::<Vec<_>>(), ["de-vries"]);
}

#[test]
fn what_was_in_force_is_kept_with_who_approved_it() {
    let place = Place::with(&text(false));
    let agreement = place.start().unwrap();
    let first = agreement.current().hash().to_owned();
    place.put(&text(true));
    place.approve(2);
    assert!(agreement.reload().unwrap());
    let second = agreement.current().hash().to_owned();
    // Also after a restart.
    for agreement in [agreement, place.start().unwrap()] {
        let (old, new) =
            (agreement.version(&first).unwrap().unwrap(), agreement.version(&second).unwrap().unwrap());
        assert_eq!((old.text, old.approvals.len()), (text(false), 0));
        assert_eq!((new.text, new.approvals.len()), (text(true), 2));
        assert_eq!(agreement.version(&"0".repeat(64)).unwrap(), None);
    }
}

#[test]
fn a_narrowing_needs_nobody() {
    let place = Place::with(&text(true));
    let agreement = place.start().unwrap();
    place.put(&text(false));
    assert!(agreement.reload().unwrap());
    assert!(agreement.approved_by(agreement.current().hash()).is_empty());
}

#[test]
fn a_file_that_was_swapped_while_the_service_was_stopped_is_judged_the_same() {
    let place = Place::with(&text(false));
    drop(place.start().unwrap());
    place.put(&text(true));
    let agreement = place.start().unwrap();
    assert!(agreement.is_refused() && !names_staff(&agreement));
    drop(agreement);
    place.approve(2);
    let agreement = place.start().unwrap();
    assert!(names_staff(&agreement));
    // What approved it is known after another restart, too: the ledger may not have it yet.
    drop(agreement);
    let agreement = place.start().unwrap();
    assert_eq!(agreement.approved_by(agreement.current().hash()).len(), 2);
}

#[test]
fn putting_the_old_file_back_ends_the_refusal() {
    let place = Place::with(&text(false));
    let agreement = place.start().unwrap();
    place.put(&text(true));
    agreement.reload().unwrap();
    place.put(&text(false));
    assert!(!agreement.reload().unwrap());
    assert!(!agreement.is_refused());
}

#[test]
fn a_first_start_takes_what_there_is_and_a_spoiled_memory_stops_the_next() {
    let place = Place::with(&text(true));
    assert!(names_staff(&place.start().unwrap()));
    let memory = place.folder.path().join("keys/agreement-in-force.json");
    fs::write(&memory, "{}").unwrap();
    assert!(matches!(place.start(), Err(AgreementFileError::Memory { .. })));
    fs::write(&memory, r#"{"text":"format = 2","approvedBy":[]}"#).unwrap();
    assert!(matches!(place.start(), Err(AgreementFileError::Forgotten { .. })));
    fs::remove_file(&memory).unwrap();
    assert!(place.start().is_ok());
}
