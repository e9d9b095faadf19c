//! A stored pointer as its holder sees it.

use kw_domain::{Oin, PointerId};
use kw_protocol::pointer::Pointer;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::StoredPointer;

use crate::app::{App, not_read};
use crate::index::open_pointer;
use crate::keys::Keys;

/// The pointer with its handle and source opened.
pub(super) fn shown(keys: &Keys, pointer: &StoredPointer) -> Result<Pointer, Refusal> {
    let opened = match &pointer.sealed {
        Some(sealed) => Some(
            open_pointer(&keys.row, pointer.id, sealed)
                .ok_or_else(|| Refusal::fault("a sealed column does not open"))?,
        ),
        None => None,
    };
    let (handle, source) = opened.unzip();
    Ok(Pointer {
        id: pointer.id,
        holder: pointer.holder,
        category: pointer.category.clone(),
        source,
        handle,
        state: pointer.state,
        withdrawal: pointer.withdrawal,
        registered_at: pointer.registered_at,
        valid_until: pointer.valid_until,
        destroy_by: pointer.destroy_by,
        superseded_by: pointer.superseded_by,
    })
}

/// One of the holder's own pointers; another's looks like none.
pub(super) async fn own_pointer(app: &App, holder: Oin, id: PointerId) -> Result<StoredPointer, Refusal> {
    app.store.read(move |index| index.pointer(holder, id)).await.map_err(not_read)?.ok_or_else(not_found)
}

/// The id in a path.
pub(super) fn pointer_id(text: &str) -> Result<PointerId, Refusal> {
    PointerId::parse(text).map_err(|_| not_found())
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(
        ProblemCode::NotFound,
        "You have no such pointer. List your pointers to see which there are.",
    )
}

pub(super) fn illegal(state: kw_protocol::pointer::PointerState) -> Refusal {
    let detail = format!("The pointer is {}; its state does not allow this.", state.as_str());
    Refusal::new(ProblemCode::IllegalTransition, detail)
}
