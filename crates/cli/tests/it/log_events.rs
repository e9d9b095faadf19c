//! docs/logging.md lists every event that any crate writes into a log.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use kw_telemetry::Declared;

/// Every crate that declares events, by its folder.
const CRATES: &[(&str, &[Declared])] = &[
    ("adapter", kw_adapter::LOG_EVENTS),
    ("authorisation", kw_authorisation::LOG_EVENTS),
    ("client", kw_client::LOG_EVENTS),
    ("demo", kw_demo::LOG_EVENTS),
    ("identity", kw_identity::LOG_EVENTS),
    ("logbook", kw_logbook::LOG_EVENTS),
    ("partner", kw_partner::LOG_EVENTS),
    ("pseudonymiser", kw_pseudonymiser::LOG_EVENTS),
    ("requester", kw_requester::LOG_EVENTS),
    ("runtime", kw_runtime::LOG_EVENTS),
    ("store", kw_store::LOG_EVENTS),
    ("switchboard", kw_switchboard::LOG_EVENTS),
    ("transport", kw_transport::LOG_EVENTS),
    ("web", kw_web::LOG_EVENTS),
];

const BEGIN: &str = "<!-- events: begin -->\n";
const END: &str = "<!-- events: end -->";

#[test]
fn the_table_of_events_is_what_the_crates_declare() {
    let path = root().join("docs/logging.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("KETENWIJZER_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == expected,
        "docs/logging.md is behind; run: KETENWIJZER_BLESS=1 cargo test -p ketenwijzer log_events"
    );
}

#[test]
fn no_two_events_share_a_code_and_no_field_hides_what_every_line_has() {
    let mut codes = BTreeSet::new();
    for event in CRATES.iter().flat_map(|(_, events)| *events) {
        assert!(codes.insert(event.code), "{} is declared twice", event.code);
        assert!(!event.advice.trim().is_empty(), "{} says nothing to its reader", event.code);
        for (field, _) in event.fields {
            assert!(
                !["time", "level", "audience", "target", "event", "message"].contains(field),
                "{} of {}",
                field,
                event.code
            );
        }
    }
}

#[test]
fn every_crate_that_declares_events_is_in_the_table() {
    let mut declaring = BTreeSet::new();
    for krate in fs::read_dir(root().join("crates")).unwrap() {
        let krate = krate.unwrap();
        let name = krate.file_name().into_string().unwrap();
        if name != "telemetry"
            && sources(&krate.path().join("src")).iter().any(|text| text.contains("kw_telemetry::events!"))
        {
            declaring.insert(name);
        }
    }
    let listed: BTreeSet<String> = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(declaring, listed, "list it in CRATES of this test");
}

fn table() -> String {
    let mut events: Vec<&Declared> = CRATES.iter().flat_map(|(_, events)| *events).collect();
    events.sort_by_key(|event| (event.audience.as_str(), event.code));
    let mut text =
        "\n| event | audience | level | message | fields | what it means |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for event in events {
        let fields: Vec<_> = event.fields.iter().map(|(name, kind)| format!("`{name}` ({kind})")).collect();
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |{} |",
            event.code,
            event.audience,
            event.severity.as_str(),
            event.message,
            fields.join(", "),
            event.advice,
        )
        .unwrap();
    }
    text + "\n"
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
    texts
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
