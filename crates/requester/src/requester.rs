//! From a question to an answer.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kw_agreement::Agreement;
use kw_client::{
    ClientError, Context, EpochElement, PseudonymError, PseudonymiserClient, Pseudonyms, SwitchboardClient,
};
use kw_domain::{KeyUse, Subject, TransactionId};
use kw_protocol::SecretBytes32;
use kw_protocol::dossier::{Dossier, Lookup, Section};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::grant::{GRANT_TYPE, GrantClaims};
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{DisclosedHolder, Query, QueryAct, QueryAnswer, RepresentationClaim};
use kw_telemetry::Reason;
use kw_transport::Tls;
use tokio::time::{Instant, timeout_at};

use crate::events::{AgreementDiffers, UnansweredNotRecorded};
use crate::grant::{self, Expected};
use crate::holders::Holders;
use crate::progress::{Gate, Listener};
use crate::pull::Round;
use crate::representative::Representative;
use crate::{
    AccessEvent, AccessLog, Answered, Asked, Assembled, Disclosure, DossierQuery, Limits, PullOutcome,
    RecordError, RequestError, Unanswered, assembly,
};

/// What a requester is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The own certificate, and who is trusted.
    pub tls: Tls,
    /// The agreement to work under.
    pub agreement: Arc<Agreement>,
    /// Where accesses are recorded.
    pub access_log: Arc<dyn AccessLog>,
    /// Clock and randomness.
    pub context: Context,
    /// The bounds.
    pub limits: Limits,
}

/// The asking side of a partner. Make one and keep it: connections and breakers live in it. Clones share them.
#[derive(Debug, Clone)]
pub struct Requester {
    pub(crate) parts: Parts,
    pub(crate) pseudonymiser: PseudonymiserClient,
    pub(crate) switchboard: SwitchboardClient,
    holders: Arc<Holders>,
}

impl Requester {
    /// A requester of these parts. Fails when an address in the agreement cannot be used.
    pub fn new(parts: Parts) -> Result<Self, ClientError> {
        let Limits { holder_timeout, breaker, .. } = parts.limits;
        let holders = Holders::new(parts.tls.clone(), parts.context.clone(), holder_timeout, breaker);
        Self::assemble(parts, Arc::new(holders))
    }

    /// The same requester under another agreement. Holders keep their connections and breakers.
    pub fn under(&self, agreement: Arc<Agreement>) -> Result<Self, ClientError> {
        Self::assemble(Parts { agreement, ..self.parts.clone() }, Arc::clone(&self.holders))
    }

    fn assemble(parts: Parts, holders: Arc<Holders>) -> Result<Self, ClientError> {
        let Parts { tls, agreement, context, .. } = &parts;
        let pseudonymiser = PseudonymiserClient::new(tls, Arc::clone(agreement), context.clone())?;
        let switchboard = SwitchboardClient::new(tls, agreement, context.clone())?;
        Ok(Self { parts, pseudonymiser, switchboard, holders })
    }

    /// Asks who holds what about one subject, without pulling it. An access like any other: it is recorded on both
    /// sides. `deadline` bounds the whole, recording excepted.
    pub async fn lookup(&self, question: &DossierQuery, deadline: Duration) -> Result<Lookup, RequestError> {
        let transaction = self.parts.context.transaction();
        let deadline = Instant::now() + deadline;
        let pseudonyms = async {
            let index = self.index_elements(&question.subject).await?;
            Ok(Pseudonyms { index, binding: Vec::new() })
        };
        let (answer, _) =
            self.ask_who_holds(question, QueryAct::View, transaction, pseudonyms, deadline).await?;
        let claims = self.read_grants(&answer.holders, GRANT_TYPE);
        self.record(AccessEvent::Answered(self.answered(transaction, QueryAct::View, &answer, &claims)))
            .await?;
        Ok(assembly::lookup(answer, &self.parts.agreement))
    }

    /// Asks who holds what about one subject, pulls it at every disclosed holder, and puts the answers side by side.
    /// Every disclosed holder has its section, whatever became of it.
    pub async fn dossier(&self, question: &DossierQuery) -> Result<Dossier, RequestError> {
        self.dossier_told(question, &|_| ()).await
    }

    /// The same, and tells who was found and each section as it comes. The dossier that comes of it is what counts: only there
    /// are sections compared.
    pub async fn dossier_told(
        &self,
        question: &DossierQuery,
        listener: Listener<'_>,
    ) -> Result<Dossier, RequestError> {
        let gate = Gate::new(listener);
        let transaction = self.parts.context.transaction();
        let deadline = Instant::now() + self.parts.limits.deadline;
        let pseudonyms = self.pseudonymiser.pseudonyms(&question.subject, BudgetClass::Query);
        let asking =
            Box::pin(self.ask_who_holds(question, QueryAct::View, transaction, pseudonyms, deadline));
        let (answer, binding) = asking.await?;

        let claims = self.read_grants(&answer.holders, GRANT_TYPE);
        let answered = self.answered(transaction, QueryAct::View, &answer, &claims);
        let round = Round {
            agreement: &self.parts.agreement,
            holders: &self.holders,
            question,
            binding: &binding,
            deadline,
            holder_timeout: self.parts.limits.holder_timeout,
        };
        gate.found(assembly::holders(&answer.holders, &self.parts.agreement));
        let recording = async {
            let recorded = self.record(AccessEvent::Answered(answered)).await;
            if recorded.is_ok() {
                gate.open();
            }
            recorded
        };
        let (recorded, sections) =
            tokio::join!(recording, self.sections(round, &answer.holders, &claims, &gate));
        recorded?;

        let dossier = assembly::dossier(answer, sections, &self.parts.agreement, self.parts.context.now());
        self.record(AccessEvent::Assembled(assembled(transaction, &dossier, &claims))).await?;
        Ok(dossier)
    }

    pub(crate) async fn ask_who_holds(
        &self,
        question: &DossierQuery,
        act: QueryAct,
        transaction: TransactionId,
        pseudonyms: impl Future<Output = Result<Pseudonyms, PseudonymError>>,
        deadline: Instant,
    ) -> Result<(QueryAnswer, Vec<EpochElement>), RequestError> {
        let asked = Asked::new(question, transaction, self.parts.context.now());
        let representative = Representative::default();
        let pseudonyms = async {
            let evaluated = representative.evaluate(self, question);
            let (pseudonyms, ()) = tokio::try_join!(pseudonyms, evaluated)?;
            Ok(pseudonyms)
        };
        let representative = &representative;
        let send = |subject: SubjectElement| async move {
            let representation = representative.claim(question, subject.epoch)?;
            self.switchboard.query(&query(question, act, subject, representation), transaction).await
        };
        let (answer, binding) = self.ask(asked, pseudonyms, deadline, send).await?;
        self.compare_policy(&answer.policy);
        Ok((answer, binding))
    }

    pub(crate) fn compare_policy(&self, policy: &str) {
        if policy != self.parts.agreement.hash() {
            AgreementDiffers {}.log();
        }
    }

    /// Records the question while the pseudonyms are made, and sends it only when both are done. Gives the answer, and
    /// N_binding per epoch.
    pub(crate) async fn ask<T, Answering>(
        &self,
        asked: Asked,
        pseudonyms: impl Future<Output = Result<Pseudonyms, PseudonymError>>,
        deadline: Instant,
        send: impl Fn(SubjectElement) -> Answering,
    ) -> Result<(T, Vec<EpochElement>), RequestError>
    where
        Answering: Future<Output = Result<T, ClientError>>,
    {
        let transaction = asked.transaction;
        let (recorded, pseudonyms) =
            tokio::join!(self.record(AccessEvent::Asked(asked)), timeout_at(deadline, pseudonyms));
        recorded?;
        let outcome = async {
            let Pseudonyms { index, binding } = pseudonyms.map_err(|_| RequestError::TimedOut)??;
            let answer = timeout_at(deadline, with_live_epoch(&index, send))
                .await
                .map_err(|_| RequestError::TimedOut)??;
            Ok((answer, binding))
        }
        .await;
        match outcome {
            Ok(answered) => Ok(answered),
            Err(error) => Err(self.unanswered(transaction, error).await),
        }
    }

    /// N_index of a subject per epoch.
    pub(crate) async fn index_elements(
        &self,
        subject: &Subject,
    ) -> Result<Vec<EpochElement>, PseudonymError> {
        let subject = std::slice::from_ref(subject);
        let index = self.pseudonymiser.evaluate(subject, KeyUse::Index, BudgetClass::Query).await?;
        Ok(index.into_iter().next().unwrap_or_default())
    }

    /// The claims of each grant, in order; `None` for one that is not fit for use. A transaction id that comes twice
    /// makes both unfit: each pull has exactly one grant.
    pub(crate) fn read_grants(
        &self,
        disclosed: &[DisclosedHolder],
        typ: &'static str,
    ) -> Vec<Option<GrantClaims>> {
        let Parts { tls, agreement, .. } = &self.parts;
        let expected = Expected {
            typ,
            chain: agreement.chain(),
            switchboard: agreement.switchboard().oin,
            requester: tls.oin(),
            certificate: tls.certificate_sha256(),
        };
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<_> = disclosed
            .iter()
            .map(|one| one.transaction)
            .filter(|transaction| !seen.insert(*transaction))
            .collect();
        let usable =
            |one: &DisclosedHolder| grant::read(one, expected).filter(|_| !twice.contains(&one.transaction));
        disclosed.iter().map(usable).collect()
    }

    /// All pulls, a bounded number at the same time, in the order of the answer.
    async fn sections(
        &self,
        round: Round<'_>,
        disclosed: &[DisclosedHolder],
        claims: &[Option<GrantClaims>],
        gate: &Gate<'_>,
    ) -> Vec<Section> {
        let pulls = disclosed.iter().zip(claims).enumerate().map(|(place, (disclosed, claims))| async move {
            let section = round.section(disclosed, claims.as_ref()).await;
            gate.section(place, &section);
            (place, section)
        });
        let mut sections: Vec<_> =
            stream::iter(pulls).buffer_unordered(self.parts.limits.concurrency.max(1)).collect().await;
        sections.sort_by_key(|(place, _)| *place);
        sections.into_iter().map(|(_, section)| section).collect()
    }

    pub(crate) fn answered(
        &self,
        transaction: TransactionId,
        act: QueryAct,
        answer: &QueryAnswer,
        claims: &[Option<GrantClaims>],
    ) -> Answered {
        let disclosed = answer.holders.iter().zip(claims).map(|(one, claims)| Disclosure {
            holder: one.holder,
            category: one.category.clone(),
            transaction: one.transaction,
            grant: claims.as_ref().map(|claims| claims.jti),
        });
        Answered {
            transaction,
            at: self.parts.context.now(),
            query: answer.id,
            decided_at: answer.decided_at,
            policy: answer.policy.clone(),
            categories: answer.categories.clone(),
            act,
            disclosed: disclosed.collect(),
            receipt: answer.receipt.clone(),
        }
    }

    /// Records that there is no answer. Nothing is handed out, so a log that fails too changes nothing for the asker.
    async fn unanswered(&self, transaction: TransactionId, error: RequestError) -> RequestError {
        let reason = reason(&error).to_owned();
        let event = Unanswered { transaction, at: self.parts.context.now(), reason };
        if let Err(failed) = self.record(AccessEvent::Unanswered(event)).await {
            UnansweredNotRecorded { transaction, reason: Reason::of(&failed) }.log();
        }
        error
    }

    pub(crate) async fn record(&self, event: AccessEvent) -> Result<(), RecordError> {
        tokio::time::timeout(self.parts.limits.record_timeout, self.parts.access_log.record(event))
            .await
            .unwrap_or(Err(RecordError::TimedOut))
    }
}

/// Asks with the newest element, and once more with the one before when the switchboard does not have that epoch (yet, or
/// any more): a refusal for the epoch discloses nothing, so this is still one access.
async fn with_live_epoch<T, Answering>(
    index: &[EpochElement],
    send: impl Fn(SubjectElement) -> Answering,
) -> Result<T, ClientError>
where
    Answering: Future<Output = Result<T, ClientError>>,
{
    let mut refused = ClientError::Malformed("there is no element to ask with");
    for held in index.iter().rev().take(2) {
        let element = SecretBytes32(held.element.to_bytes());
        match send(SubjectElement { element, epoch: held.epoch }).await {
            Err(error) if error.code() == Some(ProblemCode::EpochUnknown) => refused = error,
            outcome => return outcome,
        }
    }
    Err(refused)
}

fn query(
    question: &DossierQuery,
    act: QueryAct,
    subject: SubjectElement,
    representation: Option<RepresentationClaim>,
) -> Query {
    Query {
        subject,
        purpose: question.purpose.clone(),
        actor: question.actor.clone(),
        case: question.case.clone(),
        categories: question.categories.clone(),
        holders: question.holders.clone(),
        relation: question.relation.clone(),
        representation,
        act,
    }
}

/// Sections stand in the order of the answer, as the claims do.
fn assembled(transaction: TransactionId, dossier: &Dossier, claims: &[Option<GrantClaims>]) -> Assembled {
    let outcomes = dossier.sections.iter().zip(claims).map(|(section, claims)| PullOutcome {
        holder: section.holder.oin,
        category: section.category.clone(),
        transaction: section.transaction,
        grant: claims.as_ref().map(|claims| claims.jti),
        status: section.status,
        reason: section.reason.clone(),
    });
    Assembled {
        transaction,
        at: dossier.assembled_at,
        query: dossier.query,
        complete: dossier.complete,
        outcomes: outcomes.collect(),
    }
}

/// A short code for the record.
pub(crate) fn reason(error: &RequestError) -> &'static str {
    match error {
        RequestError::Index(error) | RequestError::Pseudonym(PseudonymError::Client(error)) => {
            reason_of_client(error)
        }
        RequestError::Pseudonym(PseudonymError::ProofRefused { .. }) => "proof-refused",
        RequestError::Pseudonym(PseudonymError::NoKnownKey) => "no-known-key",
        RequestError::Pseudonym(PseudonymError::Blind(_)) => "not-blinded",
        RequestError::Pseudonym(PseudonymError::Stopped) => "stopped",
        RequestError::TimedOut => "timed-out",
        RequestError::Record(_) => "not-recorded",
    }
}

/// A short code for a call that failed.
pub(crate) fn reason_of_client(error: &ClientError) -> &'static str {
    match error {
        ClientError::Problem(_) => error.code().map_or("unknown", ProblemCode::code),
        ClientError::TimedOut => "timed-out",
        ClientError::Unreachable => "unreachable",
        ClientError::Identity => "certificate-refused",
        ClientError::Malformed(_) => "answer-malformed",
        ClientError::Address(_) => "address-unusable",
    }
}
