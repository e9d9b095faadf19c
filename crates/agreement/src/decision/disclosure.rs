//! Of the pointers that were found for an allowed question: which may the asker hear of?

use kw_domain::{Category, Instant, Oin, Purpose, Role};

pub use kw_protocol::consent::ConsentVerdict;

use crate::policy::DisclosureDocument;
use crate::{Agreement, DenialReason, RepresentationInput};

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
        self.rules.disclose(&DisclosureDocument::of(input))
    }
}
