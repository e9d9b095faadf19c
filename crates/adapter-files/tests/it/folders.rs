//! Folders for the tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kw_adapter::mapping::RecordKey;
use kw_adapter::{Change, Cursor, LocalId, RefusedRow, Source, SourceDocument, SourceRecord};
use kw_adapter_files::{FilesConfig, FilesSource, GenericColumns};
use kw_domain::{Category, SourceName, SystemClock};
use tempfile::TempDir;

/// Numbers that are never issued and pass the 11-proef.
pub(crate) const ANNA: &str = "999990342";
pub(crate) const BRAM: &str = "999994086";
pub(crate) const CEES: &str = "999995492";

/// Everything that reading to the end gives.
#[derive(Debug)]
pub(crate) struct Everything {
    pub(crate) present: Vec<SourceRecord>,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) cursor: Cursor,
    pub(crate) complete: bool,
    pub(crate) pages: usize,
}

pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

pub(crate) fn source(config: FilesConfig) -> FilesSource {
    let name = SourceName::parse("files").unwrap();
    FilesSource::new(name, config, RecordKey::new(&[7; 32]), Arc::new(SystemClock))
}

pub(crate) fn generic(folder: &Path) -> FilesSource {
    source(FilesConfig::discover(folder, &GenericColumns::default()).unwrap().config)
}

pub(crate) fn configured(folder: &Path, categories: &str) -> FilesSource {
    source(toml::from_str(&format!("folder = '{}'\n{categories}", folder.display())).unwrap())
}

pub(crate) fn category(name: &str) -> Category {
    Category::parse(name).unwrap()
}

pub(crate) async fn everything(source: &FilesSource, after: Option<&Cursor>) -> Everything {
    let mut all = Everything {
        present: vec![],
        refused: vec![],
        cursor: Cursor(String::new()),
        complete: false,
        pages: 0,
    };
    let mut after = after.cloned();
    loop {
        let page = source.changes(after.as_ref()).await.unwrap();
        assert!(page.changes.len() <= 1000, "pages are bounded");
        for change in page.changes {
            match change {
                Change::Present(record) => all.present.push(record),
                Change::Gone { .. } => panic!("a folder cannot tell what is gone"),
            }
        }
        all.refused.extend(page.refused);
        (all.cursor, all.complete, all.pages) = (page.cursor.clone(), page.complete, all.pages + 1);
        if !page.more {
            return all;
        }
        after = Some(page.cursor);
    }
}

/// The records by BSN.
pub(crate) fn by_number(all: &Everything) -> BTreeMap<String, LocalId> {
    let number = |record: &SourceRecord| String::from_utf8(record.subject.canonical()[7..].to_vec()).unwrap();
    all.present.iter().map(|record| (number(record), record.record.clone())).collect()
}

pub(crate) async fn fetch(source: &FilesSource, name: &str, record: &LocalId) -> Option<SourceDocument> {
    source.fetch(&category(name), record).await.unwrap()
}
