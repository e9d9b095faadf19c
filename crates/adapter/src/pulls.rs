//! `POST /v1/pulls`: another partner fetches one document, under a grant of the switchboard, at the source.
//!
//! The promises, each with a test:
//!
//! - nothing is delivered under a grant that is not the switchboard's, not for this caller, or was used before;
//! - nothing is delivered to whoever cannot prove to know the subject, or has the wrong birth date where it counts;
//! - the holder's own agreement decides again, and where consent counts, the person's choice is asked for again;
//! - a handle that this holder never had is refused, so that a holder that lost its database does not look complete;
//! - what leaves is what the agreement's schema describes, and nothing beside it;
//! - the record of the pull, refused or not, is durable before the answer leaves, in one transaction with the use of the
//!   grant; when it cannot be written, nothing is delivered. Only refusals that cost the caller no grant are recorded once
//!   a second for each caller and reason.

mod admission;
pub(crate) mod ages;
mod consent;
pub mod delivery;
mod endpoint;
mod filter;
pub(crate) mod proofs;
#[cfg(test)]
mod proving;
mod recorded_refusals;
pub(crate) mod refusal;
mod retrieval;
#[cfg(test)]
pub(crate) mod tests;
mod withholding;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use kw_agreement::Agreement;
use kw_domain::{Clock, Handle, Instant, Oin, SourceName, SubjectReference};
use kw_identity::ActorProofs;
use kw_ledger::{AccessRecord, Event, Outcome, RecordedRelation};
use kw_protocol::grant::{GrantClaims, GrantRepresentation, LEEWAY_SECONDS};
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{Provenance, Pull, Pulled};
use kw_protocol::query::Actor;
use kw_runtime::{Refusal, SharedAgreement};
use kw_store::partner::{Partner, PartnerRead};
use kw_store::{Abort, Act, Store, WriteError};
use kw_telemetry::Reason;
use serde::Serialize;

use crate::events::{PolicyDiffers, PullNotRecorded};
use crate::grants::{GrantError, GrantVerifier, Presented, promised, recorded};
use crate::sync::into_act;
use crate::{Source, Vault, identity_checks};

pub use consent::{CheckingConsent, ConsentSource, Consents};
pub use endpoint::{__path_pull, BODY_LIMIT, configure, pull};
pub use recorded_refusals::RecordedRefusals;

pub(crate) use admission::{Asked, Ground};
pub(crate) use filter::fitting;

use refusal::PullRefusal;

/// The sources of a partner by name.
pub type Sources = BTreeMap<SourceName, Arc<dyn Source>>;

/// Who pulls, and in which trace.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The party, from its certificate, or the one that its supplier acts for.
    pub oin: Oin,
    /// The supplier, if one acts for the party.
    pub supplier: Option<Oin>,
    /// SHA-256 of its certificate (DER).
    pub certificate_sha256: [u8; 32],
    /// W3C trace id, for the record.
    pub trace: Option<String>,
}

/// Answers pulls for one holder.
#[derive(Debug)]
pub struct Pulls {
    /// The holder.
    pub holder: Oin,
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// The partner's database.
    pub store: Arc<Store<Partner>>,
    /// Where the documents are.
    pub sources: Sources,
    /// What opens the sealed columns.
    pub vault: Vault,
    /// What checks grants.
    pub grants: GrantVerifier,
    /// What checks who asks.
    pub proofs: ActorProofs,
    /// What persons chose.
    pub consents: Consents,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// How long a source may take for one document. Less than the requester's patience, so that it hears why.
    pub source_deadline: Duration,
    /// Which refusals that cost no grant are recorded.
    pub refusals: RecordedRefusals,
}

/// What is known about a pull when it is decided.
struct Decided {
    outcome: Result<Pulled, PullRefusal>,
    ground: Ground,
}

impl Pulls {
    /// Checks, fetches, records, answers.
    pub async fn answer(&self, caller: &Caller, pull: &Pull) -> Result<Pulled, Refusal> {
        let agreement = self.agreement.current();
        let presented = Presented {
            grant: &pull.grant,
            caller: caller.oin,
            certificate_sha256: &caller.certificate_sha256,
            actor: &pull.actor,
            actor_salt: &pull.actor_salt,
        };
        let claims = match self.grants.verify(&agreement, presented).await {
            Ok(claims) => claims,
            Err(error) => {
                let record = only_asserted(self.record(&agreement, caller, pull, None));
                return Err(self.refuse(caller, None, PullRefusal::Grant(error), record).await);
            }
        };
        if claims.prp.supplier != caller.supplier {
            let refusal = PullRefusal::Grant(GrantError::Requester);
            let record = self.record(&agreement, caller, pull, Some(&claims));
            return Err(self.refuse(caller, Some(&claims), refusal, record).await);
        }
        if let Err(error) = self.proofs.check(&agreement, caller.oin, &pull.actor).await {
            let record = only_asserted(self.record(&agreement, caller, pull, Some(&claims)));
            return Err(self.refuse(caller, Some(&claims), PullRefusal::Actor(error), record).await);
        }
        if claims.prp.policy != agreement.hash() {
            PolicyDiffers { transaction: claims.txn, caller: caller.oin }.log();
        }
        let request = digest_of(pull)?;
        let decided = self.decide(&agreement, caller, pull, &claims, &request).await;
        let mut record = self.record(&agreement, caller, pull, Some(&claims));
        record.decision.input = decided.ground.input;
        if let Some(allowed) = decided.ground.allowed {
            record.legal_basis = Some(allowed.legal_basis);
            record.processing_activity = Some(allowed.processing_activity);
        }
        let mut outcome = decided.outcome;
        if let Err(refusal) = &outcome
            && let Some((pulled, withheld)) = self.instead(&agreement, &claims, refusal, &record)
        {
            (outcome, record) = (Ok(pulled), withheld);
        }
        match outcome {
            Ok(pulled) => {
                record.count = Some(u64::from(pulled.document.is_some()));
                match self.commit(&claims, request, record.clone(), None).await {
                    Ok(()) => Ok(pulled),
                    // Another request won the race for this grant between our look and our write.
                    Err(WriteError::Refused(refusal)) => {
                        record.count = None;
                        Err(self.refuse(caller, Some(&claims), refusal, record).await)
                    }
                    Err(error) => Err(unrecorded(&error)),
                }
            }
            Err(refusal) if refusal.keeps_the_grant() => {
                Err(self.refuse(caller, Some(&claims), refusal, record).await)
            }
            Err(refusal) => {
                let denied = refusal.record(record.clone());
                let check = (refusal == PullRefusal::BirthDateUnknown).then_some(caller.oin);
                match self.commit(&claims, request, denied, check).await {
                    Ok(()) => Err(refusal.tell(caller.oin, Some(claims.txn))),
                    Err(WriteError::Refused(reused)) => {
                        Err(self.refuse(caller, Some(&claims), reused, record).await)
                    }
                    Err(error) => Err(unrecorded(&error)),
                }
            }
        }
    }

    /// Everything between the grant and the record, in the order in which it is refused.
    async fn decide(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        pull: &Pull,
        claims: &GrantClaims,
        request: &[u8; 32],
    ) -> Decided {
        let mut ground = Ground::default();
        let outcome = self.try_answer(agreement, caller, pull, claims, request, &mut ground).await;
        Decided { outcome, ground }
    }

    async fn try_answer(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        pull: &Pull,
        claims: &GrantClaims,
        request: &[u8; 32],
        ground: &mut Ground,
    ) -> Result<Pulled, PullRefusal> {
        let asked = Asked::from(pull);
        let Some(admitted) = self.admit(agreement, caller, asked, claims, request, ground).await? else {
            return self.nothing(claims);
        };
        let Some(document) = self.retrieve(&admitted.record).await? else {
            return self.nothing(claims);
        };
        let birth_date_compared = self.compare(agreement, &admitted, asked, claims, document.birth_date)?;
        let record = admitted.record;
        let (document, provenance) = filter::deliverable(agreement, &record, document)?;
        Ok(Pulled {
            holder: self.holder,
            category: record.category,
            transaction: claims.txn,
            document: Some(document),
            provenance,
            birth_date_compared,
        })
    }

    /// "Nothing any more": the source does not have it, or it was withdrawn. A grant outlives a withdrawal by two minutes at
    /// most, and the record may be forgotten by then; its links in the log remain, and show that it was here.
    ///
    /// The same is answered where something is kept back, so it says nothing that only a record could tell: not even which
    /// source would have had it.
    fn nothing(&self, claims: &GrantClaims) -> Result<Pulled, PullRefusal> {
        let (category, source) = (claims.prp.cat.first(), self.sources.keys().next());
        Ok(Pulled {
            holder: self.holder,
            category: category.cloned().ok_or(PullRefusal::Category)?,
            transaction: claims.txn,
            document: None,
            provenance: Provenance {
                source: source.cloned().ok_or(PullRefusal::Source)?,
                as_of: self.clock.now(),
                under_investigation: Vec::new(),
            },
            birth_date_compared: None,
        })
    }

    fn record(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        pull: &Pull,
        claims: Option<&GrantClaims>,
    ) -> AccessRecord {
        self.record_of(Event::PullAnswered, agreement, caller, &pull.actor, claims)
    }

    /// The record of something that was asked under a grant.
    pub(crate) fn record_of(
        &self,
        event: Event,
        agreement: &Agreement,
        caller: &Caller,
        actor: &Actor,
        claims: Option<&GrantClaims>,
    ) -> AccessRecord {
        let mut record = AccessRecord::new(
            event,
            self.clock.now(),
            agreement.chain().clone(),
            self.holder,
            caller.supplier.unwrap_or(caller.oin),
            agreement.hash(),
        );
        record.on_behalf_of = caller.supplier.map(|_| caller.oin);
        record.actor = Some(recorded(actor));
        record.holders = vec![self.holder];
        record.trace.clone_from(&caller.trace);
        if let Some(claims) = claims {
            record.categories.clone_from(&claims.prp.cat);
            record.categories.sort();
            record.legal_basis = Some(claims.prp.legal_basis.clone());
            record.purpose = Some(claims.prp.purpose.clone());
            let basis = claims.prp.relation.as_str().to_owned();
            record.relation = Some(RecordedRelation { basis, reason: None });
            record.representation = claims.prp.representation.as_ref().map(GrantRepresentation::recorded);
            record.transaction = Some(claims.txn);
        }
        record
    }

    pub(crate) fn reference(&self, now: Instant) -> SubjectReference {
        self.vault.entropy().id(now)
    }

    /// Makes the use of the grant and the record durable together, and with them what a refusal leaves to two people.
    async fn commit(
        &self,
        claims: &GrantClaims,
        request: [u8; 32],
        record: AccessRecord,
        identity_check_for: Option<Oin>,
    ) -> Result<(), WriteError<PullRefusal>> {
        let grant = claims.jti;
        let expires_at = void_from(claims.exp);
        let (now, handle, reference) = (record.at, claims.prp.hdl, self.reference(record.at));
        let checking = identity_check_for.map(|requester| (self.vault.entropy().id(now), requester));
        let of_grant = claims.clone();
        // Checked later, when the switchboard's log has a checkpoint that covers it.
        let receipt = promised(claims, now);
        self.store
            .write("answer_pull", move |tx| {
                let first_time = match tx.read().used_grant(grant)? {
                    None => true,
                    Some(earlier) if earlier == request => false,
                    Some(_) => return Err(Abort::Refused(PullRefusal::Reused)),
                };
                if first_time {
                    if let Some(receipt) = &receipt {
                        tx.write().await_receipt(receipt)?;
                    }
                    tx.write().use_grant(grant, &request, expires_at)?;
                    tx.write().forget_grants(now)?;
                    if let Some((id, requester)) = checking {
                        identity_checks::open(tx.write(), id, requester, &of_grant, now)?;
                    }
                }
                Ok(((), act_about(tx.read(), handle, reference, record.clone())?))
            })
            .await
            .map(|_| ())
    }

    /// Records a refusal that leaves the grant as it is, and tells it. Such a refusal can be had for nothing and without end,
    /// so not each of them is recorded.
    async fn refuse(
        &self,
        caller: &Caller,
        claims: Option<&GrantClaims>,
        refusal: PullRefusal,
        record: AccessRecord,
    ) -> Refusal {
        if !self.refusals.claim(caller.oin, refusal.reason(), record.at) {
            return refusal.tell(caller.oin, claims.map(|claims| claims.txn));
        }
        let denied = refusal.record(record);
        let (handle, reference) = (claims.map(|claims| claims.prp.hdl), self.reference(denied.at));
        let written = self
            .store
            .write("refuse_pull", move |tx| match handle {
                Some(handle) => Ok(((), act_about(tx.read(), handle, reference, denied.clone())?)),
                None => Ok(((), into_act(&denied)?)),
            })
            .await;
        match written {
            Ok(_) => refusal.tell(caller.oin, claims.map(|claims| claims.txn)),
            Err(error) => unrecorded::<PullRefusal>(&error),
        }
    }
}

/// Until when the use of a grant is remembered: as long as anybody could present it, so until it has expired by the slowest
/// clock, and a while.
pub(crate) fn void_from(exp: i64) -> Instant {
    let leeway = Duration::from_secs(LEEWAY_SECONDS as u64 * 4);
    Instant::from_millis(exp.saturating_mul(1000)).plus(leeway)
}

/// The record of a pull. When the handle is of a record here, it gets a reference, and the link that resolves it goes into
/// the same transaction.
pub(crate) fn act_about<E>(
    tables: &mut (dyn PartnerRead + 'static),
    handle: Handle,
    reference: SubjectReference,
    mut record: AccessRecord,
) -> Result<Act, Abort<E>> {
    if tables.record_by_handle(handle)?.is_none() {
        return into_act(&record);
    }
    record.subject = Some(reference);
    Ok(into_act(&record)?.link_record(handle, reference, record.transaction))
}

/// The record of a request whose actor was not shown to be who they are said to be.
pub(crate) fn only_asserted(mut record: AccessRecord) -> AccessRecord {
    if let Some(actor) = &mut record.actor {
        "asserted".clone_into(&mut actor.assurance);
    }
    record
}

/// SHA-256 of a body in the one form that we give it, so that a retry that was written another way is still one.
pub(crate) fn digest_of<T: Serialize>(request: &T) -> Result<[u8; 32], Refusal> {
    let body = serde_json::to_vec(request).map_err(|_| Refusal::fault("a request cannot be written"))?;
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, &body).as_ref());
    Ok(bytes)
}

/// No access without a trace: what cannot be recorded does not happen.
pub(crate) fn unrecorded<E>(error: &WriteError<E>) -> Refusal {
    PullNotRecorded { reason: Reason::of(error) }.log();
    Refusal::new(
        ProblemCode::Unavailable,
        "The holder cannot record this pull, so it does not answer it. Send the same request again.",
    )
    .retry_after(Duration::from_secs(1))
}

impl PullRefusal {
    pub(crate) fn record(&self, record: AccessRecord) -> AccessRecord {
        let mut record = record.denied(self.reason());
        if self.is_failure() {
            record.result = Outcome::Error;
        }
        record
    }
}
