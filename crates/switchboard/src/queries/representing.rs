//! A question for somebody who acts for the subject: whether they may, and what is recorded of it.
//!
//! The asker gets the record of its question as a receipt, so that record must not tell whether there is a mandate unless
//! something is disclosed under it. What the register says stands in a second record beside it, which the asker does not get;
//! it is there for every such question. Where no mandate counts, the answer is that of "nothing found": the same look-ups,
//! the same decisions, the same commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_agreement::{Agreement, Allowed, DenialReason, MandateKind, RepresentationInput};
use kw_domain::{Instant, SubjectId};
use kw_ledger::{AccessRecord, Event, LeafKind};
use kw_protocol::grant::GrantRepresentation;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Query;
use kw_runtime::{Party, Refusal};
use kw_store::switchboard::{FindablePointer, Switchboard};
use kw_store::{Act, StoreError, Tx, WriteError};

use super::deciding::{Denied, decide};
use crate::about::{Access, CommittedAccess, Prospect};
use crate::app::{App, Keyring, not_located, not_read, recorded};
use crate::index::{LocatedSubject, locate};
use crate::mandates::{Claim, Mandated, References, candidates, describe, judge};
use crate::staleness::{Unwritten, check_generations};

/// Who asks what, and when.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) app: &'a App,
    pub(super) agreement: &'a Agreement,
    pub(super) party: &'a Party,
    pub(super) query: &'a Query,
    pub(super) now: Instant,
}

/// What a claim to act for the subject comes to.
pub(super) struct Standing {
    representative: LocatedSubject,
    known: Option<SubjectId>,
    /// The mandate with what it lets the asker see, or why there is none.
    outcome: Result<(Mandated, Allowed), &'static str>,
    input: RepresentationInput,
    /// What stands beside the record of the question.
    beside: AccessRecord,
    /// What the rules were told about the mandate, for the question's own record when something is disclosed under it.
    decided_on: Option<String>,
}

/// Looks for the mandate and decides on it; nothing when nobody claims to act for the subject. `asked` is what the table allows
/// without it.
pub(super) async fn stand(
    asking: Asking<'_>,
    keyring: &Arc<Keyring>,
    asked: &Allowed,
    record: &AccessRecord,
    subject: &LocatedSubject,
    represented: Option<SubjectId>,
) -> Result<Option<Standing>, Refusal> {
    let Asking { app, agreement, party, query, now } = asking;
    let Some(claimed) = &query.representation else { return Ok(None) };
    let representative =
        locate(&keyring.keys, &keyring.live, &claimed.representative).map_err(not_located)?;
    if representative.tags == subject.tags {
        return Err(Refusal::new(ProblemCode::Invalid, "Nobody represents themselves.")
            .field("/representation/representative", "expected another person than the subject"));
    }
    let (tags, mandate, act) = (representative.tags, claimed.mandate, claimed.act);
    let read = app.store.read(move |index| {
        let representative = Some(index.find_subject(&tags)?);
        let claim = Claim { mandate, representative, represented, act, categories: BTreeSet::new() };
        let found = candidates(index, &claim)?;
        Ok((claim, found))
    });
    let (claim, found) = read.await.map_err(not_read)?;
    let known = claim.representative.flatten();
    let mandated = judge(agreement, &claim, found, now);

    // Without a mandate the rules are asked about one that is not there, so that they take as long.
    let input = match &mandated {
        Ok(Mandated { mandate, scope }) => {
            RepresentationInput { kind: mandate.kind, act, categories: scope.categories.clone() }
        }
        Err(_) => {
            RepresentationInput { kind: MandateKind::Voluntary, act, categories: asked.categories.clone() }
        }
    };
    let mut under = record.clone();
    let decided = decide(agreement, party, query, now, Some(input.clone()), &mut under);
    let mut beside = beside(record, asked);
    let outcome = match (mandated, decided) {
        (Ok(mandated), Ok(allowed)) => {
            describe(&mut beside, &mandated.mandate);
            Ok((mandated, allowed))
        }
        (Ok(mandated), Err(denied)) => {
            describe(&mut beside, &mandated.mandate);
            Err(denied.0)
        }
        (Err(reason), _) => Err(reason),
    };
    if let Err(reason) = &outcome {
        beside = beside.denied(*reason);
    }
    Ok(Some(Standing { representative, known, outcome, input, beside, decided_on: under.decision.input }))
}

/// What the table allows, and what of it is left under the mandate.
pub(super) fn narrowed(asked: Allowed, standing: Option<&Standing>) -> (Allowed, Allowed) {
    let left = match standing {
        Some(Standing { outcome: Ok((_, allowed)), .. }) => allowed.clone(),
        _ => asked.clone(),
    };
    (asked, left)
}

/// Nothing is left of what was found where no mandate counts.
pub(super) fn kept(found: Vec<FindablePointer>, standing: Option<&Standing>) -> Vec<FindablePointer> {
    if standing.is_some_and(|standing| standing.outcome.is_err()) { Vec::new() } else { found }
}

impl Standing {
    /// The denial, where the purpose says that it may be told.
    pub(super) fn told(&self, agreement: &Agreement, query: &Query) -> Option<Denied> {
        let reason = DenialReason::MandateMissing;
        (self.outcome.is_err() && agreement.may_be_told(&query.purpose, reason))
            .then(|| Denied(reason.as_str()))
    }

    /// What the rules for disclosure are told.
    pub(super) fn input(&self) -> RepresentationInput {
        self.input.clone()
    }

    /// What the grants say.
    pub(super) fn granted(&self) -> Option<GrantRepresentation> {
        let (Mandated { mandate, .. }, _) = self.outcome.as_ref().ok()?;
        Some(GrantRepresentation {
            act: self.input.act,
            band: mandate.age_band.clone(),
            kind: mandate.kind,
            mandate: mandate.id,
        })
    }

    /// Stores the record, what stands beside it, the links to both people, the grant leaves and whatever `also` writes about the
    /// subject in one transaction. Whoever nobody knew is kept all the same, so that both can see later who asked.
    pub(super) async fn commit(
        &self,
        app: &App,
        keyring: &Arc<Keyring>,
        access: Access,
        subject: Option<SubjectId>,
        located: &LocatedSubject,
        also: impl Fn(&mut Tx<'_, Switchboard>, SubjectId) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Result<CommittedAccess, WriteError<Unwritten>>, Refusal> {
        let Access { mut record, beside: choices, grants } = access;
        let references = References::draw(app);
        references.write(&mut record);
        if !grants.is_empty() {
            record.representation = self.granted().map(|granted| granted.recorded());
            record.decision.input.clone_from(&self.decided_on);
        }
        let mut beside = self.beside.clone();
        // The exchange shows that both are about the same people, so they share the references, and their links.
        references.write(&mut beside);
        let choices = choices
            .map(|mut choices| {
                choices.subject = record.subject;
                recorded(&choices)
            })
            .transpose()?;
        let (at, written) = (record.at, recorded(&record)?);
        let (text, beside) = (written.as_str().to_owned(), recorded(&beside)?);
        let represented = Prospect::new(app, keyring, located, subject, at);
        let representative = Prospect::new(app, keyring, &self.representative, self.known, at);
        let keyring = Arc::clone(keyring);
        let done = app
            .store
            .write("answer_representative", move |tx| {
                check_generations(tx, &keyring.live)?;
                let represented = represented.settle(tx)?;
                let representative = representative.settle(tx)?;
                also(tx, represented)?;
                let act = Act::new(at, LeafKind::Access, written.clone());
                let act = references.sides(Some(represented), Some(representative)).link(act);
                let act = grants.iter().cloned().fold(act, Act::grant);
                let act = act.and(LeafKind::Access, beside.clone());
                Ok(((), choices.iter().cloned().fold(act, |act, choices| act.and(LeafKind::Access, choices))))
            })
            .await;
        let mut receipts = match done {
            Ok(done) => done.receipts.into_iter(),
            Err(error) => return Ok(Err(error)),
        };
        let own = receipts.next().ok_or_else(|| Refusal::fault("a commit without a receipt"))?;
        Ok(Ok(CommittedAccess { record: text, own, of_grants: receipts.collect() }))
    }
}

/// The record of what the register said about the claim.
fn beside(question: &AccessRecord, asked: &Allowed) -> AccessRecord {
    let mut record = AccessRecord::new(
        Event::MandatesRead,
        question.at,
        question.chain.clone(),
        question.service,
        question.party,
        question.decision.policy.clone(),
    );
    record.actor.clone_from(&question.actor);
    record.categories = asked.categories.iter().cloned().collect();
    record.on_behalf_of = question.on_behalf_of;
    record.trace.clone_from(&question.trace);
    record.transaction = question.transaction;
    record
}
