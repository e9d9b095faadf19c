//! What a person chose about one disclosure: pure rules over the choices on record (toestemming en verzet).
//!
//! A choice speaks of holders (one, a kind, any), of a category (one, any) and of requesters (one, a kind, any). Several
//! choices may speak of the same disclosure. Then:
//!
//! 1. only choices count that apply to this holder, category and requester and have not run out;
//! 2. of these the most specific decide ([`Choice::specificity`]);
//! 3. if one of those is a refusal, the answer is no.
//!
//! The order in which choices were recorded plays no part: a person who changes their mind takes the old choice back.

use kw_domain::{Category, ConsentId, Instant, Oin};

use crate::{Agreement, ConsentVerdict, PartnerKind};

/// Which parties a choice speaks of, as holders or as requesters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyScope {
    /// All.
    Any,
    /// Those of one kind.
    Kind(PartnerKind),
    /// One.
    One(Oin),
}

impl PartyScope {
    fn holds(&self, oin: Oin, kind: Option<&PartnerKind>) -> bool {
        match self {
            Self::Any => true,
            Self::Kind(named) => kind == Some(named),
            Self::One(named) => *named == oin,
        }
    }

    fn specificity(&self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Kind(_) => 1,
            Self::One(_) => 2,
        }
    }
}

/// One choice of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which one it is.
    pub id: ConsentId,
    /// Whether the person refuses: an objection (verzet). Consent (toestemming) otherwise.
    pub refused: bool,
    /// Who may, or may not, disclose.
    pub holders: PartyScope,
    /// What; everything without it.
    pub category: Option<Category>,
    /// To whom.
    pub requesters: PartyScope,
    /// It counts until then, that moment excluded; for good without it.
    pub valid_until: Option<Instant>,
}

impl Choice {
    /// How precisely it speaks, from 0 to 6: the sum over holder, category and requester of 2 when exactly one is named, 1
    /// when a kind is, 0 when it speaks of any. So whatever is narrower than another choice in one of them, and as narrow in
    /// the others, beats it; and a category that is named weighs as much as a party that is.
    pub fn specificity(&self) -> u8 {
        let category = if self.category.is_some() { 2 } else { 0 };
        self.holders.specificity() + category + self.requesters.specificity()
    }

    fn applies(&self, disclosure: &Disclosure<'_>) -> bool {
        self.valid_until.is_none_or(|until| disclosure.at < until)
            && self.category.as_ref().is_none_or(|category| category == disclosure.category)
            && self.holders.holds(disclosure.holder, disclosure.holder_kind)
            && self.requesters.holds(disclosure.requester, disclosure.requester_kind)
    }
}

/// What is asked: may this holder disclose this to this requester, now?
#[derive(Debug, Clone, Copy)]
pub struct Disclosure<'a> {
    /// Who discloses.
    pub holder: Oin,
    /// What kind of partner that is; unknown for one that left the agreement.
    pub holder_kind: Option<&'a PartnerKind>,
    /// What.
    pub category: &'a Category,
    /// Who asks.
    pub requester: Oin,
    /// What kind of partner that is.
    pub requester_kind: Option<&'a PartnerKind>,
    /// When.
    pub at: Instant,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluation {
    /// What the person's choices say.
    pub verdict: ConsentVerdict,
    /// The choice that decided; the newest of several. Absent when they are silent.
    pub decided_by: Option<ConsentId>,
    /// Nothing that is on record now makes another verdict before then. Without it, nothing ever does.
    pub stands_until: Option<Instant>,
}

/// Evaluates the choices of one person.
pub fn evaluate(choices: &[Choice], disclosure: &Disclosure<'_>) -> Evaluation {
    let applying = || choices.iter().filter(|choice| choice.applies(disclosure));
    let Some(narrowest) = applying().map(Choice::specificity).max() else {
        return Evaluation { verdict: ConsentVerdict::Silent, decided_by: None, stands_until: None };
    };
    let deciding = || applying().filter(|choice| choice.specificity() == narrowest);
    let refused = deciding().any(|choice| choice.refused);
    Evaluation {
        verdict: if refused { ConsentVerdict::Refused } else { ConsentVerdict::Given },
        decided_by: deciding().filter(|choice| choice.refused == refused).map(|choice| choice.id).max(),
        stands_until: deciding().filter_map(|choice| choice.valid_until).min(),
    }
}

impl Agreement {
    /// Evaluates the choices of one person under the kinds that this agreement gives its partners.
    pub fn evaluate_consent(
        &self,
        choices: &[Choice],
        holder: Oin,
        category: &Category,
        requester: Oin,
        at: Instant,
    ) -> Evaluation {
        let kind = |oin| self.partner(oin).map(|partner| &partner.kind);
        let disclosure = Disclosure {
            holder,
            holder_kind: kind(holder),
            category,
            requester,
            requester_kind: kind(requester),
            at,
        };
        evaluate(choices, &disclosure)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOLDERS: [(&str, &str); 3] = [
        ("00000099000000111000", "general-practice"),
        ("00000099000000113000", "hospital"),
        ("00000099000000115000", "hospital"),
    ];
    const CATEGORIES: [&str; 2] = ["allergies", "lab-results"];
    const NOW: i64 = 1_795_000_000_000;

    fn oin(index: usize) -> Oin {
        Oin::parse(HOLDERS[index].0).unwrap()
    }

    fn kind(index: usize) -> PartnerKind {
        PartnerKind::parse(HOLDERS[index].1).unwrap()
    }

    fn category(index: usize) -> Category {
        Category::parse(CATEGORIES[index]).unwrap()
    }

    fn party() -> impl Strategy<Value = PartyScope> {
        prop_oneof![
            Just(PartyScope::Any),
            (0..3_usize).prop_map(|index| PartyScope::Kind(kind(index))),
            (0..3_usize).prop_map(|index| PartyScope::One(oin(index))),
        ]
    }

    fn choice() -> impl Strategy<Value = Choice> {
        let category = prop_oneof![Just(None), (0..2_usize).prop_map(|index| Some(category(index)))];
        let until = prop_oneof![Just(None), (-2..3_i64).prop_map(Some)];
        (any::<bool>(), party(), category, party(), until, any::<[u8; 10]>()).prop_map(
            |(refused, holders, category, requesters, until, random)| Choice {
                id: ConsentId::new(Instant::from_millis(NOW - 1), random),
                refused,
                holders,
                category,
                requesters,
                valid_until: until.map(|offset| Instant::from_millis(NOW + offset)),
            },
        )
    }

    fn choices() -> impl Strategy<Value = Vec<Choice>> {
        prop::collection::vec(choice(), 0..8)
    }

    fn ask(choices: &[Choice], holder: usize, requester: usize, what: usize) -> Evaluation {
        let (holder_kind, requester_kind, category) = (kind(holder), kind(requester), category(what));
        evaluate(
            choices,
            &Disclosure {
                holder: oin(holder),
                holder_kind: Some(&holder_kind),
                category: &category,
                requester: oin(requester),
                requester_kind: Some(&requester_kind),
                at: Instant::from_millis(NOW),
            },
        )
    }

    /// By brute force, without looking at any choice's scope as such: a choice is the set of disclosures that it covers, and
    /// each level of precision is tried from 6 down.
    fn oracle(choices: &[Choice], holder: usize, requester: usize, what: usize) -> ConsentVerdict {
        for level in (0..=6).rev() {
            let mut said = Vec::new();
            for choice in choices {
                let (mut count, mut covers) =
                    (0, choice.valid_until.is_none_or(|until| until.as_millis() > NOW));
                for (scope, party) in [(&choice.holders, holder), (&choice.requesters, requester)] {
                    match scope {
                        PartyScope::One(one) => {
                            count += 2;
                            covers &= one.as_str() == HOLDERS[party].0;
                        }
                        PartyScope::Kind(one) => {
                            count += 1;
                            covers &= one.as_str() == HOLDERS[party].1;
                        }
                        PartyScope::Any => {}
                    }
                }
                if let Some(one) = &choice.category {
                    count += 2;
                    covers &= one.as_str() == CATEGORIES[what];
                }
                if covers && count == level {
                    said.push(choice.refused);
                }
            }
            match (said.contains(&true), said.is_empty()) {
                (true, _) => return ConsentVerdict::Refused,
                (false, false) => return ConsentVerdict::Given,
                (false, true) => {}
            }
        }
        ConsentVerdict::Silent
    }

    fn openness(verdict: ConsentVerdict) -> u8 {
        u8::from(verdict == ConsentVerdict::Given)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_evaluation_is_what_brute_force_finds(
            choices in choices(), holder in 0..3_usize, requester in 0..3_usize, what in 0..2_usize
        ) {
            let found = ask(&choices, holder, requester, what);
            prop_assert_eq!(found.verdict, oracle(&choices, holder, requester, what));
            let decided = found.decided_by.map(|id| choices.iter().any(|one| {
                one.id == id && one.refused == (found.verdict == ConsentVerdict::Refused)
            }));
            prop_assert_eq!(decided, (found.verdict != ConsentVerdict::Silent).then_some(true));
        }

        #[test]
        fn the_order_of_the_choices_plays_no_part(
            (choices, shuffled) in choices().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            holder in 0..3_usize, requester in 0..3_usize, what in 0..2_usize
        ) {
            prop_assert_eq!(ask(&choices, holder, requester, what), ask(&shuffled, holder, requester, what));
        }

        #[test]
        fn one_more_refusal_never_opens_anything(
            choices in choices(), mut more in choice(),
            holder in 0..3_usize, requester in 0..3_usize, what in 0..2_usize
        ) {
            more.refused = true;
            let before = ask(&choices, holder, requester, what).verdict;
            let after = ask(&[choices, vec![more]].concat(), holder, requester, what).verdict;
            prop_assert!(openness(after) <= openness(before));
        }

        #[test]
        fn one_more_consent_opens_nothing_that_is_refused_as_precisely(
            choices in choices(), mut more in choice(),
            holder in 0..3_usize, requester in 0..3_usize, what in 0..2_usize
        ) {
            more.refused = false;
            let before = ask(&choices, holder, requester, what);
            let by = before.decided_by.and_then(|id| choices.iter().find(|choice| choice.id == id)).cloned();
            let precise = more.specificity();
            let after = ask(&[choices, vec![more]].concat(), holder, requester, what);
            if let (ConsentVerdict::Refused, Some(by)) = (before.verdict, by) && precise <= by.specificity() {
                prop_assert_eq!(after.verdict, ConsentVerdict::Refused);
            }
        }

        #[test]
        fn a_verdict_stands_as_long_as_it_says(
            choices in choices(), holder in 0..3_usize, requester in 0..3_usize, what in 0..2_usize
        ) {
            let found = ask(&choices, holder, requester, what);
            let until = found.stands_until.map_or(NOW + 10, Instant::as_millis);
            prop_assert!(until > NOW);
            for at in NOW..until {
                let (holder_kind, requester_kind, category) = (kind(holder), kind(requester), category(what));
                let later = evaluate(&choices, &Disclosure {
                    holder: oin(holder), holder_kind: Some(&holder_kind), category: &category,
                    requester: oin(requester), requester_kind: Some(&requester_kind), at: Instant::from_millis(at),
                });
                prop_assert_eq!(later.verdict, found.verdict);
            }
        }
    }

    fn made(refused: bool, holders: PartyScope, what: Option<usize>, requesters: PartyScope) -> Choice {
        let random = [u8::from(refused); 10];
        let id = ConsentId::new(Instant::from_millis(NOW), random);
        Choice { id, refused, holders, category: what.map(category), requesters, valid_until: None }
    }

    #[test]
    fn nobody_who_chose_nothing_is_taken_to_have_chosen() {
        assert_eq!(ask(&[], 0, 1, 0).verdict, ConsentVerdict::Silent);
    }

    #[test]
    fn an_objection_wins_a_tie_and_the_more_precise_choice_wins_otherwise() {
        let given = made(false, PartyScope::One(oin(1)), None, PartyScope::Any);
        let refused = made(true, PartyScope::Any, Some(1), PartyScope::Any);
        // "That hospital may share" against "nobody shares laboratory results": as precise as each other.
        assert_eq!(ask(&[given.clone(), refused.clone()], 1, 0, 1).verdict, ConsentVerdict::Refused);
        assert_eq!(ask(&[given.clone(), refused.clone()], 1, 0, 0).verdict, ConsentVerdict::Given);
        let narrower = made(false, PartyScope::One(oin(1)), Some(1), PartyScope::Any);
        assert_eq!(ask(&[given, refused, narrower], 1, 0, 1).verdict, ConsentVerdict::Given);
    }

    #[test]
    fn one_party_is_more_precise_than_its_kind_and_a_kind_than_any() {
        let scopes = [PartyScope::Any, PartyScope::Kind(kind(1)), PartyScope::One(oin(1))];
        for (wide, narrow) in [(0, 1), (1, 2), (0, 2)] {
            for refused in [true, false] {
                let choices = [
                    made(!refused, scopes[wide].clone(), None, PartyScope::Any),
                    made(refused, scopes[narrow].clone(), None, PartyScope::Any),
                ];
                let expected = if refused { ConsentVerdict::Refused } else { ConsentVerdict::Given };
                assert_eq!(ask(&choices, 1, 0, 0).verdict, expected);
            }
        }
    }
}
