//! The witness (C2SP tlog-witness): cosigns the checkpoints of other parties' logs, each only when it extends the last one it
//! cosigned, and remembers it before it answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use futures_util::StreamExt as _;
use kw_domain::{Clock, Oin};
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::cosignature::CosigningKey;
use kw_ledger::note::{NoteError, SignatureKind, VerifierKey};
use kw_ledger::tree::Hash;
use kw_ledger::witness::{AddCheckpoint, MAX_REQUEST_LENGTH, WitnessRefusal, size_line};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::http::TREE_SIZE;
use kw_runtime::metrics::Counter;
use kw_runtime::{LogReader, Metrics, Refusal, SharedAgreement};
use kw_store::WitnessMemory;
use kw_telemetry::{Digest, Reason};
use tokio::time::timeout;

use crate::books::{Books, blocking};
use crate::doubt::Doubt;
use crate::events;
use crate::publisher::origin_sha256;

/// How long one call may take, reading its body included.
const CALL: Duration = Duration::from_secs(10);

/// This party as a witness.
pub struct Witness {
    books: Arc<dyn Books>,
    agreement: SharedAgreement,
    clock: Arc<dyn Clock>,
    key: CosigningKey,
    oin: Oin,
    /// One turn per log, so that what was seen last and what is cosigned next are one step. Between processes the database
    /// compares.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    cosigned: Counter,
    refused: Counter,
}

/// A log that this party witnesses.
struct Witnessed {
    owner: Oin,
    verifier: VerifierKey,
}

/// What a submission is answered with.
enum Verdict {
    Cosigned(String),
    Declined(WitnessRefusal),
}

impl Witness {
    pub(crate) fn new(
        books: Arc<dyn Books>,
        agreement: SharedAgreement,
        clock: Arc<dyn Clock>,
        key: CosigningKey,
        oin: Oin,
        metrics: &Metrics,
    ) -> Self {
        let help = "Checkpoints of other parties' logs that were submitted, by what became of them.";
        let count =
            |result| metrics.counter("ketenwijzer_witness_requests_total", help, &[("result", result)]);
        let (cosigned, refused) = (count("cosigned"), count("refused"));
        Self { books, agreement, clock, key, oin, turns: Mutex::default(), cosigned, refused }
    }

    /// The log of this name, if this party is a witness of it and the agreement in force says with which key.
    fn log(&self, origin: &str) -> Option<Witnessed> {
        let agreement = self.agreement.current();
        let log = agreement.log(origin)?;
        agreement
            .witnesses_of(log.owner)
            .iter()
            .find(|witness| (witness.oin, witness.key) == (self.oin, *self.key.verifier().key()))?;
        let verifier = VerifierKey::new(&log.origin, SignatureKind::Ed25519, log.key).ok()?;
        Some(Witnessed { owner: log.oin, verifier })
    }

    async fn add(&self, caller: Oin, body: &str) -> Result<Verdict, Refusal> {
        let submission = AddCheckpoint::parse(body).map_err(|_| {
            let detail = "The body is no submission to a witness: see C2SP tlog-witness, `add-checkpoint`.";
            Refusal::new(ProblemCode::Invalid, detail)
        })?;
        let Some(log) = self.log(submission.origin()) else {
            let detail = "This party is no witness of that log. The agreement says whose it is.";
            return Err(Refusal::new(ProblemCode::NotFound, detail));
        };
        let origin = submission.origin().to_owned();
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(origin.clone()).or_default())
        };
        let _turn = turn.lock().await;
        let seen = self.seen(origin.clone()).await?;
        let place = seen.as_ref().map(|seen| (seen.size, Hash(seen.root)));
        let mut signed = match submission.examine(&log.verifier, place) {
            Ok(signed) => signed,
            Err(refusal) => {
                suspect(&submission, &log, caller, refusal);
                return Ok(Verdict::Declined(refusal));
            }
        };
        let now = self.clock.now();
        let line = self.key.cosign(&signed, u64::try_from(now.as_seconds()).unwrap_or_default());
        let cosignature = line.to_string();
        signed.add_cosignature(line, self.key.verifier()).map_err(|_: NoteError| {
            Refusal::new(ProblemCode::TooLarge, "The note has too many signatures. Send fewer.")
        })?;
        let (size, root) = (signed.checkpoint().size, signed.checkpoint().root.0);
        if place == Some((size, Hash(root))) {
            // It is remembered already.
            return Ok(Verdict::Cosigned(cosignature));
        }
        let memory = WitnessMemory { origin: origin.clone(), size, root, note: signed.to_string(), at: now };
        let previous = seen.map(|seen| seen.size);
        if self.books.remember(previous, memory).await.map_err(|error| unavailable(&error.into()))? {
            return Ok(Verdict::Cosigned(cosignature));
        }
        // Another process of this party was faster.
        let size = self.seen(origin).await?.map_or(0, |seen| seen.size);
        Ok(Verdict::Declined(WitnessRefusal::SeenOther { size }))
    }

    async fn seen(&self, origin: String) -> Result<Option<WitnessMemory>, Refusal> {
        let books = Arc::clone(&self.books);
        let seen = blocking(move || books.witness_memory(&origin).map_err(Doubt::from)).await;
        seen.map_err(|doubt| unavailable(&doubt))
    }

    /// The note that was cosigned last of the log whose name has this hash. `None` where this party is no witness of it, and
    /// an empty answer where it never cosigned it.
    async fn newest(&self, sha256: String) -> Result<Option<Option<String>>, Refusal> {
        let books = Arc::clone(&self.books);
        let wanted = sha256.clone();
        let found = blocking(move || {
            let origin =
                books.witnessed_origins()?.into_iter().find(|origin| origin_sha256(origin) == wanted);
            let memory = origin.map(|origin| books.witness_memory(&origin)).transpose()?.flatten();
            Ok::<_, Doubt>(memory.map(|memory| memory.note))
        });
        if let Some(note) = found.await.map_err(|doubt| unavailable(&doubt))? {
            return Ok(Some(Some(note)));
        }
        let logs = self.agreement.current().logs();
        let known = logs.iter().find(|log| origin_sha256(&log.origin) == sha256);
        Ok(known.and_then(|log| self.log(&log.origin)).map(|_| None))
    }
}

/// Cosigns a checkpoint of a log of this chain (C2SP tlog-witness, `add-checkpoint`), if it extends the last one that this
/// party cosigned.
#[utoipa::path(
    post,
    path = "/witness/add-checkpoint",
    operation_id = "addCheckpoint",
    tag = "witness",
    request_body(content = String, content_type = "text/plain", description = "Old size, consistency proof, checkpoint."),
    responses(
        (status = 200, description = "The cosignature: a signature line of a note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 400, description = "`invalid`: no submission, or the old size is larger than the checkpoint's.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`checkpoint-refused`: not signed by the log. `party-unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this party is no witness of that log.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The size of the last checkpoint that was cosigned.", body = String, content_type = "text/x.tlog.size"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`proof-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`fault`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn add_checkpoint(
    caller: LogReader,
    body: Payload,
    witness: Data<Witness>,
) -> Result<HttpResponse, Refusal> {
    let adding = async { witness.add(caller.0.oin, &read(body).await?).await };
    let verdict = timeout(CALL, adding).await.unwrap_or_else(|_| Err(late()));
    match &verdict {
        Ok(Verdict::Cosigned(_)) => witness.cosigned.increment(),
        _ => witness.refused.increment(),
    }
    match verdict? {
        Verdict::Cosigned(line) => Ok(text(line)),
        Verdict::Declined(refusal) => declined(refusal),
    }
}

/// What this party cosigned last of a log, named by the SHA-256 of its origin. Not part of C2SP: a log that starts asks with it
/// whether its database is the newest there is.
#[utoipa::path(
    get,
    path = "/witness/checkpoints/{origin}",
    operation_id = "readCosigned",
    tag = "witness",
    params(("origin" = String, Path, description = "SHA-256 of the log's origin: lower-case hexadecimal.")),
    responses(
        (status = 200, description = "The checkpoint: a signed note.", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 204, description = "This party is a witness of that log and has cosigned nothing of it."),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this party is no witness of that log.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "`fault`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn newest(
    _: LogReader,
    origin: Path<String>,
    witness: Data<Witness>,
) -> Result<HttpResponse, Refusal> {
    let found = timeout(CALL, witness.newest(origin.into_inner())).await.unwrap_or_else(|_| Err(late()))?;
    match found {
        Some(Some(note)) => Ok(text(note)),
        Some(None) => Ok(HttpResponse::NoContent().finish()),
        None => Err(Refusal::new(ProblemCode::NotFound, "This party is no witness of that log.")),
    }
}

/// The routes of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/witness/add-checkpoint").route(web::post().to(add_checkpoint)))
        .service(web::resource("/witness/checkpoints/{origin}").route(web::get().to(newest)));
}

/// A log that signed what contradicts what was seen of it has two histories: that is for people to look at.
fn suspect(submission: &AddCheckpoint, log: &Witnessed, caller: Oin, refusal: WitnessRefusal) {
    let reason = match refusal {
        WitnessRefusal::Fork { .. } => "of this size another root was cosigned before",
        WitnessRefusal::Inconsistent => "it is not shown to extend what was cosigned before",
        _ => return,
    };
    if let Ok(signed) = SignedCheckpoint::verify(submission.note.clone(), &log.verifier) {
        let (owner, size) = (log.owner, signed.checkpoint().size);
        let (root, reason) = (Digest(signed.checkpoint().root.0), Reason::of(&reason));
        events::LogSuspect { owner, caller, size, root, reason }.log();
    }
}

async fn read(mut body: Payload) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        let broken =
            |_| Refusal::new(ProblemCode::Invalid, "The body ended before it was complete. Send it again.");
        let chunk = chunk.map_err(broken)?;
        if bytes.len() + chunk.len() > MAX_REQUEST_LENGTH {
            let detail = format!("A submission has at most {MAX_REQUEST_LENGTH} bytes.");
            return Err(Refusal::new(ProblemCode::TooLarge, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Refusal::new(ProblemCode::Invalid, "The body is not UTF-8."))
}

fn declined(refusal: WitnessRefusal) -> Result<HttpResponse, Refusal> {
    let (code, detail) = match refusal {
        WitnessRefusal::SeenOther { size } | WitnessRefusal::Fork { size } => {
            return Ok(HttpResponse::build(StatusCode::CONFLICT)
                .insert_header((CONTENT_TYPE, TREE_SIZE))
                .body(size_line(size)));
        }
        WitnessRefusal::Malformed => (ProblemCode::Invalid, "The note is not a checkpoint of that log."),
        WitnessRefusal::OlderThanOld => {
            (ProblemCode::Invalid, "The old size is larger than that of the checkpoint. Swap them.")
        }
        WitnessRefusal::NotSigned => (
            ProblemCode::CheckpointRefused,
            "The log's key in the agreement did not sign this checkpoint. Compare the key with the agreement.",
        ),
        WitnessRefusal::Inconsistent => (
            ProblemCode::ProofRefused,
            "The proof does not lead from the checkpoint that was cosigned last to this one.",
        ),
    };
    Err(Refusal::new(code, detail))
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}

fn late() -> Refusal {
    Refusal::new(ProblemCode::Unavailable, "It took too long. Try again.").retry_after(Duration::from_secs(1))
}

fn unavailable(doubt: &Doubt) -> Refusal {
    events::WitnessForgetful { reason: Reason::of(doubt) }.log();
    let detail = "The witness cannot remember this now, so it cosigned nothing. Try again.";
    Refusal::new(ProblemCode::Unavailable, detail).retry_after(Duration::from_secs(1))
}
