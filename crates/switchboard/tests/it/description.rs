//! The published description is the one that is served, and the one in docs/.

use kw_transport::ClientOptions;

use crate::child::chain;

#[tokio::test]
async fn the_document_in_docs_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/switchboard.json");
    let document = kw_switchboard::openapi::document();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == document, "docs/openapi/switchboard.json is behind: run cargo xtask openapi");

    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let agreement = chain.agreement().unwrap();
    let client = school.tls.client(agreement.switchboard().oin, ClientOptions::default());
    let url = format!("{}/v1/openapi.json", agreement.switchboard().public_endpoint);
    let served = client.get(url).send().await.unwrap();
    assert_eq!(served.headers()["access-control-allow-origin"], "*");
    assert_eq!(served.text().await.unwrap(), published);
    let hidden = school.http().get(school.url("/v1/openapi.json")).send().await.unwrap();
    assert_eq!(hidden.status(), 404, "not on the service listener");
}
