//! What the source promises about records over time.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use kw_adapter::{Cursor, Source, SourceError};
use kw_adapter_files::FilesConfig;
use kw_domain::BirthDate;
use serde_json::json;

use crate::folders::{
    ANNA, BRAM, CEES, by_number, category, configured, everything, fetch, folder, generic, source,
};

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).unwrap();
}

/// A number that passes the 11-proef, for each index.
fn number(index: usize) -> String {
    (0..100)
        .map(|n| 100_000_000 + index * 100 + n)
        .find(|n| kw_domain::Bsn::parse(&n.to_string()).is_ok())
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn records_keep_their_keys_when_rows_move() {
    let folder = folder(&[]);
    write(folder.path(), "zorg.csv", &format!("bsn,a\n{ANNA},1\n{BRAM},2\n"));
    let source = generic(folder.path());
    let before = by_number(&everything(&source, None).await);
    write(folder.path(), "zorg.csv", &format!("a,bsn\n2,{BRAM}\n3,{CEES}\n1,{ANNA}\n"));
    let after = by_number(&everything(&source, None).await);
    assert_eq!((&before[ANNA], &before[BRAM]), (&after[ANNA], &after[BRAM]));
    assert_eq!(fetch(&source, "zorg", &before[ANNA]).await.unwrap().document, json!({"a": "1"}));
}

#[tokio::test]
async fn a_key_says_nothing_about_the_person() {
    let folder = folder(&[("zorg.csv", format!("bsn,a\n{ANNA},1\n").as_bytes())]);
    let all = everything(&generic(folder.path()), None).await;
    assert!(!all.present[0].record.as_str().contains(ANNA));
    assert!(!all.cursor.0.contains(ANNA));
}

#[tokio::test]
async fn rows_of_one_person_are_one_record() {
    let csv = format!("bsn,geboortedatum,hulp\n{ANNA},1984-05-03,a\n{BRAM},,b\n{ANNA},1984,c\n");
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let source = generic(folder.path());
    let all = everything(&source, None).await;
    assert_eq!(all.present.len(), 2);
    let anna = fetch(&source, "zorg", &by_number(&all)[ANNA]).await.unwrap();
    assert_eq!(anna.document["rows"].as_array().unwrap().len(), 2);
    assert_eq!(anna.document["rows"][1], json!({"geboortedatum": "1984", "hulp": "c"}));
    assert_eq!(anna.birth_date, BirthDate::parse("1984-05-03").ok());
    let report = &source.report().await.unwrap()[0];
    assert_eq!((report.records, report.rows_used), (2, 3));
}

#[tokio::test]
async fn rows_of_one_person_with_different_birth_dates_are_all_refused() {
    let csv = format!("bsn,geboortedatum\n{ANNA},1984-05-03\n{ANNA},1985-05-03\n{BRAM},1990\n");
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let all = everything(&generic(folder.path()), None).await;
    assert_eq!(by_number(&all).into_keys().collect::<Vec<_>>(), [BRAM]);
    assert_eq!(all.refused.iter().map(|row| row.row).collect::<Vec<_>>(), [Some(2), Some(3)]);
}

#[tokio::test]
async fn a_row_that_comes_to_be_about_another_person_is_never_given_for_the_first() {
    let folder = folder(&[]);
    write(folder.path(), "zorg.csv", &format!("id,bsn,a\n17,{ANNA},1\n"));
    let source = configured(folder.path(), "[categories.zorg]\nid_column = \"id\"");
    let before = by_number(&everything(&source, None).await);
    write(folder.path(), "zorg.csv", &format!("id,bsn,a\n17,{BRAM},2\n"));
    assert!(fetch(&source, "zorg", &before[ANNA]).await.is_none());
    assert_eq!(
        fetch(&source, "zorg", &by_number(&everything(&source, None).await)[BRAM]).await.unwrap().document["a"],
        "2"
    );
}

#[tokio::test]
async fn nothing_new_is_an_empty_page_that_withdraws_nothing() {
    let folder = folder(&[("zorg.csv", format!("bsn\n{ANNA}\n").as_bytes())]);
    let first = everything(&generic(folder.path()), None).await;
    assert!(first.complete);
    let again = everything(&generic(folder.path()), Some(&first.cursor)).await;
    assert_eq!((again.present.len(), again.complete), (0, false));
    write(folder.path(), "zorg.csv", &format!("bsn\n{BRAM}\n"));
    let changed = everything(&generic(folder.path()), Some(&first.cursor)).await;
    assert_eq!(
        (by_number(&changed).into_keys().collect::<Vec<_>>(), changed.complete),
        (vec![BRAM.to_owned()], true)
    );
}

#[tokio::test]
async fn a_write_of_the_same_size_at_once_after_reading_is_seen() {
    let folder = folder(&[]);
    let source = {
        write(folder.path(), "zorg.csv", &format!("bsn\n{ANNA}\n"));
        generic(folder.path())
    };
    for round in 0..20 {
        let who = if round % 2 == 0 { ANNA } else { BRAM };
        write(folder.path(), "zorg.csv", &format!("bsn\n{who}\n"));
        assert_eq!(by_number(&everything(&source, None).await).into_keys().collect::<Vec<_>>(), [who]);
    }
}

#[tokio::test]
async fn many_records_come_in_pages_and_each_once() {
    let mut csv = "bsn\n".to_owned();
    (0..2500).for_each(|index| writeln!(csv, "{}", number(index)).unwrap());
    let folder = folder(&[("a.csv", csv.as_bytes()), ("b.csv", format!("bsn\n{ANNA}\n").as_bytes())]);
    let source = generic(folder.path());
    let all = everything(&source, None).await;
    assert_eq!((all.present.len(), by_number(&all).len(), all.complete), (2501, 2501, true));
    assert!(all.pages >= 3);
}

#[tokio::test]
async fn a_file_that_changes_between_pages_is_read_again_and_withdraws_nothing() {
    let mut csv = "bsn\n".to_owned();
    (0..1500).for_each(|index| writeln!(csv, "{}", number(index)).unwrap());
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let source = generic(folder.path());
    let page = source.changes(None).await.unwrap();
    assert!(page.more);
    write(folder.path(), "zorg.csv", &format!("bsn\n{ANNA}\n"));
    let rest = everything(&source, Some(&page.cursor)).await;
    assert_eq!(by_number(&rest).into_keys().collect::<Vec<_>>(), [ANNA]);
    assert!(!rest.complete, "records of the first page are gone, but were handed over");
    let next = everything(&source, Some(&rest.cursor)).await;
    assert_eq!(
        (next.present.len(), next.complete),
        (1, true),
        "the next sync reads everything and withdraws"
    );
}

#[tokio::test]
async fn a_missing_file_or_folder_withdraws_nothing() {
    let folder = folder(&[("a.csv", format!("bsn\n{ANNA}\n").as_bytes()), ("b.csv", b"bsn\n")]);
    let source = generic(folder.path());
    assert!(everything(&source, None).await.complete);
    std::fs::remove_file(folder.path().join("a.csv")).unwrap();
    let all = everything(&source, None).await;
    assert_eq!((all.refused.len(), all.complete), (1, false));
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert!(matches!(source.changes(None).await, Err(SourceError::Unavailable(_))));
}

#[tokio::test]
async fn a_file_that_is_cut_off_withdraws_nothing() {
    for cut in [format!("bsn,a\n{ANNA},1\n{BRAM}"), format!("bsn,a\n{ANNA},1\n{BRAM},\"x\n{CEES},2\n")] {
        let folder = folder(&[("zorg.csv", cut.as_bytes())]);
        let all = everything(&generic(folder.path()), None).await;
        assert_eq!((all.present.len(), all.refused.len(), all.complete), (1, 1, false));
    }
}

#[tokio::test]
async fn a_row_or_file_that_is_too_large_is_refused() {
    let csv = format!("bsn,a\n{ANNA},{}\n{BRAM},1\n", "x".repeat(200));
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let mut config = FilesConfig::new(folder.path());
    config.categories.insert(category("zorg"), kw_adapter_files::FileRules::default());
    let all = everything(&source(FilesConfig { max_row_bytes: 100, ..config.clone() }), None).await;
    assert_eq!(
        (by_number(&all).into_keys().collect::<Vec<_>>(), all.complete),
        (vec![BRAM.to_owned()], false)
    );
    for config in
        [FilesConfig { max_file_bytes: 100, ..config.clone() }, FilesConfig { max_rows: 1, ..config }]
    {
        let all = everything(&source(config), None).await;
        assert_eq!((all.present.len(), all.refused.len(), all.complete), (0, 1, false));
    }
}

#[tokio::test]
async fn links_are_followed_inside_the_folder_only() {
    let outside = folder(&[("secret.csv", format!("bsn\n{ANNA}\n").as_bytes())]);
    let folder = folder(&[("real.csv", format!("bsn\n{BRAM}\n").as_bytes())]);
    symlink(outside.path().join("secret.csv"), folder.path().join("out.csv")).unwrap();
    symlink("real.csv", folder.path().join("in.csv")).unwrap();
    let all = everything(&generic(folder.path()), None).await;
    assert_eq!(all.refused.len(), 1);
    assert!(all.refused[0].reason.contains("link out of the folder"));
    assert_eq!(by_number(&all).into_keys().collect::<Vec<_>>(), [BRAM]);
    let escape = configured(
        folder.path(),
        &format!(
            "[categories.zorg]\nfile = \"../{}/secret.csv\"",
            outside.path().file_name().unwrap().display()
        ),
    );
    assert_eq!(everything(&escape, None).await.present.len(), 0);
}

#[tokio::test]
async fn a_file_that_is_replaced_all_the_time_is_answered_right_or_not_at_all() {
    let folder = folder(&[("zorg.csv", format!("bsn,a\n{ANNA},{ANNA}\n").as_bytes())]);
    let source = configured(folder.path(), "[categories.zorg]\ncolumns = { a = \"/a\" }");
    let anna = everything(&source, None).await.present[0].record.clone();
    let path = folder.path().to_owned();
    let writer = std::thread::spawn(move || {
        for round in 0..400 {
            let first = if round % 2 == 0 { BRAM } else { ANNA };
            let content = format!("bsn,a\n{first},{first}\n{CEES},{CEES}\n{ANNA},{ANNA}\n");
            std::fs::write(path.join("new"), content).unwrap();
            std::fs::rename(path.join("new"), path.join("zorg.csv")).unwrap();
        }
    });
    let (mut right, zorg) = (0, category("zorg"));
    while !writer.is_finished() {
        match source.fetch(&zorg, &anna).await {
            Ok(Some(found)) => {
                right += 1;
                let rows = found.document.get("rows").and_then(|rows| rows.as_array().cloned());
                let rows = rows.unwrap_or_else(|| vec![found.document.clone()]);
                assert!(rows.iter().all(|row| row["a"] == ANNA), "another person's row");
            }
            Err(SourceError::Unavailable(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    writer.join().unwrap();
    assert!(right > 0);
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused() {
    let folder = folder(&[("zorg.csv", b"bsn\n")]);
    let error = generic(folder.path()).changes(Some(&Cursor("17".to_owned()))).await.unwrap_err();
    assert!(matches!(error, SourceError::Configuration(_)));
}

#[test]
fn unknown_settings_are_refused() {
    let parse =
        |text: &str| toml::from_str::<FilesConfig>(text).map(|_| ()).map_err(|error| error.to_string());
    assert!(parse("folder = \"x\"\n[categories.zorg]\nbsn = \"x\"").unwrap_err().contains("unknown field"));
    assert!(parse("folder = \"x\"\nfiles = 1\n[categories]").unwrap_err().contains("unknown field"));
    assert!(parse("folder = \"x\"\n[categories.Zorg]").is_err());
    assert!(parse("folder = \"x\"\n[categories.zorg]").is_ok());
}

#[tokio::test]
async fn a_row_that_becomes_unusable_is_named_as_the_record_that_it_was_and_is_no_nothing() {
    let rows = |anna: &str, bram: &str| {
        format!("id,bsn,geboortedatum\n1,{ANNA},{anna}\n2,{bram},1990\n3,{CEES},1991\n")
    };
    let folder = folder(&[("zorg.csv", rows("1984-05-03", BRAM).as_bytes())]);
    let source = configured(folder.path(), "[categories.zorg]\nid_column = \"id\"");
    let before = by_number(&everything(&source, None).await);
    write(folder.path(), "zorg.csv", &rows("1984-02-31", "999940003").replace("\n3,", "\n4,"));
    let after = everything(&source, None).await;
    assert!(after.complete);
    assert_eq!(after.refused[0].record, Some((category("zorg"), before[ANNA].clone())));
    assert_eq!(after.refused[1].record, None);
    for number in [ANNA, BRAM] {
        let error = source.fetch(&category("zorg"), &before[number]).await.unwrap_err();
        assert!(matches!(error, SourceError::Content(_)), "{error}");
    }
    let cees = source.fetch(&category("zorg"), &before[CEES]).await;
    assert!(cees.unwrap().is_none(), "what is gone is gone");
}

#[tokio::test]
async fn rows_with_the_same_key_are_both_there() {
    let folder = folder(&[("zorg.csv", format!("id,bsn\n1,{ANNA}\n").as_bytes())]);
    let source = configured(folder.path(), "[categories.zorg]\nid_column = \"id\"");
    let anna = by_number(&everything(&source, None).await)[ANNA].clone();
    write(folder.path(), "zorg.csv", &format!("id,bsn\n1,{BRAM}\n1,{ANNA}\n"));
    let after = everything(&source, None).await;
    let told: Vec<_> = after.refused.iter().filter_map(|row| row.record.clone()).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], (category("zorg"), anna));
}

#[tokio::test]
async fn more_unusable_rows_than_are_named_withdraw_nothing() {
    let mut csv = "bsn,geboortedatum\n".to_owned();
    (0..1001).for_each(|index| writeln!(csv, "{},gisteren", number(index)).unwrap());
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let all = everything(&generic(folder.path()), None).await;
    assert_eq!((all.present.len(), all.refused.len(), all.complete), (0, 1001, false));
}

#[tokio::test]
async fn a_record_that_a_torn_row_may_hide_is_no_nothing() {
    let folder = folder(&[("zorg.csv", format!("bsn,a\n{ANNA},1\n{BRAM},2\n").as_bytes())]);
    let source = generic(folder.path());
    let bram = by_number(&everything(&source, None).await)[BRAM].clone();
    write(folder.path(), "zorg.csv", &format!("bsn,a\n{ANNA},1\n{BRAM}\n"));
    let error = source.fetch(&category("zorg"), &bram).await.unwrap_err();
    assert!(matches!(error, SourceError::Content(_)), "{error}");
}
