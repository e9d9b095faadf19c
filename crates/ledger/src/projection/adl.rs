//! Authorization Decision Log (Logius, draft 2026): one record for each decision, with what was asked and what was decided.
//!
//! Request and response are in AuthZEN's form, in `body`; the agreement that decided is a reference, in `attributes`.

use kw_domain::{Category, Purpose, TransactionId};
use serde::Serialize;

use super::answered_as;
use crate::{AccessRecord, Logged, Outcome, Verdict};

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    trace_id: String,
    span_id: String,
    event_name: &'static str,
    timestamp: u64,
    status: Status,
    attributes: Attributes,
    body: Body,
    resource: Producer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Status {
    /// A decision was made, either way.
    Unset,
    /// None could be made.
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Attributes {
    #[serde(rename = "adl.core.policies")]
    policies: Policies,
    #[serde(rename = "adl.fsc.transaction_id", skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Policies {
    agreement: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Body {
    #[serde(rename = "adl.core.request")]
    request: Request,
    #[serde(rename = "adl.core.response", skip_serializing_if = "Option::is_none")]
    response: Option<Response>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Request {
    subject: Entity,
    action: Named,
    resource: Entity,
    context: Context,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entity {
    r#type: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Properties {
    subject_organization_id: String,
    subject_role: String,
    assurance: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Named {
    name: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Context {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Response {
    decision: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Reason {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Producer {
    #[serde(rename = "service.name")]
    name: &'static str,
    #[serde(rename = "service.namespace")]
    chain: String,
    #[serde(rename = "service.instance.id")]
    origin: String,
}

/// The line of a record, if a service decided there about another party's request.
pub fn project(logged: Logged<'_>) -> Option<Line> {
    let record = logged.record;
    let service = answered_as(record)?;
    let undecided = record.result == Outcome::Error && record.decision.verdict == Verdict::Denied;
    Some(Line {
        trace_id: logged.trace_id(),
        span_id: logged.span_id(0),
        event_name: "adl.access_evaluation",
        timestamp: logged.millis(),
        status: if undecided { Status::Error } else { Status::Unset },
        attributes: Attributes {
            policies: Policies { agreement: format!("{}@sha256:{}", record.chain, record.decision.policy) },
            transaction: record.transaction,
        },
        body: Body {
            request: request(record, service),
            response: (!undecided).then(|| Response {
                decision: record.decision.verdict == Verdict::Allowed,
                context: record.decision.reason.clone().map(|reason| Reason { reason }),
            }),
        },
        resource: Producer {
            name: "ketenwijzer",
            chain: record.chain.to_string(),
            origin: logged.origin.to_owned(),
        },
    })
}

fn request(record: &AccessRecord, service: &'static str) -> Request {
    let organisation = format!("oin:{}", record.party);
    let subject = match &record.actor {
        Some(actor) => Entity {
            r#type: "user",
            id: actor.id.to_string(),
            properties: Some(Properties {
                subject_organization_id: organisation,
                subject_role: actor.role.to_string(),
                assurance: actor.assurance.clone(),
            }),
        },
        None => Entity { r#type: "organization", id: organisation, properties: None },
    };
    let about = record.subject.map_or_else(|| record.chain.to_string(), |subject| subject.to_string());
    Request {
        subject,
        action: Named { name: record.event.code() },
        resource: Entity { r#type: service, id: about, properties: None },
        context: Context {
            time: record.at.to_string(),
            purpose: record.purpose.clone(),
            categories: record.categories.clone(),
            relation: record.relation.as_ref().map(|relation| relation.basis.clone()),
            representation: record.representation.clone(),
        },
    }
}
