//! Files as people really have them.

use kw_adapter::Source;
use kw_adapter_files::{FilesConfig, GenericColumns};
use kw_domain::BirthDate;
use serde_json::json;

use crate::folders::{ANNA, BRAM, CEES, by_number, configured, everything, fetch, folder, generic, source};

#[tokio::test]
async fn a_spreadsheets_file_with_mark_semicolons_quotes_and_line_ends_is_read() {
    let csv = format!(
        "\u{feff}BSN; Naam ;Geboortedatum;Notitie\r\n\
         {ANNA};\"De Vries; Anna\";03-05-1984;\"eerste regel\r\nzei \"\"hallo\"\"\"\r\n\r\n\
         {BRAM};Bram;00-11-1990;\r\n"
    );
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let source = generic(folder.path());
    let all = everything(&source, None).await;
    assert!(all.refused.is_empty() && all.complete, "{:?}", all.refused);
    let anna = fetch(&source, "zorg", &by_number(&all)[ANNA]).await.unwrap();
    assert_eq!(
        anna.document,
        json!({"Naam": "De Vries; Anna", "Geboortedatum": "03-05-1984", "Notitie": "eerste regel\r\nzei \"hallo\""})
    );
    assert_eq!(anna.birth_date, BirthDate::parse("1984-05-03").ok());
    let bram = fetch(&source, "zorg", &by_number(&all)[BRAM]).await.unwrap();
    assert_eq!(bram.document, json!({"Naam": "Bram", "Geboortedatum": "00-11-1990"}));
    assert_eq!(bram.birth_date, BirthDate::parse("1990-11").ok());
}

#[tokio::test]
async fn every_delimiter_and_encoding_gives_the_same_document() {
    let utf16 = |text: &str| {
        let bytes = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(bytes).collect::<Vec<u8>>()
    };
    let tabs = format!("burgerservicenummer\tnaam\tx\n{ANNA}\tRené\t1\n");
    let latin: Vec<u8> =
        tabs.replace('\t', "|").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let commas = tabs.replace('\t', ",");
    let folder = folder(&[
        ("a.tsv", tabs.as_bytes()),
        ("b.txt", &latin),
        ("c.csv", commas.as_bytes()),
        ("d.csv", &utf16(&tabs)),
    ]);
    let source = generic(folder.path());
    let all = everything(&source, None).await;
    assert_eq!(all.present.len(), 4, "{:?}", all.refused);
    for record in &all.present {
        let document = fetch(&source, record.category.as_str(), &record.record).await.unwrap();
        assert_eq!(document.document, json!({"naam": "René", "x": "1"}), "{:?}", record.category);
    }
}

#[tokio::test]
async fn json_in_its_usual_forms_passes_through_without_any_bsn() {
    let list = format!(
        r#"[{{"bsn": "{ANNA}", "birthDate": "1984-05-03", "kind": {{"naam": "K", "bsn": "{BRAM}"}}}}]"#
    );
    let wrapped = format!(r#"{{"leerlingen": [{{"bsn": {ANNA}, "groep": 7}}]}}"#);
    let lines = format!("{{\"BSN\": \"{ANNA}\", \"a\": 1}}\n\n{{\"BSN\": \"{BRAM}\", \"a\": [2]}}\n");
    let folder = folder(&[
        ("list.json", list.as_bytes()),
        ("wrapped.json", wrapped.as_bytes()),
        ("lines.ndjson", lines.as_bytes()),
    ]);
    let source = generic(folder.path());
    let all = everything(&source, None).await;
    assert!(all.refused.is_empty(), "{:?}", all.refused);
    let mut documents = Vec::new();
    for record in &all.present {
        documents.push(fetch(&source, record.category.as_str(), &record.record).await.unwrap().document);
    }
    documents.sort_by_key(ToString::to_string);
    assert_eq!(
        documents,
        [
            json!({"a": 1}),
            json!({"a": [2]}),
            json!({"birthDate": "1984-05-03", "kind": {"naam": "K"}}),
            json!({"groep": 7})
        ]
    );
}

#[tokio::test]
async fn configured_columns_make_the_document_and_its_provenance() {
    let csv = format!(
        "nr,persoon,geb,wanneer,twijfel,naam,uren,geheim\n17,{ANNA},1984,2026-03-01,/person/name /hours,Anna,\"12,5\",x\n"
    );
    let folder = folder(&[("export.csv", csv.as_bytes())]);
    let source = configured(
        folder.path(),
        r#"
        [categories.care]
        file = "export.csv"
        bsn_column = "Persoon"
        birth_date_column = "geb"
        id_column = "nr"
        as_of_column = "wanneer"
        under_investigation_column = "twijfel"
        columns = { naam = "/person/name", persoon = "/person/number", uren = { to = "/hours", type = "number" } }
        "#,
    );
    let all = everything(&source, None).await;
    let found = fetch(&source, "care", &by_number(&all)[ANNA]).await.unwrap();
    assert_eq!(found.document, json!({"person": {"name": "Anna", "number": ANNA}, "hours": 12.5}));
    assert_eq!(found.as_of.to_string(), "2026-03-01T00:00:00.000Z");
    assert_eq!(found.under_investigation, ["/person/name", "/hours"]);
    assert_eq!(found.birth_date, BirthDate::parse("1984").ok());
}

#[tokio::test]
async fn every_row_that_cannot_be_used_is_reported_by_line_and_never_by_value() {
    let wrong = "999940003";
    let csv = format!(
        "id;bsn;geboortedatum;uren\n\
         1;{ANNA};1984-05-03;1\n\
         2;{wrong};1984-05-03;1\n\
         3;;1984-05-03;1\n\
         4;{BRAM};31-02-1987;1\n\
         5;{BRAM};1987\n\
         6;{BRAM};1987;veel-44556677\n\
         7;{BRAM};1987;1\n\
         7;{CEES};1988;1\n\
         {CEES};{CEES};1988;1\n\
         ;{CEES};1988;1\n"
    );
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let source = configured(
        folder.path(),
        "[categories.zorg]\nid_column = \"id\"\ncolumns = { uren = { to = \"/uren\", type = \"number\" } }",
    );
    let all = everything(&source, None).await;
    let lines: Vec<_> = all.refused.iter().map(|row| row.row.unwrap()).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(by_number(&all).into_keys().collect::<Vec<_>>(), [ANNA]);
    let shown = format!("{:?} {all:?} {source:?}", source.report().await.unwrap());
    for value in [wrong, ANNA, BRAM, CEES, "44556677", "1984", "1987", "1988", "31-02"] {
        assert!(!shown.contains(value), "{value} is in {shown}");
    }
    let report = &source.report().await.unwrap()[0];
    assert_eq!((report.records, report.rows_used, report.rows_refused), (1, 1, 9));
    assert!(!all.complete, "a row with too few fields may be any record");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_reported_without_a_word_from_it() {
    let headless = format!("{ANNA};Anna;1984-05-03\n{BRAM};Bram;1987-01-01\n");
    let two = format!("bsn,burgerservicenummer\n{ANNA},{BRAM}\n");
    let dates = format!("bsn,geboortedatum kind,geboortedatum ouder\n{ANNA},1984,1950\n");
    let folder = folder(&[
        ("headless.csv", headless.as_bytes()),
        ("two.csv", two.as_bytes()),
        ("dates.csv", dates.as_bytes()),
        ("empty.csv", b""),
        ("broken.json", b"[{\"bsn\": \"999990342\""),
        ("binary.csv", b"PK\x03\x04\0\0\0"),
        ("999990342.xlsx", b""),
        (".hidden.csv", b"x"),
        ("readme.md", b"x"),
    ]);
    let discovered = FilesConfig::discover(folder.path(), &GenericColumns::default()).unwrap();
    assert_eq!(discovered.refused.len(), 1);
    assert_eq!(discovered.refused[0].origin, "….xlsx");
    let source = source(discovered.config);
    let all = everything(&source, None).await;
    assert_eq!((all.present.len(), all.refused.len(), all.complete), (0, 6, false));
    let shown = format!("{all:?}");
    for value in [ANNA, BRAM, "Anna", "1984"] {
        assert!(!shown.contains(value), "{value} is in {shown}");
    }
    let error =
        source.fetch(&crate::folders::category("headless"), &by_number_of_nobody()).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains(ANNA));
}

#[tokio::test]
async fn a_named_column_is_found_whatever_its_capitals() {
    let csv = format!("Klantnummer;DoB\n{ANNA};19840503\n");
    let folder = folder(&[("zorg.csv", csv.as_bytes())]);
    let columns = GenericColumns { bsn: Some("klantnummer".to_owned()), birth_date: Some("dob".to_owned()) };
    let source = source(FilesConfig::discover(folder.path(), &columns).unwrap().config);
    let all = everything(&source, None).await;
    assert_eq!(all.present[0].birth_date, BirthDate::parse("1984-05-03").ok());
    assert_eq!(
        fetch(&source, "zorg", &all.present[0].record).await.unwrap().document,
        json!({"DoB": "19840503"})
    );
}

fn by_number_of_nobody() -> kw_adapter::LocalId {
    kw_adapter::LocalId::new("~0").unwrap()
}
