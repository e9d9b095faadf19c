//! What the switchboard does by itself: mandates whose term is over expire; what is kept of ended ones goes after its time.

use std::sync::Arc;

use kw_agreement::RetentionClass;
use kw_domain::SubjectId;
use kw_ledger::Event;
use kw_runtime::Refusal;
use kw_telemetry::Reason;

use super::recording::{References, act_about_sides, describe};
use super::rules::due;
use super::telling::tell;
use crate::app::{App, act};

const AT_ONCE: u32 = 100;

/// Handles every mandate whose date has come.
pub(crate) async fn mandates_due(app: Arc<App>) -> Result<(), Reason> {
    let now = app.now();
    let found = app.store.read(move |index| index.due_mandates(now, AT_ONCE)).await;
    for mandate in found.map_err(|error| Reason::of(&error))? {
        let agreement = app.agreement.current();
        let kept_for = agreement.retention(RetentionClass::Access);
        let record = app.record(&agreement, Event::MandateEnded, app.oin, None);
        let (references, entropy) = (References::draw(&app), app.entropy.clone());
        app.store
            .write("mandate_due", move |tx| {
                // It may have been changed since it was read.
                let Some(mandate) = tx.read().mandate(mandate.id)?.filter(|one| one.due_at <= now) else {
                    let mut record = record.clone();
                    record.count = Some(0);
                    return Ok(((), act::<Refusal>(&record)?));
                };
                let mut record = record.clone();
                record.count = Some(1);
                if let Some(expired) = due(&mandate, now, kept_for) {
                    tx.write().update_mandate(&expired)?;
                    tell(tx, &entropy, &expired, now)?;
                    describe(&mut record, &expired);
                    return Ok(((), act_about_sides(record, references.of(&expired))?));
                }
                tx.write().delete_mandate(mandate.id)?;
                let sides: [SubjectId; 2] = [mandate.representative, mandate.represented];
                tx.write().delete_orphans(&sides)?;
                Ok(((), act::<Refusal>(&record)?))
            })
            .await
            .map_err(|error| Reason::of(&error))?;
    }
    Ok(())
}
