//! What the person's own choices come to in a question, and what the record keeps of it.
//!
//! The asker gets the record of its question as a receipt, so that record must not tell what was withheld. What the choices
//! came to stands in a second record beside it, which the asker does not get; it is there whenever a choice could count, also
//! for a person whom nobody knows.

use kw_agreement::{Agreement, Allowed, ConsentVerdict};
use kw_domain::{Category, ConsentId, Instant, Oin, SubjectId};
use kw_ledger::{AccessRecord, Event};
use kw_store::StoreError;
use kw_store::switchboard::{FindablePointer, LiveTags, SwitchboardRead};
use serde_json::{Value, json};

use crate::consents::{Chosen, choices, is_chosen};

/// Who was found, with what, and what they chose.
pub(super) struct FoundAbout {
    pub(super) subject: Option<SubjectId>,
    pub(super) pointers: Vec<FindablePointer>,
    pub(super) chosen: Chosen,
}

/// Looks a person up. Whoever is not in the index costs as many look-ups.
pub(super) fn look_up(
    index: &mut (dyn SwitchboardRead + 'static),
    tags: &LiveTags,
    now: Instant,
    counts: bool,
) -> Result<FoundAbout, StoreError> {
    let found = index.find(tags, now)?;
    let (subject, pointers) = found.map_or((None, Vec::new()), |found| (Some(found.subject), found.pointers));
    let chosen = if counts {
        choices(&index.choices_of(subject.unwrap_or_else(nobody), now)?)
    } else {
        Chosen::default()
    };
    Ok(FoundAbout { subject, pointers, chosen })
}

/// Whether a choice could count in this question.
pub(super) fn counts(agreement: &Agreement, allowed: &Allowed) -> bool {
    allowed.categories.iter().any(|category| is_chosen(agreement, category))
}

/// What the choices came to, pointer by pointer.
#[derive(Debug, Default)]
pub(super) struct Weighed(Vec<(Oin, Category, ConsentVerdict, Option<ConsentId>)>);

impl Weighed {
    /// Evaluates the choices for one pointer.
    pub(super) fn weigh(
        &mut self,
        agreement: &Agreement,
        chosen: &Chosen,
        pointer: &FindablePointer,
        requester: Oin,
        at: Instant,
    ) -> ConsentVerdict {
        if !is_chosen(agreement, &pointer.category) {
            return ConsentVerdict::Silent;
        }
        let found = chosen.about(agreement, pointer.holder, &pointer.category, requester, at);
        self.0.push((pointer.holder, pointer.category.clone(), found.verdict, found.decided_by));
        found.verdict
    }

    /// The record that stands beside the question's.
    pub(super) fn record(
        self,
        question: &AccessRecord,
        agreement: &Agreement,
        allowed: &Allowed,
    ) -> AccessRecord {
        let mut record = AccessRecord::new(
            Event::ConsentsRead,
            question.at,
            question.chain.clone(),
            question.service,
            question.party,
            agreement.hash(),
        );
        let chosen = allowed.categories.iter().filter(|category| is_chosen(agreement, category));
        record.categories = chosen.cloned().collect();
        record.count = Some(self.0.len() as u64);
        record.on_behalf_of = question.on_behalf_of;
        record.purpose.clone_from(&question.purpose);
        record.trace.clone_from(&question.trace);
        record.transaction = question.transaction;
        let weighed: Vec<Value> = self
            .0
            .into_iter()
            .map(|(holder, category, verdict, by)| {
                json!({ "category": category, "consent": verdict.as_str(), "decidedBy": by, "holder": holder })
            })
            .collect();
        record.decision.input = Some(json!({ "pointers": weighed }).to_string());
        record
    }
}

/// An id that nobody has: those that are given out have a time in them.
fn nobody() -> SubjectId {
    SubjectId::from_bytes([0; 16])
}
