//! Pointers and queries at the switchboard.

use std::fmt;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{BatchId, ConsentId, ObjectionId, PointerId, TransactionId};
use kw_protocol::access_report::{SubjectReport, SubjectReportRequest};
use kw_protocol::consent::{
    CheckConsent, Consent, ConsentChecked, Consents, HoldersQuestion, PermittedHolders, RecordConsent,
    SearchConsents, WithdrawConsent,
};
use kw_protocol::digest::{DigestRequest, DigestResponse};
use kw_protocol::objection::{DecideObjection, Objection, Objections, SearchObjections, SubmitObjection};
use kw_protocol::pointer::{
    Lease, Pointer, PointerPage, RegisterPointer, Registered, RenewPointer, SupersedePointer, UploadProgress,
    WithdrawMany, WithdrawPointer, WithdrawnMany,
};
use kw_protocol::query::{Query, QueryAnswer};
use kw_transport::Tls;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::http::{Bound, PAGE, REPORT, SMALL, Service, json};
use crate::{ClientError, Context, Entropy, Jwks, Retry};

mod bulk;
mod delegations;
mod departures;
mod feedback;
mod mandates;
mod matches;
mod reviews;
mod signals;

pub(crate) use matches::parameters as match_parameters;
pub use signals::SignalClient;
pub(crate) use signals::parameters;

/// A party's side of the switchboard. Keep it: its connections are reused.
///
/// Calls that may be made twice are repeated by themselves ([`Retry`]); a query never is, since each is an access of its
/// own, and neither is a withdrawal, whose repetition would find another state.
#[derive(Debug, Clone)]
pub struct SwitchboardClient {
    service: Service,
    public: Service,
    retry: Retry,
}

/// What makes a creating call the same call when it is repeated: 1 to 64 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Box<str>);

/// The text is no idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 64 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// A key that the caller stored with its work, so that it survives a restart.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed { Ok(Self(text.into())) } else { Err(IdempotencyKeyError) }
    }

    /// A fresh key for one call with its repetitions.
    pub fn random(entropy: &Entropy) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(entropy.bytes())).into())
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SwitchboardClient {
    /// A client of the switchboard that the agreement names.
    pub fn new(tls: &Tls, agreement: &Agreement, context: Context) -> Result<Self, ClientError> {
        let party = agreement.switchboard();
        let service = |endpoint| Service::new(tls, party.oin, endpoint, context.clone(), TIMEOUT);
        Ok(Self {
            service: service(&party.endpoint)?,
            public: service(&party.public_endpoint)?,
            retry: Retry::default(),
        })
    }

    /// The same client, repeating calls in another way.
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Registers one pointer. The same key with the same pointer gives the first answer again.
    pub async fn register(
        &self,
        pointer: &RegisterPointer,
        key: &IdempotencyKey,
    ) -> Result<Registered, ClientError> {
        self.repeat(SMALL, || json(keyed(self.post(&["pointers"]), key), pointer)).await
    }

    /// One page of the own pointers, `limit` at most; `cursor` is the page before's.
    pub async fn list(&self, cursor: Option<&str>, limit: u32) -> Result<PointerPage, ClientError> {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let path = ["v1", "pointers"];
        self.repeat(PAGE, || Ok(self.service.request_with(Method::GET, &path, &query))).await
    }

    /// One own pointer.
    pub async fn read(&self, id: PointerId) -> Result<Pointer, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || Ok(self.service.request(Method::GET, &["v1", "pointers", &id]))).await
    }

    /// Extends a pointer.
    pub async fn renew(&self, id: PointerId, renewal: &RenewPointer) -> Result<Pointer, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(self.post(&["pointers", &id, "renewals"]), renewal)).await
    }

    /// Replaces a pointer by a new one about the same subject; answered with the new one.
    pub async fn supersede(
        &self,
        id: PointerId,
        successor: &SupersedePointer,
        key: &IdempotencyKey,
    ) -> Result<Registered, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(keyed(self.post(&["pointers", &id, "successors"]), key), successor)).await
    }

    /// Takes a pointer back.
    pub async fn withdraw(
        &self,
        id: PointerId,
        withdrawal: &WithdrawPointer,
    ) -> Result<Pointer, ClientError> {
        let request = json(self.post(&["pointers", &id.to_string(), "withdrawals"]), withdrawal)?;
        self.once(request, SMALL).await
    }

    /// Takes back every active pointer that matches, if there are exactly as many as expected.
    pub async fn withdraw_many(&self, withdrawal: &WithdrawMany) -> Result<WithdrawnMany, ClientError> {
        self.once(json(self.post(&["pointers", "_withdraw"]), withdrawal)?, SMALL).await
    }

    /// Digests of the own active pointers, to find what differs.
    pub async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError> {
        self.repeat(PAGE, || json(self.post(&["pointers", "_digests"]), request)).await
    }

    /// How far a bulk upload has come.
    pub async fn upload_progress(&self, upload: BatchId) -> Result<UploadProgress, ClientError> {
        let upload = upload.to_string();
        self.repeat(SMALL, || Ok(self.service.request(Method::GET, &["v1", "bulk-uploads", &upload]))).await
    }

    /// Gives a sign of life, so that the own pointers stay findable.
    pub async fn lease(&self) -> Result<Lease, ClientError> {
        self.repeat(SMALL, || Ok(self.post(&["leases"]))).await
    }

    /// Asks who holds what about one subject. `transaction` names this exchange in the records of both sides.
    pub async fn query(&self, query: &Query, transaction: TransactionId) -> Result<QueryAnswer, ClientError> {
        self.service.exchange(json(self.post(&["queries"]), query)?, transaction, PAGE).await
    }

    /// Asks, for the person it is about, what the records say. `transaction` names this exchange in the records of both sides.
    /// Never repeated: each is an access of its own.
    pub async fn access_report(
        &self,
        request: &SubjectReportRequest,
        transaction: TransactionId,
    ) -> Result<SubjectReport, ClientError> {
        self.service.exchange(json(self.post(&["access-reports"]), request)?, transaction, REPORT).await
    }

    /// Records a choice of a person. Not repeated: a second record would be a second choice.
    pub async fn record_consent(&self, consent: &RecordConsent) -> Result<Consent, ClientError> {
        self.once(json(self.post(&["consents"]), consent)?, SMALL).await
    }

    /// Takes a choice of a person back.
    pub async fn withdraw_consent(
        &self,
        id: ConsentId,
        withdrawal: &WithdrawConsent,
    ) -> Result<Consent, ClientError> {
        self.once(json(self.post(&["consents", &id.to_string(), "withdrawal"]), withdrawal)?, SMALL).await
    }

    /// The choices of a person that the own organisation may see.
    pub async fn search_consents(&self, search: &SearchConsents) -> Result<Consents, ClientError> {
        self.once(json(self.post(&["consents", "_search"]), search)?, PAGE).await
    }

    /// Which holders may answer about a person.
    pub async fn permitted_holders(
        &self,
        question: &HoldersQuestion,
    ) -> Result<PermittedHolders, ClientError> {
        self.once(json(self.post(&["consents", "_holders"]), question)?, PAGE).await
    }

    /// Whether something of one's own may be disclosed to a party.
    pub async fn check_consent(&self, question: &CheckConsent) -> Result<ConsentChecked, ClientError> {
        self.once(json(self.post(&["consents", "_check"]), question)?, SMALL).await
    }

    /// Passes an objection to a registration on. The same one that still waits is given back.
    pub async fn submit_objection(&self, objection: &SubmitObjection) -> Result<Objection, ClientError> {
        self.repeat(SMALL, || json(self.post(&["objections"]), objection)).await
    }

    /// Objections to the own registrations, or of one person.
    pub async fn search_objections(&self, search: &SearchObjections) -> Result<Objections, ClientError> {
        self.once(json(self.post(&["objections", "_search"]), search)?, PAGE).await
    }

    /// Decides on an objection to a registration of one's own.
    pub async fn decide_objection(
        &self,
        id: ObjectionId,
        decision: &DecideObjection,
    ) -> Result<Objection, ClientError> {
        self.once(json(self.post(&["objections", &id.to_string(), "decision"]), decision)?, SMALL).await
    }

    /// The keys that grants are signed with, from the public listener.
    pub async fn grant_keys(&self) -> Result<Jwks, ClientError> {
        let transaction = self.service.context().transaction();
        self.retry
            .run(self.service.context().entropy(), || {
                let request = self.public.request(Method::GET, &[".well-known", "jwks.json"]);
                self.public.exchange(request, transaction, SMALL)
            })
            .await
    }

    fn post(&self, path: &[&str]) -> RequestBuilder {
        let path: Vec<&str> = std::iter::once("v1").chain(path.iter().copied()).collect();
        self.service.request(Method::POST, &path)
    }

    async fn once<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        bound: Bound,
    ) -> Result<T, ClientError> {
        self.service.exchange(request, self.service.context().transaction(), bound).await
    }

    /// One exchange with its repetitions, which share a transaction id.
    async fn repeat<T: DeserializeOwned>(
        &self,
        bound: Bound,
        request: impl Fn() -> Result<RequestBuilder, ClientError>,
    ) -> Result<T, ClientError> {
        let transaction = self.service.context().transaction();
        self.retry
            .run(self.service.context().entropy(), || async {
                self.service.exchange(request()?, transaction, bound).await
            })
            .await
    }
}

fn keyed(request: RequestBuilder, key: &IdempotencyKey) -> RequestBuilder {
    request.header("idempotency-key", &*key.0)
}

/// For one exchange; repetitions each have their own.
const TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_is_short_and_visible() {
        let key = IdempotencyKey::random(&Entropy::system());
        assert_eq!(IdempotencyKey::parse(&key.to_string()), Ok(key));
        for wrong in ["", "a b", "a\n", "é", &"x".repeat(65)] {
            assert_eq!(IdempotencyKey::parse(wrong), Err(IdempotencyKeyError), "{wrong:?}");
        }
    }
}
