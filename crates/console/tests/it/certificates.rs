//! Where browsers have to show a certificate, none gets in without, and a session belongs to the one that it began with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::draft::{AgreementDraft, ConsoleDraft, IdentityProviderDraft};
use kw_console::{ConsoleConfig, prepare};
use kw_domain::{ChainName, Oin, SystemClock};
use kw_runtime::{Http, Metrics};
use kw_testbed::{SignInServer, Visitor, free_port};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{ClientOptions, web_client, web_client_with_certificate};
use reqwest::Client;
use serde_json::json;

/// An authority with a certificate for each name.
fn authority(folder: &Path, names: &[&str]) -> Authority {
    let authority = Authority::init(folder, &ChainName::parse("youth-demostad").unwrap()).unwrap();
    for (place, name) in names.iter().enumerate() {
        let oin = Oin::parse(&format!("0000009900000002{place}000")).unwrap();
        let hosts = vec!["localhost".to_owned()];
        let validity = Duration::from_hours(24);
        authority.issue(&IssueRequest { name: (*name).to_owned(), oin, hosts, validity }).unwrap();
    }
    authority
}

pub(crate) fn agreement(issuer: &str) -> String {
    let youth = include_str!("../../../../examples/chains/youth.toml");
    let mut draft = AgreementDraft::parse(youth).unwrap();
    draft.console = Some(Box::new(ConsoleDraft {
        identity_provider: IdentityProviderDraft {
            issuer: issuer.to_owned(),
            jwks_uri: format!("{issuer}/jwks"),
            audience: "console".to_owned(),
            roles: [("beheer".to_owned(), "operator".to_owned())].into(),
            ..IdentityProviderDraft::default()
        },
    }));
    draft.to_toml().unwrap()
}

/// A browser's client that trusts the server, with a certificate of `people` or without.
fn client(server: &Path, people: Option<(&Path, &str)>) -> Client {
    let (roots, clock) = ([server.join("ca.pem")], Arc::new(SystemClock));
    let options = ClientOptions::default();
    match people {
        None => web_client(&roots, clock, options).unwrap(),
        Some((folder, name)) => {
            let file = |kind: &str| -> PathBuf { folder.join(format!("{name}.{kind}")) };
            web_client_with_certificate(&roots, &file("pem"), &file("key"), clock, options).unwrap()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_without_a_certificate_and_no_session_with_another() {
    let (port, tools) = (free_port().unwrap(), Path::new(env!("CARGO_TARGET_TMPDIR")));
    let address = format!("https://localhost:{port}");
    let clients = json!([{
        "client_id": "console",
        "redirect_uris": [format!("{address}/sign-in/callback")],
        "token_endpoint_auth_method": "none",
    }]);
    let accounts = json!({ "otto": { "name": "Otto", "roles": ["beheer"] } });
    let started = tokio::task::spawn_blocking(move || SignInServer::start(tools, &clients, &accounts));
    let provider = match started.await.unwrap() {
        Ok(provider) => provider,
        Err(reason) => {
            kw_testbed::not_checked(format_args!("no OpenID provider of others: {reason}"));
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    authority(&at("chain"), &["console"]);
    let people = authority(&at("people"), &["otto", "olga"]);
    authority(&at("strangers"), &["otto"]);
    fs::write(at("agreement.toml"), agreement(provider.issuer())).unwrap();
    let config = format!(
        "agreement = 'agreement.toml'\n[server]\nlisten = '127.0.0.1:{port}'\nworkers = 1\n[web]\naddress = '{address}'\nmemory = 'memory'\n\
         [tls]\ncertificate = 'chain/console.pem'\nkey = 'chain/console.key'\ntrust_anchors = 'chain/ca.pem'\n\
         revocation_lists = ['chain/crl.pem']\n\
         [client_certificates]\ntrust_anchors = 'people/ca.pem'\nrevocation_lists = ['people/crl.pem']\n"
    );
    fs::write(at("console.toml"), config).unwrap();
    let config = ConsoleConfig::load(&at("console.toml")).unwrap();
    let server = prepare(config, Http::new(Metrics::new())).unwrap();
    let control = server.control();
    tokio::spawn(server.run());

    let page = format!("{address}/");
    for refused in [None, Some((at("strangers"), "otto"))] {
        let shown = refused.as_ref().map(|(folder, name)| (folder.as_path(), *name));
        let failed = client(&at("chain"), shown).get(&page).send().await;
        assert!(failed.is_err(), "{failed:?}");
    }

    let mut otto = Visitor::with(client(&at("chain"), Some((&at("people"), "otto"))));
    let seen = otto.sign_in(&page, "otto").await;
    assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
    assert!(seen.text.contains("Otto"), "{}", seen.text);

    assert_eq!(seen.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    for (path, name) in [("/sign-in", "__Host-kw-console-sign-in-"), ("/language/en", "kw-language=")] {
        let answer = otto.client().get(format!("{address}{path}")).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with(name) && cookie.contains("; Secure"), "{cookie}");
    }

    // His cookie in the browser of somebody else, who has a certificate too.
    let mut olga = Visitor::with(client(&at("chain"), Some((&at("people"), "olga"))));
    olga.cookies.clone_from(&otto.cookies);
    let seen = olga.get(&page).await;
    assert_eq!((seen.status.as_u16(), seen.header("location")), (303, "/sign-in?next=/"), "{}", seen.text);

    // On an open connection too, a revoked certificate opens nothing from the next reload on.
    people.revoke("otto").unwrap();
    control.reload();
    let mut last = String::new();
    for _ in 0..50 {
        match otto.client().get(&page).send().await {
            Err(_) => return control.stop(),
            Ok(answer) if answer.status().as_u16() == 401 => return control.stop(),
            Ok(answer) => last = format!("{answer:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{last}");
}
