//! The asker's records, in the partner's ledger.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_adapter::Vault;
use kw_domain::{CaseReference, Category, Instant, Oin, Purpose, SubjectReference, TransactionId};
use kw_ledger::{
    AccessRecord, Canonical, Event, GrantedAccess, GrantedAct, Leaf, LeafKind, Outcome, RecordedActor,
    RecordedRelation, Salt,
};
use kw_protocol::access_report::LEGAL_BASIS;
use kw_protocol::query::{Assurance, QueryAct, Receipt};
use kw_requester::{
    AccessEvent, AccessLog, Answered, Asked, Assembled, RecordError, Recording, Reported, Unanswered,
};
use kw_runtime::{Entropy, SharedAgreement};
use kw_store::partner::Partner;
use kw_store::{PendingReceipt, Store};

use crate::app::{About, append};

/// Records what the requester asks and gets. Every record of one question names the person who asked it.
pub(crate) struct LedgerLog {
    oin: Oin,
    agreement: SharedAgreement,
    store: Arc<Store<Partner>>,
    entropy: Entropy,
    vault: Vault,
    /// Who asked what is still under way.
    open: Mutex<HashMap<TransactionId, Question>>,
}

/// What all records of one question share.
#[derive(Clone)]
struct Question {
    at: Instant,
    actor: RecordedActor,
    purpose: Purpose,
    case: CaseReference,
    relation: Option<RecordedRelation>,
    subject: SubjectReference,
    /// Whom the reference means, for the link that can be erased.
    subject_key: [u8; 16],
}

impl LedgerLog {
    pub(crate) fn new(
        oin: Oin,
        agreement: SharedAgreement,
        store: Arc<Store<Partner>>,
        entropy: Entropy,
        vault: Vault,
    ) -> Self {
        Self { oin, agreement, store, entropy, vault, open: Mutex::default() }
    }

    fn record_of(&self, event: AccessEvent) -> AccessRecord {
        match event {
            AccessEvent::Asked(asked) => self.asked(asked),
            AccessEvent::Answered(answered) => self.answered(answered),
            AccessEvent::Assembled(assembled) => self.assembled(&assembled),
            AccessEvent::Reported(reported) => self.reported(&reported),
            AccessEvent::Unanswered(unanswered) => self.unanswered(unanswered),
        }
    }

    fn asked(&self, asked: Asked) -> AccessRecord {
        let assurance = match asked.actor.assurance {
            Assurance::Asserted => "asserted",
            Assurance::Proven => "proven",
        };
        let question = Question {
            at: asked.at,
            actor: RecordedActor {
                assurance: assurance.to_owned(),
                id: asked.actor.id,
                role: asked.actor.role,
            },
            purpose: asked.purpose,
            case: asked.case,
            relation: asked.relation.map(|relation| RecordedRelation {
                basis: relation.basis.as_str().to_owned(),
                reason: relation.reason,
            }),
            subject: self.entropy.id(asked.at),
            subject_key: self.vault.asked_key(&asked.subject),
        };
        self.with_open(|open| {
            // A lookup ends with its answer, which does not say so: what is old is over.
            open.retain(|_, question| asked.at.since(question.at) < LONGEST_QUESTION);
            open.insert(asked.transaction, question);
        });
        let mut record = self.new_record(Event::QueryAsked, asked.at, asked.transaction);
        record.representation = asked.representation;
        record.categories = asked.categories;
        record.holders = asked.holders;
        record
    }

    fn answered(&self, answered: Answered) -> AccessRecord {
        let mut record = self.new_record(Event::AnswerReceived, answered.at, answered.transaction);
        record.decision.policy = answered.policy;
        record.categories = answered.categories;
        record.count = Some(answered.disclosed.len() as u64);
        record.holders = holders(answered.disclosed.iter().map(|one| one.holder));
        let act = match answered.act {
            QueryAct::View => GrantedAct::Pull,
            QueryAct::Feedback => GrantedAct::Feedback,
        };
        let granted = answered.disclosed.into_iter().filter_map(|one| {
            let (category, holder, transaction) = (one.category, one.holder, one.transaction);
            one.grant.map(|grant| GrantedAccess { act, category, grant, holder, outcome: None, transaction })
        });
        record.grants = granted.collect();
        record
    }

    fn assembled(&self, assembled: &Assembled) -> AccessRecord {
        let mut record = self.new_record(Event::DossierAssembled, assembled.at, assembled.transaction);
        self.with_open(|open| open.remove(&assembled.transaction));
        record.count = Some(assembled.outcomes.len() as u64);
        record.holders = holders(assembled.outcomes.iter().map(|one| one.holder));
        record.categories = assembled.outcomes.iter().map(|one| one.category.clone()).collect();
        record.categories.sort();
        record.categories.dedup();
        let pulled = assembled.outcomes.iter().filter_map(|one| {
            Some(GrantedAccess {
                act: GrantedAct::Pull,
                category: one.category.clone(),
                grant: one.grant?,
                holder: one.holder,
                outcome: Some(one.status.code().to_owned()),
                transaction: one.transaction,
            })
        });
        record.grants = pulled.collect();
        if !assembled.complete {
            record.decision.reason = Some("incomplete".to_owned());
        }
        record
    }

    fn reported(&self, reported: &Reported) -> AccessRecord {
        let mut record = self.new_record(Event::AccessReportMade, reported.at, reported.transaction);
        self.with_open(|open| open.remove(&reported.transaction));
        record.categories = vec![Category::access_log()];
        record.count = Some(reported.entries);
        record.holders = holders(reported.asked.iter().map(|(party, ..)| *party));
        let granted = reported.asked.iter().filter_map(|(holder, transaction, grant)| {
            Some(GrantedAccess {
                act: GrantedAct::Pull,
                category: Category::access_log(),
                grant: (*grant)?,
                holder: *holder,
                outcome: None,
                transaction: *transaction,
            })
        });
        record.grants = granted.collect();
        if !reported.complete {
            record.decision.reason = Some("incomplete".to_owned());
        }
        record
    }

    fn unanswered(&self, unanswered: Unanswered) -> AccessRecord {
        let mut record = self.new_record(Event::AnswerReceived, unanswered.at, unanswered.transaction);
        self.with_open(|open| open.remove(&unanswered.transaction));
        record.decision.reason = Some(unanswered.reason);
        record.result = Outcome::Error;
        record
    }

    fn new_record(&self, event: Event, at: Instant, transaction: TransactionId) -> AccessRecord {
        let agreement = self.agreement.current();
        let chain = agreement.chain().clone();
        let mut record = AccessRecord::new(event, at, chain, self.oin, self.oin, agreement.hash());
        record.transaction = Some(transaction);
        if let Some(question) = self.with_open(|open| open.get(&transaction).cloned()) {
            if question.purpose.is_subject_access() {
                record.legal_basis = Some(LEGAL_BASIS.to_owned());
            } else if let Some(rules) = agreement.purpose(&question.purpose) {
                record.legal_basis = Some(rules.legal_basis.clone());
                record.processing_activity = Some(rules.processing_activity.clone());
            }
            record.actor = Some(question.actor);
            record.purpose = Some(question.purpose);
            record.case = Some(question.case);
            record.relation = question.relation;
            record.subject = Some(question.subject);
        }
        record
    }

    fn subject_key(&self, transaction: TransactionId) -> Option<[u8; 16]> {
        self.with_open(|open| open.get(&transaction).map(|question| question.subject_key))
    }

    fn with_open<T>(&self, with: impl FnOnce(&mut HashMap<TransactionId, Question>) -> T) -> T {
        with(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AccessLog for LedgerLog {
    fn record(&self, event: AccessEvent) -> Recording<'_> {
        let transaction = transaction_of(&event);
        // A question is known after its first record, and forgotten with its last.
        let before = self.subject_key(transaction);
        let receipt = match &event {
            AccessEvent::Answered(answered) => pending(&answered.receipt, transaction, answered.at),
            AccessEvent::Reported(reported) => pending(&reported.receipt, transaction, reported.at),
            _ => None,
        };
        let record = self.record_of(event);
        let about = About { asked: before.or_else(|| self.subject_key(transaction)), receipt };
        Box::pin(async move { append(&self.store, record, about).await.map_err(|()| RecordError::Failed) })
    }
}

impl fmt::Debug for LedgerLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerLog").field("oin", &self.oin).finish_non_exhaustive()
    }
}

/// The leaf that the switchboard's log must have for its own record of this answer.
fn pending(receipt: &Receipt, transaction: TransactionId, at: Instant) -> Option<PendingReceipt> {
    let record = Canonical::from_stored(receipt.record.clone()?);
    let leaf = Leaf::commit(LeafKind::Access, &Salt(receipt.salt.0), &record);
    Some(PendingReceipt {
        origin: receipt.origin.clone(),
        index: receipt.index,
        leaf: leaf.hash,
        transaction,
        at,
    })
}

fn transaction_of(event: &AccessEvent) -> TransactionId {
    match event {
        AccessEvent::Asked(asked) => asked.transaction,
        AccessEvent::Answered(answered) => answered.transaction,
        AccessEvent::Assembled(assembled) => assembled.transaction,
        AccessEvent::Reported(reported) => reported.transaction,
        AccessEvent::Unanswered(unanswered) => unanswered.transaction,
    }
}

fn holders(all: impl Iterator<Item = Oin>) -> Vec<Oin> {
    let mut holders: Vec<Oin> = all.collect();
    holders.sort();
    holders.dedup();
    holders
}

/// The requester's deadlines are seconds.
const LONGEST_QUESTION: Duration = Duration::from_mins(10);
