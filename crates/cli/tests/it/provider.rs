//! The provider of statements that the demonstration ships, beside a switchboard and a pseudonymiser that are processes of
//! their own: what it says, to whom, and what it refuses.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_agreement::draft::{
    AgeBandDraft, AgreementDraft, MandateDraft, RepresentationDraft, StatementProviderDraft,
};
use kw_client::{Context, Entropy, PseudonymiserClient};
use kw_demo::provider::{
    Account, Audience, Client, NewMandate, ProviderConfig, ProviderError, RegisteredHere, Running,
    Statements, serve,
};
use kw_domain::{Bsn, Clock as _, Instant, MandateId, Oin, Subject, SystemClock};
use kw_identity::{Expected, IdentitySettings, Loopback, Providers, SigningKey, verify};
use kw_protocol::IdToken;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::mandate::{MandateAct, MandateKind, MandateStatus, Side};
use kw_pseudonym::Binding;
use kw_transport::authority::Authority;
use kw_transport::{ClientOptions, Tls, web_client};
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::{Value, json};

use crate::program::{Demo, Service};

/// Partners of the demonstration whose processes do not run here: the test acts for them.
const PROVIDER: &str = "00000099000000014000";
const PERSONAL: &str = "00000099000000015000";
const WEAK: &str = "https://loa.example/substantial";
const DAUGHTER: &str = "999990342";
const MOTHER: &str = "999994086";
const REDIRECT: &str = "https://client.example/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-everybody-1";

struct Town {
    provider: Running,
    http: reqwest::Client,
    agreement: Arc<Agreement>,
    keys: HashMap<&'static str, SigningKey>,
    personal: Tls,
    roots: PathBuf,
    config: ProviderConfig,
    _services: Vec<Service>,
    folder: tempfile::TempDir,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        Demo::start(&kept).interrupt();
        let listen = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let issuer = format!("https://{listen}");
        let file = kept.join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        draft.representation = representation(&issuer);
        fs::write(&file, draft.to_toml().unwrap()).unwrap();
        let agreement = Arc::new(Agreement::parse(&draft.to_toml().unwrap()).unwrap());
        let config = |path: &str| kept.join(path);
        let mut services = vec![
            Service::start("pseudonymiser", &config("pseudonymiser/pseudonymiser.toml")),
            Service::start("switchboard", &config("switchboard/switchboard.toml")),
        ];
        // They witness the switchboard's log, which grants nothing before.
        for partner in ["municipality", "school", "youth-care"] {
            services.push(Service::start("partner", &config(&format!("partners/{partner}/partner.toml"))));
        }
        let authority = Authority::open(&kept.join("pki")).unwrap();
        let tls = |name: &str| Tls::load(&authority.files_of(name).tls_files()).unwrap();
        let roots = authority.files_of("health-service").trust_anchors;

        let keys: HashMap<_, _> =
            ["holder", "personal", "portal"].map(|id| (id, SigningKey::generate().unwrap())).into();
        let client = |id: &str, audience| Client {
            id: id.to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            key: keys[id].public_jwk(),
            audience,
        };
        let config = ProviderConfig {
            listen,
            issuer,
            tls: tls("health-service"),
            agreement: Arc::clone(&agreement),
            accounts: vec![account("anna", "Anna", DAUGHTER), account("maria", "Maria", MOTHER)],
            clients: vec![
                client("holder", Audience::Holder),
                client("personal", Audience::Personal(Oin::parse(PERSONAL).unwrap())),
                client("portal", Audience::Portal),
            ],
            transactions: folder.path().join("statements.jsonl"),
            clock: Arc::new(SystemClock),
        };
        let patience = ClientOptions { timeout: Duration::from_secs(20), ..ClientOptions::default() };
        let http = web_client(std::slice::from_ref(&roots), Arc::new(SystemClock), patience).unwrap();
        let provider = serve(config.clone()).unwrap();
        let personal = tls("addiction-care");
        Self { provider, http, agreement, keys, personal, roots, config, _services: services, folder }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("https:") { path.to_owned() } else { format!("{}{path}", self.provider.issuer()) }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.post(self.url(path)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    fn question<'a>(client: &'a str, scope: &'a str) -> Vec<(&'a str, String)> {
        let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
        let texts = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "s-1"),
            ("nonce", "n-1"),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
        ];
        let challenge = ("code_challenge", URL_SAFE_NO_PAD.encode(challenge));
        texts.map(|(name, value)| (name, value.to_owned())).into_iter().chain([challenge]).collect()
    }

    /// Where the browser is sent to.
    async fn authorize(&self, question: &[(&str, String)]) -> Result<String, StatusCode> {
        let url = url::Url::parse_with_params(&self.url("/authorize"), question).unwrap();
        let answer = self.http.get(url).send().await.unwrap();
        let to = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        to.ok_or(answer.status())
    }

    /// A sign-in that was begun: the path of its interaction.
    async fn begin(&self, client: &str, scope: &str) -> String {
        let to = self.authorize(&Self::question(client, scope)).await.unwrap();
        to.strip_prefix(self.provider.issuer()).unwrap().to_owned()
    }

    async fn sign_in(&self, interaction: &str, name: &str) -> Value {
        let body = json!({ "username": name, "secret": format!("secret of {name}") });
        let (status, told) = self.post(&format!("{interaction}/authentication"), body).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told
    }

    async fn offered(&self, interaction: &str) -> Vec<Value> {
        let (status, told) = self.get(&format!("{interaction}/mandates")).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        told["mandates"].as_array().unwrap().clone()
    }

    /// The code in the address that the browser is sent back to.
    async fn choose(&self, interaction: &str, choice: Value) -> Result<String, StatusCode> {
        let (status, told) = self.post(&format!("{interaction}/choice"), choice).await;
        let Some(to) = told["redirectTo"].as_str() else { return Err(status) };
        let url = url::Url::parse(to).unwrap();
        let answer: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert!(to.starts_with(REDIRECT) && answer["state"] == "s-1", "{to}");
        assert_eq!(answer["iss"], self.provider.issuer());
        Ok(answer["code"].clone())
    }

    fn assertion(&self, client: &str) -> IdToken {
        let now = SystemClock.now().as_seconds();
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        let claims = json!({
            "iss": client, "sub": client, "aud": self.provider.issuer(), "iat": now, "exp": now + 60,
            "jti": URL_SAFE_NO_PAD.encode(id),
        });
        self.keys[client].sign(&claims).unwrap()
    }

    fn form<'a>(&self, client: &'a str, code: &'a str) -> Vec<(&'a str, String)> {
        let assertion = self.assertion(client);
        vec![
            ("grant_type", "authorization_code".into()),
            ("code", code.into()),
            ("redirect_uri", REDIRECT.into()),
            ("code_verifier", VERIFIER.into()),
            ("client_id", client.into()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into()),
            ("client_assertion", assertion.reveal().into()),
        ]
    }

    /// The ID token, or the error.
    async fn token(&self, form: &[(&str, String)]) -> Result<IdToken, String> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(self.url("/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        match told["id_token"].as_str() {
            Some(token) => Ok(IdToken::new(token)),
            None => Err(told["error"].as_str().unwrap().to_owned()),
        }
    }

    /// The claims, checked as a client checks them: with keys fetched over TLS under the chain's root.
    async fn claims(&self, client: &str, token: &IdToken) -> Value {
        let settings = IdentitySettings { roots: vec![self.roots.clone()] };
        let providers = Providers::new(&settings, Arc::new(SystemClock)).unwrap();
        let keys = providers.keys(&self.url("/jwks"), Loopback::Refused).unwrap();
        let expected = Expected {
            issuer: self.provider.issuer(),
            audience: client,
            nonce: Some("n-1"),
            max_age: Some(Duration::from_mins(5)),
        };
        verify::<Value>(token, &keys, expected, SystemClock.now()).await.unwrap().claims
    }

    /// From the first address to the statement.
    async fn stated(&self, client: &str, scope: &str, name: &str, choice: Value) -> Value {
        let interaction = self.begin(client, scope).await;
        self.sign_in(&interaction, name).await;
        let code = self.choose(&interaction, choice).await.unwrap();
        let token = self.token(&self.form(client, &code)).await.unwrap();
        self.claims(client, &token).await
    }

    /// Maria may act for Anna.
    async fn mandate(&self) -> RegisteredHere {
        let until = Instant::from_millis(SystemClock.now().as_millis() + 86_400_000);
        let mandate = NewMandate {
            representative: "maria".into(),
            represented: "anna".into(),
            kind: MandateKind::Voluntary,
            band: "adult".into(),
            categories: vec!["youth-health".parse().unwrap()],
            acts: vec![MandateAct::View],
            valid_until: until,
            confirmed_by: None,
        };
        // The services have just started, and wait until their logs confirm each other.
        let mut last = None;
        for _ in 0..60 {
            match self.provider.register_mandate(&mandate).await {
                Ok(registered) => return registered,
                Err(error @ (ProviderError::Chain(_) | ProviderError::Pseudonym(_))) => {
                    last = Some(error);
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the chain does not take the mandate: {last:?}");
    }

    /// What ties this person to the personal environment, as every holder computes it.
    async fn binding(&self, number: &str) -> String {
        let context = Context::new(Arc::new(SystemClock), Entropy::system());
        let client = PseudonymiserClient::new(&self.personal, Arc::clone(&self.agreement), context).unwrap();
        let subject = Subject::from(Bsn::parse(number).unwrap());
        let pseudonyms = client.pseudonyms(&subject, BudgetClass::Query).await.unwrap();
        let newest = &pseudonyms.binding.last().unwrap().element;
        let binding = Binding::derive(newest, Oin::parse(PERSONAL).unwrap());
        URL_SAFE_NO_PAD.encode(binding.to_bytes().as_slice())
    }
}

fn account(name: &str, given_name: &str, number: &str) -> Account {
    Account {
        name: name.into(),
        secret: format!("secret of {name}"),
        bsn: Bsn::parse(number).unwrap(),
        given_name: given_name.into(),
        birth_date: None,
        assurance: None,
    }
}

fn representation(issuer: &str) -> RepresentationDraft {
    let adult = AgeBandDraft {
        name: "adult".into(),
        from: 16,
        below: None,
        confirmed_by: vec!["representative".into(), "represented".into()],
    };
    let voluntary = MandateDraft {
        registrars: vec![PROVIDER.into()],
        categories: vec!["youth-health".into()],
        acts: vec!["view".into()],
        max_term: "P1Y".into(),
        ages: vec![adult],
    };
    RepresentationDraft {
        provider: Some(StatementProviderDraft {
            oin: PROVIDER.into(),
            issuer: issuer.into(),
            assurance_levels: vec![WEAK.into()],
        }),
        kinds: [("voluntary".into(), voluntary)].into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_is_told_both_people_and_a_personal_environment_neither_number() {
    let town = Town::new();
    let mandate = town.mandate().await;
    assert_eq!(mandate.status, MandateStatus::Active, "both sides confirmed");

    let own = town.stated("holder", "openid", "anna", json!({ "self": true })).await;
    assert_eq!((&own["acting_subject"]["bsn"], &own["acr"]), (&json!(DAUGHTER), &json!(WEAK)));
    assert!(own.get("legal_subject").is_none() && own.get("representation").is_none(), "{own}");

    let interaction = town.begin("holder", "openid onbehalfof").await;
    let (_, asked) = town.get(&interaction).await;
    assert_eq!(asked, json!({ "client": "holder", "representation": "voluntary", "signedIn": false }));
    assert_eq!(town.sign_in(&interaction, "maria").await, json!({ "next": "mandate" }));
    let line = json!({ "mandate": mandate.mandate, "name": "Anna", "kind": "voluntary" });
    assert_eq!(town.offered(&interaction).await, [line]);
    let code = town.choose(&interaction, json!({ "mandate": mandate.mandate })).await.unwrap();
    let token = town.token(&town.form("holder", &code)).await.unwrap();
    let both = town.claims("holder", &token).await;
    assert_eq!(both["acting_subject"], json!({ "bsn": MOTHER, "name": "Maria" }));
    assert_eq!(both["legal_subject"], json!({ "bsn": DAUGHTER, "name": "Anna" }));
    assert_eq!(both["representation"], json!({ "mandate": mandate.mandate, "kind": "voluntary" }));

    let told = town.stated("personal", "openid represented", "maria", json!({ "self": true })).await;
    assert_eq!(told["acting_subject"]["binding"], json!(town.binding(MOTHER).await));
    assert_eq!(told["represented"][0]["binding"], json!(town.binding(DAUGHTER).await));
    assert_eq!(told["represented"][0]["label"], "Anna");
    assert_eq!(told["represented"][0]["mandate"], json!(mandate.mandate));
    let text = told.to_string();
    assert!(!text.contains(MOTHER) && !text.contains(DAUGHTER), "no number: {text}");
    assert_ne!(told["sub"], both["sub"], "another client calls her otherwise");

    // New keys: what is stated now is checked with what is published now.
    town.provider.rotate_key().unwrap();
    town.stated("holder", "openid", "maria", json!({ "self": true })).await;

    let (_, on_record) = town.get("/transactions").await;
    let kept = fs::read_to_string(town.folder.path().join("statements.jsonl")).unwrap();
    let statements: Statements = serde_json::from_value(on_record).unwrap();
    assert_eq!((statements.statements.len(), kept.lines().count()), (4, 4));
    assert_eq!(statements.statements[1].mandate, Some(mandate.mandate));
    assert_eq!(statements.statements[2].represented, 1);
    for hidden in [MOTHER, DAUGHTER, "Anna", "maria"] {
        assert!(!kept.contains(hidden));
    }

    // A portal hears the same by DigiD's own names, and how far the mandate goes.
    let own = town.stated("portal", "openid", "anna", json!({ "self": true })).await;
    let (acting, legal) = ("urn:nl-eid-gdi:1.0:ActingSubjectID", "urn:nl-eid-gdi:1.0:LegalSubjectID");
    assert_eq!(
        (&own[acting], &own[legal], &own["name"]),
        (&json!(DAUGHTER), &json!(DAUGHTER), &json!("Anna"))
    );
    let choice = json!({ "mandate": mandate.mandate });
    let both = town.stated("portal", "openid onbehalfof", "maria", choice).await;
    assert_eq!((&both[acting], &both[legal]), (&json!(MOTHER), &json!(DAUGHTER)));
    assert_eq!(both["urn:nl-eid-gdi:1.1:RepresentationType"], "voluntary");
    let scope =
        json!({ "id": mandate.mandate, "categories": ["youth-health"], "acts": ["view"], "name": "Anna" });
    assert_eq!(both["mandate"], scope);
    let others = ["acting_subject", "legal_subject", "representation", "represented"];
    assert!(others.iter().all(|claim| both.get(claim).is_none()), "{both}");
    let kept = fs::read_to_string(town.folder.path().join("statements.jsonl")).unwrap();
    assert!(![MOTHER, DAUGHTER].iter().any(|number| kept.contains(number)));
    town.provider.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_asked_chosen_or_used_in_order_is_refused() {
    let town = Town::new();
    let mandate = town.mandate().await.mandate;

    // Nobody is sent to an address that is not the client's own, and no error tells why to anybody else.
    for (name, wrong) in [("client_id", "nobody"), ("redirect_uri", "https://evil.example/")] {
        let question = changed(Town::question("holder", "openid"), name, wrong);
        assert_eq!(town.authorize(&question).await, Err(StatusCode::BAD_REQUEST));
    }
    for (name, wrong, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("scope", "openid onbehalfof onbehalfofchild", "invalid_scope"),
        ("scope", "openid represented", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("nonce", "", "invalid_request"),
        ("prompt", "login", ""),
    ] {
        let question = changed(Town::question("holder", "openid"), name, wrong);
        let to = town.authorize(&question).await.unwrap();
        assert_eq!(to.contains(&format!("error={error}")), !error.is_empty(), "{name}: {to}");
    }

    // Signing in.
    let interaction = town.begin("holder", "openid onbehalfof").await;
    assert_eq!(town.choose(&interaction, json!({ "self": true })).await, Err(StatusCode::FORBIDDEN));
    let path = format!("{interaction}/authentication");
    let wrong = json!({ "username": "anna", "secret": "secret of maria" });
    for _ in 0..5 {
        assert_eq!(town.post(&path, wrong.clone()).await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(town.get(&interaction).await.0, StatusCode::NOT_FOUND, "five mistakes end it");

    // Choosing: only one's own mandate, only of the kind that was asked for, only while it counts.
    for (scope, name) in
        [("openid onbehalfof", "anna"), ("openid onbehalfofchild", "maria"), ("openid", "maria")]
    {
        let interaction = town.begin("holder", scope).await;
        town.sign_in(&interaction, name).await;
        assert_eq!(town.offered(&interaction).await, Vec::<Value>::new(), "{scope}");
        let chosen = town.choose(&interaction, json!({ "mandate": mandate })).await;
        assert_eq!(chosen, Err(StatusCode::FORBIDDEN), "{scope}, {name}");
    }
    let interaction = town.begin("holder", "openid onbehalfof").await;
    town.sign_in(&interaction, "maria").await;
    for choice in [json!({}), json!({ "self": true, "mandate": mandate })] {
        assert_eq!(town.choose(&interaction, choice).await, Err(StatusCode::BAD_REQUEST));
    }
    let other = MandateId::new(SystemClock.now(), [7; 10]);
    assert_eq!(town.choose(&interaction, json!({ "mandate": other })).await, Err(StatusCode::FORBIDDEN));

    // A code: once, by its client, with its verifier.
    let code = town.choose(&interaction, json!({ "mandate": mandate })).await.unwrap();
    assert_eq!(town.choose(&interaction, json!({ "self": true })).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(town.token(&town.form("personal", &code)).await, Err("invalid_grant".to_owned()));
    assert_eq!(town.token(&town.form("holder", &code)).await, Err("invalid_grant".to_owned()), "used up");
    let code = town.code("maria", mandate).await;
    let form = changed(town.form("holder", &code), "code_verifier", &VERIFIER.replace('1', "2"));
    assert_eq!(town.token(&form).await, Err("invalid_grant".to_owned()));
    let code = town.code("maria", mandate).await;
    let form = changed(town.form("holder", &code), "redirect_uri", "https://client.example/");
    assert_eq!(town.token(&form).await, Err("invalid_grant".to_owned()));
    let form = changed(town.form("holder", &code), "grant_type", "password");
    assert_eq!(town.token(&form).await, Err("unsupported_grant_type".to_owned()));

    // The client: by its own key, each assertion once.
    let code = town.code("maria", mandate).await;
    let others = town.assertion("personal");
    let form = changed(town.form("holder", &code), "client_assertion", others.reveal());
    assert_eq!(town.token(&form).await, Err("invalid_client".to_owned()));
    let form = town.form("holder", &code);
    town.token(&form).await.unwrap();
    assert_eq!(town.token(&form).await, Err("invalid_client".to_owned()), "replayed");

    // Taken back between the offer and the choice.
    let interaction = town.begin("holder", "openid onbehalfof").await;
    town.sign_in(&interaction, "maria").await;
    assert_eq!(town.offered(&interaction).await.len(), 1);
    let path = format!("/test/mandates/{mandate}/withdrawal");
    let (_, told) = town.post(&path, json!({ "side": Side::Represented })).await;
    assert_eq!(told, json!({ "status": "withdrawn" }));
    assert_eq!(town.choose(&interaction, json!({ "mandate": mandate })).await, Err(StatusCode::FORBIDDEN));
    assert_eq!(town.offered(&interaction).await, Vec::<Value>::new());

    // It is for made-up people on this machine only.
    let real = Account { bsn: Bsn::parse("111222333").unwrap(), ..town.config.accounts[0].clone() };
    let config = ProviderConfig { accounts: vec![real], ..town.config.clone() };
    assert!(matches!(serve(config), Err(ProviderError::RealNumber)));
    let config = ProviderConfig { listen: "0.0.0.0:0".parse().unwrap(), ..town.config.clone() };
    assert!(matches!(serve(config), Err(ProviderError::BeyondLoopback { .. })));
    let config = ProviderConfig { issuer: "https://other.example".into(), ..town.config.clone() };
    assert!(matches!(serve(config), Err(ProviderError::NotAgreed)));
}

impl Town {
    async fn code(&self, name: &str, mandate: MandateId) -> String {
        let interaction = self.begin("holder", "openid onbehalfof").await;
        self.sign_in(&interaction, name).await;
        self.choose(&interaction, json!({ "mandate": mandate })).await.unwrap()
    }
}

fn changed<'a>(mut pairs: Vec<(&'a str, String)>, name: &'a str, value: &str) -> Vec<(&'a str, String)> {
    pairs.retain(|(one, _)| *one != name);
    pairs.push((name, value.to_owned()));
    pairs
}
