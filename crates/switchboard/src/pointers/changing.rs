//! Changing one pointer of one's own: find, decide, store, record.

use actix_web::web::Json;
use kw_domain::PointerId;
use kw_ledger::Event;
use kw_protocol::pointer::Pointer;
use kw_protocol::signal::SignalType;
use kw_runtime::{Party, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::StoredPointer;

use super::view::{illegal, not_found, shown};
use crate::app::{App, act, act_about, not_written};
use crate::lifecycle::{IllegalTransition, is_told};
use crate::matches::Moved;

/// Applies a rule to the caller's own pointer and records it.
pub(super) async fn change(
    app: &App,
    trace: &Trace,
    party: &Party,
    id: PointerId,
    event: Event,
    rule: impl Fn(&StoredPointer) -> Result<StoredPointer, IllegalTransition> + Send + 'static,
) -> Result<Json<Pointer>, Refusal> {
    let (agreement, keyring) = (app.agreement.current(), app.keyring.load_full());
    let holder = party.oin;
    let record = app.record(&agreement, event, party, Some(trace));
    let (reference, settler) = (app.reference(), app.settler(&agreement));
    let telling = app.telling(SignalType::PointerWithdrawn);
    let done = app
        .store
        .write("change_pointer", move |tx| {
            let pointer = tx.read().pointer(holder, id)?.ok_or_else(|| Abort::Refused(not_found()))?;
            let changed =
                rule(&pointer).map_err(|IllegalTransition| Abort::Refused(illegal(pointer.state)))?;
            tx.write().update_pointer(&changed)?;
            if is_told(changed.withdrawal) && pointer.withdrawal.is_none() {
                telling.tell(tx, [(holder, id)])?;
            }
            let settled = settler.settle(tx, &Moved::changed(pointer.subject))?;
            let mut record = record.clone();
            record.categories = vec![pointer.category.clone()];
            record.holders = vec![holder];
            let act = match pointer.subject {
                Some(subject) => act_about(record, subject, reference)?,
                None => act(&record)?,
            };
            Ok((changed, settled.onto(act)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(shown(&keyring.keys, &done.value)?))
}
