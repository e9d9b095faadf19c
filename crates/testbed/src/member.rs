//! One party of a running chain, as seen from its own side.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_client::{Context, Entropy, IdempotencyKey, Retry, SwitchboardClient};
use kw_domain::{ActorId, CaseReference, Category, Handle, Oin, Purpose, Role, SourceName, SystemClock};
use kw_protocol::pointer::{RegisterPointer, RegistrationReason, SubjectElement};
use kw_protocol::query::{Actor, Assurance, Query, QueryAct, Relation, RelationBasis};
use kw_transport::{ClientOptions, Tls};

use crate::subject_element;

/// A party with a certificate.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who it is.
    pub oin: Oin,
    /// Its certificate and trust.
    pub tls: Tls,
    agreement: Arc<Agreement>,
    address: SocketAddr,
}

impl Member {
    pub(crate) fn new(tls: Tls, agreement: Arc<Agreement>, address: SocketAddr) -> Self {
        Self { oin: tls.oin(), tls, agreement, address }
    }

    /// Its client of the switchboard, which makes each call once.
    pub fn switchboard(&self) -> anyhow::Result<SwitchboardClient> {
        client(&self.tls, &self.agreement)
    }

    /// The same through another address: a [`FaultProxy`](crate::FaultProxy).
    pub fn switchboard_at(
        &self,
        draft: &AgreementDraft,
        address: SocketAddr,
    ) -> anyhow::Result<SwitchboardClient> {
        let mut draft = draft.clone();
        draft.switchboard.endpoint = format!("https://{address}");
        let agreement = Agreement::parse(&draft.to_toml()?).map_err(|errors| anyhow::anyhow!("{errors}"))?;
        client(&self.tls, &agreement)
    }

    /// A bare HTTP client of the switchboard.
    pub fn http(&self) -> reqwest::Client {
        let options =
            ClientOptions { timeout: Duration::from_secs(20), connect_timeout: Duration::from_secs(5) };
        self.tls.client(self.agreement.switchboard().oin, options)
    }

    /// The URL of a path on the switchboard's service listener.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// A fresh idempotency key.
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey::random(&Entropy::system())
    }

    /// The first category that the agreement lets it register.
    pub fn category(&self) -> anyhow::Result<Category> {
        let partner = self.agreement.partner(self.oin).context("it is no partner")?;
        partner.registers.iter().next().cloned().context("it registers nothing")
    }

    /// A registration of subject number `number`, in its own category.
    pub fn registration(&self, number: u64) -> anyhow::Result<RegisterPointer> {
        self.registration_of(subject_element(number)?)
    }

    /// A registration of this subject, in its own category, under a fresh handle.
    pub fn registration_of(&self, subject: SubjectElement) -> anyhow::Result<RegisterPointer> {
        Ok(RegisterPointer {
            subject,
            category: self.category()?,
            source: SourceName::parse("records")?,
            handle: Handle::from_bytes(Entropy::system().bytes()),
            purposes: Vec::new(),
            valid_until: None,
            destroy_by: None,
            reason: RegistrationReason::default(),
        })
    }

    /// A question about subject number `number`, with a reason, in the role that fits its kind.
    pub fn question(&self, number: u64) -> anyhow::Result<Query> {
        self.question_about(subject_element(number)?)
    }

    /// A question about this subject.
    pub fn question_about(&self, subject: SubjectElement) -> anyhow::Result<Query> {
        let partner = self.agreement.partner(self.oin).context("it is no partner")?;
        let role = match partner.kind.as_str() {
            "addiction-care" => "addiction-worker",
            "municipality" => "municipal-consultant",
            "school" => "care-coordinator",
            "youth-health" => "youth-doctor",
            _ => "youth-care-worker",
        };
        Ok(Query {
            subject,
            purpose: Purpose::parse("coordinate-help")?,
            actor: Actor {
                id: ActorId::parse("j.jansen")?,
                role: Role::parse(role)?,
                assurance: Assurance::Asserted,
                proof: None,
            },
            case: CaseReference::parse("Z-2026-0001")?,
            categories: Vec::new(),
            holders: Vec::new(),
            relation: Relation {
                basis: RelationBasis::Motivated,
                reason: Some("signals from school".to_owned()),
            },
            representation: None,
            act: QueryAct::View,
        })
    }
}

fn client(tls: &Tls, agreement: &Agreement) -> anyhow::Result<SwitchboardClient> {
    let context = Context::new(Arc::new(SystemClock), Entropy::system());
    let once = Retry { attempts: 1, ..Retry::default() };
    Ok(SwitchboardClient::new(tls, agreement, context)?.with_retry(once))
}
