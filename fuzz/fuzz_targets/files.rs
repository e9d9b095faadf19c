//! Folders of CSV, JSON and NDJSON: no file makes reading panic, every record that is shown can be fetched, the same
//! file reads the same again, and no reason for a refusal repeats a number.
//!
//! The first byte says which format and how rows are combined; the rest is the file.
#![no_main]

use std::fs;
use std::sync::{Arc, LazyLock};

use kw_adapter::mapping::RecordKey;
use kw_adapter::{Change, Source as _};
use kw_adapter_files::{Combining, FileRules, FilesConfig, FilesSource};
use kw_domain::{Category, Instant, ManualClock, SourceName};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder for the file"));
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

const EXTENSIONS: [&str; 3] = ["csv", "json", "ndjson"];
const LONGEST: usize = 64 * 1024;

fn source(flags: u8) -> FilesSource {
    let rules = FileRules {
        file: Some(format!("records.{}", EXTENSIONS[usize::from(flags) % EXTENSIONS.len()])),
        id_column: (flags & 0x10 != 0).then(|| "id".to_owned()),
        as_of_column: (flags & 0x20 != 0).then(|| "asOf".to_owned()),
        under_investigation_column: (flags & 0x20 != 0).then(|| "doubt".to_owned()),
        rows: if flags & 0x40 == 0 { Combining::default() } else { Combining::Always },
        ..FileRules::default()
    };
    let mut config = FilesConfig::new(FOLDER.path());
    config.max_file_bytes = LONGEST as u64;
    config.max_rows = 1000;
    config.categories.insert(Category::parse("records").expect("a category"), rules);
    FilesSource::new(
        SourceName::parse("folder").expect("a name"),
        config,
        RecordKey::new(&[7; 32]),
        Arc::new(ManualClock::new(Instant::parse("2026-11-21T09:30:00Z").expect("a moment"))),
    )
}

fn repeats_a_number(reason: &str) -> bool {
    reason.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 8)
}

fuzz_target!(|input: &[u8]| {
    let Some((flags, bytes)) = input.split_first().filter(|(_, bytes)| bytes.len() <= LONGEST) else {
        return;
    };
    let name = format!("records.{}", EXTENSIONS[usize::from(*flags) % EXTENSIONS.len()]);
    fs::write(FOLDER.path().join(name), bytes).expect("the folder can be written to");
    let source = source(*flags);
    RUNTIME.block_on(async {
        let report = source.report().await.expect("a folder that is there is reported on");
        assert_eq!(source.report().await.ok().as_ref(), Some(&report), "the same file reads otherwise");
        for refused in report.iter().flat_map(|file| &file.refused) {
            assert!(!repeats_a_number(&refused.reason), "a reason with a number in it");
        }
        let page = match source.changes(None).await {
            Ok(page) => page,
            Err(error) => {
                assert!(!repeats_a_number(&error.to_string()), "an error with a number in it");
                return;
            }
        };
        for change in &page.changes {
            let Change::Present(record) = change else { continue };
            match source.fetch(&record.category, &record.record).await {
                Ok(found) => assert!(found.is_some(), "a record that is shown is not there"),
                Err(error) => assert!(!repeats_a_number(&error.to_string()), "an error with a number in it"),
            }
        }
    });
});
