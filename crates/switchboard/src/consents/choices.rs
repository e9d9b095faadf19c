//! From stored choices to what they say, and to what is shown of them.

use kw_agreement::{Agreement, Choice, ConsentRegime, Evaluation, PartnerKind, PartyScope};
use kw_domain::{Category, Instant, Oin};
use kw_protocol::consent::{Consent, ConsentChoice};
use kw_store::switchboard::consents::StoredConsent;

/// The choices of one person, in the words of the agreement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen(Vec<Choice>);

impl Chosen {
    /// What they say about one disclosure.
    pub(crate) fn about(
        &self,
        agreement: &Agreement,
        holder: Oin,
        category: &Category,
        requester: Oin,
        at: Instant,
    ) -> Evaluation {
        agreement.evaluate_consent(&self.0, holder, category, requester, at)
    }
}

/// Whether a person's choice counts in this category. A category that is not in the agreement is disclosed by nobody.
pub(crate) fn is_chosen(agreement: &Agreement, category: &Category) -> bool {
    agreement.category(category).is_some_and(|rules| rules.consent != ConsentRegime::Statutory)
}

/// Takes stored choices in. A kind that cannot be read is one that nobody has, and stays so.
pub(crate) fn choices(stored: &[StoredConsent]) -> Chosen {
    Chosen(stored.iter().filter_map(choice).collect())
}

fn choice(stored: &StoredConsent) -> Option<Choice> {
    Some(Choice {
        id: stored.id,
        refused: stored.refused,
        holders: scope(stored.holder, stored.holder_kind.as_deref())?,
        category: stored.category.clone(),
        requesters: scope(stored.requester, stored.requester_kind.as_deref())?,
        valid_until: stored.valid_until,
    })
}

fn scope(party: Option<Oin>, kind: Option<&str>) -> Option<PartyScope> {
    match (party, kind) {
        (Some(oin), _) => Some(PartyScope::One(oin)),
        (None, Some(kind)) => PartnerKind::parse(kind).ok().map(PartyScope::Kind),
        (None, None) => Some(PartyScope::Any),
    }
}

/// A choice as it is shown.
pub(super) fn shown(stored: StoredConsent) -> Consent {
    Consent {
        id: stored.id,
        verdict: if stored.refused { ConsentChoice::Refused } else { ConsentChoice::Given },
        holder: stored.holder,
        holder_kind: stored.holder_kind,
        category: stored.category,
        requester: stored.requester,
        requester_kind: stored.requester_kind,
        given_by: stored.given_by,
        evidence: stored.evidence,
        recorded_by: stored.recorded_by,
        recorded_at: stored.recorded_at,
        valid_until: stored.valid_until,
        withdrawn_at: stored.withdrawn_at,
    }
}
