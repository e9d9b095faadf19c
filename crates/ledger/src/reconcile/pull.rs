//! One use of a grant: granted at the switchboard, answered at the holder; a pull is in the requester's dossier too.

use std::time::Duration;

use kw_domain::{Instant, Oin, TransactionId};

use super::DiscrepancyKind as Kind;
use super::facts::{Claim, Seen, span};
use super::{Discrepancy, Place, Reconciliation, Scope};
use crate::GrantedAct;

/// All records that name its transaction.
#[derive(Debug, Default)]
pub(super) struct Pull {
    pub(super) granted: Vec<Granted>,
    /// What is sent again is answered, and recorded, again.
    pub(super) answers: Vec<Answer>,
    /// What a requester's dossier says of it.
    pub(super) outcomes: Vec<(Seen, Oin, Option<String>)>,
}

/// What the switchboard's log says.
#[derive(Debug)]
pub(super) struct Granted {
    /// To be answered by whom.
    pub(super) holder: Oin,
    /// What it opens.
    pub(super) act: GrantedAct,
    pub(super) claim: Claim,
}

/// What a holder's log says.
#[derive(Debug)]
pub(super) struct Answer {
    /// In whose log.
    pub(super) holder: Oin,
    /// What the grant was used for.
    pub(super) act: GrantedAct,
    pub(super) claim: Claim,
}

/// What the requester says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The holder delivered, or has nothing.
    Answered,
    /// The holder refused.
    Refused,
    /// No answer that could be used.
    Failed,
}

impl Pull {
    pub(super) fn span(&self) -> (Instant, Instant) {
        let granted = self.granted.iter().map(|one| &one.claim.seen);
        let answers = self.answers.iter().map(|one| &one.claim.seen);
        span(granted.chain(answers).chain(self.outcomes.iter().map(|(seen, ..)| seen)))
    }

    pub(super) fn judge(&self, scope: &Scope, transaction: TransactionId, verdict: &mut Reconciliation) {
        let began = self.span().0;
        let named = |kind, party| Discrepancy::new(kind, Some(transaction), party, began);
        if self.granted.len() > 1 {
            let all = self.granted.iter().map(|one| &one.claim.seen);
            verdict.note(named(Kind::TransactionGrantedTwice, self.granted[0].claim.party).entries(all));
        }
        let Some(Granted { holder, act, claim: granted }) = self.granted.first() else {
            if !scope.has(Place::Switchboard) {
                verdict.unchecked += 1;
                return;
            }
            for Answer { holder, act, claim } in &self.answers {
                let kind = match act {
                    GrantedAct::Feedback => Kind::FeedbackWithoutGrant,
                    GrantedAct::Pull => Kind::PullWithoutGrant,
                };
                let found = named(kind, claim.party).at_holder(*holder).entry(&claim.seen);
                verdict.note(found.missing_at(Place::Switchboard));
            }
            // A dossier that names a grant which nobody gave is found with its question.
            return;
        };
        for Answer { holder: place, act: used_for, claim: answer } in &self.answers {
            let both = [&granted.seen, &answer.seen];
            let mut note = |kind| verdict.note(named(kind, granted.party).at_holder(*place).entries(both));
            if place != holder {
                note(Kind::PullAtOtherHolder);
            }
            if answer.party != granted.party {
                note(Kind::PullByOtherParty);
            } else if !answer.agrees_on_why_and_who(granted) {
                note(Kind::PullDiffers);
            }
            // A holder that refuses such a use does what it should.
            if used_for != act && answer.is_allowed {
                note(Kind::GrantUsedOtherwise);
            }
            let (at, earliest) = (answer.seen.at, granted.seen.at.minus(CLOCKS_DIFFER));
            if at < earliest || granted.seen.at.plus(LONGEST_USE) < at {
                note(Kind::PullOutOfTime);
            }
        }
        if !scope.has(Place::Partner(*holder)) {
            verdict.unchecked += 1;
            return;
        }
        match act {
            GrantedAct::Pull => self.compare_with_dossier(scope, *holder, granted, &named, verdict),
            // What a report says is in no dossier: the holder's record of it is the whole answer.
            GrantedAct::Feedback if self.answers.is_empty() => {
                let unused = named(Kind::GrantNotUsed, granted.party).at_holder(*holder);
                verdict.note(unused.entry(&granted.seen));
            }
            GrantedAct::Feedback => {}
        }
    }

    fn compare_with_dossier(
        &self,
        scope: &Scope,
        holder: Oin,
        granted: &Claim,
        named: &impl Fn(Kind, Oin) -> Discrepancy,
        verdict: &mut Reconciliation,
    ) {
        let requester = Place::Partner(granted.party);
        let has_requester = scope.has(requester);
        let is_delivery = |one: &&Answer| one.act == GrantedAct::Pull && one.claim.is_success;
        let answered = self.answers.iter().find(is_delivery);
        let dossier = self.outcomes.iter().find(|(_, owner, _)| *owner == granted.party);
        let outcome = dossier.map(|(_, _, outcome)| said(outcome.as_deref()));
        let found = |kind| {
            let at_hand = self.answers.iter().map(|one| &one.claim.seen);
            named(kind, granted.party)
                .at_holder(holder)
                .entry(&granted.seen)
                .entries(at_hand)
                .entries(dossier.map(|(seen, ..)| seen))
        };
        let is_silent = self.answers.is_empty();
        let discrepancy = match (answered, outcome) {
            (None, Some(Outcome::Answered)) => {
                Some(found(Kind::DeliveredWithoutPull).missing_at(Place::Partner(holder)))
            }
            (Some(_), Some(Outcome::Refused | Outcome::Failed)) => Some(found(Kind::AnswerNotUsed)),
            (Some(_), None) if has_requester => Some(found(Kind::PullNotInDossier).missing_at(requester)),
            (None, Some(Outcome::Refused)) if is_silent => Some(found(Kind::RefusalNotRecorded)),
            (None, _) if is_silent => Some(found(Kind::GrantNotUsed)),
            _ => None,
        };
        if let Some(discrepancy) = discrepancy {
            verdict.note(discrepancy);
        }
        if !has_requester {
            verdict.unchecked += 1;
        }
    }
}

/// The statuses of a dossier's section.
fn said(outcome: Option<&str>) -> Outcome {
    match outcome {
        Some("delivered" | "nothing") => Outcome::Answered,
        Some("birth-date-mismatch" | "birth-date-unknown" | "refused" | "subject-mismatch") => {
            Outcome::Refused
        }
        _ => Outcome::Failed,
    }
}

/// How far the clocks of two parties may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_mins(1);
/// A grant lives two minutes; the holder's leeway and the clocks come on top.
const LONGEST_USE: Duration = Duration::from_mins(5);
