//! One question: asked and received at the requester, answered at the switchboard.

use std::collections::BTreeMap;

use kw_domain::{Instant, Oin, TransactionId};

use super::DiscrepancyKind as Kind;
use super::facts::{Claim, NamedGrant, Seen, span};
use super::{Discrepancy, Place, Reconciliation, Scope};

/// All records that name its transaction.
#[derive(Debug, Default)]
pub(super) struct Question {
    pub(super) asked: Vec<Claim>,
    pub(super) answered: Vec<Claim>,
    pub(super) received: Vec<Claim>,
    pub(super) assembled: Vec<Claim>,
}

impl Question {
    pub(super) fn span(&self) -> (Instant, Instant) {
        span(self.all())
    }

    fn all(&self) -> impl Iterator<Item = &Seen> {
        let claims = [&self.asked, &self.answered, &self.received, &self.assembled];
        claims.into_iter().flatten().map(|claim| &claim.seen)
    }

    pub(super) fn judge(
        &self,
        scope: &Scope,
        party: Oin,
        transaction: TransactionId,
        verdict: &mut Reconciliation,
    ) {
        let requester = Place::Partner(party);
        let (has_requester, has_switchboard) = (scope.has(requester), scope.has(Place::Switchboard));
        let named = |kind| Discrepancy::new(kind, Some(transaction), party, self.span().0);
        let mut note = |discrepancy: Discrepancy| verdict.note(discrepancy);
        if self.answered.len() > 1 {
            note(named(Kind::QuestionAnsweredTwice).entries(self.answered.iter().map(|one| &one.seen)));
        }
        if has_requester && self.asked.is_empty() {
            note(named(Kind::AnswerWithoutQuestion).entries(self.all()).missing_at(requester));
        }
        let received = self.received.iter().find(|claim| claim.is_success);
        for dossier in &self.assembled {
            let names_others = received
                .is_none_or(|received| dossier.grants.iter().any(|grant| !received.grants.contains(grant)));
            if names_others {
                note(
                    named(Kind::DossierWithoutAnswer)
                        .entry(&dossier.seen)
                        .entries(received.map(|one| &one.seen)),
                );
            }
        }
        let Some(answered) = self.answered.first() else {
            match received {
                Some(received) if has_switchboard => {
                    let grantless = named(Kind::AnswerWithoutQuery).entry(&received.seen);
                    note(grantless.missing_at(Place::Switchboard));
                }
                None if has_switchboard && !self.asked.is_empty() => {
                    note(named(Kind::QuestionUnanswered).entries(self.all()));
                }
                _ => {}
            }
            if !has_switchboard {
                verdict.unchecked += 1;
            }
            return;
        };
        if !has_requester {
            verdict.unchecked += 1;
            return;
        }
        let differs = self.asked.iter().chain(&self.received).find(|claim| !claim.agrees(answered));
        if let Some(claim) = differs {
            note(named(Kind::QuestionDiffers).entries([&claim.seen, &answered.seen]));
        }
        match received {
            Some(received) if !answered.is_allowed => {
                note(named(Kind::DenialReceivedAsAnswer).entries([&received.seen, &answered.seen]));
            }
            Some(received) => compare_grants(answered, received, &named, &mut note),
            None if !answered.is_allowed => {}
            None => {
                let (kind, is_missing) = match self.received.first() {
                    Some(_) => (Kind::AnswerNotReceived, false),
                    None => (Kind::AnswerNotRecorded, true),
                };
                // Without a question either, that has been said already.
                if !self.asked.is_empty() {
                    let found = named(kind).entries(self.all());
                    note(if is_missing { found.missing_at(requester) } else { found });
                }
            }
        }
    }
}

fn compare_grants(
    answered: &Claim,
    received: &Claim,
    named: &impl Fn(Kind) -> Discrepancy,
    note: &mut impl FnMut(Discrepancy),
) {
    let by_transaction = |claim: &Claim| -> BTreeMap<TransactionId, NamedGrant> {
        claim.grants.iter().map(|grant| (grant.transaction, *grant)).collect()
    };
    let (granted, received_grants) = (by_transaction(answered), by_transaction(received));
    let both = [&answered.seen, &received.seen];
    for (transaction, grant) in &received_grants {
        let kind = match granted.get(transaction) {
            Some(same) if same == grant => continue,
            Some(_) => Kind::GrantDiffers,
            None => Kind::GrantWithoutQuery,
        };
        note(named(kind).at_holder(grant.holder).entries(both));
    }
    for (transaction, NamedGrant { holder, .. }) in &granted {
        if !received_grants.contains_key(transaction) {
            note(named(Kind::GrantNotReceived).at_holder(*holder).entries(both));
        }
    }
}
