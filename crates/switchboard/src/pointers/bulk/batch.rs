//! One batch: computed on any thread, committed by the writer.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::web::Bytes;
use aws_lc_rs::digest;
use kw_agreement::Agreement;
use kw_domain::{BatchId, Handle, Instant, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::pointer::{BulkOutcome, BulkResult, RegisterPointer};
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::SignalType;
use kw_runtime::{ActedBy, Refusal, Trace};
use kw_store::{Abort, WriteError};

use crate::app::{App, Keyring, act, hex};
use crate::index::open_pointer;
use crate::pointers::preparing::{Prepared, prepare};
use crate::pointers::registering::{Stored, keep_lease, moved, register};
use crate::staleness::{Unwritten, again};

/// Which upload, of whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upload {
    pub(super) id: BatchId,
    pub(super) holder: Oin,
    pub(super) acted: ActedBy,
    pub(super) trace: Trace,
}

/// The lines of one batch.
pub(super) struct Batch {
    pub(super) first_line: u64,
    pub(super) lines: Vec<Bytes>,
}

/// A batch that only needs the database.
pub(super) struct PreparedBatch {
    batch: Batch,
    lines: Vec<Result<usize, Refusal>>,
    prepared: Arc<Vec<Prepared>>,
    agreement: Arc<Agreement>,
    keyring: Arc<Keyring>,
    now: Instant,
}

/// Parses, checks and computes every line.
pub(super) fn prepare_batch(app: &App, holder: Oin, batch: Batch) -> PreparedBatch {
    let (agreement, keyring, now) = (app.agreement.current(), app.keyring.load_full(), app.now());
    let mut prepared = Vec::with_capacity(batch.lines.len());
    let mut lines = Vec::with_capacity(batch.lines.len());
    for line in &batch.lines {
        let outcome = parse(line)
            .and_then(|given| prepare(&keyring, &agreement, &app.entropy, holder, now, &given))
            .map(|ready| {
                prepared.push(ready);
                prepared.len() - 1
            });
        lines.push(outcome);
    }
    PreparedBatch { batch, lines, prepared: Arc::new(prepared), agreement, keyring, now }
}

/// Commits a batch and gives the lines of its answer. Computes it again when a rotation took a step meanwhile.
pub(super) async fn commit(
    app: &Arc<App>,
    upload: Upload,
    mut ready: PreparedBatch,
) -> Result<Bytes, Refusal> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(app, upload, &ready).await {
            Ok(stored) => return answer(&ready, &stored),
            Err(error) => again(app, error, attempt).await?,
        }
        let (app, batch) = (Arc::clone(app), ready.batch);
        ready = tokio::task::spawn_blocking(move || prepare_batch(&app, upload.holder, batch))
            .await
            .map_err(|_| Refusal::fault("a batch could not be computed"))?;
    }
}

async fn store(
    app: &App,
    upload: Upload,
    ready: &PreparedBatch,
) -> Result<Vec<Result<Stored, Refusal>>, WriteError<Unwritten>> {
    let record = record_of(app, upload, &ready.agreement, &ready.prepared);
    let (term, holder, now) = (ready.agreement.lease_term(), upload.holder, ready.now);
    let first_line = ready.batch.first_line;
    let after = first_line + ready.lines.len() as u64;
    let telling = app.telling(SignalType::PointerRegistered);
    let (writing, keyring) = (Arc::clone(&ready.prepared), Arc::clone(&ready.keyring));
    let settler = app.settler(&ready.agreement);
    let done = app
        .store
        .write("register_batch", move |tx| {
            if tx.read().upload_lines(holder, upload.id)? != first_line {
                return Err(Abort::Refused(Unwritten::Refused(Refusal::new(
                    ProblemCode::Conflict,
                    "The upload went on elsewhere. Ask for its progress and go on from there.",
                ))));
            }
            let stored = register(tx, &keyring.live, &telling, &writing)?;
            keep_lease(tx, holder, now, term, &settler)?;
            let settled = settler.settle(tx, &moved(&writing, &stored))?;
            tx.write().store_upload(holder, upload.id, after, now)?;
            let mut act = act(&record)?;
            for (item, stored) in writing.iter().zip(&stored) {
                if let Ok(stored) = stored {
                    act = act.link(stored.subject, item.reference);
                }
            }
            Ok((stored, settled.onto(act)?))
        })
        .await?;
    Ok(done.value)
}

fn record_of(app: &App, upload: Upload, agreement: &Agreement, prepared: &[Prepared]) -> AccessRecord {
    let mut record = app.record(agreement, Event::PointersRegistered, upload.acted, Some(&upload.trace));
    let categories: BTreeSet<_> = prepared.iter().map(|item| item.pointer.category.clone()).collect();
    record.categories = categories.into_iter().collect();
    record.holders = vec![upload.holder];
    record.count = Some(prepared.len() as u64);
    let mut references = digest::Context::new(&digest::SHA256);
    for item in prepared {
        references.update(item.reference.as_bytes());
    }
    record.subjects = Some(hex(references.finish().as_ref()));
    record
}

/// A pointer that was there keeps its first handle.
fn stored_handle(keyring: &Keyring, item: &Prepared, done: &Stored) -> Result<Handle, Refusal> {
    if done.created && done.pointer.id == item.pointer.id {
        return Ok(item.handle);
    }
    let opened = done
        .pointer
        .sealed
        .as_ref()
        .and_then(|sealed| open_pointer(&keyring.keys.row, done.pointer.id, sealed));
    opened.map(|(handle, _)| handle).ok_or_else(|| Refusal::fault("a sealed column does not open"))
}

fn answer(ready: &PreparedBatch, stored: &[Result<Stored, Refusal>]) -> Result<Bytes, Refusal> {
    let PreparedBatch { batch, lines, prepared, keyring, .. } = ready;
    let mut body = Vec::with_capacity(lines.len() * 200);
    for (line, outcome) in (batch.first_line..).zip(lines) {
        let outcome = outcome.as_ref().and_then(|place| Ok((&prepared[*place], stored[*place].as_ref()?)));
        let result = match outcome {
            Ok((item, done)) => BulkResult {
                line,
                outcome: if done.created { BulkOutcome::Created } else { BulkOutcome::Existing },
                id: Some(done.pointer.id),
                handle: Some(stored_handle(keyring, item, done)?),
                valid_until: Some(done.pointer.valid_until),
                problem: None,
                detail: None,
            },
            Err(refusal) => BulkResult {
                line,
                outcome: BulkOutcome::Refused,
                id: None,
                handle: None,
                valid_until: None,
                problem: Some(refusal.code().code().to_owned()),
                detail: Some(described(refusal)),
            },
        };
        serde_json::to_writer(&mut body, &result)
            .map_err(|_| Refusal::fault("an answer cannot be written"))?;
        body.push(b'\n');
    }
    Ok(body.into())
}

fn described(refusal: &Refusal) -> String {
    refusal.fields().iter().fold(refusal.detail().to_owned(), |text, field| {
        format!("{text} {}: {}.", field.pointer, field.detail)
    })
}

fn parse(line: &[u8]) -> Result<RegisterPointer, Refusal> {
    serde_json::from_slice(line).map_err(|error| {
        // The category of the error only: its text may repeat what was sent.
        let what = if error.is_data() {
            "a field is missing, unknown or does not fit"
        } else {
            "it is not one JSON object"
        };
        Refusal::new(ProblemCode::Invalid, format!("The line cannot be read: {what}."))
    })
}
