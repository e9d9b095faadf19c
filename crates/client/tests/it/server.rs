//! A service over mutual TLS, and an agreement that says where it is.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, KeyDraft};
use kw_client::{Context, Entropy, Retry, SwitchboardClient};
use kw_domain::{ChainName, Oin, SystemClock};
use kw_protocol::problem::{Problem, ProblemCode, TYPE_BASE};
use kw_transport::Tls;
use kw_transport::authority::{Authority, IssueRequest};
use tempfile::TempDir;

const PARTNER: &str = "00000099000000011000";

/// One server that plays switchboard and pseudonymiser, and a partner's certificate to call it with.
pub(crate) struct Service {
    pub(crate) tls: Tls,
    pub(crate) agreement: Arc<Agreement>,
    _folder: TempDir,
}

impl Service {
    pub(crate) fn start(routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static) -> Self {
        Self::start_with(Vec::new(), routes)
    }

    /// Keys are the pseudonymiser's that the agreement lists; its example's stay when there are none.
    pub(crate) fn start_with(
        keys: Vec<KeyDraft>,
        routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../../../examples/chains/youth.toml");
        let mut draft = AgreementDraft::parse(text).unwrap();
        let chain = ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&folder.path().join("pki"), &chain).unwrap();
        let certified = |name: &str, oin: &str| {
            let request = IssueRequest {
                name: name.to_owned(),
                oin: Oin::parse(oin).unwrap(),
                hosts: vec!["127.0.0.1".to_owned()],
                validity: Duration::from_hours(24),
            };
            Tls::load(&authority.issue(&request).unwrap().tls_files()).unwrap()
        };
        let switchboard = certified("switchboard", &draft.switchboard.oin);
        draft.switchboard.endpoint = listen(&switchboard, true, routes.clone());
        draft.switchboard.public_endpoint = listen(&switchboard, false, routes.clone());
        let pseudonymiser = certified("pseudonymiser", &draft.pseudonymiser.oin);
        draft.pseudonymiser.endpoint = listen(&pseudonymiser, true, routes);
        if !keys.is_empty() {
            draft.pseudonymiser.keys = keys;
        }
        let agreement = Arc::new(Agreement::parse(&draft.to_toml().unwrap()).unwrap());
        Self { tls: certified("partner", PARTNER), agreement, _folder: folder }
    }

    pub(crate) fn switchboard(&self) -> SwitchboardClient {
        let retry = Retry { attempts: 3, base: Duration::from_millis(1), cap: Duration::from_secs(1) };
        SwitchboardClient::new(&self.tls, &self.agreement, context()).unwrap().with_retry(retry)
    }
}

pub(crate) fn context() -> Context {
    Context::new(Arc::new(SystemClock), Entropy::system())
}

fn listen(
    tls: &Tls,
    mutual: bool,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = if mutual { tls.server_config() } else { tls.public_server_config() };
    let server = HttpServer::new(move || {
        let routes = routes.clone();
        App::new().configure(move |config| routes(config))
    })
    .workers(1)
    .disable_signals()
    .listen_rustls_0_23(listener, config)
    .unwrap()
    .run();
    actix_web::rt::spawn(server);
    format!("https://{address}")
}

pub(crate) fn problem(code: ProblemCode, detail: &str) -> HttpResponse {
    let body = Problem {
        kind: format!("{TYPE_BASE}{}", code.code()),
        title: code.title().to_owned(),
        status: code.status(),
        detail: detail.to_owned(),
        retryable: code.retryable(),
        trace_id: None,
        errors: Vec::new(),
    };
    HttpResponse::build(StatusCode::from_u16(code.status()).unwrap())
        .content_type("application/problem+json")
        .body(serde_json::to_string(&body).unwrap())
}
