//! The requests of docs/partner-api.md are requests.

use kw_protocol::dossier::DossierRequest;
use kw_protocol::local::SyncRequest;
use kw_protocol::local::canaries::{AskCanaries, MakeCanary};

const PAGE: &str = include_str!("../../../../docs/partner-api.md");

#[test]
fn every_request_on_the_page_is_understood() {
    let mut understood = 0;
    for part in PAGE.split("<!-- ").skip(1) {
        let (name, rest) = part.split_once(" -->").unwrap();
        let text = rest.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let read = match name {
            "AskCanaries" => serde_json::from_str::<AskCanaries>(text).map(drop),
            "DossierRequest" => serde_json::from_str::<DossierRequest>(text).map(drop),
            "MakeCanary" => serde_json::from_str::<MakeCanary>(text).map(drop),
            "SyncRequest" => serde_json::from_str::<SyncRequest>(text).map(drop),
            other => panic!("no type for {other}"),
        };
        read.unwrap_or_else(|error| panic!("{name}: {error}"));
        understood += 1;
    }
    assert_eq!(understood, PAGE.matches("```json").count());
}
