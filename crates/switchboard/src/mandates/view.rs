//! A stored mandate as it is told: never who its sides are.

use kw_domain::MandateId;
use kw_protocol::mandate::{Mandate, MandateStatus};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::mandates::StoredMandate;

/// The mandate as its registrar and its sides see it.
pub(super) fn shown(mandate: &StoredMandate) -> Mandate {
    Mandate {
        id: mandate.id,
        kind: mandate.kind,
        status: mandate.status,
        age_band: mandate.age_band.clone(),
        categories: mandate.categories.iter().cloned().collect(),
        acts: mandate.acts.iter().copied().collect(),
        confirmed: mandate.confirmed.iter().copied().collect(),
        registrar: mandate.registrar,
        registered_at: mandate.registered_at,
        valid_until: mandate.valid_until,
        changed_at: mandate.changed_at,
    }
}

pub(super) fn mandate_id(text: &str) -> Result<MandateId, Refusal> {
    MandateId::parse(text).map_err(|_| not_found())
}

/// Nobody's, another's and one of other people look the same.
pub(super) fn not_found() -> Refusal {
    Refusal::new(
        ProblemCode::NotFound,
        "There is no such mandate of this person that you may see. Check its id, the side and the person.",
    )
}

pub(super) fn not_registrar() -> Refusal {
    Refusal::new(
        ProblemCode::Denied,
        "The agreement does not let your organisation register this kind of mandate.",
    )
}

pub(super) fn ended(status: MandateStatus) -> Refusal {
    let detail = format!("The mandate is {} and cannot be confirmed any more.", status.as_str());
    Refusal::new(ProblemCode::Conflict, detail)
}
