//! Against a REST server and an authorisation server that are not ours (npm `json-server` and `oidc-provider`).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use kw_adapter::{Source, SourceError};
use kw_domain::SystemClock;
use kw_identity::SigningKey;
use kw_testbed::RestServer;
use serde_json::{Value, json};

use crate::stand_in::{ANNA, BRAM, CEES, everything, plan, source};

/// The changes are asked with json-server's own filter, the pages with its own parameters.
const HOW: &str = "list = 'plans?_page={page}&_limit={limit}&_sort=id&updatedAt_gte={since}'\npaging = { kind = 'page' }\n\
    record = 'id'\nperson = '/client/bsn'\nbirth_date = '/client/born'\nchanged_at = 'updatedAt'\noverlap_seconds = 60\n\
    fetch = 'plans/{record}'\ngone_when = { status = [404] }\n[categories.plan.columns]\n'goal' = '/goal'\n";

#[actix_web::test]
async fn json_server_is_read_whole_by_page_by_link_and_by_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = file(folder.path(), "secret", "a secret of thirty-two characters");
    let client = json!({"client_id": "ketenwijzer", "client_secret": "a secret of thirty-two characters"});
    let server = match Server::start(&client) {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against npm json-server and oidc-provider: {missing}"));
            return;
        }
    };
    let auth = format!("client_secret_file = '{secret}', scope = 'api:read'");
    let pages = server.source(&auth, HOW);
    let first = everything(&pages, None).await.unwrap();
    assert_eq!((first.present.len(), first.complete, first.refused.len()), (7, true, 1));
    let links = HOW.replace("_page={page}", "_page=1").replace("kind = 'page'", "kind = 'link-header'");
    let found = everything(&server.source(&auth, &links), None).await.unwrap();
    assert_eq!((found.present.len(), found.complete, found.refused.len()), (7, true, 1));

    // The list is sorted by id: 1 is of Bram.
    let record = first.of(BRAM);
    let document = pages.fetch(&plan(), &record).await.unwrap().unwrap();
    assert_eq!((document.document, document.birth_date.is_some()), (json!({"goal": "g1"}), true));

    server
        .change(reqwest::Method::PATCH, 2, &json!({"goal": "new", "updatedAt": "2026-03-01T00:00:00.000Z"}))
        .await;
    server.change(reqwest::Method::DELETE, 1, &json!({})).await;
    let second = everything(&pages, Some(&first.cursor)).await.unwrap();
    assert_eq!((second.present.len(), second.complete), (1, false));
    assert_eq!(
        second.of(CEES),
        first.present.iter().find(|one| one.record == second.of(CEES)).unwrap().record
    );
    assert!(pages.fetch(&plan(), &record).await.unwrap().is_none(), "it was deleted");
    let whole = everything(&pages, None).await.unwrap();
    assert_eq!((whole.present.len(), whole.complete), (6, true));

    let wrong = file(folder.path(), "wrong", "another secret");
    let error =
        server.source(&format!("client_secret_file = '{wrong}'"), HOW).changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("invalid_client")), "{error}");
}

#[actix_web::test]
async fn a_signed_statement_gets_a_token_of_a_certified_server() {
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let pem = base64::engine::general_purpose::STANDARD.encode(key.to_pkcs8().unwrap().as_slice());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
    let private = file(folder.path(), "private.pem", &pem);
    let server = match Server::start(&json!({"client_id": "ketenwijzer", "jwk": key.public_jwk()})) {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against npm oidc-provider: {missing}"));
            return;
        }
    };
    let auth = format!("private_key_file = '{private}', key_id = '{}', scope = 'api:read'", key.kid());
    let found = everything(&server.source(&auth, HOW), None).await.unwrap();
    assert_eq!((found.present.len(), found.complete), (7, true));
    // A token without the scope is refused by the API, a second one is not tried.
    let auth = format!("private_key_file = '{private}', key_id = '{}'", key.kid());
    let error = server.source(&auth, HOW).changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("401")), "{error}");
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Both servers, with plans of which one cannot be used.
struct Server {
    api: RestServer,
    client: Value,
}

impl Server {
    fn start(client: &Value) -> Result<Self, String> {
        let mut plans = crate::stand_in::items(7);
        for (at, plan) in plans.iter_mut().enumerate() {
            plan["updatedAt"] = json!(format!("2026-01-0{}T00:00:00.000Z", at + 1));
        }
        plans.push(
            json!({"id": 8, "client": {"bsn": format!("{ANNA}0")}, "updatedAt": "2026-01-08T00:00:00.000Z"}),
        );
        let tools = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let api = RestServer::start(tools, client, &json!({"plans": plans}))?;
        Ok(Self { api, client: client.clone() })
    }

    fn source(&self, auth: &str, how: &str) -> kw_adapter_rest::RestSource {
        let base = self.api.base();
        let config = format!(
            "page_size = 3\n[api]\nbase_url = '{base}/api'\n\
             auth = {{ kind = 'oauth2', token_url = '{base}/token', client_id = 'ketenwijzer', {auth} }}\n[categories.plan]\n{how}"
        );
        source(&config, Arc::new(SystemClock)).unwrap()
    }

    /// Changes a plan as the application of the holder would.
    async fn change(&self, method: reqwest::Method, id: u32, body: &Value) {
        let http =
            kw_transport::web_client(&[], Arc::new(SystemClock), kw_transport::ClientOptions::default())
                .unwrap();
        let secret = self.client["client_secret"].as_str().unwrap();
        let secret: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let token: Value = http
            .post(format!("{}/token", self.api.base()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials&scope=api%3Aread")
            .basic_auth("ketenwijzer", Some(&secret))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = token["access_token"].as_str().unwrap_or_else(|| panic!("{token}"));
        let request =
            http.request(method, format!("{}/api/plans/{id}", self.api.base())).bearer_auth(token).json(body);
        assert!(request.send().await.unwrap().status().is_success());
    }
}
