//! One application: what its pages share.

use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;
use kw_domain::Instant;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Http;
use kw_transport::ClientCertificate;
use url::Url;

use crate::cookie;
use crate::session::{Session, Sessions};
use crate::sign_in::{Choices, ProviderTerms, SignIn};
use crate::{Failure, Frame, Messages, NavItem, Pages, SessionSettings, SignInSettings, User, WebSettings};

/// What somebody finds in the navigation.
pub type Nav = Arc<dyn Fn(&User) -> Vec<NavItem> + Send + Sync>;

/// What an application is made of.
pub struct ShellParts<'a> {
    /// Its name in addresses, cookies and messages: `desk`.
    pub name: &'static str,
    /// What it says.
    pub messages: Messages,
    /// Where browsers reach it.
    pub web: &'a WebSettings,
    /// How the provider knows it.
    pub sign_in: &'a SignInSettings,
    /// How long sessions last.
    pub session: SessionSettings,
    /// What the agreement in force says about the provider of its users.
    pub provider: Arc<dyn Fn() -> Option<ProviderTerms> + Send + Sync>,
    /// What somebody with these roles finds in the navigation.
    pub nav: Nav,
    /// Clock and randomness.
    pub http: Http,
}

/// One application, with the sessions that are open. `D` is what it keeps in each of them.
pub struct Shell<D> {
    pub(crate) pages: Pages,
    pub(crate) sessions: Sessions<D>,
    pub(crate) sign_in: SignIn,
    pub(crate) nav: Nav,
    pub(crate) address: String,
    pub(crate) secure: bool,
    /// Whether browsers have to show a certificate.
    pub(crate) certificates: bool,
    pub(crate) http: Http,
    pub(crate) choices: Option<Choices>,
}

/// Why an application does not start. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The address is none that browsers can use safely.
    #[error(
        "[web] address: expected `https://` and a host without a path (or `http://127.0.0.1` and a port, on this machine only)"
    )]
    Address,
    /// A file of `[sign_in]` cannot be used.
    #[error("[sign_in] {name}: {path} cannot be read: give its path, or leave the setting out")]
    SignInFile {
        /// The setting.
        name: &'static str,
        /// The file.
        path: std::path::PathBuf,
    },
    /// The partner cannot be asked with these settings.
    #[error("[partner] {0}")]
    Partner(kw_client::ClientError),
    /// The partner's token cannot be read.
    #[error(
        "[partner] token_file: {0}; run this as the user of the partner, which makes the file at its first start"
    )]
    Token(kw_runtime::config::SecretError),
    /// The provider's authority is not understood.
    #[error("[sign_in] roots: {0}")]
    Roots(#[from] kw_transport::TlsError),
}

impl<D: Default + Send + 'static> Shell<D> {
    /// Puts an application together.
    pub fn new(parts: ShellParts<'_>) -> Result<Self, ShellError> {
        let url = Url::parse(&parts.web.address).map_err(|_| ShellError::Address)?;
        let loopback = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let secure = url.scheme() == "https";
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !(secure || url.scheme() == "http" && loopback) || !plain || parts.web.address.ends_with('/') {
            return Err(ShellError::Address);
        }
        let sign_in = SignIn::new(parts.sign_in, &parts.http, parts.provider, &parts.web.address)?;
        Ok(Self {
            pages: Pages { name: parts.name, messages: Arc::new(parts.messages), home: true },
            sessions: Sessions::new(parts.session),
            sign_in,
            nav: parts.nav,
            address: parts.web.address.clone(),
            secure,
            certificates: false,
            http: parts.http,
            choices: None,
        })
    }

    /// The same, where people choose for whom they sign in.
    #[must_use]
    pub fn with_choices(self, choices: Choices) -> Self {
        Self { choices: Some(choices), ..self }
    }

    /// From now on no page without a certificate that the browser proved, and no session with another one than it began with.
    /// It goes with [`Shell::open_to_certificates`].
    #[must_use]
    pub fn demanding_certificates(mut self) -> Self {
        self.certificates = true;
        self
    }

    /// The certificate of the browser that asks, where one is demanded.
    pub(crate) fn certificate(&self, request: &HttpRequest) -> Result<Option<[u8; 32]>, Failure> {
        if !self.certificates {
            return Ok(None);
        }
        let refused = |_| Failure::Problem { code: ProblemCode::CertificateRefused };
        ClientCertificate::of(request).map(|certificate| Some(certificate.sha256)).map_err(refused)
    }

    /// The session of a request: that of its cookie, if it is the same browser that began it.
    pub(crate) fn session(&self, request: &HttpRequest) -> Option<Arc<Session<D>>> {
        let shown = self.certificate(request).ok()?;
        let session = self.sessions.find(&cookie::read(request, &self.cookie())?, self.now())?;
        (session.certificate() == shown).then_some(session)
    }

    /// What surrounds a page for somebody who may not be signed in.
    pub fn frame(&self, request: &HttpRequest, title: &str) -> Frame {
        Frame::of(self, request).titled(title)
    }

    /// The application that a request is for.
    pub(crate) fn of(request: &HttpRequest) -> Result<Data<Self>, Failure> {
        request.app_data::<Data<Self>>().cloned().ok_or_else(Failure::fault)
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.http.clock.now()
    }

    /// Forgets sessions that are over. A job calls it.
    pub fn sweep(&self) {
        self.sessions.sweep(self.now());
    }

    /// The name of the session's cookie. The prefix makes browsers refuse it from any other host or without TLS.
    pub(crate) fn cookie(&self) -> String {
        format!("{}kw-{}", if self.secure { "__Host-" } else { "" }, self.pages.name)
    }
}

impl<D> fmt::Debug for Shell<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell")
            .field("name", &self.pages.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
