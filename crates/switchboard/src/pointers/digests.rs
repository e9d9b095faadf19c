//! `POST /v1/pointers/_digests`: a partner compares what it believes with what is there, without moving everything.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::PointerId;
use kw_ledger::Event;
use kw_protocol::Bytes32;
use kw_protocol::pointer::{BucketDigest, DigestRequest, DigestResponse};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Registering, Trace};

use crate::app::{App, act, hex, not_read, not_written};

const PAGE: u32 = 10_000;
const DEEPEST: usize = 4;

/// Digests of the caller's own active pointers, by prefix of SHA-256(id); or the ids in one bucket.
#[utoipa::path(
    post, path = "/v1/pointers/_digests", tag = "pointers", request_body = DigestRequest,
    responses(
        (status = 200, description = "The digests", body = DigestResponse),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn digest_pointers(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    body: Body<DigestRequest>,
) -> Result<Json<DigestResponse>, Refusal> {
    let DigestRequest { prefix, members } = body.0;
    let hexadecimal = prefix.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if prefix.len() > DEEPEST || !hexadecimal {
        return Err(Refusal::new(ProblemCode::Invalid, "There is no such bucket.")
            .field("/prefix", format!("expected at most {DEEPEST} lower-case hexadecimal digits")));
    }
    let (agreement, holder) = (app.agreement.current(), party.oin);
    let mut buckets: BTreeMap<String, Vec<([u8; 32], PointerId)>> = BTreeMap::new();
    let depth = if prefix.is_empty() { 2 } else { prefix.len() + 1 };
    let mut after = None;
    loop {
        let page =
            app.store.read(move |index| index.active_ids(holder, after, PAGE)).await.map_err(not_read)?;
        for id in &page {
            let hash = hash_of(*id);
            let name = hex(&hash[..3]);
            if name.starts_with(&prefix) {
                let key = if members { prefix.clone() } else { name[..depth].to_owned() };
                buckets.entry(key).or_default().push((hash, *id));
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(*last),
            _ => break,
        }
    }
    let mut record = app.record(&agreement, Event::PointerRead, &party.0, Some(&trace));
    record.count = Some(buckets.values().map(|bucket| bucket.len() as u64).sum());
    app.store.write("digest_pointers", move |_| Ok(((), act(&record)?))).await.map_err(not_written)?;
    Ok(Json(answer(buckets, members)))
}

fn answer(buckets: BTreeMap<String, Vec<([u8; 32], PointerId)>>, members: bool) -> DigestResponse {
    let mut response = DigestResponse { buckets: Vec::with_capacity(buckets.len()), members: Vec::new() };
    for (prefix, mut bucket) in buckets {
        bucket.sort_unstable();
        let ids: Vec<u8> = bucket.iter().flat_map(|(_, id)| *id.as_bytes()).collect();
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &ids).as_ref());
        response.buckets.push(BucketDigest { prefix, count: bucket.len() as u64, digest: Bytes32(hash) });
        if members {
            response.members.extend(bucket.into_iter().map(|(_, id)| id));
        }
    }
    response
}

fn hash_of(id: PointerId) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, id.as_bytes()).as_ref());
    hash
}
