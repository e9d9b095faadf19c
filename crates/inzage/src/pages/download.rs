//! Everything in one: as a page that prints well, and as JSON for a program.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use askama::Template;
use kw_domain::{Category, Instant, MandateId};
use kw_protocol::access_report::{AskedParty, ReportEntry};
use kw_protocol::consent::Consent;
use kw_protocol::dossier::LookupHolder;
use kw_protocol::local::feedback::SentReport;
use kw_protocol::mandate::{Mandate, MandateKind, Side};
use kw_protocol::objection::Objection;
use kw_web::{Failure, Frame, Outcome};
use serde::Serialize;

use super::{accesses, choices, corrections, holders, mandates, see};
use crate::app::App;
use crate::gathering::{Gathered, Got, Missing};
use crate::person::Person;
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "print.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    at: String,
    user: String,
    kinds: holders::Told,
    holders: Result<Vec<holders::Line>, String>,
    accesses: Result<accesses::View, String>,
    /// How many there are, where paper has only the newest.
    more: Option<usize>,
    choices: Result<choices::View, String>,
    mandates: Result<(Vec<mandates::Line>, Vec<mandates::Line>), String>,
    requests: Result<Vec<corrections::Line>, String>,
}

pub(crate) async fn print(by: Standing, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-download"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let (person, now) = (Person::of(by.user())?, by.shell.now());
    let page = Page {
        f: &f,
        about: &about,
        at: f.moment(gathered.at),
        user: by.user().name.clone(),
        kinds: holders::asked(words, &gathered.kinds),
        holders: told(words, &gathered.holders, |all| holders::lines(words, all)),
        accesses: told(words, &gathered.accesses, |all| {
            accesses::view(words, all, all.entries.iter().take(PRINTED))
        }),
        more: (gathered.accesses.as_ref().as_ref().ok())
            .map(|all| all.entries.len())
            .filter(|all| *all > PRINTED),
        choices: told(words, &gathered.choices, |all| choices::view(words, all, &person, now)),
        mandates: told(words, &gathered.mandates, |own| {
            let lines =
                |all: &[Mandate], side| all.iter().map(|one| mandates::line(words, one, side)).collect();
            (lines(&own.given, Side::Represented), lines(&own.received, Side::Representative))
        }),
        requests: told(words, &gathered.requests, |all| {
            all.iter().map(|one| corrections::line(words, one)).collect()
        }),
    };
    f.page(&page)
}

fn told<T, V>(words: Words<'_>, got: &Got<T>, view: impl FnOnce(&T) -> V) -> Result<V, String> {
    got.as_ref().map(view).map_err(|missing| words.missing(*missing))
}

/// Everything that was gathered. It names nobody's number, and no birth date.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Download<'a> {
    gathered_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    representing: Option<Representing<'a>>,
    kinds: Kinds<'a>,
    holders: Part<&'a [LookupHolder]>,
    accesses: Part<Accesses<'a>>,
    consents: Part<&'a [Consent]>,
    objections: Part<&'a [Objection]>,
    mandates: Part<Mandates<'a>>,
    correction_requests: Part<&'a [SentReport]>,
}

/// About which kinds of data holders were asked for, and of the agreement's others those that nobody asks for here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinds<'a> {
    asked: &'a [Category],
    outside_purpose: &'a [Category],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Representing<'a> {
    name: &'a str,
    kind: MandateKind,
    mandate: MandateId,
}

/// What is there, or why it is not.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<T> {
    There(T),
    Missing { missing: &'static str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accesses<'a> {
    made_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    complete: bool,
    cut: bool,
    kept_for: &'a str,
    parties: &'a [AskedParty],
    entries: &'a [ReportEntry],
}

#[derive(Serialize)]
struct Mandates<'a> {
    given: &'a [Mandate],
    received: &'a [Mandate],
}

pub(crate) async fn json(by: Standing) -> Outcome {
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let body = written(&gathered, &Person::of(by.user())?).map_err(|_| Failure::fault())?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"inzage.json\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}

fn written(gathered: &Gathered, person: &Person) -> serde_json::Result<String> {
    let held = person.mandate.as_ref();
    let download = Download {
        gathered_at: gathered.at,
        representing: held.map(|held| Representing { name: &held.name, kind: held.kind, mandate: held.id }),
        kinds: Kinds { asked: &gathered.kinds.asked, outside_purpose: &gathered.kinds.outside_purpose },
        holders: part(&gathered.holders, Vec::as_slice),
        accesses: part(&gathered.accesses, |accesses| Accesses {
            made_at: accesses.made_at,
            from: accesses.from,
            until: accesses.until,
            complete: accesses.complete,
            cut: accesses.cut,
            kept_for: &accesses.kept_for,
            parties: &accesses.parties,
            entries: &accesses.entries,
        }),
        consents: part(&gathered.choices, |choices| choices.consents.as_slice()),
        objections: part(&gathered.choices, |choices| choices.objections.as_slice()),
        mandates: part(&gathered.mandates, |own| Mandates { given: &own.given, received: &own.received }),
        correction_requests: part(&gathered.requests, Vec::as_slice),
    };
    serde_json::to_string_pretty(&download)
}

fn part<'a, T, V>(got: &'a Got<T>, view: impl FnOnce(&'a T) -> V) -> Part<V> {
    match got {
        Ok(there) => Part::There(view(there)),
        Err(Missing::NotCovered) => Part::Missing { missing: "not-covered-by-the-mandate" },
        Err(Missing::OwnOnly) => Part::Missing { missing: "for-themselves-only" },
        Err(Missing::Failed(code)) => Part::Missing { missing: code.code() },
    }
}

/// So many entries on paper; the file has all of them.
const PRINTED: usize = 150;
