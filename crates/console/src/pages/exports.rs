//! `/exports`: records in the form of other systems, verified, to keep.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use askama::Template;
use kw_agreement::LogIdentity;
use kw_audit::reader::{LogSource, Trust, verify_log};
use kw_audit::{ExportFormat, Exporter, Found, Period};
use kw_ledger::projection::fsc;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::{self, Choice, Fact};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, log_of, name_of, not_asked, not_read, slug};
use crate::auditor::filter::day;
use crate::auditor::kept::Export;

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
    let export = in_time(read(by, &console, log, format, period)).await?;
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
    let source = LogSource::of(console.tls()?, &identity, console.context());
    let source = source.map_err(|error| not_asked(&error))?;
    let trust = Trust::of(&agreement, &identity).map_err(|_| Failure::fault())?;
    let verified = verify_log(&source, &trust, |_| ()).await;
    let verified = match verified {
        Ok(verified) => Ok(verified.newest.checkpoint().size),
        Err(error) if error.is_verdict() => Err(error.to_string()),
        Err(_) => return Err(Failure::unavailable()),
    };
    let mut log = console.records(identity, &by.user().id, period)?;
    let peers = fsc::Peers { switchboard: agreement.switchboard().oin };
    let mut exporter = Exporter::new(Vec::new(), format, peers);
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
        exporter.write(batch.iter().map(|found| log.logged(found))).map_err(|_| Failure::fault())?;
        if exporter.out.len() > LARGEST {
            return Err(Failure::Problem { code: ProblemCode::TooLarge });
        }
    }
    Ok(Export {
        log: log.identity.owner,
        format,
        made: console.clock.now(),
        tally: log.tally,
        lines: exporter.lines,
        sha256: kw_audit::sha256_hex(&exporter.out),
        verified,
        file: exporter.out,
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
        let sound = export.is_some_and(|export| export.verified.is_ok() && export.tally.is_sound());
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
    let verified = match &export.verified {
        Ok(size) => f.t1("exports-verified", "size", *size),
        Err(reason) => reason.clone(),
    };
    vec![
        fact("field-log", log),
        fact("field-format", f.t_of("format", export.format.as_str())),
        fact("fact-at", f.moment(export.made)),
        fact("exports-records", export.tally.records.to_string()),
        fact("exports-erased", export.tally.erased.to_string()),
        fact("exports-unsound", export.tally.unsound.to_string()),
        fact("exports-lines", export.lines.to_string()),
        fact("exports-log", verified),
        fact("exports-sha256", export.sha256.clone()),
    ]
}

/// One file in memory, for the length of the session.
const LARGEST: usize = 32 * 1024 * 1024;
