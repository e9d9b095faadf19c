//! Reading what is in the dossier of this session.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use kw_domain::{DocumentId, DossierId};
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Refusal, Trace};
use kw_store::personal::Document;
use serde::Deserialize;

use crate::app::{SignedIn, not_yours, refer, sentence, unreadable};
use crate::rules::Act;
use crate::views::{DocumentView, FullDocument};

/// Where a list goes on.
#[derive(Deserialize)]
pub(crate) struct Page {
    after: Option<String>,
}

/// The documents of the dossier that this session is bound to, as far as the user may read them.
#[utoipa::path(
    get, path = "/v1/dossiers/{id}/documents", tag = "documents",
    params(("id" = String, Path, description = "The dossier"),
        ("after" = Option<String>, Query, description = "The last document of the page before")),
    responses((status = 200, description = "At most 100, oldest first", body = Vec<DocumentView>),
        (status = 403, description = "No right to read", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(
    user: SignedIn,
    trace: Trace,
    id: Path<String>,
    page: Query<Page>,
) -> Result<Json<Vec<DocumentView>>, Refusal> {
    let id = DossierId::parse(&id).map_err(|_| not_yours())?;
    let after = page.after.as_deref().map(DocumentId::parse).transpose().map_err(|_| {
        Refusal::new(ProblemCode::Invalid, "The page cannot be found.").field("after", "expected a document")
    })?;
    let (_, dossier, access) = user.app.enter(&user.session).await?;
    if dossier.id() != id {
        return Err(not_yours());
    }
    access.allows(Act::View, None).map_err(|denied| Refusal::new(ProblemCode::Denied, sentence(denied)))?;
    let rows =
        user.app.store.read(move |store| store.documents_of(id, after, PAGE)).await.map_err(unreadable)?;
    let views: Vec<DocumentView> =
        rows.iter().filter(|row| access.allows(Act::View, Some(&row.category)).is_ok()).map(view).collect();
    let mut record = user.app.record_about(Event::DossierOpened, &trace, &access)?;
    record.count = Some(views.len() as u64);
    user.app
        .act("list_documents", move |tx| {
            refer(tx, &record, id)?;
            Ok(((), record.clone()))
        })
        .await?;
    Ok(Json(views))
}

/// One document, decrypted. The record of it is durable before.
#[utoipa::path(
    get, path = "/v1/documents/{id}", tag = "documents",
    params(("id" = String, Path, description = "The document")),
    responses(
        (status = 200, description = "The document", body = FullDocument),
        (status = 403, description = "No right to read it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not in the dossier of this session", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(user: SignedIn, trace: Trace, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let id = DocumentId::parse(&id).map_err(|_| not_yours())?;
    let (_, dossier, access) = user.app.enter(&user.session).await?;
    let row = user.app.store.read(move |store| store.document(id)).await.map_err(unreadable)?;
    let row = row.filter(|row| row.dossier == dossier.id()).ok_or_else(not_yours)?;
    access
        .allows(Act::View, Some(&row.category))
        .map_err(|denied| Refusal::new(ProblemCode::Denied, sentence(denied)))?;
    let plain = dossier
        .read(row.id, &row.category, row.holder, &row.sealed)
        .map_err(|_| Refusal::fault("a document does not open with the key of its dossier"))?;
    let content = serde_json::from_slice(&plain).map_err(|_| Refusal::fault("a document is no JSON"))?;
    let mut record = user.app.record_about(Event::DossierOpened, &trace, &access)?;
    record.count = Some(1);
    let of = row.dossier;
    user.app
        .act("read_document", move |tx| {
            refer(tx, &record, of)?;
            Ok(((), record.clone()))
        })
        .await?;
    let document = FullDocument { about: view(&row), dossier: of, content };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(document))
}

fn view(row: &Document) -> DocumentView {
    DocumentView {
        id: row.id,
        category: row.category.clone(),
        holder: row.holder,
        received_at: row.received_at,
    }
}

const PAGE: u32 = 100;
