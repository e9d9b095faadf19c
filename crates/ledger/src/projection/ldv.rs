//! Logboek Dataverwerkingen 1.0 as OTLP/JSON: which processing touched whose data, for the citizen's side.
//!
//! No person who acted is in it, and nothing that the register of processing activities says already. A span is one line; a
//! record with grants gives a parent and one child for each grant.

use serde::Serialize;

use crate::{AccessRecord, Event, GrantedAccess, Logged, Outcome};

mod names;

/// What an OTLP receiver takes at `/v1/traces` (opentelemetry-proto, JSON mapping).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ScopeSpans {
    scope: Scope,
    spans: Vec<Span>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Scope {
    name: &'static str,
}

/// One line.
#[expect(clippy::struct_field_names, reason = "these are OTLP's names")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Status,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    string_value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Status {
    code: u8,
}

impl Status {
    /// It was handled without a fault of ours, found something or not, allowed or not.
    const UNSET: Self = Self { code: 0 };
    /// It did what was asked.
    const OK: Self = Self { code: 1 };
    /// Something broke.
    const ERROR: Self = Self { code: 2 };
}

/// One document of a batch of records: the spans of each service together, in the order given.
pub fn document<'a>(records: impl IntoIterator<Item = Logged<'a>>) -> Document {
    let mut resource_spans: Vec<ResourceSpans> = Vec::new();
    for logged in records {
        let resource = resource(logged);
        let known = resource_spans.iter_mut().find(|one| one.resource == resource);
        if let Some(spans) = known.and_then(|one| one.scope_spans.first_mut()) {
            spans.spans.extend(project(logged));
        } else {
            let scope = Scope { name: "ketenwijzer" };
            let scope_spans = vec![ScopeSpans { scope, spans: project(logged) }];
            resource_spans.push(ResourceSpans { resource, scope_spans });
        }
    }
    Document { resource_spans }
}

/// The lines of a record: its own, then one for each grant.
pub fn project(logged: Logged<'_>) -> Vec<Span> {
    let record = logged.record;
    let own = span(logged, 0, names::of(record.event).to_owned(), status(record));
    let children = record.grants.iter().enumerate().filter_map(|(place, grant)| {
        let name = format!("{} ({})", names::of_grant(record.event)?, grant.category);
        let status = grant_status(grant);
        Some(Span {
            parent_span_id: Some(own.span_id.clone()),
            kind: INTERNAL,
            ..span(logged, place + 1, name, status)
        })
    });
    let children: Vec<_> = children.collect();
    std::iter::once(own).chain(children).collect()
}

fn span(logged: Logged<'_>, part: usize, name: String, status: Status) -> Span {
    let record = logged.record;
    let at = format!("{}", u128::from(logged.millis()) * 1_000_000);
    Span {
        trace_id: logged.trace_id(),
        span_id: logged.span_id(part),
        parent_span_id: None,
        name,
        kind: if record.party == record.service { INTERNAL } else { SERVER },
        start_time_unix_nano: at.clone(),
        end_time_unix_nano: at,
        attributes: attributes(record),
        status,
    }
}

fn attributes(record: &AccessRecord) -> Vec<Attribute> {
    let activity = record
        .processing_activity
        .clone()
        .unwrap_or_else(|| format!("urn:x-ketenwijzer:{}:{}", record.chain, record.event.code()));
    let mut attributes = vec![attribute("dpl.core.processing_activity_id", activity)];
    if let Some(subject) = record.subject {
        attributes.push(attribute("dpl.core.data_subject_id", subject.to_string()));
        attributes.push(attribute("dpl.core.data_subject_id_type", REFERENCE.to_owned()));
    }
    attributes
}

fn resource(logged: Logged<'_>) -> Resource {
    let record = logged.record;
    Resource {
        attributes: vec![
            attribute("service.name", "ketenwijzer".to_owned()),
            attribute("service.namespace", record.chain.to_string()),
            attribute("service.instance.id", logged.origin.to_owned()),
        ],
    }
}

fn attribute(key: &'static str, value: String) -> Attribute {
    Attribute { key, value: Value { string_value: value } }
}

/// "Not found" and "denied" are answers; only a fault is an error (LDV, `status`).
fn status(record: &AccessRecord) -> Status {
    let found_nothing =
        record.count == Some(0) || (record.event == Event::QueryAnswered && record.grants.is_empty());
    match record.result {
        Outcome::Error => Status::ERROR,
        Outcome::Refused => Status::UNSET,
        Outcome::Success if found_nothing => Status::UNSET,
        Outcome::Success => Status::OK,
    }
}

fn grant_status(grant: &GrantedAccess) -> Status {
    match grant.outcome.as_deref() {
        None | Some("delivered") => Status::OK,
        Some("malformed" | "timed-out" | "unavailable") => Status::ERROR,
        Some(_) => Status::UNSET,
    }
}

/// The random reference of an access record: it leads to a person only through a link that can be erased.
const REFERENCE: &str = "urn:x-ketenwijzer:subject-reference";

/// `SPAN_KIND_INTERNAL`
const INTERNAL: u8 = 1;
/// `SPAN_KIND_SERVER`
const SERVER: u8 = 2;
