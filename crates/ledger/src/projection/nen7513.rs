//! NEN 7513:2018, as JSON: who did what to whose file, for the health-care side of a chain.
//!
//! Field names are the standard's, in Dutch; the map is in `docs/logging.md`.

use kw_domain::{Instant, Oin};
use serde::Serialize;

use crate::{AccessRecord, Action, Event, Logged, Outcome, Verdict};

/// One line of the log (NEN 7513 §7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    gebeurtenis: Gebeurtenis,
    gebruikers: Vec<Gebruiker>,
    objecten: Vec<Object>,
    loggegevens: Loggegevens,
    tracering: Tracering,
}

/// §7.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gebeurtenis {
    gebeurteniscode: Code,
    actiecode: char,
    datum_tijd: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    aard: Option<Code>,
    resultaat: u8,
    controles: String,
}

/// §7.3
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Gebruiker {
    gebruikers_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lokale_gebruikers_id: Option<String>,
    rol: Code,
    initiator: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verantwoordelijke_gebruiker_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verantwoordelijke_gebruiker_rol: Option<Code>,
}

/// §7.4
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    identificatortype: Code,
    klasse: u8,
    identificator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    autorisatieprotocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    behandelrelatieprotocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categorie: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zoekvraag: Option<String>,
}

/// §7.5
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Loggegevens {
    locatie: String,
    bron: String,
    regel: u64,
}

/// Not of the standard: what joins this line with the other logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tracering {
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fsc_transactie_id: Option<String>,
}

/// A code, and the list it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Code {
    code: String,
    codestelsel: String,
}

impl Code {
    fn new(code: impl ToString, codestelsel: impl Into<String>) -> Self {
        Self { code: code.to_string(), codestelsel: codestelsel.into() }
    }
}

/// The line of a record. Every record has one.
pub fn project(logged: Logged<'_>) -> Line {
    let record = logged.record;
    Line {
        gebeurtenis: Gebeurtenis {
            gebeurteniscode: Code::new(record.event.code(), "ketenwijzer-event"),
            actiecode: action_code(record.action),
            datum_tijd: record.at,
            aard: kind(record).map(|code| Code::new(code, "ketenwijzer-aard")),
            resultaat: result_code(record.result),
            controles: checks(record),
        },
        gebruikers: users(record),
        objecten: objects(logged),
        loggegevens: Loggegevens {
            locatie: organisation(record.service),
            bron: logged.origin.to_owned(),
            regel: logged.index,
        },
        tracering: Tracering {
            trace_id: logged.trace_id(),
            fsc_transactie_id: record.transaction.map(|id| id.to_string()),
        },
    }
}

/// §7.2.2
fn action_code(action: Action) -> char {
    match action {
        Action::Create => 'C',
        Action::Delete => 'D',
        Action::Execute => 'E',
        Action::Read => 'R',
        Action::Update => 'U',
    }
}

/// §7.2.5
fn result_code(result: Outcome) -> u8 {
    match result {
        Outcome::Success => 1,
        Outcome::Refused => 2,
        Outcome::Error => 3,
    }
}

/// §7.2.6: authorisation, treatment relation, consent, emergency procedure. Consent is no ground that a record knows.
fn checks(record: &AccessRecord) -> String {
    let allowed = record.decision.verdict == Verdict::Allowed;
    let is_based_on = |basis| record.relation.as_ref().is_some_and(|relation| relation.basis == basis);
    [allowed, is_based_on("listed"), false, is_based_on("emergency")]
        .map(|yes| if yes { 'T' } else { 'F' })
        .iter()
        .collect()
}

/// §7.2.4: tells the ordinary from the exceptional and from what is about the log itself.
fn kind(record: &AccessRecord) -> Option<&str> {
    match record.event {
        Event::AccessLogSearched
        | Event::LogRecovered
        | Event::ReceiptRefuted
        | Event::RecordsErased
        | Event::ResolutionApproved
        | Event::ResolutionRequested => Some("logging"),
        _ => record.relation.as_ref().map(|relation| relation.basis.as_str()),
    }
}

/// The person, then the organisation whose system called, then the one it acted for.
fn users(record: &AccessRecord) -> Vec<Gebruiker> {
    let mut users = Vec::with_capacity(3);
    if let Some(actor) = &record.actor {
        let id = format!("{}@{}", actor.id, organisation(record.party));
        let role = Code::new(&actor.role, format!("{}/roles", record.chain));
        users.push(Gebruiker {
            gebruikers_id: id.clone(),
            lokale_gebruikers_id: Some(actor.id.to_string()),
            rol: role.clone(),
            initiator: true,
            verantwoordelijke_gebruiker_id: Some(id),
            verantwoordelijke_gebruiker_rol: Some(role),
        });
    }
    let is_first = users.is_empty();
    users.push(system(record.party, "organisation", is_first));
    users.extend(record.on_behalf_of.map(|oin| system(oin, "principal", false)));
    users
}

fn system(oin: Oin, role: &str, initiator: bool) -> Gebruiker {
    Gebruiker {
        gebruikers_id: organisation(oin),
        lokale_gebruikers_id: None,
        rol: Code::new(role, "ketenwijzer-rol"),
        initiator,
        verantwoordelijke_gebruiker_id: None,
        verantwoordelijke_gebruiker_rol: None,
    }
}

/// What it was about, once for each category; then each grant, and each holder that no grant names.
fn objects(logged: Logged<'_>) -> Vec<Object> {
    let record = logged.record;
    let (class, kind, id) = match (&record.subject, &record.subjects) {
        (Some(subject), _) => (PERSON, "subject-reference", subject.to_string()),
        (None, Some(subjects)) => (PERSON, "subject-references-sha256", subjects.clone()),
        (None, None) => (SYSTEM, "log", logged.origin.to_owned()),
    };
    let blank = |class, kind, id| Object {
        identificatortype: Code::new(kind, "ketenwijzer-identificator"),
        klasse: class,
        identificator: id,
        details: None,
        autorisatieprotocol: format!("{}@sha256:{}", record.chain, record.decision.policy),
        behandelrelatieprotocol: None,
        categorie: None,
        zoekvraag: None,
    };
    let subject = Object {
        details: details(record),
        behandelrelatieprotocol: record
            .relation
            .as_ref()
            .map(|relation| format!("{}/relations/{}", record.chain, relation.basis)),
        zoekvraag: record.search.clone(),
        ..blank(class, kind, id)
    };
    let category = |category| Some(Code::new(category, format!("{}/categories", record.chain)));
    let mut objects: Vec<_> =
        record.categories.iter().map(|one| Object { categorie: category(one), ..subject.clone() }).collect();
    if objects.is_empty() {
        objects.push(subject);
    }
    objects.extend(record.grants.iter().map(|grant| Object {
        details: Some(join([
            ("holder", Some(organisation(grant.holder))),
            ("transaction", Some(grant.transaction.to_string())),
            ("outcome", grant.outcome.clone()),
        ])),
        categorie: category(&grant.category),
        ..blank(OTHER, "grant", grant.grant.to_string())
    }));
    let unnamed =
        record.holders.iter().filter(|holder| !record.grants.iter().any(|grant| grant.holder == **holder));
    objects.extend(unnamed.map(|holder| blank(ORGANISATION, "oin", organisation(*holder))));
    objects
}

fn details(record: &AccessRecord) -> Option<String> {
    let relation = record.relation.as_ref();
    let erased = record.erased.as_ref();
    let text = join([
        ("purpose", record.purpose.as_ref().map(ToString::to_string)),
        ("legal-basis", record.legal_basis.clone()),
        ("case", record.case.as_ref().map(ToString::to_string)),
        ("representation", record.representation.clone()),
        ("motivation", relation.and_then(|relation| relation.reason.clone())),
        ("count", record.count.map(|count| count.to_string())),
        ("denied-for", record.decision.reason.clone()),
        ("erased", erased.map(|range| format!("{} {}-{}", range.class, range.first, range.last))),
        ("keys", keys(record)),
        ("predecessor", record.predecessor.as_ref().map(|log| format!("{} {}", log.origin, log.size))),
    ]);
    (!text.is_empty()).then_some(text)
}

fn keys(record: &AccessRecord) -> Option<String> {
    let keys = record.keys.iter().map(|key| format!("{} {} {}", key.kind, key.id, key.sha256));
    (!record.keys.is_empty()).then(|| keys.collect::<Vec<_>>().join(", "))
}

fn join<const N: usize>(parts: [(&str, Option<String>); N]) -> String {
    let given = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    given.collect::<Vec<_>>().join("; ")
}

fn organisation(oin: Oin) -> String {
    format!("oin:{oin}")
}

/// §7.4.2
const PERSON: u8 = 1;
const SYSTEM: u8 = 2;
const ORGANISATION: u8 = 3;
const OTHER: u8 = 4;
