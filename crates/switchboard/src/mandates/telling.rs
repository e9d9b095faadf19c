//! Who hears that a mandate changed: its registrar, and whoever asked about it not long ago and may rely on it.

use std::time::Duration;

use kw_domain::Instant;
use kw_protocol::signal::SignalType;
use kw_runtime::Entropy;
use kw_store::switchboard::mandates::StoredMandate;
use kw_store::switchboard::{NewSignal, Switchboard};

use kw_store::{StoreError, Tx};

/// Who asked longer ago is not told.
const ASKED_WITHIN: Duration = Duration::from_hours(24 * 90);

/// Tells them, in the transaction of the change.
pub(super) fn tell(
    tx: &mut Tx<'_, Switchboard>,
    entropy: &Entropy,
    mandate: &StoredMandate,
    at: Instant,
) -> Result<(), StoreError> {
    let mut told = tx.read().mandate_askers(mandate.id, at.minus(ASKED_WITHIN))?;
    told.push(mandate.registrar);
    told.sort();
    told.dedup();
    let signals: Vec<NewSignal> = told
        .into_iter()
        .map(|recipient| NewSignal {
            id: entropy.id(at),
            recipient,
            kind: SignalType::MandateChanged,
            about: *mandate.id.as_bytes(),
            at,
        })
        .collect();
    tx.write().emit(&signals)
}
