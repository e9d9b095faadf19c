//! One server over HTTP: who we are there, what we accept of it, and how long we wait.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kw_adapter::SourceError;
use kw_domain::{Clock, Instant};
use kw_transport::{ClientOptions, web_client, web_client_with_certificate};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::{Host, Url};

mod answer;
mod assertion;
mod circle;
mod config;
mod identity;
mod persons;
mod token;

pub use answer::Answer;
pub use circle::Circle;
pub use config::{ApiConfig, Authentication, ClientCertificate};
pub use persons::{names_subject, refuse_persons};

use answer::{read, retry_after, transport_fault};
use identity::Identity;

/// A server and the way to speak to it.
pub struct Api {
    http: reqwest::Client,
    base: Url,
    identity: Identity,
    max_answer_bytes: usize,
    clock: Arc<dyn Clock>,
    /// Until when the server asked to be left alone, in milliseconds since 1970.
    quiet_until: AtomicI64,
}

impl Api {
    /// Checks the settings and reads the certificates; asks nothing yet.
    pub fn new(config: &ApiConfig, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        let mut base = address("base_url", &config.base_url)?;
        if base.query().is_some() {
            return Err(wrong("base_url has a query: put it in the addresses of the categories"));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let anonymous = matches!(config.auth, Authentication::None) && config.client_certificate.is_none();
        if anonymous && !is_this_machine(&base) {
            return Err(wrong(
                "api.auth is missing: a server that is not on this machine has to know who asks (or give client_certificate)",
            ));
        }
        let timeout = Duration::from_millis(config.timeout_ms.max(1));
        let connect_timeout = (timeout * 2 / 3).min(MAX_CONNECT_TIMEOUT);
        let options = ClientOptions { timeout, connect_timeout };
        let http = match &config.client_certificate {
            None => web_client(&config.trust_anchors, Arc::clone(&clock), options),
            Some(own) => web_client_with_certificate(
                &config.trust_anchors,
                &own.certificate,
                &own.key,
                Arc::clone(&clock),
                options,
            ),
        };
        let http = http.map_err(|error| wrong(&error.to_string()))?;
        let identity = Identity::new(config)?;
        let max_answer_bytes = config.max_answer_bytes.clamp(1024, LARGEST_ANSWER);
        Ok(Self { http, base, identity, max_answer_bytes, clock, quiet_until: AtomicI64::new(i64::MIN) })
    }

    /// The address under which everything is, ending with a slash.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The most bytes that an answer may have.
    pub fn max_answer_bytes(&self) -> usize {
        self.max_answer_bytes
    }

    /// The address that a server gave for its next page: on this server, or refused.
    pub fn follow(&self, what: &str, from: &Url, next: &str) -> Result<Url, SourceError> {
        let next = from
            .join(next)
            .map_err(|_| SourceError::Content(format!("{what}: the address of the next page is no URL")))?;
        if next.origin() == self.base.origin() && next.username().is_empty() && next.password().is_none() {
            return Ok(next);
        }
        Err(wrong(&format!(
            "{what}: the address of the next page is of another server than base_url: nothing is asked there"
        )))
    }

    /// Gets `url`, which must be on this server. What comes back is a success or a refusal that the caller can judge
    /// (such as 404); what is about access, load or faults of the server is an error. `what` stands in errors.
    pub async fn get(&self, what: &str, url: &Url, accept: &'static str) -> Result<Answer, SourceError> {
        self.ask(what, url, accept, None, &[]).await
    }

    /// The same with more headers and, where there is a form, as a POST: a search of which the values stay out of addresses.
    pub async fn ask(
        &self,
        what: &str,
        url: &Url,
        accept: &'static str,
        form: Option<&str>,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Answer, SourceError> {
        if url.origin() != self.base.origin() {
            return Err(wrong(&format!("{what}: the address is of another server than base_url")));
        }
        self.refuse_while_quiet(what)?;
        let mut renewed = false;
        loop {
            let mut request = match form {
                None => self.http.get(url.clone()),
                Some(form) => self.http.post(url.clone()).header(CONTENT_TYPE, FORM).body(form.to_owned()),
            };
            request = request.header(ACCEPT, HeaderValue::from_static(accept));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (request, token) = self.identity.show(&self.http, &*self.clock, request).await?;
            let response = request.send().await.map_err(|error| transport_fault(what, &error))?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && !renewed && token.is_some() {
                // It may have been withdrawn before its time. A fresh one that is refused too is a refusal.
                renewed = true;
                self.identity.forget(token).await;
                continue;
            }
            if let Some(wait) = retry_after(&response) {
                self.be_quiet(wait);
            }
            return match status {
                _ if status.is_success() => read(what, response, self.max_answer_bytes).await,
                _ if status.is_redirection() => {
                    Err(wrong(&format!("{what}: the server answers {status}, a redirect: mend the address")))
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(wrong(&format!("{what}: the server refuses us with {status}: look at api.auth")))
                }
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                    Err(SourceError::Unavailable(format!("{what}: the server answers {status}")))
                }
                _ if status.is_server_error() => {
                    Err(SourceError::Unavailable(format!("{what}: the server answers {status}")))
                }
                _ => read(what, response, self.max_answer_bytes).await,
            };
        }
    }

    /// The moment it is for the server, or for us where it does not say.
    pub fn moment_of(&self, answer: &Answer) -> Instant {
        answer.date.unwrap_or_else(|| self.clock.now())
    }

    fn be_quiet(&self, wait: Duration) {
        let until = self.clock.now().plus(wait.min(LONGEST_QUIET)).as_millis();
        self.quiet_until.fetch_max(until, Ordering::Relaxed);
    }

    fn refuse_while_quiet(&self, what: &str) -> Result<(), SourceError> {
        let until = Instant::from_millis(self.quiet_until.load(Ordering::Relaxed));
        let now = self.clock.now();
        if now >= until {
            return Ok(());
        }
        let seconds = until.since(now).as_secs() + 1;
        Err(SourceError::Unavailable(format!(
            "{what}: the server asked to be left alone for {seconds} s more"
        )))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// An address that may be asked: over TLS, or on this machine.
fn address(setting: &str, text: &str) -> Result<Url, SourceError> {
    let url = Url::parse(text).map_err(|_| wrong(&format!("{setting} is no URL")))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong(&format!("{setting} has a user name, a password or a fragment in it")));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        _ => Err(wrong(&format!("{setting} does not begin with https:"))),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn wrong(message: &str) -> SourceError {
    SourceError::Configuration(message.to_owned())
}

const FORM: &str = "application/x-www-form-urlencoded";
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;
const LONGEST_QUIET: Duration = Duration::from_hours(1);
