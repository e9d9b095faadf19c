//! Who may come near a record under a grant, and whether it is about the same person: the same for everything that a grant
//! opens.

use kw_agreement::{Agreement, Allowed, Decision, DecisionInput, RepresentationInput};
use kw_domain::BirthDate;
use kw_protocol::feedback::FeedbackSubmission;
use kw_protocol::grant::GrantClaims;
use kw_protocol::pull::{ComparedPrecision, Pull};
use kw_protocol::query::Actor;
use kw_pseudonym::Binding;
use kw_store::partner::LocalRecord;

use super::delivery::is_findable;
use super::proofs::{self, Proofs};
use super::refusal::PullRefusal;
use super::{Caller, Pulls, ages};
use crate::identity_checks;

/// Who asks, and what they prove.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) proofs: Proofs<'a>,
}

impl<'a> From<&'a Pull> for Asked<'a> {
    fn from(pull: &'a Pull) -> Self {
        Self { actor: &pull.actor, proofs: pull.into() }
    }
}

impl<'a> From<&'a FeedbackSubmission> for Asked<'a> {
    fn from(submission: &'a FeedbackSubmission) -> Self {
        Self { actor: &submission.actor, proofs: submission.into() }
    }
}

/// A record that the caller may come near.
pub(crate) struct Admitted {
    pub(crate) record: LocalRecord,
    binding: Binding,
    /// Whether two people of the holder confirmed that the caller means this person.
    is_confirmed: bool,
    /// Whether the agreement demands that birth dates are compared.
    pub(crate) demands_birth_date: bool,
}

/// What the holder's own agreement was asked and said, when it came to that.
#[derive(Default)]
pub(crate) struct Ground {
    pub(crate) input: Option<String>,
    pub(crate) allowed: Option<Allowed>,
}

impl Pulls {
    /// Everything that is checked before the source is asked, in the order in which it is refused; `None` where there is nothing
    /// to be found any more.
    pub(crate) async fn admit(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        asked: Asked<'_>,
        claims: &GrantClaims,
        request: &[u8; 32],
        ground: &mut Ground,
    ) -> Result<Option<Admitted>, PullRefusal> {
        let (grant, handle) = (claims.jti, claims.prp.hdl);
        let (requester, now) = (caller.oin, self.clock.now());
        let (used, record, is_ours, is_confirmed) = self
            .store
            .read(move |tables| {
                let record = tables.record_by_handle(handle)?;
                // The links outlive their record, so they tell what was here from what never was.
                let is_ours = record.is_some() || !tables.links_of(handle, None, 1)?.is_empty();
                let is_confirmed = identity_checks::is_confirmed(tables, handle, requester, now)?;
                Ok((tables.used_grant(grant)?, record, is_ours, is_confirmed))
            })
            .await
            .map_err(|_| PullRefusal::Unavailable)?;
        if used.is_some_and(|earlier| earlier != *request) {
            return Err(PullRefusal::Reused);
        }
        if !is_ours {
            return Err(PullRefusal::Handle);
        }
        let Some(record) = record.filter(is_findable) else { return Ok(None) };
        let binding = proofs::check_subject(&self.vault, &record, asked.proofs)?;
        if !claims.prp.cat.contains(&record.category) {
            return Err(PullRefusal::Category);
        }
        let input = DecisionInput {
            requester: caller.oin,
            supplier: caller.supplier,
            purpose: &claims.prp.purpose,
            role: &asked.actor.role,
            categories: std::slice::from_ref(&record.category),
            relation: claims.prp.relation,
            assurance: asked.actor.assurance,
            representation: claims.prp.representation.as_ref().map(|claimed| RepresentationInput {
                kind: claimed.kind,
                act: claimed.act,
                categories: claims.prp.cat.iter().cloned().collect(),
            }),
            at: self.clock.now(),
        };
        ground.input = Some(input.canonical());
        match agreement.decide(&input) {
            Decision::Allowed(allowed) => ground.allowed = Some(allowed),
            Decision::Denied(reason) => return Err(PullRefusal::Denied(reason)),
        }
        let demands_birth_date = claims.prp.representation.is_some()
            || agreement.birth_date_required(&claims.prp.purpose, &record.category);
        proofs::check_birth_date_given(&record, asked.proofs, demands_birth_date)?;
        let role = &asked.actor.role;
        self.check_choice(agreement, caller, role, claims, &record, input.representation.clone()).await?;
        Ok(Some(Admitted { record, binding, is_confirmed, demands_birth_date }))
    }

    /// Whether the source's birth date is the caller's, and the person of the age that a mandate is for.
    pub(crate) fn compare(
        &self,
        agreement: &Agreement,
        admitted: &Admitted,
        asked: Asked<'_>,
        claims: &GrantClaims,
        held: Option<BirthDate>,
    ) -> Result<Option<ComparedPrecision>, PullRefusal> {
        let Admitted { record, binding, is_confirmed, .. } = admitted;
        let compared = match proofs::compare_birth_date(binding, record, asked.proofs, held) {
            Err(PullRefusal::BirthDateUnknown) if *is_confirmed => Some(ComparedPrecision::TwoPeople),
            compared => compared?,
        };
        ages::check(agreement, claims.prp.representation.as_ref(), held, self.clock.now())?;
        Ok(compared)
    }
}
