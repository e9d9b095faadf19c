//! An agreement that uses every flag at once. No chain would sign it.

use kw_agreement::draft::{
    AgeBandDraft, AgreementDraft, DelegationDraft, MandateDraft, PolicyDraft, RepresentationDraft,
    SupplierDraft,
};

use crate::youth::{self, MUNICIPALITY};

pub(crate) const SUPPLIER: &str = "00000099000000031000";
const HOSTING: &str = "00000099000000032000";
const SCHOOL: &str = "00000099000000012000";
const HEALTH: &str = "00000099000000014000";

/// The youth chain with everything that a decision depends on.
pub(crate) fn draft() -> AgreementDraft {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.policy = None;
    draft.suppliers = [SUPPLIER, HOSTING]
        .map(|oin| SupplierDraft {
            oin: oin.to_owned(),
            name: "Leverancier".to_owned(),
            contact: "010-1".to_owned(),
        })
        .into();
    let frame = |supplier: &str, scopes: &[&str]| DelegationDraft {
        supplier: supplier.to_owned(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        max_term: "P1Y".to_owned(),
    };
    draft.partner_mut(MUNICIPALITY).unwrap().delegations =
        vec![frame(SUPPLIER, &["query", "register"]), frame(HOSTING, &["register"])];
    draft.partner_mut(SCHOOL).unwrap().delegations = vec![frame(HOSTING, &["answer", "query"])];
    draft.partner_mut(HEALTH).unwrap().suspended = true;

    let consent = |draft: &mut AgreementDraft, category: &str, regime: &str| {
        draft.categories.get_mut(category).unwrap().consent = Some(regime.to_owned());
    };
    for (category, regime) in [
        ("addiction-care", "opt-in"),
        ("municipal-support", "opt-out"),
        ("school-attendance", "statutory"),
        ("youth-care-plan", "opt-out"),
        ("youth-health", "opt-in"),
    ] {
        consent(&mut draft, category, regime);
    }
    let coordinate = draft.purposes.get_mut("coordinate-help").unwrap();
    coordinate.representation = true;
    coordinate.actor_must_be_proven = false;
    let enforce = draft.purposes.get_mut("enforce-attendance").unwrap();
    enforce.representation = false;
    enforce.actor_must_be_proven = true;

    draft.consent.registrars = vec![MUNICIPALITY.to_owned()];
    draft.representation = RepresentationDraft {
        kinds: [
            mandate("guardianship", &["feedback"], &["youth-health"]),
            mandate(
                "parental-authority",
                &["feedback", "object", "view"],
                &["school-attendance", "youth-health"],
            ),
            mandate("voluntary", &["view"], &["addiction-care", "municipal-support", "school-attendance"]),
        ]
        .into(),
        provider: None,
    };
    draft
}

pub(crate) fn text() -> String {
    draft().to_toml().unwrap()
}

/// The same with rules of its own.
pub(crate) fn text_with(rego: &str) -> String {
    let mut draft = draft();
    draft.policy = Some(PolicyDraft { rego: rego.to_owned() });
    draft.to_toml().unwrap()
}

fn mandate(kind: &str, acts: &[&str], categories: &[&str]) -> (String, MandateDraft) {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let band = AgeBandDraft { name: "all".to_owned(), from: 0, below: None, confirmed_by: Vec::new() };
    let mandate = MandateDraft {
        registrars: vec![MUNICIPALITY.to_owned()],
        categories: words(categories),
        acts: words(acts),
        max_term: "P1Y".to_owned(),
        ages: vec![band],
    };
    (kind.to_owned(), mandate)
}
