//! `Idempotency-Key` on creating calls: the first answer again, for 24 hours.

use std::time::Duration;

use actix_web::HttpRequest;
use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::{Instant, Oin};
use kw_protocol::problem::ProblemCode;
use kw_pseudonym::RowKey;
use kw_runtime::Refusal;
use kw_store::switchboard::{Remembered, Switchboard};
use kw_store::{StoreError, Tx};
use serde::Serialize;

const REMEMBERED_FOR: Duration = Duration::from_hours(24);
const LONGEST: usize = 64;

/// The key of one request, with a keyed digest of what was asked.
#[derive(Debug, Clone)]
pub(super) struct IdempotencyKey {
    key: String,
    request: [u8; 32],
}

impl IdempotencyKey {
    /// Reads the header. The body's digest is keyed, because the body identifies a subject.
    pub(super) fn of<T: Serialize>(
        request: &HttpRequest,
        row: &RowKey,
        body: &T,
    ) -> Result<Option<Self>, Refusal> {
        let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
        let key = value
            .to_str()
            .ok()
            .filter(|key| {
                (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
            })
            .ok_or_else(|| {
                Refusal::new(ProblemCode::Invalid, "The idempotency key cannot be used.")
                    .field("Idempotency-Key", "expected 1 to 64 visible ASCII characters, a UUID for example")
            })?;
        let body = serde_json::to_vec(body).map_err(|_| Refusal::fault("a body cannot be written"))?;
        let keyed = row.digest(&[b"idempotency", request.path().as_bytes(), &body]);
        let mut request = [0; 32];
        request.copy_from_slice(digest(&SHA256, &keyed).as_ref());
        Ok(Some(Self { key: key.to_owned(), request }))
    }

    /// The first answer, if this request was answered before; a conflict if the key belongs to another.
    pub(super) fn answered(
        &self,
        row: &RowKey,
        found: Option<Remembered>,
    ) -> Result<Option<(u16, String)>, Refusal> {
        match found {
            Some(remembered) if remembered.request == self.request => {
                let opened = row.open(&self.context(), &remembered.response).ok();
                let text = opened.and_then(|plain| String::from_utf8(plain.to_vec()).ok());
                text.map(|text| Some((remembered.status, text)))
                    .ok_or_else(|| Refusal::fault("an answer does not open"))
            }
            Some(_) => Err(Refusal::new(
                ProblemCode::IdempotencyConflict,
                "This idempotency key was used for another request. Take a fresh key.",
            )),
            None => Ok(None),
        }
    }

    fn context(&self) -> Vec<u8> {
        [b"idempotency".as_slice(), self.key.as_bytes()].concat()
    }

    /// The key itself.
    pub(super) fn as_str(&self) -> &str {
        &self.key
    }

    /// Remembers the answer in the transaction of the act, sealed: it repeats the handle.
    pub(super) fn remember(
        &self,
        tx: &mut Tx<'_, Switchboard>,
        row: &RowKey,
        nonce: [u8; 12],
        holder: Oin,
        (status, response): &(u16, String),
        now: Instant,
    ) -> Result<(), StoreError> {
        let response = row.seal(&self.context(), response.as_bytes(), nonce);
        let answer = Remembered { request: self.request, status: *status, response };
        tx.write().remember(holder, &self.key, &answer, now.plus(REMEMBERED_FOR))
    }
}
