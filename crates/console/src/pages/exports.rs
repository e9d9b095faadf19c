//! `/exports`: records in the form of other systems, verified, to keep.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use askama::Template;
use kw_agreement::LogIdentity;
use kw_audit::reader::{Trust, until_published, verify_leaves};
use kw_audit::{ExportFormat, Exporter, Found, Period};
use kw_domain::Instant;
use kw_ledger::projection::fsc;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::{self, Choice, Fact};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, log_of, name_of, not_read, slug};
use crate::auditor::filter::day;
use crate::auditor::kept::{Export, VerifiedExport};

#[derive(Template)]
#[template(path = "exports.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    asked: Asked,
    logs: Vec<Choice>,
    formats: Vec<Choice>,
    made: Option<Vec<Fact>>,
    sound: bool,
}

struct Asked {
    log: String,
    format: String,
    from: String,
    until: String,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    auditor(&by)?;
    let asked = Asked {
        log: "switchboard".to_owned(),
        format: "nen7513".to_owned(),
        from: String::new(),
        until: String::new(),
    };
    page(&by, &console, &Problems::new(), asked)
}

/// `POST /exports`: reads, verifies and writes; the file is kept until the session ends or another one is made.
pub(crate) async fn make(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let get = |name: &str| form.get(name).to_owned();
    let asked = Asked { log: get("log"), format: get("format"), from: get("from"), until: get("until") };
    let mut problems = Problems::new();
    let log =
        problems.take("log", "console-wrong-choice", log_of(&console.agreement(), &asked.log).ok_or(()));
    let format = ExportFormat::ALL.into_iter().find(|format| format.as_str() == asked.format);
    let format = problems.take("format", "console-wrong-choice", format.ok_or(()));
    let mut moment = |field, text: &str, later| {
        if text.is_empty() {
            return None;
        }
        problems.take(field, "console-wrong-day", day(text, later).ok_or(()))
    };
    let period = Period { from: moment("from", &asked.from, 0), until: moment("until", &asked.until, 1) };
    if period.from.zip(period.until).is_some_and(|(from, until)| from >= until) {
        problems.add("until", "console-wrong-order");
    }
    let (Some(log), Some(format), true) = (log, format, problems.is_empty()) else {
        return page(by, &console, &problems, asked);
    };
    let export = match in_time(read(by, &console, log, format, period)).await {
        Err(Failure::Problem { code: ProblemCode::TooLarge }) => {
            problems.add("from", "exports-too-large");
            return page(by, &console, &problems, asked);
        }
        made => made?,
    };
    by.session.data().auditor.export = Some(export);
    Ok(go_to("/exports"))
}

/// `GET /exports/file`.
pub(crate) async fn download(by: By) -> Outcome {
    auditor(&by)?;
    let data = by.session.data();
    let export = data.auditor.export.as_ref().ok_or_else(Failure::not_found)?;
    let name = format!("{}-{}.jsonl", slug(export.log), export.format.as_str());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jsonl"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(export.file.clone()))
}

async fn read(
    by: &By,
    console: &Console,
    identity: LogIdentity,
    format: ExportFormat,
    period: Period,
) -> Result<Export, Failure> {
    let agreement = console.agreement();
    let source = console.service(&identity)?.log;
    let trust = Trust::of(&agreement, &identity).map_err(|_| Failure::fault())?;
    let mut log = console.records(identity, &by.user().id, period)?;
    let peers = fsc::Peers { switchboard: agreement.switchboard().oin };
    let mut exporter = Exporter::new(Vec::new(), format, peers);
    let mut leaves = BTreeMap::new();
    loop {
        let mut batch: Vec<Found> = Vec::new();
        while batch.len() < Exporter::<Vec<u8>>::BATCH {
            match log.next().await.map_err(|error| not_read(&error))? {
                Some(found) => batch.push(found),
                None => break,
            }
        }
        if batch.is_empty() {
            break;
        }
        leaves.extend(batch.iter().map(|found| (found.index, found.leaf)));
        exporter.write(batch.iter().map(|found| log.logged(found))).map_err(|_| Failure::fault())?;
        if exporter.out.len() > LARGEST {
            return Err(Failure::Problem { code: ProblemCode::TooLarge });
        }
    }
    // What was read just now is signed within a second, and cosigned soon after it.
    let size = leaves.last_key_value().map_or(0, |(newest, _)| newest + 1);
    until_published(&source, &trust, size, PUBLISHED_WITHIN).await;
    let verified = match verify_leaves(&source, &trust, &leaves).await {
        Ok((verified, compared)) => Ok(VerifiedExport {
            signed: verified.newest.checkpoint().size,
            witnessed: verified.witnessed.map_or(0, |witnessed| witnessed.signed.checkpoint().size),
            other: compared.other.len() as u64,
            later: compared.later,
            unwitnessed: compared.unwitnessed,
        }),
        Err(error) if error.is_verdict() => Err(error.to_string()),
        Err(_) => return Err(Failure::unavailable()),
    };
    Ok(Export {
        period,
        log: log.identity.owner,
        format,
        made: console.clock.now(),
        tally: log.tally,
        lines: exporter.lines,
        sha256: kw_audit::sha256_hex(&exporter.out),
        verified,
        file: exporter.out.into(),
    })
}

fn page(by: &By, console: &Console, problems: &Problems, asked: Asked) -> Outcome {
    let agreement = console.agreement();
    let f = by.frame("console-exports");
    let format =
        |one: ExportFormat| Choice { value: one.as_str().to_owned(), label: f.t_of("format", one.as_str()) };
    let (made, sound) = {
        let data = by.session.data();
        let export = data.auditor.export.as_ref();
        let sound = export.is_some_and(Export::is_sound);
        (export.map(|export| facts(&f, console, export)), sound)
    };
    f.page(&Page {
        problems,
        asked,
        logs: view::logs(&agreement, &agreement.logs()),
        formats: ExportFormat::ALL.map(format).into(),
        made,
        sound,
        f: &f,
    })
}

fn facts(f: &Frame, console: &Console, export: &Export) -> Vec<Fact> {
    let agreement = console.agreement();
    let fact = |label: &str, value: String| Fact { label: f.t(label), value };
    let log = agreement.log_of(export.log).map(|log| name_of(&agreement, log.oin)).unwrap_or_default();
    let moment = |at: Option<Instant>| at.map_or_else(|| f.t("exports-open"), |at| f.moment(at));
    let verified = match &export.verified {
        Ok(verified) => vec![
            fact("exports-signed", verified.signed.to_string()),
            fact("exports-witnessed", verified.witnessed.to_string()),
            fact("exports-other", verified.other.to_string()),
            fact("exports-later", verified.later.to_string()),
            fact("exports-unwitnessed", verified.unwitnessed.to_string()),
        ],
        Err(reason) => vec![fact("exports-log", f.t1("exports-not-verified", "reason", reason))],
    };
    let mut facts = vec![
        fact("field-log", log),
        fact("field-format", f.t_of("format", export.format.as_str())),
        fact("fact-at", f.moment(export.made)),
        fact("exports-records", export.tally.records.to_string()),
        fact("exports-erased", export.tally.erased.to_string()),
        fact("exports-unsound", export.tally.unsound.to_string()),
        fact("exports-unreadable", export.tally.unreadable.to_string()),
        fact("exports-lines", export.lines.to_string()),
        fact("field-from", moment(export.period.from)),
        fact("exports-until", moment(export.period.until)),
        fact("exports-sha256", export.sha256.clone()),
    ];
    facts.extend(verified);
    facts
}

/// On a busy machine. What is not published then is counted, and the file is not called sound.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(20);
/// One file in memory, for the length of the session.
const LARGEST: usize = 32 * 1024 * 1024;
