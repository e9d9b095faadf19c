//! The provider of made-up staff that the demonstration ships: who signs in for whom, and what it refuses. That the applications sign
//! people in there is seen in the browser.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Environment;
use kw_demo::staff_provider::{
    Client, Member, RunningStaffProvider, StaffProviderConfig, StaffProviderError, serve,
};
use kw_domain::{Clock as _, SystemClock};
use kw_identity::{Expected, KeySet, SigningKey};
use kw_protocol::IdToken;
use kw_transport::{ClientOptions, web_client};
use reqwest::header::{LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use url::Url;

pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-everybody-1";
const BACK: &str = "http://127.0.0.1:9/sign-in/callback";

/// The question of a client, for the browser to take to the provider.
pub(crate) fn question(client: &str, back: &str) -> Vec<(&'static str, String)> {
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", back),
        ("scope", "openid"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into_iter()
    .chain([("code_challenge", URL_SAFE_NO_PAD.encode(challenge))])
    .collect()
}

/// Changes a code for an ID token, as the client of this name with its key; else the error.
pub(crate) async fn redeem(
    http: &reqwest::Client,
    issuer: &str,
    (id, key): (&str, &SigningKey),
    back: &str,
    (code, verifier): (&str, &str),
) -> Result<IdToken, String> {
    let now = SystemClock.now().as_seconds();
    let mut draw = [0; 12];
    aws_lc_rs::rand::fill(&mut draw).unwrap();
    let assertion = key
        .sign(&json!({
            "iss": id, "sub": id, "aud": issuer, "iat": now, "exp": now + 60,
            "jti": URL_SAFE_NO_PAD.encode(draw),
        }))
        .unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
            ("client_id", id),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.reveal()),
        ])
        .finish();
    let answer = http.post(format!("{issuer}/token")).body(form).send().await.unwrap();
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    told["id_token"].as_str().map(IdToken::new).ok_or_else(|| told["error"].as_str().unwrap().to_owned())
}

struct Office {
    provider: RunningStaffProvider,
    keys: [SigningKey; 2],
    http: reqwest::Client,
}

fn config(keys: &[SigningKey; 2]) -> StaffProviderConfig {
    let member = |id: &str, role: &str| Member {
        id: id.to_owned(),
        name: format!("Naam van {id}"),
        roles: vec![role.to_owned()],
        secret: format!("geheim van {id}"),
    };
    let client = |id: &str, key: &SigningKey, members| Client {
        id: id.to_owned(),
        organisation: "Gemeente Demostad".to_owned(),
        redirect_uris: vec![BACK.to_owned()],
        key: key.public_jwk(),
        members,
    };
    StaffProviderConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        environment: Environment::Test,
        clients: vec![
            client("desk", &keys[0], vec![member("j.jansen", "consulent")]),
            client("console", &keys[1], vec![member("a.auditor", "auditor")]),
        ],
        clock: Arc::new(SystemClock),
    }
}

impl Office {
    fn open() -> Self {
        let keys = [SigningKey::generate().unwrap(), SigningKey::generate().unwrap()];
        let provider = serve(config(&keys)).unwrap();
        let http = web_client(&[], Arc::new(SystemClock), ClientOptions::default()).unwrap();
        Self { provider, keys, http }
    }

    /// Status, where the browser is sent, and the cookie that it is given.
    async fn begin(&self, question: &[(&str, String)]) -> (u16, String, String) {
        let url = Url::parse_with_params(&format!("{}/authorize", self.provider.issuer()), question).unwrap();
        let answer = self.http.get(url).send().await.unwrap();
        let header = |name| {
            answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let cookie = header(SET_COOKIE);
        for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.is_empty() || cookie.contains(flag), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        (answer.status().as_u16(), header(LOCATION), cookie)
    }

    async fn page(&self, path: &str, cookie: &str) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.provider.issuer())).header("cookie", cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Sends the page's form; status, and where the browser is sent.
    async fn sign_in(
        &self,
        path: &str,
        cookie: &str,
        token: &str,
        member: &str,
        secret: &str,
    ) -> (u16, String) {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("_token", token), ("member", member), ("secret", secret)])
            .finish();
        let request = self.http.post(format!("{}{path}", self.provider.issuer())).header("cookie", cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap();
        let to = answer.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    }

    /// A code for that member, as a browser fetches it.
    async fn code(&self, client: &str, member: &str) -> String {
        let (status, path, cookie) = self.begin(&question(client, BACK)).await;
        assert_eq!(status, 303);
        let (_, page) = self.page(&path, &cookie).await;
        let (status, to) =
            self.sign_in(&path, &cookie, &token_in(&page), member, &format!("geheim van {member}")).await;
        assert_eq!(status, 303, "{page}");
        let to = Url::parse(&to).unwrap();
        let answer = |name: &str| to.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!((answer("state"), answer("iss")), ("s-1".to_owned(), self.provider.issuer().to_owned()));
        answer("code")
    }

    async fn redeem(&self, client: usize, code: &str, verifier: &str) -> Result<IdToken, String> {
        let client = (["desk", "console"][client], &self.keys[client]);
        redeem(&self.http, self.provider.issuer(), client, BACK, (code, verifier)).await
    }
}

fn token_in(page: &str) -> String {
    page.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_member_of_staff_is_stated_with_name_roles_and_when_they_signed_in() {
    let office = Office::open();
    let before = SystemClock.now().as_seconds();
    let code = office.code("desk", "j.jansen").await;
    let token = office.redeem(0, &code, VERIFIER).await.unwrap();
    let keys = office.page("/jwks", "").await.1;
    let keys = KeySet::parse(keys.as_bytes()).unwrap();
    let expected =
        Expected { issuer: office.provider.issuer(), audience: "desk", nonce: Some("n-1"), max_age: None };
    let verified = keys.verify::<Value>(&token, expected, SystemClock.now()).unwrap();
    assert_eq!(verified.subject, "j.jansen");
    let claims = verified.claims;
    assert_eq!((&claims["name"], &claims["roles"]), (&json!("Naam van j.jansen"), &json!(["consulent"])));
    assert!(claims["auth_time"].as_i64().unwrap() >= before, "asked anew at every sign-in");
    assert_eq!(office.redeem(0, &code, VERIFIER).await.unwrap_err(), "invalid_grant", "a code works once");
}

#[tokio::test]
async fn a_code_is_of_one_client_and_one_verifier() {
    let office = Office::open();
    let code = office.code("desk", "j.jansen").await;
    assert_eq!(office.redeem(1, &code, VERIFIER).await.unwrap_err(), "invalid_grant");
    let code = office.code("desk", "j.jansen").await;
    let other = VERIFIER.replace('1', "2");
    assert_eq!(office.redeem(0, &code, &other).await.unwrap_err(), "invalid_grant");
}

#[tokio::test]
async fn nobody_signs_in_where_they_do_not_work_or_without_their_secret_or_in_another_browser() {
    let office = Office::open();
    let (_, path, cookie) = office.begin(&question("desk", BACK)).await;
    let (status, page) = office.page(&path, &cookie).await;
    assert_eq!(status, 200);
    assert!(page.contains("Naam van j.jansen") && page.contains("geheim van j.jansen"), "{page}");
    assert!(!page.contains("a.auditor"), "the staff of another client");
    let token = token_in(&page);
    assert_eq!(office.page(&path, "").await.0, 401, "the address alone shows nothing");
    let (name, _) = cookie.split_once('=').unwrap();
    let refused = [
        (cookie.as_str(), token.as_str(), "a.auditor", "geheim van a.auditor", 422),
        (&cookie, &token, "j.jansen", "geraden", 422),
        (&cookie, "forged", "j.jansen", "geheim van j.jansen", 403),
        (&format!("{name}=other"), &token, "j.jansen", "geheim van j.jansen", 403),
    ];
    for (cookie, token, member, secret, expected) in refused {
        let (status, to) = office.sign_in(&path, cookie, token, member, secret).await;
        assert_eq!((status, to.as_str()), (expected, ""), "{member} {secret}");
    }
    // Two mistakes were made; with the fifth it is over, whatever is given.
    for status in [422, 422, 401] {
        assert_eq!(office.sign_in(&path, &cookie, &token, "j.jansen", "geraden").await.0, status);
    }
    assert_eq!(office.sign_in(&path, &cookie, &token, "j.jansen", "geheim van j.jansen").await.0, 401);
}

#[tokio::test]
async fn a_browser_is_sent_to_addresses_of_the_client_only() {
    let office = Office::open();
    let with = |name: &'static str, value: &str| {
        let mut question = question("desk", BACK);
        question.retain(|(key, _)| *key != name);
        question.push((name, value.to_owned()));
        question
    };
    for (name, value) in [
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", &format!("{BACK}/../x")),
        ("client_id", "other"),
    ] {
        let (status, to, _) = office.begin(&with(name, value)).await;
        assert_eq!((status, to.as_str()), (400, ""), "{name} {value}");
    }
    for (name, value, error) in [
        ("prompt", "none", "login_required"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
    ] {
        let (status, to, _) = office.begin(&with(name, value)).await;
        assert!(status == 303 && to.starts_with(BACK) && to.contains(&format!("error={error}")), "{to}");
    }
}

#[tokio::test]
async fn it_serves_chains_for_tests_on_this_machine_only() {
    let keys = [SigningKey::generate().unwrap(), SigningKey::generate().unwrap()];
    let real = StaffProviderConfig { environment: Environment::Production, ..config(&keys) };
    assert!(matches!(serve(real), Err(StaffProviderError::Production)));
    let open = StaffProviderConfig { listen: ([0, 0, 0, 0], 0).into(), ..config(&keys) };
    assert!(matches!(serve(open), Err(StaffProviderError::BeyondLoopback { .. })));
}
