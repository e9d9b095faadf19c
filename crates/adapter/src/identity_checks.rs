//! The two-person route, for pulls that were refused because a birth date is unknown.
//!
//! Such a refusal leaves a check. Two different people of the holder look whether the requester means the person behind the
//! handle, each in a call of their own; one denial ends it. Once both confirmed, the same requester's pulls about the same
//! handle are delivered for a while, and say so. Each word is a record of its own.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Clock, Handle, IdentityCheckId, Instant, Oin, SubjectReference};
use kw_ledger::{AccessRecord, Event, RecordedRelation};
use kw_protocol::grant::GrantClaims;
use kw_protocol::identity_check::{
    CheckedRecord, IdentityCheck, IdentityCheckStatus, IdentityConfirmation, IdentityVerdict,
};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Refusal, SharedAgreement, Trace};
use kw_store::partner::{
    IdentityCheckState, LocalRecord, Partner, PartnerRead, PartnerWrite, StoredIdentityCheck,
};
use kw_store::{Abort, Store, StoreError, WriteError};

use crate::Vault;
use crate::grants::recorded;
use crate::pulls::unrecorded;
use crate::sync::into_act;

/// The checks of one holder.
#[derive(Debug, Clone)]
pub struct IdentityChecks {
    /// The holder.
    pub holder: Oin,
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// The partner's database.
    pub store: Arc<Store<Partner>>,
    /// What opens the sealed columns.
    pub vault: Vault,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
}

/// Why a word is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// It is decided.
    Decided,
    /// The same person confirmed before.
    SamePerson,
    /// There is no such check, or no more.
    Unknown,
}

impl IdentityChecks {
    /// The checks that are kept, those that were asked first first.
    pub async fn list(&self, waiting: bool) -> Result<Vec<IdentityCheck>, Refusal> {
        let now = self.clock.now();
        let found = self.store.read(|tables| {
            let checks = tables.identity_checks(MOST_LISTED)?;
            let record = |check: StoredIdentityCheck| {
                let record = tables.record_by_handle(check.handle)?;
                Ok((check, record))
            };
            checks.into_iter().map(record).collect::<Result<Vec<_>, StoreError>>()
        });
        let found = found.await.map_err(Refusal::fault)?;
        let is_wanted = |check: &StoredIdentityCheck| {
            check.expires_at > now && (!waiting || check.state == IdentityCheckState::Open)
        };
        Ok(found
            .into_iter()
            .filter(|(check, _)| is_wanted(check))
            .map(|(check, record)| self.shown(&check, record.as_ref()))
            .collect())
    }

    /// Takes one person's word.
    pub async fn confirm(
        &self,
        id: IdentityCheckId,
        confirmation: &IdentityConfirmation,
        trace: &Trace,
    ) -> Result<IdentityCheck, Refusal> {
        let agreement = self.agreement.current();
        let now = self.clock.now();
        let mut record = AccessRecord::new(
            Event::IdentityChecked,
            now,
            agreement.chain().clone(),
            self.holder,
            self.holder,
            agreement.hash(),
        );
        record.actor = Some(recorded(&confirmation.actor));
        record.holders = vec![self.holder];
        let basis = confirmation.evidence.as_str().to_owned();
        record.relation = Some(RecordedRelation { basis, reason: None });
        record.trace = Some(trace.trace_id());
        record.transaction = Some(trace.transaction);
        let (actor, verdict) = (confirmation.actor.id.clone(), confirmation.verdict);
        let reference: SubjectReference = self.vault.entropy().id(now);
        let written = self
            .store
            .write("check_identity", move |tx| {
                let found = tx.read().identity_check(id)?.filter(|check| check.expires_at > now);
                let mut check = found.ok_or(Abort::Refused(Refused::Unknown))?;
                if check.state != IdentityCheckState::Open {
                    return Err(Abort::Refused(Refused::Decided));
                }
                let mut record = record.clone();
                record.categories = vec![check.category.clone()];
                record.purpose = Some(check.purpose.clone());
                match (verdict, check.first.take()) {
                    (IdentityVerdict::OtherPerson, _) => {
                        check.state = IdentityCheckState::Denied;
                        record = record.denied("other-person");
                    }
                    (IdentityVerdict::SamePerson, None) => {
                        check.first = Some(actor.clone());
                        record.count = Some(1);
                    }
                    (IdentityVerdict::SamePerson, Some(first)) if first == actor => {
                        return Err(Abort::Refused(Refused::SamePerson));
                    }
                    (IdentityVerdict::SamePerson, Some(_)) => {
                        check.state = IdentityCheckState::Confirmed;
                        record.count = Some(2);
                    }
                }
                if check.state != IdentityCheckState::Open {
                    check.expires_at = now.plus(COUNTS_FOR);
                }
                tx.write().change_identity_check(&check)?;
                let local = tx.read().record_by_handle(check.handle)?;
                let act = if local.is_some() {
                    record.subject = Some(reference);
                    into_act(&record)?.link_record(check.handle, reference, record.transaction)
                } else {
                    into_act(&record)?
                };
                Ok(((check, local), act))
            })
            .await;
        match written {
            Ok(committed) => {
                let (check, local) = committed.value;
                Ok(self.shown(&check, local.as_ref()))
            }
            Err(WriteError::Refused(refused)) => Err(refused.told()),
            Err(error) => Err(unrecorded::<Refused>(&error)),
        }
    }

    fn shown(&self, check: &StoredIdentityCheck, record: Option<&LocalRecord>) -> IdentityCheck {
        let record = record.and_then(|record| {
            let key = self.vault.open_record(record.handle, &record.record_sealed).ok()?;
            Some(CheckedRecord { source: record.source.to_string(), key: key.as_str().to_owned() })
        });
        IdentityCheck {
            id: check.id,
            category: check.category.clone(),
            record,
            requester: check.requester,
            purpose: check.purpose.clone(),
            status: match (check.state, &check.first) {
                (IdentityCheckState::Open, None) => IdentityCheckStatus::Open,
                (IdentityCheckState::Open, Some(_)) => IdentityCheckStatus::ConfirmedOnce,
                (IdentityCheckState::Confirmed, _) => IdentityCheckStatus::Confirmed,
                (IdentityCheckState::Denied, _) => IdentityCheckStatus::Denied,
            },
            asked_at: check.asked_at,
            expires_at: check.expires_at,
        }
    }
}

impl Refused {
    fn told(self) -> Refusal {
        match self {
            Self::Decided => Refusal::new(
                ProblemCode::IllegalTransition,
                "This check is decided. A denial cannot be taken back.",
            ),
            Self::SamePerson => Refusal::new(
                ProblemCode::Denied,
                "You confirmed this before. Somebody else has to be the second.",
            ),
            Self::Unknown => {
                Refusal::new(ProblemCode::NotFound, "There is no such check, or it has expired.")
            }
        }
    }
}

/// Whether two people confirmed that this requester means the person behind this handle.
pub(crate) fn is_confirmed(
    tables: &mut (dyn PartnerRead + 'static),
    handle: Handle,
    requester: Oin,
    now: Instant,
) -> Result<bool, StoreError> {
    let check = tables.identity_check_of(handle, requester)?;
    Ok(check.is_some_and(|check| check.state == IdentityCheckState::Confirmed && check.expires_at > now))
}

/// Leaves a check after a refusal, unless there is one.
pub(crate) fn open(
    tables: &mut (dyn PartnerWrite + 'static),
    id: IdentityCheckId,
    requester: Oin,
    claims: &GrantClaims,
    now: Instant,
) -> Result<(), StoreError> {
    tables.forget_identity_checks(now)?;
    let handle = claims.prp.hdl;
    let (Some(record), None) =
        (tables.record_by_handle(handle)?, tables.identity_check_of(handle, requester)?)
    else {
        return Ok(());
    };
    tables.open_identity_check(&StoredIdentityCheck {
        id,
        handle,
        requester,
        purpose: claims.prp.purpose.clone(),
        category: record.category,
        state: IdentityCheckState::Open,
        first: None,
        asked_at: now,
        expires_at: now.plus(WAITS_FOR),
    })
}

/// How long a check waits for people.
const WAITS_FOR: Duration = Duration::from_hours(30 * 24);

/// How long their word counts: the case that asked goes on, and the next has to be looked at again.
const COUNTS_FOR: Duration = Duration::from_hours(7 * 24);

const MOST_LISTED: u32 = 500;
