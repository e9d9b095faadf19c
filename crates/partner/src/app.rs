//! What the handlers of the local API share.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use kw_adapter::Vault;
use kw_adapter::feedback::Feedback;
use kw_adapter::identity_checks::IdentityChecks;
use kw_adapter::mapping::RecordKey;
use kw_adapter::pulls::Sources;
use kw_adapter::sync::Synchroniser;
use kw_agreement::Agreement;
use kw_client::{ClientError, SwitchboardClient};
use kw_domain::{Clock, Oin};
use kw_identity::ActorProofs;
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_runtime::http::Traffic;
use kw_runtime::{Entropy, Refusal, SharedAgreement, Trace};
use kw_store::partner::Partner;
use kw_store::{Abort, Act, PendingReceipt, Store, StoreError};
use kw_telemetry::Reason;

use crate::canaries::Canaries;
use crate::clients::{Clients, Version};
use crate::events::AccessNotRecorded;
use crate::people::Admission;
use crate::refusals;
use crate::signals::Feed;
use crate::token::Token;

/// One partner process.
pub(crate) struct App {
    pub(crate) oin: Oin,
    pub(crate) admission: Admission,
    pub(crate) agreement: SharedAgreement,
    pub(crate) store: Arc<Store<Partner>>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) feed: Feed,
    pub(crate) received_feedback: Data<Feedback>,
    pub(crate) synchroniser: Arc<Synchroniser>,
    pub(crate) sources: Sources,
    pub(crate) vault: Vault,
    pub(crate) record_key: RecordKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) proofs: ActorProofs,
    pub(crate) identity_checks: IdentityChecks,
    pub(crate) canaries: Option<Arc<Canaries>>,
    pub(crate) token: Token,
    /// Requests under way, to know when the process ends.
    pub(crate) traffic: Traffic,
}

impl App {
    /// A record of something that the partner does itself.
    pub(crate) fn new_record(&self, event: Event, agreement: &Agreement, trace: &Trace) -> AccessRecord {
        let chain = agreement.chain().clone();
        let mut record =
            AccessRecord::new(event, self.clock.now(), chain, self.oin, self.oin, agreement.hash());
        record.holders = vec![self.oin];
        record.trace = Some(trace.trace_id());
        record.transaction = Some(trace.transaction);
        record
    }

    /// The clients of the other services, under the agreement in force.
    pub(crate) fn services(&self) -> Result<Arc<Version>, Refusal> {
        self.clients.current().map_err(|error| refusals::of_client("agreement", &error))
    }

    /// Passes a call on to the switchboard, and what it answers back.
    pub(crate) async fn pass_on<T, Answer>(
        &self,
        ask: impl FnOnce(SwitchboardClient) -> Answer,
    ) -> Result<T, Refusal>
    where
        Answer: Future<Output = Result<T, ClientError>>,
    {
        let switchboard = self.services()?.switchboard.clone();
        ask(switchboard).await.map_err(|error| refusals::of_client("switchboard", &error))
    }

    /// Refuses an actor who is said to be proven and is not, before anything is asked in their name: the own ledger says
    /// what was shown, too. Others check it again.
    pub(crate) async fn require_actor(&self, actor: &Actor) -> Result<(), Refusal> {
        let checked = self.proofs.check(&self.agreement.current(), self.oin, actor).await;
        checked.map(drop).map_err(|error| Refusal::new(error.code(), error.detail()))
    }

    /// The same for acts that no purpose decides about, and therefore no rule of the switchboard: the actor's role has to be
    /// one that people of this partner can have.
    pub(crate) async fn require_staff(&self, actor: &Actor) -> Result<(), Refusal> {
        self.require_actor(actor).await?;
        let agreement = self.agreement.current();
        let kind = agreement.partner(self.oin).map(|partner| &partner.kind);
        let known = agreement
            .role(&actor.role)
            .is_some_and(|rules| kind.is_some_and(|kind| rules.kinds.contains(kind)));
        if known {
            return Ok(());
        }
        let detail = "Nobody at this organisation has this role.";
        let expected = "expected a role that the agreement gives to this kind of partner";
        Err(Refusal::new(ProblemCode::Denied, detail).field("/actor/role", expected))
    }

    /// Makes a record durable, or refuses what it would have been about.
    pub(crate) async fn record(&self, record: AccessRecord) -> Result<(), Refusal> {
        append(&self.store, record, About::default()).await.map_err(|()| {
            let detail = "The partner's own ledger cannot record this, so nothing was done. Try again.";
            Refusal::new(ProblemCode::Unavailable, detail)
        })
    }
}

/// What goes with a record into the same transaction.
#[derive(Default)]
pub(crate) struct About {
    /// The keyed digest of whom the partner asked others about; it is linked to the record's reference.
    pub(crate) asked: Option<[u8; 16]>,
    /// What another party's log must bear out later.
    pub(crate) receipt: Option<PendingReceipt>,
}

/// Appends one record to the partner's ledger; the reason of a failure is in the log.
pub(crate) async fn append(store: &Store<Partner>, record: AccessRecord, about: About) -> Result<(), ()> {
    let About { asked, receipt } = about;
    let outcome = store
        .write("record_access", move |tx| {
            if let Some(receipt) = &receipt {
                tx.write().await_receipt(receipt)?;
            }
            let canonical = canonical(&record).map_err(StoreError::from)?;
            let act = Act::new(record.at, LeafKind::Access, canonical);
            let act = match asked.zip(record.subject) {
                Some((subject_key, reference)) => act.link_asked(subject_key, reference, record.transaction),
                None => act,
            };
            Ok::<_, Abort<()>>(((), act))
        })
        .await;
    outcome.map(|_| ()).map_err(|error| AccessNotRecorded { reason: Reason::of(&error) }.log())
}

/// A program of the partner itself: it has the token, and is on this machine. Holding one opens the process's insides.
pub(crate) struct Own(pub(crate) Data<App>);

impl FromRequest for Own {
    type Error = Refusal;
    type Future = std::future::Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app =
            request.app_data::<Data<App>>().ok_or_else(|| Refusal::fault("this application has no partner"));
        std::future::ready(app.and_then(|app| app.token.admit(request).map(|()| Self(app.clone()))))
    }
}
