//! The requests under way, so that the end of a service can wait for them and for nothing else.
//!
//! actix does not tell HTTP/2 connections that the server ends: a partner that keeps one open and idle would hold the
//! process until its deadline, and could go on asking.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use kw_protocol::problem::ProblemCode;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::problem::Refusal;

/// How long it must be quiet, so that the last answers have left their buffers.
const QUIET: Duration = Duration::from_millis(100);

/// The requests under way on the listeners of one service. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    under_way: AtomicUsize,
    draining: AtomicBool,
    ending: Notify,
}

/// One request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Passage(Arc<Counts>);

impl Traffic {
    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::SeqCst)
    }

    /// Resolves when the service ends: a request that only waits for news is answered then, and holds nothing up.
    pub async fn ending(&self) {
        let told = self.0.ending.notified();
        tokio::pin!(told);
        // Listens before it looks, so that the end cannot slip in between.
        told.as_mut().enable();
        if !self.0.draining.load(Ordering::SeqCst) {
            told.await;
        }
    }

    /// Lets no more requests through, and waits until those under way are answered.
    pub(crate) async fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        self.0.ending.notify_waiters();
        loop {
            sleep(QUIET).await;
            if self.under_way() == 0 {
                return;
            }
        }
    }

    pub(super) fn enter(&self) -> Result<Passage, Refusal> {
        // Counted before asking, so that the end cannot slip in between.
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        let passage = Passage(Arc::clone(&self.0));
        if self.0.draining.load(Ordering::SeqCst) {
            let detail = "This process is ending. Connect again; another one may answer.";
            return Err(Refusal::new(ProblemCode::Unavailable, detail).retry_after(Duration::from_secs(1)));
        }
        Ok(passage)
    }
}

impl Passage {
    /// Keeps a body that is still being made under way until its end.
    pub(super) fn until_the_end_of(self, body: BoxBody) -> BoxBody {
        if body.size() == BodySize::Stream { BoxBody::new(Streaming { body, _passage: self }) } else { body }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Streaming {
    body: BoxBody,
    _passage: Passage,
}

impl MessageBody for Streaming {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::BodyStream;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn draining_waits_for_requests_and_for_streams_and_lets_no_more_in() {
        let traffic = Traffic::default();
        let passage = traffic.enter().unwrap();
        let endless = BodyStream::new(stream::pending::<Result<Bytes, std::io::Error>>());
        let body = passage.until_the_end_of(BoxBody::new(endless));
        assert_eq!(traffic.under_way(), 1);
        let draining = tokio::spawn({
            let traffic = traffic.clone();
            async move { traffic.drain().await }
        });
        sleep(QUIET * 2).await;
        assert!(!draining.is_finished());
        assert_eq!(traffic.enter().unwrap_err().code(), ProblemCode::Unavailable);
        drop(body);
        draining.await.unwrap();
    }

    #[test]
    fn a_body_that_is_complete_is_not_waited_for() {
        let traffic = Traffic::default();
        let body = traffic.enter().unwrap().until_the_end_of(BoxBody::new("all of it"));
        assert_eq!((traffic.under_way(), body.size()), (0, BodySize::Sized(9)));
    }
}
