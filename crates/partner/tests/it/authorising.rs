//! A person collects through the holder's authorisation server: a real partner process, a real pseudonymiser, a register of
//! mandates over mutual TLS, and a certified OpenID provider that is not ours (npm `oidc-provider`).

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use kw_adapter_files::{FileRules, FilesConfig};
use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_authorisation::{AuthorisationSettings, ClientSettings};
use kw_client::{Context, Entropy as ClientEntropy, PseudonymiserClient};
use kw_domain::{Category, Clock as _, Oin, Purpose, Role, SourceName, Subject, SystemClock};
use kw_identity::SigningKey;
use kw_ledger::Event;
use kw_partner::{SourceSettings, SourceSystem};
use kw_protocol::authorisation::{Collected, ConsentView, Decided, FailureCode, PushedAuthorisation, Token};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::mandate::{ActiveMandate, CheckMandate, MandateAct, MandateChecked, MandateKind};
use kw_pseudonym::Binding;
use kw_runtime::serve::Control;
use kw_runtime::{Http, Metrics, Server, ServerSettings, SharedAgreement};
use kw_transport::{ClientOptions, LoopbackPorts, Tls, web_client};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};

use crate::chain::{Chain, Running};

const EVA: &str = "999990342";
const ANNA: &str = "999994086";
const PGO: &str = "00000099000000016000";
const BACK: &str = "https://pgo.example/back";
const LEVEL: &str = "https://loa.example/substantial";
const MANDATE: &str = "019ab000-0000-7000-8000-000000000001";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ROWS: &str = "bsn,familyName,geboortedatum\n999990342,Jansen,1984-05-03\n999994086,Jansen,2016-06-11\n";

const MORE: &str = r#"
[roles.citizen]
title = { nl = "Burger", en = "Citizen" }
kinds = ["personal-environment"]

[purposes.own-insight]
title = { nl = "Uw eigen gegevens inzien", en = "See your own data" }
legal_basis = "AVG, art. 15"
processing_activity = "https://register.demostad.example/verwerkingen/inzage"
relation_bases = ["listed"]
representation = true

[purposes.own-insight.roles]
citizen = ["youth-care-plan"]

[representation.provider]
oin = "00000099000000017000"
issuer = "ISSUER"
assurance_levels = ["https://loa.example/substantial"]

[representation.kinds.parental-authority]
registrars = ["00000099000000017000"]
categories = ["youth-care-plan"]
acts = ["view"]
max_term = "P12Y"
ages = [{ name = "under-12", from = 0, below = 12 }]

[[partners]]
oin = "00000099000000016000"
name = "Mijn Dossier"
kind = "personal-environment"
endpoint = "https://pgo.example:8443"
population = 1000
contact = "info@pgo.example"
registers = []
log_key = "KSz5SV3nkXPYxoV-fMxV4VBCO_UGJvYGLJdQQDePVOI"

[[partners]]
oin = "00000099000000017000"
name = "DigiDemo"
kind = "statement-provider"
endpoint = "https://provider.example:8443"
population = 1000
contact = "info@provider.example"
registers = []
log_key = "L1SY-RY2f6UZBx-9yNyuSQBTfWIzDDNH3I5GkwCm-mI"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_certified_provider_a_browser_and_a_personal_environment_go_the_whole_way() {
    let stage = match Stage::set().await {
        Ok(stage) => stage,
        Err(missing) => {
            eprintln!("NOT CHECKED against npm oidc-provider: {missing}");
            return;
        }
    };
    // The person themselves.
    let collected = stage.collect_as("eva", "youth-care-plan", None).await;
    let (token, own) = collected.unwrap();
    assert_eq!(own.document.as_ref().unwrap()["familyName"], "Jansen");
    assert!(stage.is_about(EVA, &token, &own).await && !stage.is_about(ANNA, &token, &own).await);

    // Her child.
    let for_child = ("eva", "youth-care-plan onbehalfofchild");
    let (token, collected) = stage.collect_as(for_child.0, for_child.1, Some("20160611")).await.unwrap();
    assert!(stage.is_about(ANNA, &token, &collected).await && !stage.is_about(EVA, &token, &collected).await);

    // Refusals, over the same sockets.
    let mut refused = Vec::new();
    for (account, scope, born) in [
        ("eva", for_child.1, Some("20160612")),
        ("alone", for_child.1, Some("20160611")),
        ("always", "youth-care-plan", None),
        ("weak", "youth-care-plan", None),
        ("nobody", "youth-care-plan", None),
    ] {
        refused.push(stage.collect_as(account, scope, born).await.unwrap_err());
    }
    use FailureCode as F;
    assert_eq!(
        refused,
        [
            F::BirthDateMismatch,
            F::RepresentationMissing,
            F::RepresentationUnasked,
            F::AssuranceTooLow,
            F::AuthenticationFailed
        ]
    );

    // Withdrawn between token and collection.
    let token = stage.token(for_child.0, for_child.1, Some("20160611")).await.unwrap();
    stage.mandate_counts.store(false, Ordering::SeqCst);
    let (status, problem) = stage.collect(&token).await.unwrap_err();
    assert_eq!((status, problem.as_str()), (403, "urn:ketenwijzer:problem:representation-ended"));
    assert_eq!(
        stage.collect_as(for_child.0, for_child.1, Some("20160611")).await.unwrap_err(),
        F::MandateRefused
    );
    // Without a certificate nobody pushes, and with another one nobody collects.
    let other = stage.other_party(&token).await;
    assert_eq!(other, (401, "urn:ketenwijzer:problem:token-refused".to_owned()));
    let (chain, running) = stage.end();
    running.stop().await;

    let records = chain.records();
    let collections: Vec<_> =
        records.iter().filter(|record| record.event == Event::CollectionAnswered).collect();
    assert_eq!(collections.len(), 3, "two answered, one refused");
    assert!(collections.iter().all(|record| record.party.as_str() == PGO && record.subject.is_some()));
    for personal in [EVA, ANNA, "20160611", "2016-06-11"] {
        assert!(!chain.database_holds(personal), "{personal} is in the database");
    }
}

/// Everything that runs.
struct Stage {
    chain: Chain,
    running: Running,
    public: String,
    browser: Client,
    pgo: Client,
    pgo_tls: Tls,
    mandate_counts: Arc<AtomicBool>,
    switchboard: Control,
    _provider: Provider,
    _ports: LoopbackPorts,
}

impl Stage {
    async fn set() -> Result<Self, String> {
        let mut chain = Chain::new();
        let mut ports = LoopbackPorts::default();
        let port = ports.take().unwrap().port();
        let issuer = format!("http://127.0.0.1:{port}");
        let public = format!("https://{}", ports.take().unwrap());
        agree(&mut chain, &issuer, &public);
        let mandate_counts = Arc::new(AtomicBool::new(true));
        let switchboard = register(&mut chain, &mandate_counts);

        let key = SigningKey::generate().map_err(|error| error.to_string())?;
        fs::write(chain.path("client.key"), key.to_pkcs8().unwrap().as_slice()).unwrap();
        let callback = format!("{public}/v1/authorisation/callback");
        let provider = Provider::start(&json!({
            "port": port,
            "client": {"client_id": "holder", "redirect_uri": callback, "jwk": key.public_jwk()},
            "people": people(),
        }))?;
        chain.config.server.public = Some(public.trim_start_matches("https://").parse().unwrap());
        chain.config.authorisation = Some(AuthorisationSettings {
            client_id: "holder".to_owned(),
            client_key: chain.path("client.key"),
            purpose: Purpose::parse("own-insight").unwrap(),
            role: Role::parse("citizen").unwrap(),
            clients: vec![ClientSettings {
                oin: Oin::parse(PGO).unwrap(),
                redirect_uris: vec![BACK.to_owned()],
            }],
        });
        let running = chain.start().await;
        let synced =
            running.client.sync(&serde_json::from_value(json!({"full": true})).unwrap()).await.unwrap();
        assert_eq!(synced.sources[0].pending, 2, "{synced:?}");

        let files = chain.issue("pgo", PGO);
        let pgo_tls = Tls::load(&files).unwrap();
        let holder = Oin::parse(&chain.draft.partners[0].oin).unwrap();
        let pgo = pgo_tls.client(holder, ClientOptions::default());
        let browser =
            web_client(&[files.trust_anchors], Arc::new(SystemClock), ClientOptions::default()).unwrap();
        Ok(Self {
            chain,
            running,
            public,
            browser,
            pgo,
            pgo_tls,
            mandate_counts,
            switchboard,
            _provider: provider,
            _ports: ports,
        })
    }

    fn end(self) -> (Chain, Running) {
        self.switchboard.stop();
        (self.chain, self.running)
    }

    async fn collect_as(
        &self,
        account: &str,
        scope: &str,
        born: Option<&str>,
    ) -> Result<(String, Collected), FailureCode> {
        let token = self.token(account, scope, born).await?;
        let collected = self.collect(&token).await.unwrap_or_else(|refused| panic!("{refused:?}"));
        Ok((token, collected))
    }

    /// The whole way to a token, or the reason that the person is shown.
    async fn token(&self, account: &str, scope: &str, born: Option<&str>) -> Result<String, FailureCode> {
        let mut form = vec![
            ("response_type", "code"),
            ("client_id", PGO),
            ("redirect_uri", BACK),
            ("scope", scope),
            ("state", "af0ifjsldkjaf0ifjsldkj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        form.extend(born.map(|born| ("birth_date", born)));
        let pushed: PushedAuthorisation =
            self.push("/v1/authorisation/par", &form, StatusCode::CREATED).await;

        let mut jar = Jar::default();
        let begin = [("client_id", PGO), ("request_uri", &pushed.request_uri)];
        let begin =
            Url::parse_with_params(&format!("{}/v1/authorisation/authorize", self.public), begin).unwrap();
        let consent = self.follow(&mut jar, begin, account).await;
        let (_, view) = self.browse(&mut jar, Method::GET, consent.clone(), None).await;
        match serde_json::from_value(view).unwrap() {
            ConsentView::Ended(ended) => return Err(ended.reason),
            ConsentView::Asked(question) => {
                assert_eq!(question.represented.is_some(), born.is_some());
                assert_eq!(question.recipient.name, "Mijn Dossier");
            }
        }
        let yes = json!({"decision": "given"});
        let (status, decided) = self.browse(&mut jar, Method::POST, consent, Some(yes)).await;
        assert_eq!(status, 200, "{decided}");
        let decided: Decided = serde_json::from_value(decided).unwrap();
        let back = Url::parse(&decided.redirect_to).unwrap();
        let found: HashMap<String, String> = back.query_pairs().into_owned().collect();
        assert_eq!(
            (found["state"].as_str(), found["iss"].as_str()),
            ("af0ifjsldkjaf0ifjsldkj", self.public.as_str())
        );
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &found["code"]),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_id", PGO),
        ];
        let token: Token = self.push("/v1/authorisation/tokens", &form, StatusCode::OK).await;
        Ok(token.access_token.reveal().to_owned())
    }

    async fn push<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, &str)],
        wanted: StatusCode,
    ) -> T {
        let body = Url::parse_with_params("https://x.example", form).unwrap().query().unwrap().to_owned();
        let url = format!("https://{}{path}", self.running.service);
        let request =
            self.pgo.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, wanted, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn collect(&self, token: &str) -> Result<Collected, (u16, String)> {
        Self::collect_with(&self.pgo, &self.running, token).await
    }

    async fn collect_with(
        client: &Client,
        running: &Running,
        token: &str,
    ) -> Result<Collected, (u16, String)> {
        let url = format!("https://{}/v1/collections", running.service);
        let request = client.post(url).bearer_auth(token).json(&json!({"category": "youth-care-plan"}));
        let answer = request.send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        if status.is_success() {
            return Ok(serde_json::from_value(body).unwrap());
        }
        Err((status.as_u16(), body["type"].as_str().unwrap_or_default().to_owned()))
    }

    /// Another partner of the chain with the token of the personal environment.
    async fn other_party(&self, token: &str) -> (u16, String) {
        let tls = Tls::load(&self.chain.issue("school", "00000099000000012000")).unwrap();
        let holder = Oin::parse(&self.chain.draft.partners[0].oin).unwrap();
        let client = tls.client(holder, ClientOptions::default());
        Self::collect_with(&client, &self.running, token).await.unwrap_err()
    }

    /// Follows redirects as a browser does until the holder asks; at the provider, `account` signs in.
    async fn follow(&self, jar: &mut Jar, from: Url, account: &str) -> Url {
        let mut url = from;
        for _ in 0..16 {
            if url.path().starts_with("/v1/authorisation/consents/") {
                return url;
            }
            if url.path().starts_with("/interaction/") {
                url.query_pairs_mut().append_pair("account", account);
            }
            let answer = self.browser.get(url.clone()).header("cookie", jar.of(&url)).send().await.unwrap();
            jar.take(&url, &answer);
            let (status, next) = (answer.status(), answer.headers().get("location").cloned());
            let Some(next) = next else {
                panic!("{status} at {}: {}", url.path(), answer.text().await.unwrap())
            };
            assert_eq!(status, 303, "at {}", url.path());
            url = url.join(next.to_str().unwrap()).unwrap();
        }
        panic!("there is no end to the redirects");
    }

    async fn browse(&self, jar: &mut Jar, method: Method, url: Url, body: Option<Value>) -> (u16, Value) {
        let mut request = self.browser.request(method, url.clone()).header("cookie", jar.of(&url));
        if let Some(body) = body {
            request = request.header("origin", &self.public).json(&body);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What a personal environment checks with the binding of a dossier. It has that from the provider; here it is made from the
    /// number, as the provider does.
    async fn is_about(&self, number: &str, token: &str, collected: &Collected) -> bool {
        let agreement = Arc::new(Agreement::parse(&self.chain.draft.to_toml().unwrap()).unwrap());
        let context = Context::new(Arc::new(SystemClock), ClientEntropy::system());
        let client = PseudonymiserClient::new(&self.pgo_tls, agreement, context).unwrap();
        let subject = Subject::parse(&format!("nl.bsn:{number}")).unwrap();
        let pseudonyms = client.pseudonyms(&subject, BudgetClass::Query).await.unwrap();
        let newest = pseudonyms.binding.last().unwrap();
        let binding = Binding::derive(&newest.element, Oin::parse(PGO).unwrap());
        let proof = collected.subject_proofs.iter().find(|proof| proof.epoch == newest.epoch.0).unwrap();
        binding.verify_subject(token, &proof.proof.0)
    }
}

fn people() -> Value {
    let eva = json!({"bsn": EVA, "name": "Eva"});
    let anna = json!({
        "legal_subject": {"bsn": ANNA, "name": "Anna"},
        "representation": {"mandate": MANDATE, "kind": "parental-authority"},
    });
    let mut always = anna.clone();
    always["acting_subject"] = eva.clone();
    json!({
        "eva": {"acr": LEVEL, "self": {"acting_subject": eva}, "represented": anna},
        // Chooses nobody, asked or not.
        "alone": {"acr": LEVEL, "self": {"acting_subject": eva}, "represented": {}},
        // Acts for somebody else, asked or not.
        "always": {"acr": LEVEL, "self": always, "represented": {}},
        "weak": {"acr": "https://loa.example/low", "self": {"acting_subject": eva}, "represented": {}},
    })
}

fn agree(chain: &mut Chain, issuer: &str, public: &str) {
    let youth = include_str!("../../../../examples/chains/youth.toml");
    let more = AgreementDraft::parse(&format!("{youth}{}", MORE.replace("ISSUER", issuer))).unwrap();
    chain.draft.roles = more.roles;
    chain.draft.purposes = more.purposes;
    chain.draft.representation = more.representation;
    chain.draft.partners.extend(more.partners.into_iter().skip(5));
    chain.draft.partners[0].authorisation_endpoint = Some(public.to_owned());
    // The file has columns, not persons with addresses.
    let plan = chain.draft.categories.get_mut("youth-care-plan").unwrap();
    plan.schema = None;
    // A parent is one of the people.
    plan.age_limit = None;
    chain.draft.shared_attributes.clear();
    let category = Category::parse("youth-care-plan").unwrap();
    let folder = chain.path("data");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("youth-care-plan.csv"), ROWS).unwrap();
    let categories = BTreeMap::from([(category, FileRules::default())]);
    let system = SourceSystem::Files(FilesConfig { categories, ..FilesConfig::new(folder) });
    chain.config.sources = vec![SourceSettings { name: SourceName::parse("files").unwrap(), system }];
}

/// The one endpoint of the switchboard that the authorisation server asks.
fn register(chain: &mut Chain, counts: &Arc<AtomicBool>) -> Control {
    let tls = Tls::load(&chain.issue("switchboard", &chain.draft.switchboard.oin)).unwrap();
    let agreement =
        Agreement::parse(&chain.draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"));
    let agreement = SharedAgreement::fixed(agreement, Arc::new(SystemClock));
    let settings =
        ServerSettings { workers: Some(1), shutdown_deadline: 1, admin: None, ..ServerSettings::default() };
    let counts = Arc::clone(counts);
    let server = Server::new(settings, Http::new(Metrics::new())).unwrap();
    let server = server.service(&tls, &agreement, move |routes| {
        let counts = Arc::clone(&counts);
        let check = move |asked: web::Json<CheckMandate>| {
            let active = asked.mandate.to_string() == MANDATE && counts.load(Ordering::SeqCst);
            let mandate = active.then(|| ActiveMandate {
                kind: MandateKind::ParentalAuthority,
                age_band: "under-12".to_owned(),
                categories: asked.categories.clone(),
                acts: vec![MandateAct::View],
                valid_until: SystemClock.now().plus(Duration::from_hours(24)),
            });
            async move { HttpResponse::Ok().json(MandateChecked { active, mandate }) }
        };
        routes.service(web::resource("/v1/mandates/_check").route(web::post().to(check)));
    });
    let server = server.unwrap();
    chain.draft.switchboard.endpoint = format!("https://{}", server.addresses()["service"]);
    let control = server.control();
    tokio::spawn(async move { server.run().await.unwrap() });
    control
}

/// Cookies by host and name.
#[derive(Default)]
struct Jar(HashMap<(String, String), String>);

impl Jar {
    fn of(&self, url: &Url) -> String {
        let site = url.origin().ascii_serialization();
        let own = self.0.iter().filter(|((of, _), _)| *of == site);
        own.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, url: &Url, answer: &reqwest::Response) {
        for header in answer.headers().get_all("set-cookie") {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if name.starts_with("__Host-") {
                for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
                    assert!(text.contains(part), "{part}");
                }
                assert!(!text.contains("Domain"));
            }
            self.0.insert((url.origin().ascii_serialization(), name.to_owned()), value.to_owned());
        }
    }
}

/// npm's `oidc-provider` in a process of its own; ends with the test.
struct Provider(Child, BufReader<ChildStdout>);

impl Provider {
    fn start(config: &Value) -> Result<Self, String> {
        let folder = installed()?;
        let mut node = Command::new("node");
        node.arg(folder.join("provider.mjs")).arg(config.to_string());
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().map_err(|error| format!("node: {error}"))?;
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().ok_or("node has no output")?);
        let read = output.read_line(&mut line);
        // Kept open: what is written into a closed one ends the process.
        let provider = Self(child, output);
        match read {
            Ok(_) if line.trim() == "ready" => Ok(provider),
            _ => Err(format!("the provider did not start: {line}")),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let Self(child, _output) = self;
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A folder with the package, made once for all runs, and the newest version of the script.
fn installed() -> Result<PathBuf, String> {
    let told = |error: std::io::Error| error.to_string();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-npm");
    fs::create_dir_all(&folder).map_err(told)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/provider.mjs");
    fs::copy(script, folder.join("provider.mjs")).map_err(told)?;
    if !folder.join("node_modules/oidc-provider/package.json").is_file() {
        fs::write(folder.join("package.json"), r#"{"private": true, "type": "module"}"#).map_err(told)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "oidc-provider@9.13.3"]);
        let output = npm.current_dir(&folder).stdin(Stdio::null()).output().map_err(told)?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(folder)
}
