//! What is exported has the fields that the standards publish, and the fields that `docs/logging.md` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use kw_ledger::projection::{adl, fsc, ldv, nen7513};
use kw_ledger::{AccessRecord, Event, Logged};
use serde_json::{Map, Value, json};

use crate::sample::{switchboard, variants};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Mandatory,
    /// Mandatory under a condition, which `the_conditions_of_the_standards_are_met` checks.
    Conditional,
    Optional,
}
use Need::{Conditional, Mandatory, Optional};

/// NEN 7513:2018 §7.2–7.5, with the optionality of iWlz RFC0019.
const NEN7513: &[(&str, Need)] = &[
    ("gebeurtenis/gebeurteniscode", Mandatory),
    ("gebeurtenis/actiecode", Mandatory),
    ("gebeurtenis/datumTijd", Mandatory),
    ("gebeurtenis/aard", Optional),
    ("gebeurtenis/resultaat", Mandatory),
    ("gebeurtenis/controles", Mandatory),
    ("gebruikers/*/gebruikersId", Mandatory),
    ("gebruikers/*/lokaleGebruikersId", Optional),
    ("gebruikers/*/naam", Optional),
    ("gebruikers/*/rol", Mandatory),
    ("gebruikers/*/initiator", Mandatory),
    ("gebruikers/*/verantwoordelijkeGebruikerId", Conditional),
    ("gebruikers/*/verantwoordelijkeGebruikerNaam", Optional),
    ("gebruikers/*/verantwoordelijkeGebruikerRol", Conditional),
    ("gebruikers/*/typeToegangspunt", Optional),
    ("gebruikers/*/toegangspunt", Optional),
    ("objecten/*/identificatortype", Mandatory),
    ("objecten/*/klasse", Optional),
    ("objecten/*/identificator", Mandatory),
    ("objecten/*/naam", Optional),
    ("objecten/*/details", Optional),
    ("objecten/*/autorisatieprotocol", Mandatory),
    ("objecten/*/behandelrelatieprotocol", Conditional),
    ("objecten/*/toestemmingsprofiel", Conditional),
    ("objecten/*/gevoeligheid", Optional),
    ("objecten/*/categorie", Optional),
    ("objecten/*/stadium", Optional),
    ("objecten/*/zoekvraag", Optional),
    ("loggegevens/locatie", Optional),
    ("loggegevens/bron", Mandatory),
    ("loggegevens/typeBron", Optional),
];

/// Logboek Dataverwerkingen 1.0.0, "Interface", in the names of OTLP/JSON.
const LDV: &[(&str, Need)] = &[
    ("traceId", Mandatory),
    ("spanId", Mandatory),
    ("status", Mandatory),
    ("name", Mandatory),
    ("startTimeUnixNano", Mandatory),
    ("endTimeUnixNano", Mandatory),
    ("parentSpanId", Optional),
    ("resource", Optional),
    ("attributes", Mandatory),
    ("attributes/dpl.core.processing_activity_id", Mandatory),
    ("attributes/dpl.core.data_subject_id", Conditional),
    ("attributes/dpl.core.data_subject_id_type", Conditional),
    ("attributes/dpl.core.foreign_operation.processor", Conditional),
];

/// FSC Logging 1.0.0, `logRecord`.
const FSC: &[(&str, Need)] = &[
    ("transaction_id", Mandatory),
    ("direction", Mandatory),
    ("grant_hash", Mandatory),
    ("source/type", Mandatory),
    ("source/outway_peer_id", Mandatory),
    ("source/delegator_peer_id", Conditional),
    ("destination/type", Mandatory),
    ("destination/service_peer_id", Mandatory),
    ("destination/delegator_peer_id", Conditional),
    ("service_name", Mandatory),
    ("created_at", Mandatory),
];

/// Authorization Decision Log, draft of 2026, "Interface" and "attributes".
const ADL: &[(&str, Need)] = &[
    ("trace_id", Mandatory),
    ("span_id", Mandatory),
    ("parent_span_id", Conditional),
    ("event_name", Mandatory),
    ("timestamp", Mandatory),
    ("status", Mandatory),
    ("attributes", Optional),
    ("resource", Optional),
    ("body", Optional),
    ("body/adl.core.request", Conditional),
    ("body/adl.core.response", Conditional),
    ("attributes/adl.core.policies", Conditional),
    ("attributes/adl.core.information", Conditional),
    ("attributes/adl.core.configuration", Conditional),
    ("attributes/adl.fsc.transaction_id", Conditional),
];

/// What we do not write although a condition of the standard may hold. Each has its remark in `docs/logging.md`.
const NOT_RECORDED: &[&str] = &[
    "objecten/*/toestemmingsprofiel",
    "attributes/dpl.core.foreign_operation.processor",
    "destination/delegator_peer_id",
    "parent_span_id",
    "attributes/adl.core.information",
    "attributes/adl.core.configuration",
];

fn logged(record: &AccessRecord) -> Logged<'_> {
    Logged { origin: "youth/switchboard", index: 42, record }
}

fn nen7513_lines(record: &AccessRecord) -> Vec<Value> {
    vec![serde_json::to_value(nen7513::project(logged(record))).unwrap()]
}

fn fsc_lines(record: &AccessRecord) -> Vec<Value> {
    let lines = fsc::project(logged(record), fsc::Peers { switchboard: switchboard() });
    lines.into_iter().map(|line| serde_json::to_value(line).unwrap()).collect()
}

fn adl_lines(record: &AccessRecord) -> Vec<Value> {
    adl::project(logged(record)).into_iter().map(|line| serde_json::to_value(line).unwrap()).collect()
}

/// Each span with its resource, and OTLP's lists of attributes as objects.
fn ldv_lines(record: &AccessRecord) -> Vec<Value> {
    let document = serde_json::to_value(ldv::document([logged(record)])).unwrap();
    let mut lines = Vec::new();
    for resource in document["resourceSpans"].as_array().unwrap() {
        for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
            let mut span = span.clone();
            span["attributes"] = object(&span["attributes"]);
            span["resource"] = object(&resource["resource"]["attributes"]);
            lines.push(span);
        }
    }
    lines
}

fn object(attributes: &Value) -> Value {
    let pairs = attributes.as_array().unwrap().iter();
    let pairs =
        pairs.map(|one| (one["key"].as_str().unwrap().to_owned(), one["value"]["stringValue"].clone()));
    Value::Object(pairs.collect::<Map<_, _>>())
}

type Lines = fn(&AccessRecord) -> Vec<Value>;
type Published = &'static [(&'static str, Need)];
const FORMATS: [(&str, Lines, Published); 4] = [
    ("NEN 7513", nen7513_lines, NEN7513),
    ("LDV", ldv_lines, LDV),
    ("FSC", fsc_lines, FSC),
    ("ADL", adl_lines, ADL),
];

/// Whether the value has the path, in every item of each list on the way.
fn has(value: &Value, path: &str) -> bool {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let goes_on = |inner: &Value| rest.is_none_or(|rest| has(inner, rest));
    match first {
        "*" => value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(goes_on)),
        name => value.get(name).is_some_and(goes_on),
    }
}

/// The path of every leaf.
fn leaves(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| leaves(inner, &join(name), found)),
        Value::Array(items) => items.iter().for_each(|inner| leaves(inner, &join("*"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

struct Row {
    ours: String,
    cardinality: String,
    remark: String,
}

fn documentation() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/logging.md")).unwrap()
}

/// The cells of the table under a heading, header and rule left out.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let after = document.split_once(heading).unwrap_or_else(|| panic!("no heading {heading}")).1;
    let lines =
        after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.skip(2).map(cells).collect()
}

fn field_map(document: &str, format: &str) -> BTreeMap<String, Row> {
    let rows = table(document, &format!("\n### {format}\n")).into_iter().map(|cells| {
        let [theirs, ours, cardinality, remark] = <[String; 4]>::try_from(cells).unwrap();
        (theirs.trim_matches('`').to_owned(), Row { ours, cardinality, remark })
    });
    rows.collect()
}

fn all_lines(lines: Lines) -> Vec<Value> {
    let records = Event::ALL.iter().flat_map(|event| variants(*event));
    records.flat_map(|record| lines(&record)).collect()
}

#[test]
fn every_mandatory_field_of_the_standards_is_in_every_line() {
    for (format, lines, published) in FORMATS {
        for line in all_lines(lines) {
            for (path, _) in published.iter().filter(|(_, need)| *need == Mandatory) {
                assert!(has(&line, path), "{format}: no {path} in {line:#}");
            }
        }
    }
}

#[test]
fn every_published_field_has_its_row_in_the_documentation() {
    let document = documentation();
    for (format, _, published) in FORMATS {
        let rows = field_map(&document, format);
        for (path, need) in published {
            let below = format!("{path}/");
            let row = rows.iter().find(|(theirs, _)| *theirs == path || theirs.starts_with(&below));
            let (_, row) = row.unwrap_or_else(|| panic!("{format}: {path} is not in the documentation"));
            if row.cardinality == "0..0" {
                assert_ne!(*need, Mandatory, "{format}: {path}");
                let is_named = *need == Optional || NOT_RECORDED.contains(path);
                assert!(is_named, "{format}: {path} is conditional and never written");
                assert!(*need == Optional || !row.remark.is_empty(), "{format}: {path} needs a remark");
            }
        }
    }
}

#[test]
fn the_documentation_has_every_field_that_is_written_and_no_other() {
    let document = documentation();
    for (format, lines, _) in FORMATS {
        let rows = field_map(&document, format);
        let lines = all_lines(lines);
        let mut written = BTreeSet::new();
        for line in &lines {
            leaves(line, "", &mut written);
        }
        for path in &written {
            let row = rows.get(path).unwrap_or_else(|| panic!("{format}: {path} is not documented"));
            assert_ne!(row.cardinality, "0..0", "{format}: {path}");
        }
        for (path, row) in &rows {
            match row.cardinality.as_str() {
                "1..1" => {
                    assert!(lines.iter().all(|line| has(line, path)), "{format}: {path} is not always there");
                }
                "0..1" => assert!(written.contains(path), "{format}: {path} is never written"),
                "0..0" => assert!(row.ours.is_empty(), "{format}: {path} has a source and is never written"),
                other => panic!("{format}: {path}: cardinality {other}"),
            }
        }
    }
}

#[test]
fn the_documentation_names_only_fields_that_a_record_has() {
    let record = serde_json::to_value(crate::sample::full(Event::QueryAnswered).denied("reason")).unwrap();
    for (format, _, _) in FORMATS {
        for (path, row) in field_map(&documentation(), format) {
            let names = row.ours.split(", ").filter(|name| name.starts_with('`'));
            for name in names.map(|name| name.trim_matches('`').replace("[]", "/*").replace('.', "/")) {
                assert!(has(&record, &name), "{format}: {path} comes from {name}, which is not in a record");
            }
        }
    }
}

#[test]
fn the_documentation_says_which_events_give_a_line() {
    let rows = table(&documentation(), "\n## The same record in four other forms\n");
    let documented: BTreeMap<_, _> =
        rows.iter().map(|cells| (cells[0].trim_matches('`').to_owned(), &cells[1..])).collect();
    assert_eq!(documented.len(), Event::ALL.len());
    for event in Event::ALL {
        let cells = documented[event.code()];
        for ((format, lines, _), cell) in FORMATS.iter().zip(cells) {
            let of_another = crate::sample::full(*event);
            let mut own = of_another.clone();
            own.service = own.party;
            let expected = match cell.chars().next() {
                Some('●') => (true, true),
                Some('○') => (true, false),
                _ => (false, false),
            };
            let given = (!lines(&of_another).is_empty(), !lines(&own).is_empty());
            assert_eq!(given, expected, "{format}: {}", event.code());
        }
    }
}

#[test]
fn the_conditions_of_the_standards_are_met() {
    for event in Event::ALL {
        for record in variants(*event) {
            let line = &nen7513_lines(&record)[0];
            for user in line["gebruikers"].as_array().unwrap() {
                let is_person = user.get("lokaleGebruikersId").is_some();
                assert_eq!(has(user, "verantwoordelijkeGebruikerId"), is_person);
                assert_eq!(has(user, "verantwoordelijkeGebruikerRol/code"), is_person);
            }
            let initiators =
                line["gebruikers"].as_array().unwrap().iter().filter(|user| user["initiator"] == true);
            assert_eq!(initiators.count(), 1);
            assert_eq!(has(&line["objecten"][0], "behandelrelatieprotocol"), record.relation.is_some());
            for span in ldv_lines(&record) {
                let (id, kind) =
                    ("attributes/dpl.core.data_subject_id", "attributes/dpl.core.data_subject_id_type");
                assert_eq!(
                    (has(&span, id), has(&span, kind)),
                    (record.subject.is_some(), record.subject.is_some())
                );
            }
            for line in fsc_lines(&record) {
                assert_eq!(has(&line, "source/delegator_peer_id"), record.on_behalf_of.is_some());
            }
            for line in adl_lines(&record) {
                assert_eq!(has(&line, "attributes/adl.fsc.transaction_id"), record.transaction.is_some());
                assert_eq!(has(&line, "body/adl.core.response"), line["status"] != json!("Error"));
            }
        }
    }
}
