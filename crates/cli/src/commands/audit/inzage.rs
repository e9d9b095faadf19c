//! `audit inzage`: for a person who asks, what the logs of the whole chain say about them (GDPR art. 15).
//!
//! It asks the partner process that runs here, which the agreement must list under `[subject_access]`: that organisation
//! established who the person is. A switchboard's operator has no such command, because nobody there can know who asks.

use clap::{Args, ValueEnum};
use kw_domain::{CaseReference, Instant};
use kw_protocol::access_report::{AccessReport, AccessReportRequest, ReportLanguage};

use crate::asker::AskerArguments;
use crate::commands::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::{SubjectArguments, check_birth_date};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// The birth date as the person gives it: YYYY-MM-DD. Goes to nobody; holders compare a proof of it with their own.
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// You, who identified the person.
    #[command(flatten)]
    asker: AskerArguments,
    /// The person's request.
    #[arg(long, value_name = "REFERENCE", value_parser = CaseReference::parse)]
    case: CaseReference,
    /// In which language the report speaks.
    #[arg(long, value_enum, default_value_t = Language::Nl)]
    language: Language,
    /// Only what happened from this moment on (RFC 3339).
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    from: Option<Instant>,
    /// Only what happened before this moment (RFC 3339).
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    until: Option<Instant>,
}

/// The languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    En,
    /// Dutch.
    Nl,
}

/// An incomplete report is shown, and is a negative outcome: no script may take it for a whole one.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let request = AccessReportRequest {
        subject: arguments.subject.canonical()?,
        birth_date: check_birth_date(arguments.birth_date.as_deref())?,
        actor: arguments.asker.actor()?,
        case: arguments.case,
        language: match arguments.language {
            Language::En => ReportLanguage::En,
            Language::Nl => ReportLanguage::Nl,
        },
        from: arguments.from,
        until: arguments.until,
    };
    let report: AccessReport = arguments.partner.client()?.access_report(&request).await?;
    output.data(&report, || printable(&report.text));
    Ok(Exit::of(report.complete))
}

/// What other parties called themselves or their law must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}
