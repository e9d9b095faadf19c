//! The sample in `examples/sources/` does what it says.

use std::path::Path;
use std::sync::Arc;

use actix_web::HttpResponse;
use kw_adapter::Source;
use kw_adapter::mapping::RecordKey;
use kw_adapter_rest::api::Authentication;
use kw_adapter_rest::{RestConfig, RestSource};
use kw_domain::{Category, SourceName, SystemClock};
use serde_json::json;

use crate::stand_in::{ANNA, BRAM, StandIn, everything};

#[actix_web::test]
async fn the_sample_reads_an_api_as_it_describes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sources/rest.toml");
    let mut config: RestConfig = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(matches!(config.api.auth, Authentication::ClientCredentials { .. }));
    let api = StandIn::answering(|asked| {
        match asked.path.as_str() {
        "/api/plans" if asked.value("cursor").is_none() => HttpResponse::Ok().json(json!({
            "data": [{"id": "7", "client": {"bsn": ANNA, "birthDate": "2012-05"}, "updatedAt": "2026-01-01T00:00:00Z", "status": "active"}],
            "next": "n2"})),
        "/api/plans" => HttpResponse::Ok().json(json!({
            "data": [{"id": "8", "client": {"bsn": BRAM}, "updatedAt": "2026-01-02T00:00:00Z", "status": "ended"}], "next": null})),
        "/api/plans/7" => HttpResponse::Ok().json(json!({"data": {
            "id": "7", "client": {"bsn": ANNA, "name": "Jansen", "birthDate": "2012-05"}, "updatedAt": "2026-01-01T00:00:00Z",
            "status": "active", "goals": "walk, read", "notes": "not asked for"}})),
        "/api/residents" => HttpResponse::Ok().json(json!([{"number": 3, "bsn": ANNA, "name": "Jansen"}])),
        _ => HttpResponse::NotFound().json(json!({"code": "not-found"})),
    }
    });
    config.api.base_url = api.base.clone();
    config.api.auth = Authentication::None;
    config.api.trust_anchors.clear();
    let name = SourceName::parse("plans").unwrap();
    let source = RestSource::new(name, config, RecordKey::new(&[7; 32]), Arc::new(SystemClock)).unwrap();
    let found = everything(&source, None).await.unwrap();
    assert_eq!((found.present.len(), found.gone.len(), found.complete), (2, 1, true));
    let record = found.present.iter().find(|one| one.category.as_str() == "youth-care-plan").unwrap();
    let category = Category::parse("youth-care-plan").unwrap();
    let document = source.fetch(&category, &record.record).await.unwrap().unwrap();
    assert_eq!(
        document.document,
        json!({"person": {"name": "Jansen", "birthDate": "2012-05"}, "plan": {"status": "active", "goals": ["walk", "read"]}})
    );
    assert_eq!(document.as_of.to_string(), "2026-01-01T00:00:00.000Z");
    assert!(source.fetch(&category, &found.gone[0]).await.unwrap().is_none());
}
