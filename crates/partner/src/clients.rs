//! The clients of the other services, made anew when the agreement changes.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use kw_adapter::feedback::Routing;
use kw_adapter::grants::{FetchingKeys, KeySource};
use kw_adapter::pulls::{CheckingConsent, ConsentSource};
use kw_adapter::sync::{Index, Left, Pseudonymiser};
use kw_client::{ClientError, Context, EpochElement, PseudonymError, PseudonymiserClient, SwitchboardClient};
use kw_domain::{BatchId, KeyUse, Oin, PointerId, Subject};
use kw_protocol::consent::CheckConsent;
use kw_protocol::digest::{DigestRequest, DigestResponse};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::feedback::{CorrectionReport, FeedbackStatusReport};
use kw_protocol::pointer::{BulkResult, Lease, Pointer, RegisterPointer, RenewPointer, WithdrawPointer};
use kw_requester::{AccessLog, Limits, Parts, Requester};
use kw_runtime::SharedAgreement;
use kw_transport::Tls;

/// Whoever this process calls, under the agreement in force: endpoints, OINs and the pseudonymiser's keys stand there.
#[derive(Debug)]
pub(crate) struct Clients {
    agreement: SharedAgreement,
    tls: Tls,
    context: Context,
    current: ArcSwap<Version>,
}

#[derive(Debug)]
pub(crate) struct Version {
    generation: u64,
    pub(crate) pseudonymiser: PseudonymiserClient,
    pub(crate) switchboard: SwitchboardClient,
    pub(crate) requester: Requester,
}

impl Clients {
    pub(crate) fn new(
        agreement: SharedAgreement,
        tls: Tls,
        context: Context,
        access_log: Arc<dyn AccessLog>,
    ) -> Result<Self, ClientError> {
        let generation = agreement.generation();
        let current = agreement.current();
        let parts = Parts {
            tls: tls.clone(),
            agreement: Arc::clone(&current),
            access_log,
            context: context.clone(),
            limits: Limits::default(),
        };
        let version = Version {
            generation,
            pseudonymiser: PseudonymiserClient::new(&tls, Arc::clone(&current), context.clone())?,
            switchboard: SwitchboardClient::new(&tls, &current, context.clone())?,
            requester: Requester::new(parts)?,
        };
        Ok(Self { agreement, tls, context, current: ArcSwap::from_pointee(version) })
    }

    /// The clients under the agreement in force. Two callers may make them at the same time; either result is right.
    pub(crate) fn current(&self) -> Result<Arc<Version>, ClientError> {
        let held = self.current.load_full();
        // Taken before the agreement: one that is replaced in between is seen by the next call.
        let generation = self.agreement.generation();
        if held.generation == generation {
            return Ok(held);
        }
        let agreement = self.agreement.current();
        let version = Arc::new(Version {
            generation,
            pseudonymiser: PseudonymiserClient::new(&self.tls, Arc::clone(&agreement), self.context.clone())?,
            switchboard: SwitchboardClient::new(&self.tls, &agreement, self.context.clone())?,
            requester: held.requester.under(agreement)?,
        });
        self.current.store(Arc::clone(&version));
        Ok(version)
    }
}

#[async_trait]
impl Index for Clients {
    async fn register(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        Index::register(&self.current()?.switchboard, upload, pointers).await
    }

    async fn withdraw(&self, id: PointerId, withdrawal: &WithdrawPointer) -> Result<Pointer, ClientError> {
        self.current()?.switchboard.withdraw(id, withdrawal).await
    }

    async fn renew(&self, id: PointerId, renewal: &RenewPointer) -> Result<Pointer, ClientError> {
        self.current()?.switchboard.renew(id, renewal).await
    }

    async fn lease(&self) -> Result<Lease, ClientError> {
        self.current()?.switchboard.lease().await
    }

    async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError> {
        self.current()?.switchboard.digests(request).await
    }

    async fn left(&self, holder: Oin) -> Result<Option<Left>, ClientError> {
        Index::left(&self.current()?.switchboard, holder).await
    }
}

#[async_trait]
impl Pseudonymiser for Clients {
    async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        self.current()?.pseudonymiser.evaluate(subjects, key_use, class).await
    }
}

#[async_trait]
impl Routing for Clients {
    async fn tell_status(&self, status: &FeedbackStatusReport) -> Result<(), ClientError> {
        Routing::tell_status(&self.current()?.switchboard, status).await
    }

    async fn tell_correction(&self, correction: &CorrectionReport) -> Result<(), ClientError> {
        Routing::tell_correction(&self.current()?.switchboard, correction).await
    }
}

impl KeySource for Clients {
    fn fetch(&self) -> FetchingKeys<'_> {
        Box::pin(async { self.current()?.switchboard.grant_keys().await })
    }
}

impl ConsentSource for Clients {
    fn check<'a>(&'a self, question: &'a CheckConsent) -> CheckingConsent<'a> {
        Box::pin(async move { self.current()?.switchboard.check_consent(question).await })
    }
}
