//! Drafts: writing an agreement.

use kw_agreement::draft::{AgreementDraft, BudgetDraft, DraftError, KeyDraft};
use kw_agreement::{
    Agreement, Decision, DecisionInput, DenialReason, DocumentSchema, LogOwner, RetentionClass,
};
use kw_domain::{Category, Epoch, Instant, KeyUse, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

use crate::youth::{self, MUNICIPALITY};

#[test]
fn every_example_survives_being_written_again() {
    for text in [
        youth::TEXT,
        include_str!("../../../../examples/chains/care.toml"),
        include_str!("../../../../examples/chains/work-and-income.toml"),
    ] {
        let draft = AgreementDraft::parse(text).unwrap();
        let written = draft.to_toml().unwrap();
        assert_eq!(AgreementDraft::parse(&written).as_ref(), Ok(&draft));
        let (before, after) = (Agreement::parse(text).unwrap(), Agreement::parse(&written).unwrap());
        assert!(before.partners().eq(after.partners()));
        assert!(before.purposes().eq(after.purposes()));
        assert!(before.roles().eq(after.roles()));
        for ((name, rules), (other_name, others)) in before.categories().zip(after.categories()) {
            assert_eq!(name, other_name);
            assert_eq!(
                rules.schema.as_ref().map(DocumentSchema::as_json),
                others.schema.as_ref().map(DocumentSchema::as_json)
            );
        }
        assert_eq!(before.logs(), after.logs());
        assert!(before.auditors().eq(after.auditors()));
        assert_eq!(before.subject_access(), after.subject_access());
        assert_eq!(before.office_hours(), after.office_hours());
        assert_eq!(before.log_access(), after.log_access());
        assert_eq!(before.quorum_for(LogOwner::Switchboard), after.quorum_for(LogOwner::Switchboard));
        for class in RetentionClass::ALL {
            assert_eq!(before.retention(class), after.retention(class));
        }
        assert_ne!(before.hash(), after.hash());
    }
}

#[test]
fn what_a_tool_generated_is_what_the_agreement_says() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.switchboard.endpoint = "https://127.0.0.1:40001".to_owned();
    draft.pseudonymiser.keys = vec![
        KeyDraft::new(KeyUse::Index, Epoch(2), &[7; 32]),
        KeyDraft::new(KeyUse::Index, Epoch(3), &[8; 32]),
        KeyDraft::new(KeyUse::Binding, Epoch(1), &[9; 32]),
    ];
    let municipality = draft.partner_mut(MUNICIPALITY).unwrap();
    municipality.endpoint = "https://[::1]:40002".to_owned();
    municipality.budgets.refresh = Some(BudgetDraft { burst: 1, hour: 2, day: 3 });

    let agreement = Agreement::parse(&draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(agreement.switchboard().endpoint, "https://127.0.0.1:40001");
    let index = agreement.pseudonymiser_keys(KeyUse::Index);
    assert_eq!(index.iter().map(|(epoch, key)| (epoch.0, key[0])).collect::<Vec<_>>(), [(2, 7), (3, 8)]);
    let municipality = agreement.partner(Oin::parse(MUNICIPALITY).unwrap()).unwrap();
    assert_eq!(municipality.endpoint, "https://[::1]:40002");
}

#[test]
fn a_suspended_partner_neither_asks_nor_registers() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.partner_mut(MUNICIPALITY).unwrap().suspended = true;
    let agreement = Agreement::parse(&draft.to_toml().unwrap()).unwrap();
    let municipality = Oin::parse(MUNICIPALITY).unwrap();
    assert!(!agreement.may_register(municipality, &Category::parse("municipal-support").unwrap()));
    let decision = agreement.decide(&DecisionInput {
        requester: municipality,
        supplier: None,
        purpose: &Purpose::parse("coordinate-help").unwrap(),
        role: &Role::parse("municipal-consultant").unwrap(),
        categories: &[],
        relation: RelationBasis::Listed,
        assurance: Assurance::Proven,
        representation: None,
        at: Instant::from_millis(0),
    });
    assert_eq!(decision, Decision::Denied(DenialReason::RequesterSuspended));
}

#[test]
fn a_text_of_another_shape_is_no_draft() {
    assert_eq!(AgreementDraft::parse("format = 1"), Err(DraftError::Shape));
    assert_eq!(AgreementDraft::parse(&format!("colour = \"red\"\n{}", youth::TEXT)), Err(DraftError::Shape));
}
