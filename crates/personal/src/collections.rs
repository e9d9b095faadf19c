//! Collecting at a holder: the request, what comes back, and the user's confirmation of the dossier.

mod confirm;
mod receive;
mod start;

pub(crate) use confirm::{__path_confirm, confirm};
pub(crate) use receive::{__path_come_back, come_back};
pub(crate) use start::{__path_start, start};

use actix_web::web::{Json, Path};
use kw_domain::CollectionId;
use kw_protocol::problem::Problem;
use kw_runtime::Refusal;
use kw_store::personal::Collection;

use crate::app::{SignedIn, not_yours, unreadable};
use crate::rules::{Access, Act};
use crate::views::CollectionView;

/// The collections of the dossier that this session is bound to, newest first.
#[utoipa::path(
    get, path = "/v1/collections", tag = "collections",
    responses((status = 200, description = "At most 100", body = Vec<CollectionView>),
        (status = 409, description = "The session is not bound", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(user: SignedIn) -> Result<Json<Vec<CollectionView>>, Refusal> {
    let (row, _, access) = user.app.enter(&user.session).await?;
    let rows = user.app.store.read(move |store| store.collections_of(row.id, LISTED)).await;
    let rows = rows.map_err(unreadable)?;
    Ok(Json(rows.iter().filter(|row| may_see(&access, row)).map(CollectionView::from).collect()))
}

/// One of them. Its dossier is the preselected one (step 14.1 of scenario 1).
#[utoipa::path(
    get, path = "/v1/collections/{id}", tag = "collections",
    params(("id" = String, Path, description = "The collection")),
    responses((status = 200, description = "The collection", body = CollectionView),
        (status = 404, description = "Not of the dossier of this session", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn show(user: SignedIn, id: Path<String>) -> Result<Json<CollectionView>, Refusal> {
    let id = CollectionId::parse(&id).map_err(|_| not_yours())?;
    let (dossier, _, access) = user.app.enter(&user.session).await?;
    let row = user.app.store.read(move |store| store.collection(id)).await.map_err(unreadable)?;
    let own = |row: &Collection| row.dossier == dossier.id && may_see(&access, row);
    let row = row.filter(own).ok_or_else(not_yours)?;
    Ok(Json(CollectionView::from(&row)))
}

/// That something was collected, where and with which outcome, tells about a person as the document does: it takes the same
/// rights, or having begun it.
fn may_see(access: &Access, row: &Collection) -> bool {
    let within = |act| row.categories.iter().all(|category| access.allows(act, Some(category)).is_ok());
    within(Act::View) || (row.account == access.account() && within(Act::Collect))
}

const LISTED: u32 = 100;
/// To be back from the holder by then.
const UNDER_WAY: std::time::Duration = std::time::Duration::from_mins(30);
/// What was received waits for a second person no longer.
const WAITING: std::time::Duration = std::time::Duration::from_hours(24 * 7);

/// The cookie that ties what comes back to the browser that began this collection.
fn cookie_name(id: CollectionId) -> String {
    format!("__Host-kw-collection-{id}")
}

fn callback(app: &crate::app::App) -> String {
    format!("{}/v1/collections/callback", app.address)
}
