//! Rules that hold for every agreement.

use std::collections::BTreeSet;

use kw_agreement::draft::{AgreementDraft, BudgetDraft};
use kw_agreement::{Agreement, Decision, DecisionInput, DenialReason};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::query::{Assurance, RelationBasis};
use sha2::Digest as _;

use crate::youth::{self, MUNICIPALITY};

#[test]
fn the_hash_is_sha_256_of_the_text() {
    let by_another_library = format!("{:x}", sha2::Sha256::digest(youth::TEXT));
    assert_eq!(youth::agreement().hash(), by_another_library);
    let longer = format!("{}\n", youth::TEXT);
    assert_ne!(Agreement::parse(&longer).unwrap().hash(), by_another_library);
}

/// The reason for which the youth chain, with actors proven for attendance, denies this.
fn denial(
    requester: &str,
    purpose: &str,
    role: &str,
    category: &str,
    relation: RelationBasis,
) -> Option<DenialReason> {
    let text = youth::TEXT
        .replace("birth_date_required = true\n\n[purposes", "actor_must_be_proven = true\n\n[purposes");
    let decision = Agreement::parse(&text).unwrap().decide(&DecisionInput {
        requester: Oin::parse(requester).unwrap(),
        supplier: None,
        purpose: &Purpose::parse(purpose).unwrap(),
        role: &Role::parse(role).unwrap(),
        categories: &[Category::parse(category).unwrap()],
        relation,
        assurance: Assurance::Asserted,
        representation: None,
        at: Instant::from_millis(0),
    });
    match decision {
        Decision::Allowed(_) => None,
        Decision::Denied(reason) => Some(reason),
    }
}

#[test]
fn every_denial_names_the_first_thing_that_is_wrong() {
    use RelationBasis::{Emergency, Listed};
    let stranger = "00000099000000999000";
    let school = "00000099000000012000";
    for (requester, purpose, role, category, relation, reason) in [
        (stranger, "x", "x", "x", Emergency, Some(DenialReason::RequesterUnknown)),
        (MUNICIPALITY, "x", "x", "x", Emergency, Some(DenialReason::UnknownPurpose)),
        (MUNICIPALITY, "enforce-attendance", "x", "x", Emergency, Some(DenialReason::RoleNotAllowed)),
        (school, "enforce-attendance", "attendance-officer", "x", Listed, Some(DenialReason::RoleNotAllowed)),
        (
            MUNICIPALITY,
            "enforce-attendance",
            "attendance-officer",
            "youth-health",
            Emergency,
            Some(DenialReason::CategoryOutsidePurpose),
        ),
        (
            MUNICIPALITY,
            "enforce-attendance",
            "attendance-officer",
            "school-attendance",
            Emergency,
            Some(DenialReason::RelationBasisNotAllowed),
        ),
        (
            MUNICIPALITY,
            "enforce-attendance",
            "attendance-officer",
            "school-attendance",
            Listed,
            Some(DenialReason::ActorMustBeProven),
        ),
        (MUNICIPALITY, "coordinate-help", "municipal-consultant", "youth-health", Emergency, None),
    ] {
        assert_eq!(
            denial(requester, purpose, role, category, relation),
            reason,
            "{purpose} {role} {category}"
        );
    }
}

#[test]
fn every_denial_reason_has_a_word_of_its_own() {
    let words: BTreeSet<&str> = DenialReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words.len(), DenialReason::ALL.len());
}

#[test]
fn services_share_one_agreement_between_threads() {
    fn shareable<T: Send + Sync + 'static>(_: &T) {}
    shareable(&youth::agreement());
}

#[test]
fn a_purpose_or_category_that_is_unknown_demands_the_birth_date() {
    let agreement = youth::agreement();
    let purpose = Purpose::parse("coordinate-help").unwrap();
    let category = Category::parse("youth-health").unwrap();
    let demanded = |purpose: &Purpose, category: &Category| agreement.birth_date_required(purpose, category);
    assert!(!demanded(&purpose, &category));
    assert!(demanded(&Purpose::parse("unheard-of").unwrap(), &category));
    assert!(demanded(&purpose, &Category::parse("unheard-of").unwrap()));
    assert!(demanded(&purpose, &Category::parse("addiction-care").unwrap()));
    assert!(demanded(&Purpose::parse("enforce-attendance").unwrap(), &category));
}

#[test]
fn a_partners_own_budget_beats_the_chains_and_the_chains_beats_the_default() {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.budgets.query = Some(BudgetDraft { burst: 1, hour: 2, day: 3 });
    draft.budgets.register = Some(BudgetDraft { burst: 4, hour: 5, day: 6 });
    draft.partner_mut(MUNICIPALITY).unwrap().budgets.register =
        Some(BudgetDraft { burst: 7, hour: 8, day: 9 });
    let agreement = Agreement::parse(&draft.to_toml().unwrap()).unwrap();
    let days = |oin| {
        let partner = agreement.partner(Oin::parse(oin).unwrap()).unwrap();
        BudgetClass::ALL.map(|class| (class, agreement.budget(class, partner).day))
    };
    assert_eq!(
        days(MUNICIPALITY),
        [(BudgetClass::Query, 3), (BudgetClass::Refresh, 60_000), (BudgetClass::Register, 9)]
    );
    assert_eq!(
        days("00000099000000011000"),
        [(BudgetClass::Query, 3), (BudgetClass::Refresh, 10_000), (BudgetClass::Register, 6)]
    );
}
