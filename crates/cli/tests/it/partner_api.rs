//! The requests that docs/partner-api.md shows are sent to a partner that runs.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use kw_domain::SystemClock;
use kw_partner::PartnerConfig;
use kw_transport::{ClientOptions, web_client};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::town::Town;

const PAGE: &str = include_str!("../../../../docs/partner-api.md");
const OPERATIONS: &str = include_str!("../../../../docs/openapi/partner-local.json");

/// Method, path and body of each example, in the order of the page.
fn examples() -> Vec<(Method, &'static str, Value)> {
    let marked = PAGE.split("<!-- ").skip(1);
    let examples: Vec<_> = marked
        .map(|part| {
            let (call, rest) = part.split_once(" -->\n```json\n").unwrap();
            let (method, path) = call.split_once(' ').unwrap();
            let body = rest.split("```").next().unwrap();
            (method.parse().unwrap(), path, serde_json::from_str(body).unwrap())
        })
        .collect();
    assert_eq!(examples.len(), PAGE.matches("```json").count(), "an example that is not marked");
    examples
}

#[tokio::test]
async fn every_request_on_the_page_is_answered_by_a_partner_that_runs() {
    let mut town = Town::new();
    town.configure("youth-care", |config| {
        let canaries = "source = 'dossiers'\nkeep = 0\npurpose = 'coordinate-help'\ncase = 'Z-2026-####'\n\
                        reason = 'signals from a colleague'\n[[actors]]\nid = 'j.jansen'\nrole = 'youth-care-worker'\n";
        config.insert("canaries".to_owned(), toml::Value::Table(toml::from_str(canaries).unwrap()));
    });
    town.start_centre();
    for partner in ["school", "municipality", "health-service", "youth-care"] {
        town.start(partner);
    }
    town.sync("youth-care", &[]);
    let file = town.config("youth-care");
    let config = PartnerConfig::load(&file).unwrap();
    let token = fs::read_to_string(&config.local.token_file).unwrap();
    let client = web_client(&[], Arc::new(SystemClock), ClientOptions::default()).unwrap();
    for (method, path, body) in examples() {
        let asked = client
            .request(method, format!("http://{}{path}", config.local.listen))
            .bearer_auth(token.trim())
            .json(&body);
        let answer = asked.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        match path {
            "/v1/dossiers" => {
                let sections = answer["sections"].as_array().unwrap();
                assert_eq!(sections.len(), 3, "{answer}");
                assert!(sections.iter().all(|one| one["status"] == "delivered"), "{answer}");
                assert_eq!(answer["complete"], true);
                assert!(answer["holdersMayBeWithheld"].is_boolean(), "{answer}");
                assert!(answer["differences"].is_array(), "{answer}");
            }
            "/v1/accesses/_search" => {
                // The dossier that was asked for before, by the same person.
                let events: Vec<&str> = answer["accesses"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|one| one["event"].as_str())
                    .collect();
                assert!(events.contains(&"query-asked"), "{answer}");
            }
            "/v1/syncs" => assert_eq!(answer["sources"][0]["source"], "dossiers"),
            "/v1/registrations" => assert_eq!(answer["created"], false, "the same pointer again"),
            "/v1/withdrawals" => assert_eq!(answer, json!({ "withdrawn": 1 })),
            "/v1/canaries" => assert_eq!(answer["canaries"].as_array().unwrap().len(), 1),
            "/v1/canaries/_ask" => assert!(answer["answers"].is_array(), "{answer}"),
            other => panic!("nothing is known of the answer of {other}"),
        }
    }

    // The command as it stands there, but for where this partner listens.
    let line = PAGE.lines().find(|line| line.starts_with("curl ")).unwrap();
    let line = line.replace("127.0.0.1:9444", &config.local.listen.to_string());
    let ran = Command::new("sh").args(["-c", &line]).current_dir(file.parent().unwrap()).output().unwrap();
    let status: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!(status["sources"][0]["source"], "dossiers");
}

#[test]
fn every_path_on_the_page_is_an_operation_of_the_local_api() {
    let described: Value = serde_json::from_str(OPERATIONS).unwrap();
    let paths: Vec<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut named = 0;
    for part in PAGE.split('`') {
        let path = part.rsplit(' ').next().unwrap_or_default().split('?').next().unwrap_or_default();
        if path.starts_with("/v1/") && path != "/v1/openapi.json" {
            assert!(paths.contains(&path), "{path} is not an operation");
            named += 1;
        }
    }
    assert!(named > 15, "{named}");
}
