//! The samples in `examples/sources/` do what they say.

use std::path::Path;

use kw_adapter_files::FilesConfig;
use serde_json::json;

use crate::folders::{ANNA, by_number, everything, fetch, source};

#[tokio::test]
async fn the_sample_folder_is_read_with_its_sample_configuration() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sources");
    let text = std::fs::read_to_string(samples.join("files.toml")).unwrap();
    let mut config: FilesConfig = toml::from_str(&text).unwrap();
    config.folder = samples.join(config.folder);
    let source = source(config);
    let all = everything(&source, None).await;
    assert!(all.refused.is_empty() && all.complete, "{:?}", all.refused);
    let anna = all.present.iter().filter(|record| record.subject.canonical().ends_with(ANNA.as_bytes()));
    let mut documents = Vec::new();
    for record in anna {
        documents.push(fetch(&source, record.category.as_str(), &record.record).await.unwrap().document);
    }
    documents.sort_by_key(ToString::to_string);
    assert_eq!(
        documents,
        [
            json!({"school": "De Regenboog", "group": 7, "absence": {"reports": 3}, "birthDate": "2012-05-03"}),
            json!({"person": {"name": "Anna de Vries", "birthDate": "2012-05-03"}, "kinds": ["ambulant", "gezin"], "hoursPerWeek": 2.5}),
        ]
    );
    assert!(by_number(&all).len() >= 3);
}
