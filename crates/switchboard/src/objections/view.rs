//! A stored objection as it is shown.

use kw_domain::{PointerId, SubjectId};
use kw_protocol::objection::Objection;
use kw_protocol::pointer::PointerState;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::StoreError;
use kw_store::switchboard::consents::StoredObjection;
use kw_store::switchboard::{StoredPointer, SwitchboardRead};

/// An objection with the pointers that its holder is told of.
pub(super) fn shown(stored: StoredObjection, pointers: Vec<PointerId>) -> Objection {
    Objection {
        id: stored.id,
        holder: stored.holder,
        category: stored.category,
        given_by: stored.given_by,
        reason: stored.reason,
        state: stored.state,
        received_at: stored.received_at,
        received_by: stored.received_by,
        due_at: stored.due_at,
        decided_at: stored.decided_at,
        reasons: stored.reasons,
        pointers,
    }
}

/// The holder's own pointers that an objection is about: those that are found, and those in the archive.
pub(super) fn meant(
    index: &mut (dyn SwitchboardRead + 'static),
    objection: &StoredObjection,
) -> Result<Vec<StoredPointer>, StoreError> {
    let subject: SubjectId = objection.subject;
    let mut pointers = index.pointers_about(subject)?;
    pointers.retain(|pointer| {
        pointer.holder == objection.holder
            && pointer.category == objection.category
            && matches!(pointer.state, PointerState::Active | PointerState::Inactive)
    });
    Ok(pointers)
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(
        ProblemCode::NotFound,
        "There is no such objection to a registration of yours. Search to see which there are.",
    )
}
