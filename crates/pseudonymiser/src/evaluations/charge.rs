//! Charging a batch and recording it: one transaction, before anything is evaluated.

use actix_web::web::Data;
use kw_agreement::Agreement;
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Party, Refusal, Trace};
use kw_store::pseudonymiser::BudgetKey;
use kw_store::{Abort, Act, StoreError, WriteError};

use super::Batch;
use crate::app::App;
use crate::budget::{self, Overdrawn};
use crate::events::{AskingMuch, BudgetUsedUp};
use crate::volume::{Crossed, crossed};

/// Takes the whole batch from the caller's budget, or refuses it. When this returns, the record is durable.
///
/// A refusal for an exhausted budget is recorded as well, though not more often than once a second for each budget
/// ([`crate::app::RefusalRecords`]): a party that keeps asking cannot fill the ledger.
pub(super) async fn charge(
    app: &Data<App>,
    party: &Party,
    trace: &Trace,
    agreement: &Agreement,
    batch: &Batch,
) -> Result<(), Refusal> {
    let partner = agreement.partner(party.oin).ok_or_else(left_the_agreement)?;
    let limit = agreement.budget(batch.class, partner);
    let key = BudgetKey { party: party.oin, class: batch.class, key_use: batch.key_use };
    let count = batch.elements.len() as u64;
    let now = app.clock.now();
    let service = agreement.pseudonymiser().oin;
    let chain = agreement.chain().clone();
    let mut record = AccessRecord::new(
        Event::EvaluationBatch,
        now,
        chain,
        service,
        party.certificate_oin(),
        agreement.hash(),
    );
    record.on_behalf_of = party.supplier.map(|_| party.oin);
    record.count = Some(count);
    record.trace = Some(trace.trace_id());
    record.transaction = Some(trace.transaction);

    let rules = *agreement.alarms();
    let mut alarm = AccessRecord::new(
        Event::AlarmRaised,
        now,
        agreement.chain().clone(),
        service,
        service,
        agreement.hash(),
    );
    alarm.holders = vec![party.oin];
    let shared = app.clone();
    // Kept over a second run of the closure, so that one refusal claims its record once.
    let mut claimed = None;
    let write = app.store.write("charge_evaluations", move |tx| {
        let used = tx.read().budget_use(key)?;
        match budget::charge(&used, &limit, count, now) {
            Ok(used) => {
                tx.write().store_budget_use(key, &used)?;
                let act = act(&record)?;
                match crossed(&rules, &limit, key, &used, count) {
                    None => Ok(((None, None), act)),
                    Some(crossed) => {
                        let mut alarm = alarm.clone();
                        alarm.count = Some(crossed.used);
                        alarm.decision.reason = Some(crossed.reason.to_owned());
                        let alarm = canonical(&alarm).map_err(StoreError::from)?;
                        Ok(((None, Some(crossed)), act.and(LeafKind::Access, alarm)))
                    }
                }
            }
            Err(overdrawn @ Overdrawn::Exhausted { window, .. })
                if *claimed.get_or_insert_with(|| shared.refusals.claim(key, now)) =>
            {
                let reason = format!("budget-exhausted-{}-{}", key.class.as_str(), window.as_str());
                Ok(((Some(overdrawn), None), act(&record.clone().denied(reason))?))
            }
            Err(overdrawn) => Err(Abort::Refused(overdrawn)),
        }
    });
    let overdrawn = match write.await {
        Ok(committed) => {
            let (overdrawn, crossed) = committed.value;
            if let Some(Crossed { reason, used }) = crossed {
                app.count_alarm(reason);
                AskingMuch { caller: party.oin, pattern: reason, evaluations: used }.log();
            }
            overdrawn
        }
        Err(WriteError::Refused(overdrawn)) => Some(overdrawn),
        Err(WriteError::Busy | WriteError::Unavailable) => {
            app.count_refused("unavailable");
            let detail = "The batch cannot be recorded now, so nothing was evaluated. Try again.";
            return Err(Refusal::new(ProblemCode::Unavailable, detail));
        }
    };
    overdrawn.map_or(Ok(()), |overdrawn| Err(refuse(app, key, overdrawn)))
}

fn act(record: &AccessRecord) -> Result<Act, StoreError> {
    let canonical = canonical(record)?;
    Ok(Act::new(record.at, LeafKind::Access, canonical))
}

fn refuse(app: &App, key: BudgetKey, overdrawn: Overdrawn) -> Refusal {
    let class = key.class.as_str();
    match overdrawn {
        Overdrawn::Exhausted { window, wait } => {
            app.count_refused("budget");
            let window = window.as_str();
            BudgetUsedUp { caller: key.party, class, key_use: key.key_use, window }.log();
            let detail = format!(
                "The budget `{class}` of this {window} is used up. Wait as long as Retry-After says."
            );
            Refusal::new(ProblemCode::BudgetExhausted, detail).retry_after(wait)
        }
        Overdrawn::NeverFits { largest } => {
            app.count_refused("invalid");
            let detail = format!("The budget `{class}` never holds a batch of this size. Send smaller ones.");
            Refusal::new(ProblemCode::Invalid, detail)
                .field("/elements", format!("at most {largest} in this class"))
        }
    }
}

/// The agreement was replaced between the look at the certificate and this.
fn left_the_agreement() -> Refusal {
    Refusal::new(
        ProblemCode::PartyUnknown,
        "The party has just left this chain's agreement. Ask the chain's operator.",
    )
}
