//! What holders and registrars are told of choices and objections: that something happened, and where to look.

use kw_domain::{Instant, Oin, SignalId};
use kw_protocol::pointer::PointerState;
use kw_runtime::Entropy;
use kw_store::switchboard::NewSignal;
use kw_store::switchboard::Switchboard;
use kw_store::switchboard::consents::{StoredConsent, StoredObjection};
use kw_store::{StoreError, Tx};

pub(crate) use kw_protocol::signal::SignalType;

/// Tells every holder that is found with something that a choice speaks of to ask again. The signal names the holder's own
/// pointer: a name of the choice that several holders hear would tell them that they know the same person.
pub(crate) fn consent_changed(
    tx: &mut Tx<'_, Switchboard>,
    entropy: &Entropy,
    consent: &StoredConsent,
    at: Instant,
) -> Result<(), StoreError> {
    let concerned = tx.read().pointers_about(consent.subject)?;
    let signals: Vec<NewSignal> = concerned
        .into_iter()
        .filter(|pointer| pointer.state == PointerState::Active)
        .filter(|pointer| consent.category.as_ref().is_none_or(|category| *category == pointer.category))
        .filter(|pointer| consent.holder.is_none_or(|holder| holder == pointer.holder))
        .map(|pointer| NewSignal {
            id: entropy.id::<SignalId>(at),
            recipient: pointer.holder,
            kind: SignalType::ConsentChanged,
            about: *pointer.id.as_bytes(),
            at,
        })
        .collect();
    tx.write().emit(&signals)
}

/// Tells one party something about an objection.
pub(crate) fn about_objection(
    tx: &mut Tx<'_, Switchboard>,
    entropy: &Entropy,
    objection: &StoredObjection,
    kind: SignalType,
    recipients: &[Oin],
    at: Instant,
) -> Result<(), StoreError> {
    let signals: Vec<NewSignal> = recipients
        .iter()
        .map(|recipient| NewSignal {
            id: entropy.id::<SignalId>(at),
            recipient: *recipient,
            kind,
            about: *objection.id.as_bytes(),
            at,
        })
        .collect();
    tx.write().emit(&signals)
}
