//! Subjects in, verified group elements out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Epoch, KeyUse, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::{BudgetClass, EvaluationRequest, EvaluationResponse, MAX_BATCH};
use kw_pseudonym::{BlindError, BlindedElement, Blinding, Element, blind};
use kw_telemetry::{Explain, Reason};
use kw_transport::Tls;
use reqwest::Method;

use crate::http::{PAGE, Service, json};
use crate::{ClientError, Context, Entropy};

mod unblinding;

/// A partner's side of the pseudonymiser. The blinding factors live and die inside one call.
#[derive(Debug, Clone)]
pub struct PseudonymiserClient {
    service: Service,
    agreement: Arc<Agreement>,
}

/// A subject's element under the key of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochElement {
    /// The generation of the key.
    pub epoch: Epoch,
    /// The element.
    pub element: Element,
}

/// Both elements of one subject, per epoch, the newest last. Never empty.
#[derive(Debug, Clone)]
pub struct Pseudonyms {
    /// N_index: for the switchboard.
    pub index: Vec<EpochElement>,
    /// N_binding: never leaves the partner.
    pub binding: Vec<EpochElement>,
}

/// Why there is no pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PseudonymError {
    /// The call failed.
    #[error("the pseudonymiser: {0}")]
    Client(#[from] ClientError),
    /// The pseudonymiser used no key that the agreement lists: one of the two is out of date.
    #[error(
        "the pseudonymiser answered under no key that the agreement lists: compare its keys with the agreement"
    )]
    NoKnownKey,
    /// The proof does not hold under the agreement's key. A security event: the pseudonymiser, or somebody in its place,
    /// used another key and could recognise people by it.
    #[error(
        "the pseudonymiser did not prove the agreement's {key_use} key of epoch {epoch}: report it, use no answer"
    )]
    ProofRefused {
        /// For which use.
        key_use: KeyUse,
        /// Which epoch.
        epoch: Epoch,
    },
    /// The subject cannot be blinded.
    #[error(transparent)]
    Blind(#[from] BlindError),
    /// The work was cut off inside this process: it is shutting down.
    #[error("the process is shutting down: start it again")]
    Stopped,
}

impl Explain for PseudonymError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Client(error) => reason.say("the pseudonymiser").because(error),
            Self::NoKnownKey => {
                reason.say("the pseudonymiser answered under no key that the agreement lists")
            }
            Self::ProofRefused { key_use, epoch } => reason
                .say("the pseudonymiser's proof is refused")
                .with("key use", key_use)
                .with("epoch", epoch),
            Self::Blind(_) => reason.say("the subject cannot be blinded"),
            Self::Stopped => reason.say("the process is shutting down"),
        };
    }
}

impl PseudonymiserClient {
    /// A client of the pseudonymiser that the agreement names, which trusts the keys that this agreement lists.
    pub fn new(tls: &Tls, agreement: Arc<Agreement>, context: Context) -> Result<Self, ClientError> {
        let party = agreement.pseudonymiser();
        let service = Service::new(tls, party.oin, &party.endpoint, context, TIMEOUT)?;
        Ok(Self { service, agreement })
    }

    /// The elements of each subject under every epoch that both the pseudonymiser and the agreement have, the newest
    /// last. Charged to `class`, one unit for each subject. Batches of more than [`MAX_BATCH`] take several calls.
    pub async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        let mut elements = Vec::with_capacity(subjects.len());
        for batch in subjects.chunks(MAX_BATCH) {
            elements.extend(self.evaluate_batch(batch, key_use, class).await?);
        }
        Ok(elements)
    }

    /// Both elements of one subject; the two calls run at the same time.
    pub async fn pseudonyms(
        &self,
        subject: &Subject,
        class: BudgetClass,
    ) -> Result<Pseudonyms, PseudonymError> {
        let subject = std::slice::from_ref(subject);
        let (index, binding) = tokio::try_join!(
            self.evaluate_batch(subject, KeyUse::Index, class),
            self.evaluate_batch(subject, KeyUse::Binding, class),
        )?;
        let only = |elements: Vec<Vec<EpochElement>>| elements.into_iter().next().unwrap_or_default();
        Ok(Pseudonyms { index: only(index), binding: only(binding) })
    }

    async fn evaluate_batch(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        let entropy = self.service.context().entropy().clone();
        let owned = subjects.to_vec();
        let batch = compute(subjects.len(), move || Batch::blind(&owned, &entropy)).await??;

        let request = EvaluationRequest {
            chain: self.agreement.chain().clone(),
            key_use,
            class,
            elements: batch.blinded.iter().map(|element| SecretBytes32(element.to_bytes())).collect(),
        };
        let request = json(self.service.request(Method::POST, &["v1", "evaluations"]), &request)?;
        // Not repeated: each call is charged to a budget, and the caller knows what waiting is worth.
        let transaction = self.service.context().transaction();
        let response: EvaluationResponse = self.service.exchange(request, transaction, PAGE).await?;

        let agreement = Arc::clone(&self.agreement);
        compute(subjects.len(), move || {
            unblinding::unblind(&batch, response, agreement.pseudonymiser_keys(key_use), key_use)
        })
        .await?
    }
}

/// Subjects under their blindings, in the same order.
struct Batch {
    blindings: Vec<Blinding>,
    blinded: Vec<BlindedElement>,
}

impl Batch {
    fn blind(subjects: &[Subject], entropy: &Entropy) -> Result<Self, BlindError> {
        let mut generator = entropy.generator();
        let pairs = subjects.iter().map(|subject| blind(subject, &mut *generator));
        let (blindings, blinded) = pairs.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok(Self { blindings, blinded })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({})", self.blinded.len())
    }
}

/// One subject takes a few scalar multiplications, a full batch tens of milliseconds: too long to hold up other tasks.
async fn compute<T: Send + 'static>(
    subjects: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PseudonymError> {
    if subjects <= INLINE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| PseudonymError::Stopped)
}

const INLINE: usize = 4;
/// For one batch.
const TIMEOUT: Duration = Duration::from_secs(10);
