//! One pull at one holder, and the section it becomes.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_client::EpochElement;
use kw_domain::BirthDate;
use kw_protocol::SecretBytes32;
use kw_protocol::dossier::{Section, SectionStatus};
use kw_protocol::grant::GrantClaims;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof, Pull, Pulled};
use kw_protocol::query::DisclosedHolder;
use kw_pseudonym::Binding;
use tokio::time::{Instant, timeout_at};

use crate::DossierQuery;
use crate::assembly::party;
use crate::breaker::Health;
use crate::events::{PullNotDelivered, PulledMalformed};
use crate::holders::Holders;
use crate::outcome::Outcome;

/// What all pulls of one dossier share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round<'a> {
    pub(crate) agreement: &'a Agreement,
    pub(crate) holders: &'a Holders,
    pub(crate) question: &'a DossierQuery,
    /// N_binding per epoch.
    pub(crate) binding: &'a [EpochElement],
    pub(crate) deadline: Instant,
    pub(crate) holder_timeout: Duration,
}

impl Round<'_> {
    /// Pulls what was disclosed, and says what became of it. `claims` are the grant's, if it is fit for use.
    pub(crate) async fn section(&self, disclosed: &DisclosedHolder, claims: Option<&GrantClaims>) -> Section {
        match self.pull(disclosed, claims).await {
            Ok(pulled) => self.delivered(disclosed, claims, pulled),
            Err(outcome) => self.without_document(disclosed, claims, outcome),
        }
    }

    async fn pull(
        &self,
        disclosed: &DisclosedHolder,
        claims: Option<&GrantClaims>,
    ) -> Result<Pulled, Outcome> {
        let claims = claims.ok_or(Outcome::GRANT_MALFORMED)?;
        if !self.was_asked(disclosed) || !is_under_the_claim(self.question, claims) {
            return Err(Outcome::NOT_ASKED);
        }
        let partner = self
            .agreement
            .partner(disclosed.holder)
            .filter(|partner| !partner.suspended)
            .ok_or(Outcome::PARTY_UNKNOWN)?;
        let holder = self.holders.meet(partner).map_err(|error| Outcome::of(&error))?;

        let now = Instant::now();
        if now >= self.deadline {
            return Err(Outcome::CUT_OFF);
        }
        let own_deadline = now + self.holder_timeout;
        let leave = holder.admit().ok_or(Outcome::CIRCUIT_OPEN)?;
        let request = self.request(disclosed);
        let call = holder.client.pull(&request, claims.txn);
        let outcome = match timeout_at(own_deadline.min(self.deadline), call).await {
            Ok(Ok(pulled)) => {
                leave.settle(Health::Alive);
                return self.check(disclosed, claims, pulled);
            }
            Ok(Err(error)) => Outcome::of(&error),
            Err(_) if own_deadline > self.deadline => Outcome::CUT_OFF,
            Err(_) => Outcome::of(&kw_client::ClientError::TimedOut),
        };
        leave.settle(outcome.health);
        let (holder, transaction) = (disclosed.holder, claims.txn);
        PullNotDelivered { holder, transaction, reason: outcome.reason }.log();
        Err(outcome)
    }

    /// A holder or category that was not asked for is not pulled, grant or no grant.
    fn was_asked(&self, disclosed: &DisclosedHolder) -> bool {
        let DossierQuery { categories, holders, .. } = self.question;
        (categories.is_empty() || categories.contains(&disclosed.category))
            && (holders.is_empty() || holders.contains(&disclosed.holder))
    }

    fn request(&self, disclosed: &DisclosedHolder) -> Pull {
        let grant = &disclosed.grant;
        let bindings: Vec<_> = self
            .binding
            .iter()
            .map(|held| (held.epoch.0, Binding::derive(&held.element, disclosed.holder)))
            .collect();
        let subject_proofs = bindings.iter().map(|(epoch, binding)| EpochProof {
            epoch: *epoch,
            proof: SecretBytes32(binding.subject_proof(grant)),
        });
        let birth_date_proofs = self.question.birth_date.iter().flat_map(|date| {
            bindings.iter().map(|(epoch, binding)| birth_date_proof(*epoch, binding, grant, *date))
        });
        Pull {
            grant: grant.clone(),
            actor: self.question.actor.clone(),
            actor_salt: disclosed.actor_salt,
            subject_proofs: subject_proofs.collect(),
            birth_date_proofs: birth_date_proofs.collect(),
        }
    }

    /// Whether the answer is what the grant is for and the document what the agreement describes.
    fn check(
        &self,
        disclosed: &DisclosedHolder,
        claims: &GrantClaims,
        pulled: Pulled,
    ) -> Result<Pulled, Outcome> {
        let malformed = |reason| Err(Outcome::new(SectionStatus::Malformed, reason, Health::Alive));
        if pulled.holder != disclosed.holder
            || pulled.category != disclosed.category
            || pulled.transaction != claims.txn
        {
            return malformed("not-what-was-granted");
        }
        let Some(document) = &pulled.document else { return Ok(pulled) };
        if let Err(complaints) = self.agreement.check_document(&pulled.category, document) {
            let (holder, transaction) = (disclosed.holder, claims.txn);
            PulledMalformed { holder, transaction, complaints: complaints.len() }.log();
            return malformed("document-malformed");
        }
        let required = self.question.representation.is_some()
            || self.agreement.birth_date_required(&self.question.purpose, &pulled.category);
        if required && pulled.birth_date_compared.is_none() {
            return malformed("birth-date-not-compared");
        }
        Ok(pulled)
    }

    fn delivered(
        &self,
        disclosed: &DisclosedHolder,
        claims: Option<&GrantClaims>,
        pulled: Pulled,
    ) -> Section {
        Section {
            holder: party(disclosed.holder, self.agreement),
            category: disclosed.category.clone(),
            status: if pulled.document.is_some() { SectionStatus::Delivered } else { SectionStatus::Nothing },
            reason: None,
            as_of: Some(pulled.provenance.as_of),
            document: pulled.document,
            provenance: Some(pulled.provenance),
            birth_date_compared: pulled.birth_date_compared,
            transaction: disclosed.transaction,
            handle: claims.map(|claims| claims.prp.hdl),
            open_reports: Vec::new(),
        }
    }

    fn without_document(
        &self,
        disclosed: &DisclosedHolder,
        claims: Option<&GrantClaims>,
        outcome: Outcome,
    ) -> Section {
        Section {
            holder: party(disclosed.holder, self.agreement),
            category: disclosed.category.clone(),
            status: outcome.status,
            reason: outcome.reason.map(str::to_owned),
            as_of: None,
            document: None,
            provenance: None,
            birth_date_compared: None,
            transaction: disclosed.transaction,
            handle: claims.map(|claims| claims.prp.hdl),
            open_reports: Vec::new(),
        }
    }
}

/// A grant for a representative is no grant for anybody else, nor the other way round.
pub(crate) fn is_under_the_claim(question: &DossierQuery, claims: &GrantClaims) -> bool {
    match (&question.representation, &claims.prp.representation) {
        (None, None) => true,
        (Some(claimed), Some(granted)) => {
            granted.act == claimed.act && claimed.mandate.is_none_or(|mandate| mandate == granted.mandate)
        }
        _ => false,
    }
}

pub(crate) fn birth_date_proof(
    epoch: u32,
    binding: &Binding,
    grant: &str,
    date: BirthDate,
) -> EpochBirthDateProof {
    let proofs = binding.birth_date_proofs(grant, &date);
    EpochBirthDateProof {
        epoch,
        day: proofs.day.map(SecretBytes32),
        month: proofs.month.map(SecretBytes32),
        year: proofs.year.map(SecretBytes32),
    }
}
