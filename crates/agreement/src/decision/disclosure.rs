//! Of the pointers that were found for an allowed question: which may the asker hear of?

use kw_domain::{Category, Instant, Oin, Purpose, Role};

pub use kw_protocol::consent::ConsentVerdict;

use crate::{Agreement, ConsentRegime, DenialReason, RepresentationInput};

/// What a disclosure is about: the same question that was allowed, and what was found.
#[derive(Debug, Clone)]
pub struct DisclosureInput<'a> {
    /// The party that asks.
    pub requester: Oin,
    /// Why it asks.
    pub purpose: &'a Purpose,
    /// What the person who asks is to that party.
    pub role: &'a Role,
    /// The mandate under which the person acts for the subject.
    pub representation: Option<RepresentationInput>,
    /// When.
    pub at: Instant,
    /// What was found.
    pub pointers: &'a [PointerInput<'a>],
}

/// One pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointerInput<'a> {
    /// Who holds it.
    pub holder: Oin,
    /// What.
    pub category: &'a Category,
    /// What the subject's own choices come to for this holder, category and requester.
    pub consent: ConsentVerdict,
}

impl Agreement {
    /// Which pointers the asker may hear of: one answer per pointer, in their order. Disclosed is what the role may see for
    /// the purpose, of holders that take part, and where the category's regime says so what the person's own choice admits.
    /// An error means that nothing can be said, not even "nothing found".
    pub fn disclose(&self, input: &DisclosureInput<'_>) -> Result<Vec<bool>, DenialReason> {
        Ok(input.pointers.iter().map(|pointer| self.discloses(input, pointer)).collect())
    }

    fn discloses(&self, input: &DisclosureInput<'_>, pointer: &PointerInput<'_>) -> bool {
        let (Some(category), Some(purpose)) = (self.category(pointer.category), self.purpose(input.purpose))
        else {
            return false;
        };
        let is_mandated = |mandate: &RepresentationInput| {
            purpose.representation && self.is_mandated(mandate, pointer.category)
        };
        let consents = match category.consent {
            ConsentRegime::OptIn => pointer.consent == ConsentVerdict::Given,
            ConsentRegime::OptOut => pointer.consent != ConsentVerdict::Refused,
            ConsentRegime::Statutory => true,
        };
        consents
            && [input.requester, pointer.holder].into_iter().all(|party| self.takes_part(party))
            && purpose.roles.get(input.role).is_some_and(|allowed| allowed.contains(pointer.category))
            && input.representation.as_ref().is_none_or(is_mandated)
    }

    fn takes_part(&self, party: Oin) -> bool {
        self.partner(party).is_some_and(|partner| !partner.suspended)
    }
}
