//! Rules that hold for every agreement.

use std::collections::BTreeSet;

use kw_agreement::{Agreement, Decision, DecisionInput, DenialReason};
use kw_domain::{Category, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};
use sha2::Digest as _;

use crate::youth::{self, MUNICIPALITY};

#[test]
fn the_hash_is_sha_256_of_the_text() {
    let by_another_library: String =
        sha2::Sha256::digest(youth::TEXT).iter().map(|byte| format!("{byte:02x}")).collect();
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
        purpose: &Purpose::parse(purpose).unwrap(),
        role: &Role::parse(role).unwrap(),
        categories: &[Category::parse(category).unwrap()],
        relation,
        assurance: Assurance::Asserted,
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
