//! What the handlers share.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use kw_domain::{AccountId, ActorId, Clock, DossierId, Instant, Oin, Role, SubjectReference};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordedActor, canonical};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Entropy, Refusal, SharedAgreement, Trace};
use kw_store::personal::{Dossier, Personal};
use kw_store::{Abort, Act, ReadError, Store, StoreError, Tx, WriteError};

use crate::holders::Holders;
use crate::opaque;
use crate::provider::Provider;
use crate::rules::{Access, Ground, OpenDossier, ServiceKey, Session};

/// One personal environment.
pub(crate) struct App {
    pub(crate) oin: Oin,
    pub(crate) agreement: SharedAgreement,
    pub(crate) store: Arc<Store<Personal>>,
    pub(crate) key: ServiceKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) holders: Arc<dyn Holders>,
    /// Where its users' browsers reach it, without a trailing slash.
    pub(crate) address: String,
}

impl App {
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A record of what an account did. Accounts are random numbers; whom they are of is in no record.
    pub(crate) fn record(
        &self,
        event: Event,
        trace: &Trace,
        account: AccountId,
    ) -> Result<AccessRecord, Refusal> {
        let agreement = self.agreement.current();
        let mut record = AccessRecord::new(
            event,
            self.now(),
            agreement.chain().clone(),
            self.oin,
            self.oin,
            agreement.hash(),
        );
        let words = (actor(account), Role::parse(ROLE));
        let (Ok(id), Ok(role)) = words else { return Err(Refusal::fault("an account is no actor")) };
        record.actor = Some(RecordedActor { assurance: "proven".to_owned(), id, role });
        record.trace = Some(trace.trace_id());
        record.transaction = Some(trace.transaction);
        Ok(record)
    }

    /// The same about a dossier, under a fresh reference that the act links to it ([`refer`]).
    pub(crate) fn record_about(
        &self,
        event: Event,
        trace: &Trace,
        access: &Access,
    ) -> Result<AccessRecord, Refusal> {
        let mut record = self.record(event, trace, access.account())?;
        record.subject = Some(self.entropy.id(record.at));
        record.representation = representation(access.ground());
        Ok(record)
    }

    /// Acts: what it changes and its record are committed together, then it is answered.
    pub(crate) async fn act<T, F>(&self, name: &'static str, mut act: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_, Personal>) -> Result<(T, AccessRecord), Abort<Refusal>> + Send + 'static,
    {
        let outcome = self
            .store
            .write(name, move |tx| {
                let (value, record) = act(tx)?;
                let text = canonical(&record).map_err(StoreError::from)?;
                Ok((value, Act::new(record.at, LeafKind::Access, text)))
            })
            .await;
        outcome.map(|committed| committed.value).map_err(|error| match error {
            WriteError::Refused(refusal) => refusal,
            WriteError::Busy => Refusal::new(ProblemCode::TooMany, "Too much at once. Try again."),
            WriteError::Unavailable => Refusal::new(
                ProblemCode::Unavailable,
                "The ledger cannot record this, so nothing was done. Try again.",
            ),
        })
    }

    /// Opens a stored dossier.
    pub(crate) fn open(&self, row: &Dossier) -> Result<OpenDossier, Refusal> {
        self.key
            .open(row.id, &row.key_sealed, &row.person_sealed)
            .map_err(|_| Refusal::fault("a dossier does not open with the key of this service"))
    }

    /// The dossier that a session is bound to, opened, with what the session may do in it.
    pub(crate) async fn enter(&self, session: &Session) -> Result<(Dossier, OpenDossier, Access), Refusal> {
        let Some(id) = session.dossier() else {
            let detail = "Bind this session to a dossier first: PUT /v1/sessions/current/dossier.";
            return Err(Refusal::new(ProblemCode::Conflict, detail));
        };
        let account = session.account;
        let read = self.store.read(move |store| Ok((store.dossier(id)?, store.user(id, account)?))).await;
        let (row, user) = read.map_err(unreadable)?;
        let row = row.ok_or_else(not_yours)?;
        let dossier = self.open(&row)?;
        let access = session
            .access(&dossier, row.owner, row.own, user.as_ref(), self.now())
            .map_err(|denied| Refusal::new(ProblemCode::Denied, sentence(denied)))?;
        Ok((row, dossier, access))
    }
}

/// Somebody with a session. Holding one opens the service's insides.
pub(crate) struct SignedIn {
    pub(crate) app: Data<App>,
    pub(crate) session: Session,
}

impl FromRequest for SignedIn {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<Data<App>>().cloned();
        let bearer = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .map(opaque::stored);
        Box::pin(async move {
            let app = app.ok_or_else(|| Refusal::fault("this application has no personal environment"))?;
            let token = bearer.ok_or_else(signed_out)?;
            let row = app.store.read(move |store| store.session(&token)).await.map_err(unreadable)?;
            let row = row.filter(|row| app.now() < row.expires_at).ok_or_else(signed_out)?;
            let statement = app
                .key
                .open_statement(row.id, &row.statement_sealed)
                .map_err(|_| Refusal::fault("a session does not open with the key of this service"))?;
            let session = Session::new(row.id, row.account, statement, row.dossier, row.expires_at);
            Ok(Self { app, session })
        })
    }
}

/// An account as a record names it: in letters, because the digits of a random number may look like a citizen service
/// number, which no record takes.
pub(crate) fn actor(account: AccountId) -> Result<ActorId, kw_domain::VocabularyError> {
    let letter = |nibble: u8| char::from(b'a' + nibble);
    let bytes = account.as_bytes().iter();
    let letters: String = bytes.flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect();
    ActorId::parse(&letters)
}

/// Links a record's reference to the dossier it is about, in the same transaction.
pub(crate) fn refer(
    tx: &mut Tx<'_, Personal>,
    record: &AccessRecord,
    dossier: DossierId,
) -> Result<(), StoreError> {
    let reference: Option<SubjectReference> = record.subject;
    reference.map_or(Ok(()), |reference| tx.write().refer(reference, dossier, record.at))
}

pub(crate) fn representation(ground: &Ground) -> Option<String> {
    match ground {
        Ground::Mandate { id, kind } => Some(format!("{kind}:{id}")),
        Ground::Own => None,
    }
}

pub(crate) fn unreadable(error: ReadError) -> Refusal {
    match error {
        ReadError::Busy => Refusal::new(ProblemCode::TooMany, "Too much at once. Try again."),
        ReadError::Store(error) => Refusal::fault(error),
    }
}

/// What is not there and what is another's look the same.
pub(crate) fn not_yours() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is no such thing, or it is not yours.")
}

pub(crate) fn sentence(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn signed_out() -> Refusal {
    Refusal::new(ProblemCode::SignedOut, "Sign in again: POST /v1/sign-ins.")
}

const ROLE: &str = "account-holder";
