//! The real one: over mutual TLS, with grants of the real switchboard.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant as Elapsed};

use async_trait::async_trait;
use kw_agreement::{Agreement, Partner};
use kw_client::{ClientError, Context, EpochElement, PseudonymError, PseudonymiserClient, SwitchboardClient};
use kw_domain::{BirthDate, CaseReference, Clock, Instant, Oin, Purpose, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_protocol::query::{Actor, Query, QueryAct, Relation};
use kw_pseudonym::Binding;
use kw_transport::{ClientOptions, PeerClient, Tls, TlsError, web_client};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Adapter, Answered, Caller, Grant, Proofs, Request, Unsent, Whose};

/// Who asks for grants, and about whom.
pub struct Asking {
    /// The certificate of the party that asks: another one than the partner that is tried, for the switchboard gives nobody
    /// a grant for their own records.
    pub tls: Tls,
    /// Whom it is about.
    pub subject: Subject,
    /// When they were born.
    pub birth_date: Option<BirthDate>,
    /// Why.
    pub purpose: Purpose,
    /// Who asks.
    pub actor: Actor,
    /// For which case.
    pub case: CaseReference,
    /// On what ground.
    pub relation: Relation,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// Why an adapter cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum MtlsError {
    /// The partner is not in the agreement.
    #[error("the agreement does not know the partner of this certificate")]
    NoPartner,
    /// The asker is the partner itself.
    #[error("the switchboard gives nobody a grant for their own records: name another party as the asker")]
    SameParty,
    /// An address cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There are no pseudonyms.
    #[error(transparent)]
    Pseudonym(#[from] PseudonymError),
    /// Trust anchors cannot be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An adapter behind its service listener.
pub struct MtlsAdapter {
    holder: Partner,
    /// Where it is tried, if not where the agreement says.
    endpoint: Url,
    own: Tls,
    as_partner: PeerClient,
    without_certificate: reqwest::Client,
    admin: Option<SocketAddr>,
    clock: Arc<dyn Clock>,
    asker: Option<Asker>,
}

/// The asker's side.
struct Asker {
    asking: Asking,
    client: PeerClient,
    switchboard: SwitchboardClient,
    context: Context,
    index: Vec<EpochElement>,
    binding: Vec<EpochElement>,
    /// Somebody whom nobody knows.
    stranger: Vec<EpochElement>,
}

impl fmt::Debug for MtlsAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsAdapter").field("holder", &self.holder.oin).finish_non_exhaustive()
    }
}

impl MtlsAdapter {
    /// Makes everything ready, pseudonyms included.
    #[expect(clippy::too_many_arguments, reason = "each is another thing, and this is called once")]
    pub async fn prepare(
        own: Tls,
        roots: &[PathBuf],
        endpoint: Option<Url>,
        admin: Option<SocketAddr>,
        agreement: &Arc<Agreement>,
        context: Context,
        clock: Arc<dyn Clock>,
        asking: Option<Asking>,
    ) -> Result<Self, MtlsError> {
        let holder = agreement.partner(own.oin()).ok_or(MtlsError::NoPartner)?.clone();
        let endpoint = match endpoint {
            Some(endpoint) => endpoint,
            None => Url::parse(&holder.endpoint).map_err(|_| ClientError::Address("it is no valid URL"))?,
        };
        let options = ClientOptions { timeout: LONGEST, ..ClientOptions::default() };
        let as_partner = own.peer_client(holder.oin, options);
        let without_certificate = web_client(roots, Arc::clone(&clock), options)?;
        let asker = match asking {
            None => None,
            Some(asking) if asking.tls.oin() == holder.oin => return Err(MtlsError::SameParty),
            Some(asking) => Some(Asker::prepare(asking, &holder, options, agreement, context).await?),
        };
        Ok(Self { holder, endpoint, own, as_partner, without_certificate, admin, clock, asker })
    }
}

impl Asker {
    async fn prepare(
        asking: Asking,
        holder: &Partner,
        options: ClientOptions,
        agreement: &Arc<Agreement>,
        context: Context,
    ) -> Result<Self, MtlsError> {
        let pseudonymiser = PseudonymiserClient::new(&asking.tls, Arc::clone(agreement), context.clone())?;
        let switchboard = SwitchboardClient::new(&asking.tls, agreement, context.clone())?;
        let known = pseudonymiser.pseudonyms(&asking.subject, BudgetClass::Query).await?;
        let name = format!("case:conformance:{}", context.transaction());
        let stranger = Subject::parse(&name).map_err(|_| ClientError::Malformed("no name for a stranger"))?;
        let stranger = pseudonymiser.pseudonyms(&stranger, BudgetClass::Query).await?.binding;
        let client = asking.tls.peer_client(holder.oin, options);
        Ok(Self {
            asking,
            client,
            switchboard,
            context,
            index: known.index,
            binding: known.binding,
            stranger,
        })
    }

    fn proofs(&self, holder: Oin, token: &str, whose: Whose) -> Proofs {
        let elements = if whose == Whose::SomebodyElse { &self.stranger } else { &self.binding };
        let birth_date = match (whose, self.asking.birth_date) {
            (Whose::WrongBirthDate, Some(date)) => another(date),
            (_, date) => date,
        };
        let mut proofs = Proofs::default();
        for element in elements {
            let (epoch, binding) = (element.epoch.0, Binding::derive(&element.element, holder));
            let proof = SecretBytes32(binding.subject_proof(token));
            proofs.subject.push(EpochProof { epoch, proof });
            if let Some(date) = birth_date {
                let made = binding.birth_date_proofs(token, &date);
                proofs.birth_date.push(EpochBirthDateProof {
                    epoch,
                    day: made.day.map(SecretBytes32),
                    month: made.month.map(SecretBytes32),
                    year: made.year.map(SecretBytes32),
                });
            }
        }
        proofs
    }
}

/// Any other date.
fn another(date: BirthDate) -> Option<BirthDate> {
    ["1970-06-15", "1971-07-16"]
        .into_iter()
        .filter_map(|text| BirthDate::parse(text).ok())
        .find(|other| *other != date)
}

#[async_trait]
impl Adapter for MtlsAdapter {
    fn holder(&self) -> Oin {
        self.holder.oin
    }

    fn without_grants(&self) -> Option<&'static str> {
        match self.asker {
            Some(_) => None,
            None => Some(
                "it takes a grant, and the switchboard gives nobody one for their own records: name an asker",
            ),
        }
    }

    async fn grant(&self) -> Result<Grant, Unsent> {
        let unsent = |why: String| Unsent(why);
        let asker = self.asker.as_ref().ok_or_else(|| unsent("nobody asks".to_owned()))?;
        let newest = asker.index.last().ok_or_else(|| unsent("there is no pseudonym".to_owned()))?;
        let query = Query {
            subject: SubjectElement {
                element: SecretBytes32(newest.element.to_bytes()),
                epoch: newest.epoch,
            },
            purpose: asker.asking.purpose.clone(),
            actor: asker.asking.actor.clone(),
            case: asker.asking.case.clone(),
            categories: Vec::new(),
            holders: Vec::new(),
            relation: asker.asking.relation.clone(),
            representation: None,
            act: QueryAct::View,
        };
        let answer = asker
            .switchboard
            .query(&query, asker.context.transaction())
            .await
            .map_err(|error| unsent(format!("the switchboard: {error}")))?;
        let elsewhere = answer
            .holders
            .iter()
            .find(|one| one.holder != self.holder.oin)
            .map(|one| (one.grant.clone(), one.actor_salt));
        let own = answer.holders.into_iter().find(|one| one.holder == self.holder.oin);
        let own = own.ok_or_else(|| {
            unsent("the switchboard does not name this partner for this person and purpose".to_owned())
        })?;
        Ok(Grant {
            token: own.grant,
            actor: query.actor,
            actor_salt: own.actor_salt,
            expires_at: own.expires_at,
            category: own.category,
            elsewhere,
        })
    }

    fn proofs(&self, token: &str, whose: Whose) -> Proofs {
        let proofs = |asker: &Asker| asker.proofs(self.holder.oin, token, whose);
        self.asker.as_ref().map(proofs).unwrap_or_default()
    }

    async fn send(&self, caller: Caller, request: Request) -> Result<Answered, Unsent> {
        let client = match (caller, &self.asker) {
            (Caller::Asker, Some(asker)) => &asker.client,
            (Caller::Asker, None) => return Err(Unsent("nobody asks".to_owned())),
            (Caller::Partner, _) => &self.as_partner,
        };
        let mut url = self.endpoint.clone();
        url.set_path(request.path);
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|_| Unsent("no such method".to_owned()))?;
        let began = Elapsed::now();
        let broken = |error: reqwest::Error| Unsent(broken(&error).to_owned());
        let sending = client
            .request(method, url.as_str())
            .header(CONTENT_TYPE, request.media_type)
            .header(ACCEPT, "application/json")
            .body(request.body);
        let mut response = sending.send().await.map_err(broken)?;
        let status = response.status().as_u16();
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type =
            media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_owned();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(Unsent("the answer is larger than 4 MB".to_owned()));
            }
        }
        Ok(Answered { status, media_type, body, took: began.elapsed() })
    }

    fn personal(&self) -> Vec<String> {
        let Some(asker) = &self.asker else { return Vec::new() };
        let canonical = asker.asking.subject.canonical();
        let text = String::from_utf8_lossy(&canonical).into_owned();
        let number = text.rsplit(':').next().unwrap_or_default().to_owned();
        vec![number]
    }

    async fn certificate_days(&self) -> Result<i64, Unsent> {
        let probe =
            Request { method: "GET", path: "/v1/pulls", media_type: "application/json", body: Vec::new() };
        // The client takes no other party for this one.
        self.send(Caller::Partner, probe).await?;
        let left = self.own.not_after().since(self.clock.now());
        Ok(i64::try_from(left.as_secs() / 86_400).unwrap_or(i64::MAX))
    }

    async fn refuses_old_tls(&self) -> Result<bool, Unsent> {
        let host = self.endpoint.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = self.endpoint.port_or_known_default().unwrap_or(443);
        let attempt = async {
            let mut stream = TcpStream::connect((host.as_str(), port)).await?;
            stream.write_all(&old_hello()).await?;
            let mut first = [0; 1];
            let read = stream.read(&mut first).await?;
            // A handshake record (22) is the server's hello; an alert (21) or the end of the connection is none.
            Ok::<_, std::io::Error>(read == 0 || first[0] != 22)
        };
        match tokio::time::timeout(LONGEST, attempt).await {
            Ok(Ok(refused)) => Ok(refused),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(true),
            Ok(Err(_)) => Err(Unsent("the adapter cannot be reached".to_owned())),
            Err(_) => Ok(true),
        }
    }

    async fn refuses_without_certificate(&self) -> Result<bool, Unsent> {
        let mut url = self.endpoint.clone();
        url.set_path("/v1/pulls");
        match self.without_certificate.post(url).body("{}").send().await {
            // With TLS 1.3 the refusal may come as an answer, too.
            Ok(response) => Ok(response.status() == reqwest::StatusCode::UNAUTHORIZED),
            Err(error) if error.is_timeout() => Err(Unsent(broken(&error).to_owned())),
            Err(_) => Ok(true),
        }
    }

    async fn is_well(&self) -> Result<Option<bool>, Unsent> {
        let Some(admin) = self.admin else { return Ok(None) };
        for path in ["health/live", "health/ready"] {
            let asked = self.without_certificate.get(format!("http://{admin}/{path}")).send().await;
            match asked {
                Ok(response) if response.status().is_success() => {}
                Ok(_) => return Ok(Some(false)),
                Err(error) => return Err(Unsent(broken(&error).to_owned())),
            }
        }
        Ok(Some(true))
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// In our words: the error's own hold the address.
fn broken(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection: it does not listen there, or a certificate was refused"
    } else {
        "the connection broke"
    }
}

/// A client's hello of TLS 1.1 (RFC 4346 §7.4.1.2) with two suites that every server of that time knew.
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 2];
    body.extend_from_slice(&[0x5a; 32]);
    // No session; TLS_RSA_WITH_AES_128_CBC_SHA and TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA; no compression.
    body.extend_from_slice(&[0, 0, 4, 0x00, 0x2f, 0xc0, 0x13, 1, 0]);
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let mut handshake = vec![1, 0, 0, length];
    handshake.extend(body);
    let length = u8::try_from(handshake.len()).unwrap_or(u8::MAX);
    let mut record = vec![22, 3, 1, 0, length];
    record.extend(handshake);
    record
}

const LONGEST: Duration = Duration::from_secs(10);
const LARGEST: usize = 4 * 1024 * 1024;
