//! The term of objections: the holder is told before it ends, and told for its data protection officer when it has ended.

use std::sync::Arc;

use kw_agreement::{Agreement, AuditorRole};
use kw_domain::Oin;
use kw_ledger::Event;
use kw_runtime::Refusal;
use kw_store::switchboard::consents::{StoredObjection, Warned};
use kw_telemetry::Reason;

use crate::app::{App, act};
use crate::events::ObjectionOverdue;
use crate::signalling::{SignalType, about_objection};

const AT_ONCE: u32 = 100;

/// Warns of terms that end and that ended.
pub(crate) async fn watch(app: Arc<App>) -> Result<(), Reason> {
    let now = app.now();
    let agreement = app.agreement.current();
    // The last fifth of the term: six days of thirty.
    let notice = agreement.consent().objection_within / 5;
    let read = app.store.read(move |index| {
        let ended = index.objections_due(now, Warned::Officer, AT_ONCE)?;
        let ending = index.objections_due(now.plus(notice), Warned::Holder, AT_ONCE)?;
        Ok((ended, ending))
    });
    let (ended, ending) = read.await.map_err(|error| Reason::of(&error))?;
    let mut steps: Vec<(StoredObjection, Warned)> =
        ended.into_iter().map(|objection| (objection, Warned::Officer)).collect();
    for objection in ending {
        if !steps.iter().any(|(other, _)| other.id == objection.id) {
            steps.push((objection, Warned::Holder));
        }
    }
    if steps.is_empty() {
        return Ok(());
    }
    for (objection, warned) in &steps {
        if *warned == Warned::Officer {
            ObjectionOverdue { holder: objection.holder }.log();
        }
    }
    let mut record = app.record(&agreement, Event::ReviewEscalated, app.oin, None);
    record.count = Some(steps.len() as u64);
    let (entropy, auditors) = (app.entropy.clone(), officers(&agreement));
    app.store
        .write("watch_objections", move |tx| {
            for (objection, warned) in &steps {
                // It may have been decided since it was read.
                let Some(mut current) =
                    tx.read().objection(objection.id)?.filter(|one| one.decided_at.is_none())
                else {
                    continue;
                };
                current.warned = *warned;
                tx.write().update_objection(&current)?;
                let mut recipients = vec![current.holder];
                if *warned == Warned::Officer {
                    recipients.extend(&auditors);
                }
                about_objection(tx, &entropy, &current, SignalType::ObjectionDue, &recipients, now)?;
            }
            Ok(((), act::<Refusal>(&record)?))
        })
        .await
        .map(drop)
        .map_err(|error| Reason::of(&error))
}

/// Who watches over the rights of persons in this chain.
pub(super) fn officers(agreement: &Agreement) -> Vec<Oin> {
    let officers = agreement.auditors().filter(|auditor| auditor.role == AuditorRole::DataProtectionOfficer);
    officers.map(|auditor| auditor.oin).collect()
}
