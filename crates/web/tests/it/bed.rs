//! The small application: people write notes that are kept for the length of their session.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data};
use askama::Template;
use kw_domain::{Clock, Instant, ManualClock, Role};
use kw_runtime::serve::Control;
use kw_runtime::{Http, Metrics, Server, ServerSettings};
use kw_testbed::{SignInServer, Visitor, free_port};
use kw_web::{
    Form, FormLimit, Frame, Messages, NavItem, Outcome, ProviderTerms, Roles, SessionSettings, Shell,
    ShellParts, SignInSettings, SignedIn, Upload, WebSettings,
};
use serde_json::json;

pub(crate) type Notes = Vec<String>;

pub(crate) struct Bed {
    pub(crate) address: String,
    pub(crate) clock: Arc<ManualClock>,
    _provider: SignInServer,
    control: Control,
}

#[derive(Template)]
#[template(
    source = "{% extends \"base.html\" %}{% block main %}<h1>{{ f.title() }}</h1><ul>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>{% if let Some(unsent) = unsent %}<p>{{ f.t(\"web-form-unsent\") }} {{ unsent }}</p>{% endif %}\
              <form method=\"post\" action=\"/notes\"><input type=\"hidden\" name=\"_token\" value=\"{{ f.csrf() }}\"><input name=\"note\"></form>{% endblock %}",
    ext = "html"
)]
struct Page<'a> {
    f: &'a Frame,
    notes: Vec<String>,
    unsent: Option<String>,
}

async fn show(by: SignedIn<Notes>) -> Outcome {
    let frame = by.frame("notes-title");
    let notes = by.session.data().clone();
    let unsent = by.unsent("/").map(|fields| fields.get("why").to_owned());
    frame.page(&Page { f: &frame, notes, unsent })
}

async fn add(form: Form<Notes>) -> Outcome {
    form.by.session.data().push(form.get("note").to_owned());
    Ok(actix_web::HttpResponse::SeeOther().insert_header(("location", "/")).finish())
}

/// Notes what files are called, and how large they are.
async fn put(sent: Upload<Notes>) -> Outcome {
    let files = sent.files("file").map(|file| format!("{}: {}", file.name, file.content.len()));
    let mut notes = sent.form.by.session.data();
    notes.extend(files);
    notes.extend(sent.too_large().then(|| "too large".to_owned()));
    drop(notes);
    Ok(actix_web::HttpResponse::SeeOther().insert_header(("location", "/")).finish())
}

async fn wipe(form: Form<Notes>) -> Outcome {
    form.by.require("keeper")?;
    form.require_fresh("/")?;
    form.by.session.data().clear();
    Ok(actix_web::HttpResponse::SeeOther().insert_header(("location", "/")).finish())
}

impl Bed {
    /// `None`, with the reason told, when the provider cannot be had.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_behind(Duration::ZERO).await
    }

    /// The same with a clock that is so far behind.
    pub(crate) async fn start_behind(behind: Duration) -> Option<Self> {
        let (port, tools) = (free_port().unwrap(), Path::new(env!("CARGO_TARGET_TMPDIR")));
        let address = format!("http://127.0.0.1:{port}");
        let clients = json!([{
            "client_id": "notes",
            "redirect_uris": [format!("{address}/sign-in/callback")],
            "token_endpoint_auth_method": "none",
        }]);
        let accounts = json!({
            "anna": { "name": "Anna de Boer", "roles": ["writer"] },
            "karel": { "name": "Karel <b>Vos</b>", "roles": ["writer", "chief"] },
            "nobody": { "name": "Zonder rol", "roles": [] },
        });
        let started = tokio::task::spawn_blocking(move || SignInServer::start(tools, &clients, &accounts));
        let provider = match started.await.unwrap() {
            Ok(provider) => provider,
            Err(reason) => {
                kw_testbed::not_checked(format_args!("no OpenID provider of others: {reason}"));
                return None;
            }
        };
        let role = |word: &str| Role::parse(word).unwrap();
        let roles =
            BTreeMap::from([("writer".to_owned(), role("writer")), ("chief".to_owned(), role("keeper"))]);
        let terms = ProviderTerms {
            issuer: provider.issuer().to_owned(),
            client_id: "notes".to_owned(),
            scopes: Vec::new(),
            roles: Roles {
                actor_claim: "sub".to_owned(),
                role_claim: "roles".to_owned(),
                roles,
                everybody: None,
            },
            loopback: true,
        };
        let now = kw_domain::SystemClock.now().minus(behind);
        let clock = Arc::new(ManualClock::new(now));
        let http = Http { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Http::new(Metrics::new()) };
        let own = (
            "notes-name = Notities\nnotes-title = Mijn notities",
            "notes-name = Notes\nnotes-title = My notes",
        );
        let shell = Data::new(
            Shell::<Notes>::new(ShellParts {
                name: "notes",
                messages: Messages::new(own).unwrap(),
                web: &WebSettings { address: address.clone(), memory: "unused".into() },
                sign_in: &SignInSettings { client_secret_file: None, client_key: None, roots: Vec::new() },
                session: SessionSettings::default(),
                provider: Arc::new(move || Some(terms.clone())),
                nav: Arc::new(|_| vec![NavItem { path: "/", label: "notes-title" }]),
                http: http.clone(),
            })
            .unwrap(),
        );
        let settings = ServerSettings { admin: None, workers: Some(1), ..ServerSettings::default() };
        let server = Server::new(settings, http)
            .unwrap()
            .local("web", address.trim_start_matches("http://").parse().unwrap(), move |config| {
                Shell::routes(&shell, config, |routes| {
                    routes
                        .service(web::resource("/").route(web::get().to(show)))
                        .service(web::resource("/notes").route(web::post().to(add)))
                        .service(
                            web::resource("/long")
                                .app_data(FormLimit { largest: 1024 * 1024, role: "keeper" })
                                .route(web::post().to(add)),
                        )
                        .service(web::resource("/files").route(web::post().to(put)))
                        .service(web::resource("/wipe").route(web::post().to(wipe)));
                });
            })
            .unwrap();
        let control = server.control();
        tokio::spawn(server.run());
        Some(Self { address, clock, _provider: provider, control })
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) fn pass(&self, time: Duration) -> Instant {
        self.clock.advance(time);
        self.clock.now()
    }

    /// A browser in which somebody signed in.
    pub(crate) async fn browser(&self, account: &str) -> Visitor {
        let mut browser = Visitor::new();
        let seen = browser.sign_in(&self.at("/"), account).await;
        assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
        browser
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.control.stop();
    }
}
