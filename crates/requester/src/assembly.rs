//! Putting the dossier together.

use kw_agreement::Agreement;
use kw_domain::{Instant, Oin};
use kw_protocol::dossier::{Dossier, Lookup, LookupHolder, Party, Section, SectionStatus};
use kw_protocol::query::{DisclosedHolder, QueryAnswer};

use crate::differences;

/// Whether a dossier with these sections is complete: every disclosed holder delivered or has nothing.
pub fn complete(statuses: impl IntoIterator<Item = SectionStatus>) -> bool {
    statuses.into_iter().all(|status| match status {
        SectionStatus::Delivered | SectionStatus::Nothing => true,
        SectionStatus::BirthDateMismatch
        | SectionStatus::BirthDateUnknown
        | SectionStatus::Malformed
        | SectionStatus::Refused
        | SectionStatus::SubjectMismatch
        | SectionStatus::TimedOut
        | SectionStatus::Unavailable => false,
    })
}

/// The dossier of an answer and what became of each of its pulls.
pub(crate) fn dossier(
    answer: QueryAnswer,
    sections: Vec<Section>,
    agreement: &Agreement,
    now: Instant,
) -> Dossier {
    Dossier {
        query: answer.id,
        assembled_at: now,
        complete: complete(sections.iter().map(|section| section.status)),
        holders_may_be_withheld: true,
        differences: differences::find(&sections, agreement.shared_attributes()),
        sections,
        receipt: answer.receipt,
    }
}

/// Who was disclosed, by name.
pub(crate) fn holders(disclosed: &[DisclosedHolder], agreement: &Agreement) -> Vec<LookupHolder> {
    let named = disclosed
        .iter()
        .map(|one| LookupHolder { holder: party(one.holder, agreement), category: one.category.clone() });
    named.collect()
}

/// The answer without its grants.
pub(crate) fn lookup(answer: QueryAnswer, agreement: &Agreement) -> Lookup {
    let holders = holders(&answer.holders, agreement);
    Lookup {
        query: answer.id,
        decided_at: answer.decided_at,
        policy: answer.policy,
        categories: answer.categories,
        holders,
        holders_may_be_withheld: true,
        receipt: answer.receipt,
    }
}

/// A party with its name in the agreement; one that the agreement does not know keeps its number as its name.
pub(crate) fn party(oin: Oin, agreement: &Agreement) -> Party {
    Party { oin, name: agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: [(SectionStatus, bool); 9] = [
        (SectionStatus::BirthDateMismatch, false),
        (SectionStatus::BirthDateUnknown, false),
        (SectionStatus::Delivered, true),
        (SectionStatus::Malformed, false),
        (SectionStatus::Nothing, true),
        (SectionStatus::Refused, false),
        (SectionStatus::SubjectMismatch, false),
        (SectionStatus::TimedOut, false),
        (SectionStatus::Unavailable, false),
    ];

    #[test]
    fn each_status_alone_and_beside_a_delivery() {
        assert!(complete([]));
        for (status, expected) in TABLE {
            assert_eq!(complete([status]), expected, "{status:?}");
            assert_eq!(complete([SectionStatus::Delivered, status]), expected, "{status:?}");
            assert_eq!(complete([status, SectionStatus::Nothing]), expected, "{status:?}");
        }
    }

    proptest! {
        #[test]
        fn complete_means_that_all_delivered_or_have_nothing(
            places in proptest::collection::vec(0..TABLE.len(), 0..24)
        ) {
            let statuses: Vec<_> = places.iter().map(|place| TABLE[*place].0).collect();
            let other = statuses
                .iter()
                .find(|status| !["\"delivered\"", "\"nothing\""].contains(&&*serde_json::to_string(status).unwrap()));
            prop_assert_eq!(complete(statuses.iter().copied()), other.is_none());
        }
    }
}
