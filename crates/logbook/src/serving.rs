//! The log for whoever checks it: checkpoint, tiles and entries under the paths of C2SP tlog-tiles, below `/log`.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use kw_agreement::{LogAccess, LogOwner};
use kw_ledger::tile::{BundleId, Resource, TileId, encode_bundle, encode_tile};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{LogReader, Refusal, SharedAgreement};
use kw_store::Publication;

use crate::books::{Books, blocking};
use crate::derived;
use crate::doubt::Doubt;

/// What the handlers work with.
pub struct Served {
    books: Arc<dyn Books>,
    owner: LogOwner,
    agreement: SharedAgreement,
}

impl Served {
    pub(crate) fn new(books: Arc<dyn Books>, owner: LogOwner, agreement: SharedAgreement) -> Self {
        Self { books, owner, agreement }
    }

    /// Whether the agreement lets everybody read. Elsewhere there is nothing for everybody.
    fn open_to_anyone(&self) -> Result<(), Refusal> {
        match self.agreement.current().log_access() {
            LogAccess::Anyone => Ok(()),
            LogAccess::Chain => Err(nothing("There is nothing here.")),
        }
    }

    async fn checkpoint(&self) -> Result<HttpResponse, Refusal> {
        let books = Arc::clone(&self.books);
        let newest = blocking(move || books.publication().map_err(Doubt::from)).await;
        note(newest.map_err(unread)?)
    }

    async fn witnessed(&self) -> Result<HttpResponse, Refusal> {
        let books = Arc::clone(&self.books);
        let any = self.agreement.current().quorum_for(self.owner) == 0;
        let newest = blocking(move || {
            let found = if any { books.publication() } else { books.witnessed_publication() };
            found.map_err(Doubt::from)
        });
        note(newest.await.map_err(unread)?)
    }

    async fn resource(&self, path: &str, caching: &'static str) -> Result<HttpResponse, Refusal> {
        let resource = Resource::parse(&format!("tile/{path}")).map_err(|_| absent())?;
        let books = Arc::clone(&self.books);
        let body = blocking(move || read(books.as_ref(), resource)).await.map_err(unread)?;
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "application/octet-stream"))
            .insert_header((CACHE_CONTROL, caching))
            .body(body.ok_or_else(absent)?))
    }
}

/// The newest checkpoint of this log (C2SP tlog-checkpoint), signed by its key and by the witnesses that have cosigned it so
/// far.
#[utoipa::path(
    get,
    path = "/log/checkpoint",
    operation_id = "readCheckpoint",
    tag = "log",
    responses(
        (status = 200, description = "A signed note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 401, description = "`certificate-refused`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: nothing was published yet.", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`fault`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn checkpoint(_: LogReader, served: Data<Served>) -> Result<impl Responder, Refusal> {
    served.checkpoint().await
}

/// The newest checkpoint that as many witnesses cosigned as the agreement demands.
#[utoipa::path(
    get,
    path = "/log/witnessed-checkpoint",
    operation_id = "readWitnessedCheckpoint",
    tag = "log",
    responses(
        (status = 200, description = "A signed note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 401, description = "`certificate-refused`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: none has enough cosignatures yet.", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`fault`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn witnessed_checkpoint(_: LogReader, served: Data<Served>) -> Result<impl Responder, Refusal> {
    served.witnessed().await
}

/// A tile of hashes, `<level>/<number>[.p/<width>]`, or a bundle of entries, `entries/<number>[.p/<width>]`, with the number in
/// groups of three digits (C2SP tlog-tiles). What was served once never changes.
#[utoipa::path(
    get,
    path = "/log/tile/{resource}",
    operation_id = "readTile",
    tag = "log",
    params(("resource" = String, Path, description = "Such as `0/x001/234.p/17` or `entries/000`.")),
    responses(
        (status = 200, description = "Hashes of 32 bytes, or entries with their lengths.", body = [u8], content_type = "application/octet-stream"),
        (status = 401, description = "`certificate-refused`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no checkpoint covers it.", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`fault`", body = kw_protocol::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn tile(_: LogReader, path: Path<String>, served: Data<Served>) -> Result<impl Responder, Refusal> {
    served.resource(&path, "private, max-age=31536000, immutable").await
}

/// The routes of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/log/checkpoint").route(web::get().to(checkpoint)))
        .service(web::resource("/log/witnessed-checkpoint").route(web::get().to(witnessed_checkpoint)))
        .service(web::resource("/log/tile/{resource:.*}").route(web::get().to(tile)));
}

/// The same for everybody, where the agreement says so.
pub(crate) fn public_routes(config: &mut ServiceConfig) {
    let newest = async |served: Data<Served>| {
        served.open_to_anyone()?;
        served.checkpoint().await
    };
    let witnessed = async |served: Data<Served>| {
        served.open_to_anyone()?;
        served.witnessed().await
    };
    let tile = async |path: Path<String>, served: Data<Served>| {
        served.open_to_anyone()?;
        served.resource(&path, "public, max-age=31536000, immutable").await
    };
    config
        .service(web::resource("/log/checkpoint").route(web::get().to(newest)))
        .service(web::resource("/log/witnessed-checkpoint").route(web::get().to(witnessed)))
        .service(web::resource("/log/tile/{resource:.*}").route(web::get().to(tile)));
}

/// A tile or bundle as far as it is published; `None` beyond that. Blocks.
fn read(books: &dyn Books, resource: Resource) -> Result<Option<Vec<u8>>, Doubt> {
    let published = books.publication()?.map_or(0, |publication| publication.size);
    let id = match resource {
        Resource::Checkpoint => return Ok(None),
        Resource::Tile(id) => id,
        Resource::Entries(bundle) => bundle.tile(),
    };
    // Any narrower tile than the one of today may be that of an earlier checkpoint.
    if TileId::in_tree(id.level, id.index, published).is_none_or(|today| today.width < id.width) {
        return Ok(None);
    }
    match resource {
        Resource::Entries(bundle) => entries(books, bundle).map(Some),
        _ => Ok(Some(encode_tile(&derived::tile(books, id)?))),
    }
}

fn entries(books: &dyn Books, bundle: BundleId) -> Result<Vec<u8>, Doubt> {
    let leaves = books.leaves(bundle.index << 8, u32::from(bundle.width))?;
    let entries: Vec<_> = leaves.iter().map(|(_, leaf)| leaf.to_bytes()).collect();
    // An entry has 41 bytes, and a bundle as many entries as were read.
    Ok(encode_bundle(&entries).unwrap_or_default())
}

fn note(publication: Option<Publication>) -> Result<HttpResponse, Refusal> {
    let publication =
        publication.ok_or_else(|| nothing("No such checkpoint was published yet. Ask again in a moment."))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(publication.note))
}

fn absent() -> Refusal {
    nothing("The newest checkpoint needs no such tile.")
}

fn nothing(detail: &'static str) -> Refusal {
    Refusal::new(ProblemCode::NotFound, detail)
}

fn unread(doubt: Doubt) -> Refusal {
    Refusal::fault(doubt)
}
