//! Trying an adapter that runs: calling it as other partners do, rightly and wrongly.

pub(crate) mod adapter;
mod doors;
mod forging;
mod judging;
mod pulling;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use kw_agreement::Agreement;
use kw_domain::{Category, Instant, Oin};
use kw_protocol::Bytes16;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_protocol::query::Actor;

use crate::catalogue::ADAPTER;
use crate::report::{Finding, Findings};

/// With whose certificate a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The party that asks.
    Asker,
    /// The partner itself: to its own adapter it is another party than the one that a grant is for.
    Partner,
}

/// About whom proofs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The subject, with the right birth date.
    Subject,
    /// The subject, with another birth date.
    WrongBirthDate,
    /// Somebody else.
    SomebodyElse,
}

/// A grant of the switchboard for one record of the adapter that is tried.
#[derive(Clone)]
pub struct Grant {
    /// The compact JWS.
    pub token: String,
    /// Who asks.
    pub actor: Actor,
    /// What hides the actor in the grant.
    pub actor_salt: Bytes16,
    /// When it ends.
    pub expires_at: Instant,
    /// What may be pulled with it.
    pub category: Category,
    /// A grant from the same answer for another holder, with its salt.
    pub elsewhere: Option<(String, Bytes16)>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("category", &self.category).finish_non_exhaustive()
    }
}

/// Proofs for one grant.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    /// That the asker knows the person.
    pub subject: Vec<EpochProof>,
    /// That the asker knows when the person was born.
    pub birth_date: Vec<EpochBirthDateProof>,
}

/// A request as it is sent.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The media type, without parameters.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// From the sending to the last byte.
    pub took: Duration,
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered").field("status", &self.status).finish_non_exhaustive()
    }
}

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsent(pub String);

/// An adapter that runs, and the ways to it.
#[async_trait]
pub trait Adapter: fmt::Debug + Send + Sync {
    /// The holder, as the agreement knows it.
    fn holder(&self) -> Oin;

    /// Why there are no grants, if there are none: nobody asks.
    fn without_grants(&self) -> Option<&'static str>;

    /// Asks the switchboard: a fresh grant.
    async fn grant(&self) -> Result<Grant, Unsent>;

    /// Proofs for a grant.
    fn proofs(&self, token: &str, whose: Whose) -> Proofs;

    /// Sends a request.
    async fn send(&self, caller: Caller, request: Request) -> Result<Answered, Unsent>;

    /// What must stand in no refusal: the subject's number and birth date.
    fn personal(&self) -> Vec<String>;

    /// How many days the certificate is still valid, when the adapter showed one of this partner.
    async fn certificate_days(&self) -> Result<i64, Unsent>;

    /// Whether a caller that speaks TLS 1.1 at most is turned away.
    async fn refuses_old_tls(&self) -> Result<bool, Unsent>;

    /// Whether a caller without a certificate is turned away.
    async fn refuses_without_certificate(&self) -> Result<bool, Unsent>;

    /// Whether the admin listener says that it lives and is ready; `None` where nobody said where it is.
    async fn is_well(&self) -> Result<Option<bool>, Unsent>;

    /// The present moment.
    fn now(&self) -> Instant;
}

/// One finding for each check of [`ADAPTER`]. With `patient`, it waits until a grant has expired: about three minutes.
pub async fn try_adapter(adapter: &dyn Adapter, agreement: &Agreement, patient: bool) -> Vec<Finding> {
    let mut findings = Findings::of("adapter".to_owned());
    let mut refusals = judging::Refusals::default();
    doors::try_connection(adapter, &mut findings).await;
    doors::try_conventions(adapter, &mut findings, &mut refusals).await;
    forging::try_without_grant(adapter, &mut findings, &mut refusals).await;
    let why_not = if let Some(why) = adapter.without_grants() {
        why
    } else {
        pulling::try_pulls(adapter, agreement, patient, &mut findings, &mut refusals).await;
        "no grant was to be had"
    };
    refusals.judge(adapter, &mut findings);
    findings.finish(ADAPTER, why_not)
}
