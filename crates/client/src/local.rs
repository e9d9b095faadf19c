//! The partner process on the same machine.

mod dossier;
mod feedback;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use kw_domain::{
    CanaryId, ConsentId, DelegationId, DepartureId, IdentityCheckId, MatchId, ObjectionId, RelationId,
    ReviewId,
};
use kw_protocol::access_report::{AccessReport, AccessReportRequest};
use kw_protocol::consent::{Consent, Consents};
use kw_protocol::delegation::{ApproveDelegation, Delegation, Delegations, EndDelegation, RequestDelegation};
use kw_protocol::departure::{Departure, DepartureAct, Departures, RequestDeparture};
use kw_protocol::dossier::{Dossier, DossierRequest, Lookup};
use kw_protocol::identity_check::{IdentityCheck, IdentityCheckSearch, IdentityChecks, IdentityConfirmation};
use kw_protocol::local::accesses::{OwnAccessSearch, OwnAccesses};
use kw_protocol::local::canaries::{
    AskCanaries, Canaries, CanariesAsked, CanariesImported, CanaryFile, ImportCanaries, MakeCanary,
    RetireCanary,
};
use kw_protocol::local::choices::{
    ConsentRequest, ConsentSearchRequest, ConsentWithdrawalRequest, ObjectionDecisionRequest,
    ObjectionRequest, ObjectionSearchRequest,
};
use kw_protocol::local::{PartnerStatus, RegistrationRequest, SyncReport, SyncRequest, WithdrawalRequest};
use kw_protocol::mandate::local::{
    ConfirmationRequest, MandateRequest, MandateSearch, MandateWithdrawalRequest,
};
use kw_protocol::mandate::{Mandate, Mandates, RegisteredMandate};
use kw_protocol::matching::{
    EndRelation, FollowUp, MatchFigures, MatchPage, MatchesAsked, OwnMatch, Relation, RelationRequest,
};
use kw_protocol::objection::{Objection, Objections};
use kw_protocol::pointer::{Registered, WithdrawnMany};
use kw_protocol::query::Actor;
use kw_protocol::review::{GiveVerdict, Review, ReviewPage, ReviewSearch};
use kw_protocol::signal::{SignalPage, SignalsAsked};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::ClientError;
use crate::http::{Bound, JSON, PAGE, PROBLEM_JSON, SMALL, has_type, refusal, retry_after};
use crate::switchboard::{match_parameters, parameters};

/// The local API of the partner process, for the command line and the partner's own programs.
///
/// It speaks plain HTTP with a bearer token, and therefore to a loopback address only: a BSN is in what it sends. There
/// is no proxy, no name to resolve and no redirect on the way.
#[derive(Debug, Clone)]
pub struct LocalClient {
    address: SocketAddr,
    token: LocalToken,
    /// In whose name is read what has no body.
    reader: Option<HeaderValue>,
}

/// The bearer token of the local API, as it stands in the partner's token file.
#[derive(Clone)]
pub struct LocalToken(Zeroizing<String>);

impl LocalToken {
    /// Takes over the content of the token file; white space around it does not count.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let text = text.trim();
        let well_formed =
            (16..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(ClientError::Address("the token file does not hold one line of 16 to 512 visible characters"))
        }
    }
}

impl fmt::Debug for LocalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalToken(…)")
    }
}

impl LocalClient {
    /// A client of the process that listens at `address`, which must be a loopback address.
    pub fn new(address: SocketAddr, token: LocalToken) -> Result<Self, ClientError> {
        if address.ip().is_loopback() {
            Ok(Self { address, token, reader: None })
        } else {
            Err(ClientError::Address("the local API is asked on a loopback address only"))
        }
    }

    /// The same client, that reads in somebody's name: what it reads about persons is recorded as read by them.
    pub fn read_by(&self, actor: &Actor) -> Result<Self, ClientError> {
        let json = serde_json::to_vec(actor).map_err(|_| UNWRITABLE)?;
        let mut reader = HeaderValue::from_str(&URL_SAFE_NO_PAD.encode(json)).map_err(|_| UNWRITABLE)?;
        reader.set_sensitive(true);
        Ok(Self { reader: Some(reader), ..self.clone() })
    }

    /// Asks for a virtual dossier.
    pub async fn dossier(&self, request: &DossierRequest) -> Result<Dossier, ClientError> {
        self.post("/v1/dossiers", request, DOSSIER, QUESTION).await
    }

    /// Asks who holds what, without pulling it.
    pub async fn lookup(&self, request: &DossierRequest) -> Result<Lookup, ClientError> {
        self.post("/v1/lookups", request, PAGE, QUESTION).await
    }

    /// Asks for what the logs of the chain say about one person.
    pub async fn access_report(&self, request: &AccessReportRequest) -> Result<AccessReport, ClientError> {
        self.post("/v1/access-reports", request, DOSSIER, QUESTION).await
    }

    /// Lists what somebody did, by the partner's own log.
    pub async fn own_accesses(&self, search: &OwnAccessSearch) -> Result<OwnAccesses, ClientError> {
        self.post("/v1/accesses/_search", search, PAGE, QUESTION).await
    }

    /// Lists the checks that two people of the holder have to make.
    pub async fn identity_checks(&self, search: &IdentityCheckSearch) -> Result<IdentityChecks, ClientError> {
        self.post("/v1/identity-checks/_search", search, PAGE, QUESTION).await
    }

    /// Gives one person's word about a check.
    pub async fn confirm_identity(
        &self,
        id: IdentityCheckId,
        confirmation: &IdentityConfirmation,
    ) -> Result<IdentityCheck, ClientError> {
        self.post(&format!("/v1/identity-checks/{id}/confirmations"), confirmation, SMALL, QUESTION).await
    }

    /// Registers one record of a source.
    pub async fn register(&self, request: &RegistrationRequest) -> Result<Registered, ClientError> {
        self.post("/v1/registrations", request, SMALL, QUESTION).await
    }

    /// Takes pointers back.
    pub async fn withdraw(&self, request: &WithdrawalRequest) -> Result<WithdrawnMany, ClientError> {
        self.post("/v1/withdrawals", request, SMALL, QUESTION).await
    }

    /// Registers a mandate.
    pub async fn register_mandate(&self, request: &MandateRequest) -> Result<RegisteredMandate, ClientError> {
        self.post("/v1/mandates", request, SMALL, QUESTION).await
    }

    /// Confirms a mandate for somebody who was identified.
    pub async fn confirm_mandate(&self, request: &ConfirmationRequest) -> Result<Mandate, ClientError> {
        self.post("/v1/mandates/_confirm", request, SMALL, QUESTION).await
    }

    /// Takes a mandate back.
    pub async fn withdraw_mandate(&self, request: &MandateWithdrawalRequest) -> Result<Mandate, ClientError> {
        self.post("/v1/mandates/_withdraw", request, SMALL, QUESTION).await
    }

    /// Lists the mandates of one person.
    pub async fn search_mandates(&self, request: &MandateSearch) -> Result<Mandates, ClientError> {
        self.post("/v1/mandates/_search", request, PAGE, QUESTION).await
    }

    /// Records a choice of a person.
    pub async fn record_consent(&self, request: &ConsentRequest) -> Result<Consent, ClientError> {
        self.post("/v1/consents", request, SMALL, QUESTION).await
    }

    /// Takes a choice of a person back.
    pub async fn withdraw_consent(
        &self,
        id: ConsentId,
        request: &ConsentWithdrawalRequest,
    ) -> Result<Consent, ClientError> {
        self.post(&format!("/v1/consents/{id}/withdrawal"), request, SMALL, QUESTION).await
    }

    /// Asks for a person's choices.
    pub async fn search_consents(&self, request: &ConsentSearchRequest) -> Result<Consents, ClientError> {
        self.post("/v1/consents/_search", request, PAGE, QUESTION).await
    }

    /// Passes on that a person objects to being found at a holder.
    pub async fn submit_objection(&self, request: &ObjectionRequest) -> Result<Objection, ClientError> {
        self.post("/v1/objections", request, SMALL, QUESTION).await
    }

    /// Asks for objections.
    pub async fn search_objections(
        &self,
        request: &ObjectionSearchRequest,
    ) -> Result<Objections, ClientError> {
        self.post("/v1/objections/_search", request, PAGE, QUESTION).await
    }

    /// Decides on an objection to a registration of the partner's own.
    pub async fn decide_objection(
        &self,
        id: ObjectionId,
        request: &ObjectionDecisionRequest,
    ) -> Result<Objection, ClientError> {
        self.post(&format!("/v1/objections/{id}/decision"), request, SMALL, QUESTION).await
    }

    /// The mandates of suppliers that the organisation gave, or was given.
    pub async fn delegations(&self) -> Result<Delegations, ClientError> {
        self.call(Method::GET, "/v1/delegations", Bytes::new(), PAGE, QUESTION).await
    }

    /// Asks that a supplier may act for the organisation.
    pub async fn request_delegation(&self, asked: &RequestDelegation) -> Result<Delegation, ClientError> {
        self.post("/v1/delegations", asked, SMALL, QUESTION).await
    }

    /// Approves a mandate.
    pub async fn approve_delegation(
        &self,
        id: DelegationId,
        approval: &ApproveDelegation,
    ) -> Result<Delegation, ClientError> {
        self.post(&format!("/v1/delegations/{id}/approvals"), approval, SMALL, QUESTION).await
    }

    /// Ends a mandate.
    pub async fn end_delegation(
        &self,
        id: DelegationId,
        end: &EndDelegation,
    ) -> Result<Delegation, ClientError> {
        self.post(&format!("/v1/delegations/{id}/end"), end, SMALL, QUESTION).await
    }

    /// The departures that the organisation may see.
    pub async fn departures(&self) -> Result<Departures, ClientError> {
        self.call(Method::GET, "/v1/departures", Bytes::new(), PAGE, QUESTION).await
    }

    /// One departure.
    pub async fn departure(&self, id: DepartureId) -> Result<Departure, ClientError> {
        self.call(Method::GET, &format!("/v1/departures/{id}"), Bytes::new(), SMALL, QUESTION).await
    }

    /// Asks to leave.
    pub async fn request_departure(&self, asked: &RequestDeparture) -> Result<Departure, ClientError> {
        self.post("/v1/departures", asked, SMALL, QUESTION).await
    }

    /// Approves the own departure, or consents to take over.
    pub async fn approve_departure(
        &self,
        id: DepartureId,
        act: &DepartureAct,
    ) -> Result<Departure, ClientError> {
        self.post(&format!("/v1/departures/{id}/approvals"), act, SMALL, QUESTION).await
    }

    /// Withdraws what the successor has not taken over.
    pub async fn finish_departure(
        &self,
        id: DepartureId,
        act: &DepartureAct,
    ) -> Result<Departure, ClientError> {
        self.post(&format!("/v1/departures/{id}/finish"), act, SMALL, QUESTION).await
    }

    /// Calls a departure off, or comes back.
    pub async fn end_departure(&self, id: DepartureId, act: &DepartureAct) -> Result<Departure, ClientError> {
        self.post(&format!("/v1/departures/{id}/end"), act, SMALL, QUESTION).await
    }

    /// The partner's canaries.
    pub async fn canaries(&self) -> Result<Canaries, ClientError> {
        self.call(Method::GET, "/v1/canaries", Bytes::new(), PAGE, QUESTION).await
    }

    /// Makes one more.
    pub async fn make_canary(&self, request: &MakeCanary) -> Result<Canaries, ClientError> {
        self.post("/v1/canaries", request, PAGE, QUESTION).await
    }

    /// Asks for canaries now.
    pub async fn ask_canaries(&self, request: &AskCanaries) -> Result<CanariesAsked, ClientError> {
        self.post("/v1/canaries/_ask", request, PAGE, CANARIES).await
    }

    /// Gives what another partner can ask for.
    pub async fn export_canaries(&self) -> Result<CanaryFile, ClientError> {
        self.call(Method::POST, "/v1/canaries/_export", Bytes::new(), PAGE, QUESTION).await
    }

    /// Takes over what another partner exported.
    pub async fn import_canaries(&self, request: &ImportCanaries) -> Result<CanariesImported, ClientError> {
        self.post("/v1/canaries/_import", request, PAGE, QUESTION).await
    }

    /// Lets one end.
    pub async fn retire_canary(&self, id: CanaryId, request: &RetireCanary) -> Result<Canaries, ClientError> {
        self.post(&format!("/v1/canaries/{id}/_retire"), request, PAGE, QUESTION).await
    }

    /// Brings the index in line with the sources, and waits until that is done.
    pub async fn sync(&self, request: &SyncRequest) -> Result<SyncReport, ClientError> {
        self.post("/v1/syncs", request, PAGE, SYNC).await
    }

    /// Asks how the process is doing.
    pub async fn status(&self) -> Result<PartnerStatus, ClientError> {
        self.call(Method::GET, "/v1/status", Bytes::new(), PAGE, QUESTION).await
    }

    /// Reads what the partner was told.
    pub async fn signals(&self, asked: &SignalsAsked) -> Result<SignalPage, ClientError> {
        // Only the part after the authority is sent.
        let url = Url::parse_with_params("http://localhost/v1/signals", parameters(asked));
        let url = url.map_err(|_| UNWRITABLE)?;
        let longest = QUESTION + Duration::from_secs(asked.wait.unwrap_or_default().into());
        self.call(
            Method::GET,
            &format!("{}?{}", url.path(), url.query().unwrap_or_default()),
            Bytes::new(),
            PAGE,
            longest,
        )
        .await
    }

    /// Reads the own organisation's reviews.
    pub async fn reviews(&self, search: &ReviewSearch) -> Result<ReviewPage, ClientError> {
        self.post("/v1/reviews/_search", search, PAGE, QUESTION).await
    }

    /// Judges one of the own organisation's questions.
    pub async fn give_verdict(&self, id: ReviewId, verdict: &GiveVerdict) -> Result<Review, ClientError> {
        self.post(&format!("/v1/reviews/{id}/verdict"), verdict, SMALL, QUESTION).await
    }

    /// Lists the partner's matches; everybody's at a coordinator.
    pub async fn matches(&self, asked: &MatchesAsked) -> Result<MatchPage, ClientError> {
        let url = Url::parse_with_params("http://localhost/v1/matches", match_parameters(asked));
        let url = url.map_err(|_| UNWRITABLE)?;
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        self.call(Method::GET, &path, Bytes::new(), PAGE, QUESTION).await
    }

    /// Reads one match, with the partner's own records in it.
    pub async fn found_match(&self, id: MatchId) -> Result<OwnMatch, ClientError> {
        self.call(Method::GET, &format!("/v1/matches/{id}"), Bytes::new(), SMALL, QUESTION).await
    }

    /// Says that the holders of a match are in contact.
    pub async fn say_contact(&self, id: MatchId, given: &FollowUp) -> Result<OwnMatch, ClientError> {
        self.post(&format!("/v1/matches/{id}/_contact"), given, SMALL, QUESTION).await
    }

    /// Says, at a coordinator, that help is coordinated.
    pub async fn say_coordinated(&self, id: MatchId, given: &FollowUp) -> Result<OwnMatch, ClientError> {
        self.post(&format!("/v1/matches/{id}/_coordinated"), given, SMALL, QUESTION).await
    }

    /// Reads numbers about all matches, at a coordinator.
    pub async fn match_figures(&self) -> Result<MatchFigures, ClientError> {
        self.call(Method::GET, "/v1/matches/_figures", Bytes::new(), PAGE, QUESTION).await
    }

    /// Declares that two persons belong together.
    pub async fn declare_relation(&self, request: &RelationRequest) -> Result<Relation, ClientError> {
        self.post("/v1/relations", request, SMALL, QUESTION).await
    }

    /// Ends a relation that the partner declared.
    pub async fn end_relation(&self, id: RelationId, end: &EndRelation) -> Result<Relation, ClientError> {
        self.post(&format!("/v1/relations/{id}/_end"), end, SMALL, QUESTION).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        bound: Bound,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|_| UNWRITABLE)?;
        self.call(Method::POST, path, body.into(), bound, timeout).await
    }

    /// Reads what is at a path with these parameters.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        bound: Bound,
    ) -> Result<T, ClientError> {
        // Only the part after the authority is sent.
        let url = Url::parse_with_params(&format!("http://localhost{path}"), parameters);
        let url = url.map_err(|_| UNWRITABLE)?;
        let whole =
            url.query().filter(|query| !query.is_empty()).map(|query| format!("{}?{query}", url.path()));
        let path = whole.unwrap_or_else(|| url.path().to_owned());
        self.call(Method::GET, &path, Bytes::new(), bound, QUESTION).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        bound: Bound,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        tokio::time::timeout(timeout, self.exchange(method, path, body, bound))
            .await
            .map_err(|_| ClientError::TimedOut)?
    }

    fn bearer(&self) -> Result<HeaderValue, ClientError> {
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {}", *self.token.0)).map_err(|_| UNWRITABLE)?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }

    /// One exchange on a connection of its own: a command makes one or two, so there is nothing to reuse.
    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        Bound(bound): Bound,
    ) -> Result<T, ClientError> {
        let stream = TcpStream::connect(self.address).await.map_err(|_| ClientError::Unreachable)?;
        stream.set_nodelay(true).map_err(|_| ClientError::Unreachable)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| ClientError::Unreachable)?;

        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, JSON)
            .header(AUTHORIZATION, self.bearer()?)
            .body(Full::new(body))
            .map_err(|_| UNWRITABLE)?;
        request.headers_mut().extend(self.reader.clone().map(|reader| (READER, reader)));

        let answer = async {
            let response = sender.send_request(request).await.map_err(|_| ClientError::Unreachable)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, bound).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    ClientError::Malformed("it is larger than its bound")
                } else {
                    ClientError::Unreachable
                }
            })?;
            Ok::<_, ClientError>((head, body.to_bytes()))
        };
        tokio::pin!(answer);
        // The connection must be driven for the answer to come; when it ends first, the answer knows why.
        let (head, body) = tokio::select! {
            answer = &mut answer => answer?,
            _ = connection => answer.await?,
        };

        if !head.status.is_success() {
            let told = has_type(&head.headers, PROBLEM_JSON).then_some(&*body);
            return Err(refusal(head.status.as_u16(), told, retry_after(&head.headers)));
        }
        if !has_type(&head.headers, JSON) {
            return Err(ClientError::Malformed("it is not application/json"));
        }
        serde_json::from_slice(&body).map_err(|_| ClientError::Malformed("it is not the expected JSON"))
    }
}

/// Who reads, where the question has no body.
const READER: HeaderName = HeaderName::from_static("actor");
const UNWRITABLE: ClientError = ClientError::Malformed("the request cannot be written");
/// A whole dossier, of many holders.
const DOSSIER: Bound = Bound(64 * 1024 * 1024);
/// The partner process keeps the deadlines; this one only ends a hang.
pub(crate) const QUESTION: Duration = Duration::from_mins(1);
/// One question after another.
const CANARIES: Duration = Duration::from_mins(10);
/// A first load of a large source.
const SYNC: Duration = Duration::from_hours(12);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_address_is_asked() {
        let token = LocalToken::parse("0123456789abcdef\n").unwrap();
        for good in ["127.0.0.1:8080", "[::1]:8080", "127.8.9.1:1"] {
            assert!(LocalClient::new(good.parse().unwrap(), token.clone()).is_ok(), "{good}");
        }
        for bad in ["10.0.0.1:8080", "0.0.0.0:8080", "[2001:db8::1]:80"] {
            let refused = LocalClient::new(bad.parse().unwrap(), token.clone());
            assert!(matches!(refused, Err(ClientError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn the_token_is_one_visible_word_and_never_shown() {
        let token = LocalToken::parse("  0123456789abcdef\n").unwrap();
        assert_eq!(format!("{token:?}"), "LocalToken(…)");
        for wrong in ["", "short", "0123456789 abcdef", "0123456789abcde\u{e9}"] {
            assert!(LocalToken::parse(wrong).is_err());
        }
    }
}
