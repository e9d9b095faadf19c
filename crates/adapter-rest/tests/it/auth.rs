//! Who we are at the server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use kw_adapter::{Source, SourceError};
use kw_domain::{Clock as _, ManualClock, SystemClock};
use kw_transport::Tls;
use kw_transport::authority::{Authority, IssueRequest};
use serde_json::json;

use crate::stand_in::{Asked, StandIn, everything, items, source};

const HOW: &str = "record = 'id'\nperson = '/client/bsn'\nfetch = 'plans/{record}'\nlist = 'plans'";

fn secret(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_secret_in_a_header_is_read_anew_for_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(folder.path(), "key", "first\n");
    let api = StandIn::answering(|_| HttpResponse::Ok().json(items(1)));
    let source =
        api.source_with(&format!("auth = {{ kind = 'header', name = 'X-Api-Key', file = '{file}' }}"), HOW);
    source.changes(None).await.unwrap();
    secret(folder.path(), "key", "second");
    source.changes(None).await.unwrap();
    let keys: Vec<_> = api.asked().into_iter().map(|asked| asked.api_key.unwrap()).collect();
    assert_eq!(keys, ["first", "second"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = source.changes(None).await.unwrap_err();
    assert!(error.to_string().contains("chmod 600") && !error.to_string().contains("second"), "{error}");
}

/// A token server whose tokens have numbers, and an API that takes those from `good` on.
fn tokens(good: &Arc<AtomicUsize>, issued: &Arc<AtomicUsize>) -> StandIn {
    let (good, issued) = (Arc::clone(good), Arc::clone(issued));
    StandIn::answering(move |asked: &Asked| {
        if asked.path == "/api/token" {
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            return HttpResponse::Ok().json(
                json!({"access_token": format!("t{number}"), "token_type": "bearer", "expires_in": 300}),
            );
        }
        let shown = asked.authorization.as_deref().and_then(|text| text.strip_prefix("Bearer t"));
        match shown.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) if number >= good.load(Ordering::SeqCst) => HttpResponse::Ok().json(items(1)),
            _ => HttpResponse::Unauthorized().finish(),
        }
    })
}

#[actix_web::test]
async fn a_token_is_kept_until_shortly_before_its_end_and_replaced_once_when_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(folder.path(), "secret", "s3:cr&t");
    let (good, issued) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let api = tokens(&good, &issued);
    let auth = format!(
        "auth = {{ kind = 'oauth2', token_url = '{}token', client_id = 'ketenwijzer', client_secret_file = '{file}', scope = 'plans.read' }}",
        api.base
    );
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let source = source(&api.config(&auth, HOW), Arc::clone(&clock) as _).unwrap();
    for _ in 0..5 {
        source.changes(None).await.unwrap();
    }
    let asked = api.asked();
    assert_eq!(asked.iter().filter(|one| one.path == "/api/token").count(), 1);
    // `ketenwijzer:s3%3Acr%26t`
    assert_eq!(asked[0].authorization.as_deref(), Some("Basic a2V0ZW53aWp6ZXI6czMlM0FjciUyNnQ="));
    assert_eq!(asked[0].form("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(asked[0].form("scope").as_deref(), Some("plans.read"));

    clock.advance(Duration::from_secs(271));
    source.changes(None).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 2, "it was renewed half a minute early");

    good.store(3, Ordering::SeqCst);
    source.changes(None).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 3, "the one that was refused was replaced");

    good.store(100, Ordering::SeqCst);
    let error = source.changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("401")), "{error}");
    assert_eq!(issued.load(Ordering::SeqCst), 4, "and only once");
    assert!(!format!("{error:?} {source:?}").contains("s3"));
}

#[actix_web::test]
async fn callers_at_once_ask_for_one_token_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(folder.path(), "secret", "secret");
    let (good, issued) = (Arc::new(AtomicUsize::new(1)), Arc::new(AtomicUsize::new(0)));
    let api = tokens(&good, &issued);
    let auth = format!(
        "auth = {{ kind = 'oauth2', token_url = '{}token', client_id = 'k', client_secret_file = '{file}', secret_in_body = true }}",
        api.base
    );
    let source = api.source_with(&auth, HOW);
    let calls = (0..12).map(|_| source.changes(None));
    for called in futures_util::future::join_all(calls).await {
        called.unwrap();
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    let asked = api.asked();
    let token = asked.iter().find(|one| one.path == "/api/token").unwrap();
    assert_eq!(
        (token.form("client_secret").as_deref(), token.authorization.as_deref()),
        (Some("secret"), None)
    );
}

#[actix_web::test]
async fn what_a_token_server_says_is_passed_on_only_where_the_standard_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(folder.path(), "secret", "secret");
    for (status, body, kind, said) in [
        (
            400,
            json!({"error": "invalid_scope", "error_description": "999990342"}),
            "configuration",
            "invalid_scope",
        ),
        (401, json!({"error": "999990342"}), "configuration", "401"),
        (503, json!({}), "unavailable", "503"),
        (200, json!({"token": "x"}), "content", "access_token"),
        (200, json!({"access_token": "x", "token_type": "mac"}), "configuration", "Bearer"),
    ] {
        let answer = body.clone();
        let api = StandIn::answering(move |_| {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(&answer)
        });
        let auth = format!(
            "auth = {{ kind = 'oauth2', token_url = '{}token', client_id = 'k', client_secret_file = '{file}' }}",
            api.base
        );
        let error = api.source_with(&auth, HOW).changes(None).await.unwrap_err();
        let found = match &error {
            SourceError::Unavailable(_) => "unavailable",
            SourceError::Configuration(_) => "configuration",
            SourceError::Content(_) => "content",
        };
        let text = error.to_string();
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(said) && !text.contains("999990342"), "{text}");
    }
}

#[actix_web::test]
async fn with_mutual_tls_the_server_knows_us_and_we_know_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::init(&folder.path().join("ca"), &"town".parse().unwrap()).unwrap();
    let elsewhere = Authority::init(&folder.path().join("other"), &"other".parse().unwrap()).unwrap();
    let issue = |authority: &Authority, name: &str| {
        let request = IssueRequest {
            name: name.to_owned(),
            oin: "00000099000000001000".parse().unwrap(),
            hosts: vec!["127.0.0.1".to_owned()],
            validity: Duration::from_hours(1),
        };
        authority.issue(&request).unwrap().tls_files()
    };
    let server = issue(&authority, "server");
    let api = StandIn::over_tls(&Tls::load(&server).unwrap(), |_| HttpResponse::Ok().json(items(2)));
    let settings = |own: &kw_transport::TlsFiles, roots: &kw_transport::TlsFiles| {
        format!(
            "trust_anchors = [{:?}]\nclient_certificate = {{ certificate = {:?}, key = {:?} }}",
            roots.trust_anchors, own.certificate, own.key
        )
    };
    let own = issue(&authority, "reader");
    let found = everything(&api.source_with(&settings(&own, &server), HOW), None).await.unwrap();
    assert_eq!(found.present.len(), 2);

    let stranger = issue(&elsewhere, "stranger");
    let error = api.source_with(&settings(&own, &stranger), HOW).changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Unavailable(said) if said.contains("TLS identity")), "{error}");
    // The certificate alone says who we are at the token server as well (RFC 8705).
    let tokens = StandIn::over_tls(&Tls::load(&server).unwrap(), |asked| match asked.path.as_str() {
        "/api/token" => HttpResponse::Ok()
            .json(json!({"access_token": "by-certificate", "token_type": "Bearer", "expires_in": 300})),
        _ if asked.authorization.as_deref() == Some("Bearer by-certificate") => {
            HttpResponse::Ok().json(items(2))
        }
        _ => HttpResponse::Unauthorized().finish(),
    });
    let auth = format!(
        "auth = {{ kind = 'oauth2', token_url = '{}token', client_id = 'ketenwijzer' }}",
        tokens.base
    );
    let with_token = tokens.source_with(&format!("{}\n{auth}", settings(&own, &server)), HOW);
    assert_eq!(everything(&with_token, None).await.unwrap().present.len(), 2);
    let asked = tokens.asked().swap_remove(0);
    let form = |name| asked.form(name);
    assert_eq!(
        (form("grant_type").as_deref(), form("client_id").as_deref()),
        (Some("client_credentials"), Some("ketenwijzer"))
    );
    assert_eq!((form("client_secret"), form("client_assertion"), &asked.authorization), (None, None, &None));
    // In TLS 1.3 a server refuses when we think we are in: sometimes all that is seen is a connection that breaks off.
    let error = api.source_with(&settings(&stranger, &server), HOW).changes(None).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
    // Without a certificate there is nothing that says who we are, so nothing is asked.
    let config = api.config(&format!("trust_anchors = [{:?}]", server.trust_anchors), HOW);
    let error = source(&config, Arc::new(SystemClock)).unwrap().changes(None).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
}
