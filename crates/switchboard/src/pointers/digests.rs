//! `POST /v1/pointers/_digests`: a partner compares what it believes with what is there, without moving everything
//! (docs/decisions/0029).

use std::collections::BTreeSet;

use actix_web::web::{Data, Json};
use kw_domain::{Oin, PointerId};
use kw_ledger::Event;
use kw_protocol::digest::{
    Bucket, DEEPEST, DigestRequest, DigestResponse, MOST_BUCKETS, MOST_MEMBERS, Member, Prefix, Tally,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Registering, Trace};
use kw_store::switchboard::StoredPointer;

use super::view::shown;
use crate::app::{App, act, not_read, not_written};
use crate::index::source_key;

const PAGE: u32 = 10_000;

/// Digests of the caller's own active pointers, by prefix of SHA-256(id); or the pointers in some buckets, whole.
#[utoipa::path(
    post, path = "/v1/pointers/_digests", tag = "pointers", request_body = DigestRequest,
    responses(
        (status = 200, description = "The digests", body = DigestResponse),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The buckets have too many members: ask for smaller ones", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn digest_pointers(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    body: Body<DigestRequest>,
) -> Result<Json<DigestResponse>, Refusal> {
    let prefixes = prefixes(&body.0)?;
    let (agreement, keyring, holder) = (app.agreement.current(), app.keyring.load_full(), party.oin);
    let DigestRequest { source, members, .. } = body.0;
    let source_key = source.map(|source| source_key(&keyring.keys.row, holder, &source));
    let (tally, found) = pass(&app, holder, source_key, &prefixes, members).await?;
    let mut record = app.record(&agreement, Event::PointerRead, &party.0, Some(&trace));
    record.count = Some(tally.count());
    app.store.write("digest_pointers", move |_| Ok(((), act(&record)?))).await.map_err(not_written)?;
    let mut buckets = Vec::with_capacity(prefixes.len());
    if members {
        let mut lists = vec![Vec::new(); prefixes.len()];
        for pointer in &found {
            let own = Prefix::of(pointer.id, prefixes.first().map_or(0, |prefix| prefix.length()));
            let whole = shown(&keyring.keys, pointer)?;
            let (Some(handle), Some(source)) = (whole.handle, whole.source) else { continue };
            let member = Member {
                id: whole.id,
                handle,
                source,
                category: whole.category,
                valid_until: whole.valid_until,
            };
            if let Some(place) = prefixes.iter().position(|prefix| *prefix == own) {
                lists[place].push(member);
            }
        }
        for (prefix, list) in prefixes.iter().zip(lists) {
            buckets.push(Bucket { prefix: prefix.to_string(), digests: None, members: Some(list) });
        }
    } else {
        for prefix in &prefixes {
            let digests = Some(tally.encoded(*prefix));
            buckets.push(Bucket { prefix: prefix.to_string(), digests, members: None });
        }
    }
    Ok(Json(DigestResponse { count: tally.count(), buckets }))
}

/// The buckets, or everything that is wrong with them.
fn prefixes(request: &DigestRequest) -> Result<Vec<Prefix>, Refusal> {
    if request.prefixes.is_empty() {
        return Ok(vec![Prefix::ROOT]);
    }
    let mut refusal = Refusal::new(ProblemCode::Invalid, "There are no such buckets.");
    let longest = if request.members { DEEPEST } else { DEEPEST - 1 };
    if request.prefixes.len() > MOST_BUCKETS {
        return Err(refusal.field("/prefixes", format!("expected at most {MOST_BUCKETS}")));
    }
    let mut prefixes = Vec::with_capacity(request.prefixes.len());
    let mut seen = BTreeSet::new();
    for (place, text) in request.prefixes.iter().enumerate() {
        match Prefix::parse(text).filter(|prefix| prefix.length() <= longest) {
            Some(prefix)
                if prefixes.first().is_some_and(|first: &Prefix| first.length() != prefix.length()) =>
            {
                refusal = refusal.field(format!("/prefixes/{place}"), "expected the length of the first one");
            }
            Some(prefix) if !seen.insert(prefix) => {
                refusal = refusal.field(format!("/prefixes/{place}"), "expected each bucket once");
            }
            Some(prefix) => prefixes.push(prefix),
            None => {
                refusal = refusal.field(
                    format!("/prefixes/{place}"),
                    format!("expected at most {longest} lower-case hexadecimal digits"),
                );
            }
        }
    }
    refusal.if_any()?;
    Ok(prefixes)
}

/// One pass over the holder's active pointers, a page at a time.
async fn pass(
    app: &App,
    holder: Oin,
    source_key: Option<[u8; 16]>,
    prefixes: &[Prefix],
    members: bool,
) -> Result<(Tally, Vec<StoredPointer>), Refusal> {
    let wanted: BTreeSet<Prefix> = if members { prefixes.iter().copied().collect() } else { BTreeSet::new() };
    let length = prefixes.first().map_or(0, |prefix| prefix.length());
    let mut tally = Tally::new(prefixes);
    let (mut found, mut after): (Vec<StoredPointer>, Option<PointerId>) = (Vec::new(), None);
    loop {
        let (mut adding, wanted) = (tally, wanted.clone());
        let read = app.store.read(move |index| {
            let page = index.active_entries(holder, source_key, after, PAGE)?;
            let mut pointers = Vec::new();
            for entry in &page {
                adding.add(entry.id, entry.valid_until, &entry.category);
                if !wanted.is_empty() && wanted.contains(&Prefix::of(entry.id, length)) {
                    pointers.extend(index.pointer(holder, entry.id)?);
                }
            }
            let last = page.last().map(|entry| entry.id).filter(|_| page.len() == PAGE as usize);
            Ok((adding, pointers, last))
        });
        let (added, pointers, last) = read.await.map_err(not_read)?;
        tally = added;
        found.extend(pointers);
        if found.len() > MOST_MEMBERS {
            let detail = format!(
                "These buckets have more than {MOST_MEMBERS} pointers; ask for longer prefixes or fewer."
            );
            return Err(Refusal::new(ProblemCode::TooLarge, detail));
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok((tally, found)),
        }
    }
}
