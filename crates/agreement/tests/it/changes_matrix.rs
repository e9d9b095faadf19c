//! Where no widening is reported, nothing is newly allowed: over every question that can be asked.

use std::collections::BTreeSet;

use kw_agreement::draft::AgreementDraft;
use kw_agreement::{
    Agreement, ConsentVerdict, Decision, DecisionInput, DisclosureInput, MandateAct, MandateKind,
    PointerInput, RepresentationInput,
};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{authority, oracle};

/// One change of the kind that people make. Names are chosen among those of the file.
#[derive(Debug, Clone)]
enum Edit {
    Suspended(Index, bool),
    Kind(Index, Index),
    RoleKind(Index, Index, bool),
    Sees(Index, Index, Index, bool),
    Basis(Index, &'static str, bool),
    Proven(Index, bool),
    Representation(Index, bool),
    Consent(Index, &'static str),
    Mandate(&'static str, Index, bool),
    Scope(&'static str, bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        (index(), any::<bool>()).prop_map(|(a, b)| Edit::Suspended(a, b)),
        (index(), index()).prop_map(|(a, b)| Edit::Kind(a, b)),
        (index(), index(), any::<bool>()).prop_map(|(a, b, c)| Edit::RoleKind(a, b, c)),
        (index(), index(), index(), any::<bool>()).prop_map(|(a, b, c, d)| Edit::Sees(a, b, c, d)),
        (index(), select(vec!["listed", "motivated", "emergency"]), any::<bool>())
            .prop_map(|(a, b, c)| Edit::Basis(a, b, c)),
        (index(), any::<bool>()).prop_map(|(a, b)| Edit::Proven(a, b)),
        (index(), any::<bool>()).prop_map(|(a, b)| Edit::Representation(a, b)),
        (index(), select(vec!["statutory", "opt-in", "opt-out"])).prop_map(|(a, b)| Edit::Consent(a, b)),
        (select(vec!["view", "feedback", "object"]), index(), any::<bool>())
            .prop_map(|(a, b, c)| Edit::Mandate(a, b, c)),
        (select(vec!["answer", "query", "register"]), any::<bool>()).prop_map(|(a, b)| Edit::Scope(a, b)),
    ]
}

fn put(list: &mut Vec<String>, item: impl AsRef<str>, there: bool) {
    let item = item.as_ref();
    list.retain(|other| other != item);
    if there || list.is_empty() {
        list.push(item.to_owned());
    }
}

fn apply(draft: &mut AgreementDraft, edit: &Edit) {
    let kinds: Vec<String> = draft.partners.iter().map(|partner| partner.kind.clone()).collect();
    let categories: Vec<String> = draft.categories.keys().cloned().collect();
    let roles: Vec<String> = draft.roles.keys().cloned().collect();
    let purposes: Vec<String> = draft.purposes.keys().cloned().collect();
    let purpose = |index: &Index| index.get(&purposes).clone();
    match edit {
        Edit::Suspended(partner, suspended) => {
            let count = draft.partners.len();
            draft.partners[partner.index(count)].suspended = *suspended;
        }
        Edit::Kind(partner, kind) => {
            let count = draft.partners.len();
            draft.partners[partner.index(count)].kind = kind.get(&kinds).clone();
        }
        Edit::RoleKind(role, kind, there) => {
            put(&mut draft.roles.get_mut(role.get(&roles)).unwrap().kinds, kind.get(&kinds), *there);
        }
        Edit::Sees(which, role, category, there) => {
            let seen = &mut draft.purposes.get_mut(&purpose(which)).unwrap().roles;
            put(seen.entry(role.get(&roles).clone()).or_default(), category.get(&categories), *there);
        }
        Edit::Basis(which, basis, there) => {
            put(&mut draft.purposes.get_mut(&purpose(which)).unwrap().relation_bases, basis, *there);
        }
        Edit::Proven(which, proven) => {
            draft.purposes.get_mut(&purpose(which)).unwrap().actor_must_be_proven = *proven;
        }
        Edit::Representation(which, on) => {
            draft.purposes.get_mut(&purpose(which)).unwrap().representation = *on;
        }
        Edit::Consent(category, regime) => {
            let rules = draft.categories.get_mut(category.get(&categories)).unwrap();
            rules.consent = Some((*regime).to_owned());
        }
        Edit::Mandate(act, category, there) => {
            let kind = draft.representation.kinds.get_mut("parental-authority").unwrap();
            put(&mut kind.acts, act, *there);
            put(&mut kind.categories, category.get(&categories), *there);
        }
        Edit::Scope(scope, there) => put(&mut draft.partners[0].delegations[0].scopes, scope, *there),
    }
}

/// Everything that is allowed: questions by their categories one by one, and what of them is disclosed.
fn allowed(agreement: &Agreement) -> BTreeSet<String> {
    let at = Instant::from_millis(0);
    let mandate = |act, categories: &BTreeSet<Category>| RepresentationInput {
        kind: MandateKind::ParentalAuthority,
        act,
        categories: categories.clone(),
    };
    let all: BTreeSet<Category> = agreement.categories().map(|(name, _)| name.clone()).collect();
    let mandates: Vec<Option<RepresentationInput>> =
        std::iter::once(None).chain(MandateAct::ALL.map(|act| Some(mandate(act, &all)))).collect();
    let supplier = Oin::parse(authority::SUPPLIER).ok();
    let bases = [RelationBasis::Listed, RelationBasis::Motivated, RelationBasis::Emergency];
    let purposes: Vec<&Purpose> = agreement.purposes().map(|(name, _)| name).collect();
    let roles: Vec<&Role> = agreement.roles().map(|(name, _)| name).collect();
    let parties: Vec<Oin> = agreement.partners().map(|partner| partner.oin).collect();
    let mut found = BTreeSet::new();
    for (requester, purpose, role) in product(&parties, &purposes, &roles) {
        for representation in &mandates {
            for category in &all {
                for (supplier, basis, assurance) in
                    product(&[None, supplier], &bases, &[Assurance::Asserted, Assurance::Proven])
                {
                    let input = DecisionInput {
                        requester,
                        supplier,
                        purpose,
                        role,
                        categories: std::slice::from_ref(category),
                        relation: basis,
                        assurance,
                        representation: representation.clone(),
                        at,
                    };
                    if let Decision::Allowed(_) = oracle::decide(agreement, &input) {
                        let act = representation.as_ref().map(|mandate| mandate.act);
                        found.insert(format!(
                            "{requester} {supplier:?} {purpose} {role} {category} {basis:?} {assurance:?} {act:?}"
                        ));
                    }
                }
                let pointers: Vec<PointerInput<'_>> = product(
                    &parties,
                    &[ConsentVerdict::Given, ConsentVerdict::Refused, ConsentVerdict::Silent],
                    &[()],
                )
                .map(|(holder, consent, ())| PointerInput { holder, category, consent })
                .collect();
                let input = DisclosureInput {
                    requester,
                    purpose,
                    role,
                    representation: representation.clone(),
                    at,
                    pointers: &pointers,
                };
                for (pointer, disclosed) in pointers.iter().zip(oracle::disclose(agreement, &input)) {
                    if disclosed {
                        found.insert(format!(
                            "{requester} {purpose} {role} sees {pointer:?} {representation:?}"
                        ));
                    }
                }
            }
        }
    }
    found
}

fn product<'a, A: Copy, B: Copy, C: Copy>(
    first: &'a [A],
    second: &'a [B],
    third: &'a [C],
) -> impl Iterator<Item = (A, B, C)> {
    first.iter().flat_map(move |a| second.iter().flat_map(move |b| third.iter().map(move |c| (*a, *b, *c))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn without_a_reported_widening_nothing_is_newly_allowed(
        first in prop::collection::vec(edit(), 0..6),
        second in prop::collection::vec(edit(), 1..4),
    ) {
        let mut draft = AgreementDraft::parse(&authority::text()).unwrap();
        draft.policy = None;
        first.iter().for_each(|edit| apply(&mut draft, edit));
        let before = Agreement::parse(&draft.to_toml().unwrap());
        second.iter().for_each(|edit| apply(&mut draft, edit));
        let after = Agreement::parse(&draft.to_toml().unwrap());
        // A kind without a partner, and the like.
        let (Ok(before), Ok(after)) = (before, after) else { return Ok(()) };
        if !after.widens(&before) {
            let new: Vec<String> = allowed(&after).difference(&allowed(&before)).cloned().collect();
            prop_assert!(new.is_empty(), "{new:#?}\n{:#?}", after.changes_from(&before));
        }
    }
}
