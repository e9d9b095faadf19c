//! The two services as the synchroniser needs them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use kw_client::{
    ClientError, Entropy, EpochElement, IdempotencyKey, PseudonymError, PseudonymiserClient,
    SwitchboardClient,
};
use kw_domain::{BatchId, Instant, KeyUse, Oin, PointerId, Subject};
use kw_protocol::departure::{DepartureKind, DepartureStatus};
use kw_protocol::digest::{DigestRequest, DigestResponse};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::{
    BulkOutcome, BulkResult, Lease, Pointer, RegisterPointer, Registered, RenewPointer, WithdrawPointer,
};
use kw_protocol::problem::ProblemCode;

/// The switchboard. [`SwitchboardClient`] is one; tests have another.
#[async_trait]
pub trait Index: fmt::Debug + Send + Sync {
    /// Registers pointers, and gives what became of each line that was settled. A line without a result is one of which
    /// nothing is known; an error means that about all of them.
    async fn register(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError>;

    /// Takes one pointer back.
    async fn withdraw(&self, id: PointerId, withdrawal: &WithdrawPointer) -> Result<Pointer, ClientError>;

    /// Extends one pointer.
    async fn renew(&self, id: PointerId, renewal: &RenewPointer) -> Result<Pointer, ClientError>;

    /// Gives a sign of life.
    async fn lease(&self) -> Result<Lease, ClientError>;

    /// Digests of the active pointers, or the pointers in some buckets.
    async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError>;

    /// Whether a partner has left the chain of its own will, and may register nothing.
    async fn left(&self, holder: Oin) -> Result<Option<Left>, ClientError>;
}

/// A departure that took effect, and was not called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Since when.
    pub since: Instant,
    /// Whether the last pointer is gone.
    pub finished: bool,
}

/// The pseudonymiser. [`PseudonymiserClient`] is one; tests have another.
#[async_trait]
pub trait Pseudonymiser: fmt::Debug + Send + Sync {
    /// The elements of each subject under every live epoch, the newest last and never none.
    async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError>;
}

#[async_trait]
impl Pseudonymiser for PseudonymiserClient {
    async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        Self::evaluate(self, subjects, key_use, class).await
    }
}

#[async_trait]
impl Index for SwitchboardClient {
    async fn register(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        if let [pointer] = pointers.as_slice() {
            let answer = Self::register(self, pointer, &IdempotencyKey::random(&Entropy::system())).await;
            return settled(answer).map(|result| vec![result]);
        }
        let sending = async {
            let results = self.register_bulk(upload, 0, stream::iter(pointers)).await?;
            let mut results = std::pin::pin!(results);
            let mut settled = Vec::new();
            while let Some(result) = results.next().await {
                match result {
                    Ok(result) => settled.push(result),
                    // What was settled before is committed there.
                    Err(error) if settled.is_empty() => return Err(error),
                    Err(_) => break,
                }
            }
            Ok(settled)
        };
        tokio::time::timeout(UPLOAD, sending).await.unwrap_or(Err(ClientError::TimedOut))
    }

    async fn withdraw(&self, id: PointerId, withdrawal: &WithdrawPointer) -> Result<Pointer, ClientError> {
        Self::withdraw(self, id, withdrawal).await
    }

    async fn renew(&self, id: PointerId, renewal: &RenewPointer) -> Result<Pointer, ClientError> {
        Self::renew(self, id, renewal).await
    }

    async fn lease(&self) -> Result<Lease, ClientError> {
        Self::lease(self).await
    }

    async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError> {
        Self::digests(self, request).await
    }

    async fn left(&self, holder: Oin) -> Result<Option<Left>, ClientError> {
        let found = self.departures().await?.departures.into_iter();
        let mut left = found
            .filter(|one| one.party == holder && one.kind != DepartureKind::Vanished)
            .filter(|one| matches!(one.status, DepartureStatus::Running | DepartureStatus::Finished));
        Ok(left.next().map(|one| Left {
            since: one.effective_at.unwrap_or(one.requested_at),
            finished: one.status == DepartureStatus::Finished,
        }))
    }
}

/// The answer to one registration in the form of a line of many.
fn settled(answer: Result<Registered, ClientError>) -> Result<BulkResult, ClientError> {
    match answer {
        Ok(Registered { pointer, created }) => Ok(BulkResult {
            line: 0,
            outcome: if created { BulkOutcome::Created } else { BulkOutcome::Existing },
            id: Some(pointer.id),
            handle: pointer.handle,
            valid_until: Some(pointer.valid_until),
            problem: None,
            detail: None,
        }),
        Err(error) => match error.code() {
            Some(code) if is_about_the_pointer(code) => Ok(BulkResult {
                line: 0,
                outcome: BulkOutcome::Refused,
                id: None,
                handle: None,
                valid_until: None,
                problem: Some(code.code().to_owned()),
                detail: None,
            }),
            _ => Err(error),
        },
    }
}

fn is_about_the_pointer(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Conflict
            | ProblemCode::Denied
            | ProblemCode::EpochUnknown
            | ProblemCode::IdempotencyConflict
            | ProblemCode::IllegalTransition
            | ProblemCode::Invalid
    )
}

/// For one batch; it is taken up again by registering what has no result.
const UPLOAD: Duration = Duration::from_mins(1);
