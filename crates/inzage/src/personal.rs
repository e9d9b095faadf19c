//! The personal environment, asked over its own API in the name of whoever signed in there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::Clock;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_transport::{ClientOptions, TlsError, web_client};
use kw_web::Failure;
use reqwest::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::config::PersonalSettings;

/// A client of one personal environment.
pub(crate) struct Personal {
    http: reqwest::Client,
    address: String,
}

/// Why it did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) ProblemCode);

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Problem { code: refused.0 }
    }
}

/// An answer, and the cookie that ties what comes back to it.
pub(crate) struct Answer<T> {
    pub(crate) body: T,
    pub(crate) cookie: Option<Zeroizing<String>>,
}

/// Where the browser goes to sign in.
#[derive(Deserialize)]
pub(crate) struct SignInStarted {
    pub(crate) address: String,
}

/// A session there.
#[derive(Deserialize)]
pub(crate) struct NewSession {
    pub(crate) token: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// Somebody whom the user may represent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Represented {
    pub(crate) mandate: String,
    pub(crate) kind: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) dossier: Option<String>,
}

/// A dossier.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dossier {
    pub(crate) id: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) birth_date: Option<String>,
    pub(crate) owner: bool,
    pub(crate) own: bool,
    pub(crate) accessible: bool,
}

/// A collection.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Collection {
    pub(crate) id: String,
    pub(crate) dossier: String,
    pub(crate) holder: String,
    pub(crate) categories: Vec<String>,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// A collection that began, and where the browser goes.
#[derive(Deserialize)]
pub(crate) struct CollectionStarted {
    pub(crate) collection: Collection,
    pub(crate) address: String,
}

/// A document in a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) holder: String,
    pub(crate) received_at: kw_domain::Instant,
}

/// A document with what is in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FullDocument {
    #[serde(flatten)]
    pub(crate) about: Document,
    pub(crate) content: Value,
}

/// What a user of another's dossier may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub(crate) view: bool,
    pub(crate) collect: bool,
    #[serde(default)]
    pub(crate) categories: Option<Vec<String>>,
    pub(crate) until: kw_domain::Instant,
}

/// Somebody who uses a dossier.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DossierUser {
    pub(crate) account: String,
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) since: Option<kw_domain::Instant>,
    #[serde(default)]
    pub(crate) ended_at: Option<kw_domain::Instant>,
}

/// An invitation, shown once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invitation {
    pub(crate) code: String,
    pub(crate) expires_at: kw_domain::Instant,
}

impl Personal {
    pub(crate) fn new(settings: &PersonalSettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let options = ClientOptions { timeout: PATIENCE, connect_timeout: CONNECTING };
        let http = web_client(&settings.roots, clock, options)?;
        Ok(Self { http, address: settings.address.trim_end_matches('/').to_owned() })
    }

    /// Asks without a session: a sign-in begins, or the browser is back from elsewhere with this query.
    pub(crate) async fn outside<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        cookie: Option<&str>,
    ) -> Result<Answer<T>, Refused> {
        let mut request = self.http.request(method, self.at(path));
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        send(request).await
    }

    /// Asks in a session.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<Answer<T>, Refused> {
        let mut request = self.http.request(method, self.at(path));
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        send(request).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<Answer<T>, Refused> {
    // The error is dropped: its text holds the address.
    let unreachable = || Refused(ProblemCode::Unavailable);
    let mut answer = request.send().await.map_err(|_| unreachable())?;
    let status = answer.status();
    let set = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
    let cookie = set.and_then(|text| text.split(';').next()).map(|pair| Zeroizing::new(pair.to_owned()));
    let mut content = Zeroizing::new(Vec::new());
    while let Some(chunk) = answer.chunk().await.map_err(|_| unreachable())? {
        if content.len() + chunk.len() > LARGEST {
            return Err(unreachable());
        }
        content.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        let problem: Option<Problem> = serde_json::from_slice(&content).ok();
        let code = problem.and_then(|one| ProblemCode::ALL.iter().find(|code| code.code() == one.code()));
        return Err(Refused(code.copied().unwrap_or(ProblemCode::Unavailable)));
    }
    let content: &[u8] = if content.is_empty() { b"null" } else { &content };
    let body = serde_json::from_slice(content).map_err(|_| unreachable())?;
    Ok(Answer { body, cookie })
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Personal").field("address", &self.address).finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(15);
const CONNECTING: Duration = Duration::from_secs(3);
const LARGEST: usize = 4 * 1024 * 1024;
