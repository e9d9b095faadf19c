//! `POST /v1/pointers/_bulk`: a partner registers many pointers as a stream (docs/decisions/0008).

mod batch;
mod lines;
mod places;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use kw_domain::BatchId;
use kw_protocol::pointer::BulkResult;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::http::require_media_type;
use kw_runtime::{ActedBy, Refusal, Registering, Trace};
use tokio::sync::mpsc;

use crate::app::{App, not_read};
use batch::{Batch, Upload, commit, prepare_batch};
use lines::Lines;

pub(crate) use places::Uploads;

/// Lines that share one transaction and one record.
const LINES_PER_BATCH: usize = 1_000;
/// Batches that are being computed while another is committed.
const BATCHES_AHEAD: usize = 2;
/// How long a silent caller keeps its place.
const PATIENCE: Duration = Duration::from_secs(30);
const NDJSON: &str = "application/x-ndjson";

/// Registers one pointer per line of NDJSON and answers one line per line, in order, as soon as its batch is committed.
///
/// A batch is committed whole or not at all; a line that is refused does not hold up the others. After a break, ask
/// `GET /v1/bulk-uploads/{id}` and send the rest with `Upload-Offset`.
#[utoipa::path(
    post, path = "/v1/pointers/_bulk", tag = "pointers",
    request_body(content = String, content_type = "application/x-ndjson", description = "One RegisterPointer per line, 16 KiB at most each"),
    params(
        ("Upload-Id" = String, Header, description = "A UUID of version 7, drawn by the caller"),
        ("Upload-Offset" = Option<u64>, Header, description = "The number of the first line; 0 without it"),
    ),
    responses(
        (status = 200, description = "One result per line", body = BulkResult, content_type = "application/x-ndjson"),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The offset is not where the upload stands", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not NDJSON", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many uploads at once", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register_many(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    require_media_type(&request, NDJSON)?;
    let (id, offset) = position(&request)?;
    let holder = party.oin;
    let place = app.uploads.take(holder)?;
    let committed = app.store.read(move |index| index.upload_lines(holder, id)).await.map_err(not_read)?;
    if committed != offset {
        let detail = format!("The upload stands at line {committed}. Go on from there.");
        return Err(Refusal::new(ProblemCode::Conflict, detail)
            .field("Upload-Offset", format!("expected {committed}")));
    }
    let upload = Upload { id, holder, acted: ActedBy::from(&party.0), trace };
    let (results, answer) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let app = app.into_inner();
    actix_web::rt::spawn(async move {
        receive(app, upload, offset, payload, results).await;
        drop(place);
    });
    let body = futures_util::stream::unfold(answer, |mut answer| async move {
        answer.recv().await.map(|part| (part, answer))
    });
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(body))
}

/// Reads batches, computes some ahead, commits them in order. Ends early when the caller is gone or a commit fails: what
/// is not answered is not registered as far as the caller knows, and asking for the progress tells.
async fn receive(
    app: Arc<App>,
    upload: Upload,
    offset: u64,
    payload: Payload,
    results: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let (ahead, mut computed) = mpsc::channel(BATCHES_AHEAD);
    let reader = {
        let app = Arc::clone(&app);
        async move {
            let mut lines = Lines::new(payload);
            let mut first_line = offset;
            loop {
                let batch = match lines.next_batch(LINES_PER_BATCH).await {
                    Ok(batch) if batch.is_empty() => return Ok(()),
                    Ok(batch) => batch,
                    Err(refusal) => return Err(refusal),
                };
                let batch = Batch { first_line, lines: batch };
                first_line += batch.lines.len() as u64;
                let app = Arc::clone(&app);
                let task = tokio::task::spawn_blocking(move || prepare_batch(&app, upload.holder, batch));
                if ahead.send(task).await.is_err() {
                    return Ok(());
                }
            }
        }
    };
    let writer = async {
        while let Some(task) = computed.recv().await {
            let Ok(prepared) = task.await else {
                return Err(Refusal::fault("a batch could not be computed"));
            };
            let answer = commit(&app, upload, prepared).await?;
            if !matches!(tokio::time::timeout(PATIENCE, results.send(Ok(answer))).await, Ok(Ok(()))) {
                return Ok(());
            }
        }
        Ok(())
    };
    let (read, written) = futures_util::future::join(reader, writer).await;
    if let Err(refusal) = written.and(read) {
        // The status line is long gone: the last line of the answer is the problem, and then the stream breaks off.
        let mut line = serde_json::to_vec(&refusal.to_problem()).unwrap_or_default();
        line.push(b'\n');
        drop(results.send(Ok(line.into())).await);
        drop(results.send(Err(std::io::Error::other("the upload broke off"))).await);
    }
}

fn position(request: &HttpRequest) -> Result<(BatchId, u64), Refusal> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let id = header("upload-id").and_then(|text| BatchId::parse(text).ok());
    let offset = match request.headers().get("upload-offset") {
        None => Some(0),
        Some(_) => header("upload-offset").and_then(|text| text.parse().ok()),
    };
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The upload cannot be placed.");
    if id.is_none() {
        refusal = refusal.field("Upload-Id", "expected a UUID of version 7, drawn for this upload");
    }
    if offset.is_none() {
        refusal = refusal.field("Upload-Offset", "expected the number of the first line");
    }
    match (id, offset) {
        (Some(id), Some(offset)) => Ok((id, offset)),
        _ => Err(refusal),
    }
}
