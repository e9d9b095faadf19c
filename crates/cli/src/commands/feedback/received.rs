//! `feedback received`: the holder's own people look what was reported, and say what becomes of it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use kw_domain::{AttachmentId, FeedbackId, Instant, Oin};
use kw_protocol::feedback::{
    AnnotateFeedback, FeedbackListed, FeedbackOutcome, FeedbackSide, FeedbackStatus, FeedbackSummary,
    FeedbackView, NewAnnotation,
};

use crate::asker::AskerArguments;
use crate::commands::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, escaped, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the reports that were received, the oldest first.
    List(List),
    /// Show one report with all that was said.
    Show(Which),
    /// Say what becomes of a report, or only something about it.
    Annotate(Box<Annotate>),
    /// Save one file of a report.
    Attachment(Attachment),
}

/// Which reports.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    /// Only with this status.
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only those that were not taken up in time.
    #[arg(long)]
    overdue: bool,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on from where an earlier call ended: its `nextCursor`, with the same filter.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// Which report.
#[derive(Debug, Args)]
pub(crate) struct Which {
    #[command(flatten)]
    partner: Partner,
    /// The report.
    #[arg(value_name = "ID", value_parser = report_id)]
    id: FeedbackId,
}

/// What somebody says.
#[derive(Debug, Args)]
pub(crate) struct Annotate {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    asker: AskerArguments,
    /// What becomes of it.
    #[arg(long, value_enum)]
    status: Option<Set>,
    /// What came of it: with `--status settled`.
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    /// In your own words. The reporter reads it.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When it will be done (RFC 3339): with `--status planned`.
    #[arg(long, value_name = "MOMENT")]
    planned_for: Option<Instant>,
    /// Who should handle it: with `--status wrong-holder`.
    #[arg(long, value_name = "OIN", value_parser = Oin::parse)]
    handler: Option<Oin>,
}

/// Which file, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Attachment {
    #[command(flatten)]
    which: Which,
    /// The file.
    #[arg(value_name = "ATTACHMENT", value_parser = attachment_id)]
    file: AttachmentId,
    /// A file that does not exist yet.
    #[arg(long, value_name = "FILE")]
    save_to: PathBuf,
}

/// The statuses of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// Somebody looks into it.
    InProgress,
    /// There is not enough to go by.
    InsufficientInformation,
    /// A date is set.
    Planned,
    /// It waits.
    Reported,
    /// It is settled.
    Settled,
    /// The reporter took it back.
    Withdrawn,
    /// It is another holder's.
    WrongHolder,
}

/// The statuses that the holder sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Set {
    /// You look into it.
    InProgress,
    /// There is not enough to go by: say what is missing with `--note`.
    InsufficientInformation,
    /// You set a date with `--planned-for`.
    Planned,
    /// It is settled: say how with `--outcome`.
    Settled,
    /// It is another holder's: say whose with `--handler`.
    WrongHolder,
}

/// The outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    /// Some values were wrong and are mended.
    PartlyUpheld,
    /// The values stay.
    Rejected,
    /// The values were wrong and are mended.
    Upheld,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::List(list) => {
            let asked = FeedbackListed {
                status: list.status.map(Into::into),
                overdue: list.overdue.then_some(true),
                limit: Some(list.limit),
                cursor: list.cursor,
            };
            let found = list.partner.client()?.received_feedback(&asked).await?;
            output.data(&found, || listed(&found.reports));
        }
        Command::Show(which) => {
            let view = which.partner.client()?.received_feedback_report(which.id).await?;
            output.data(&view, || shown(&view));
        }
        Command::Annotate(said) => {
            let annotation = NewAnnotation {
                status: said.status.map(Into::into),
                outcome: said.outcome.map(Into::into),
                note: said.note,
                planned_for: said.planned_for,
                handler: said.handler,
                contact: None,
            };
            let annotation = AnnotateFeedback { actor: said.asker.actor()?, annotation };
            let client = said.which.partner.client()?;
            let view = client.annotate_received_feedback(said.which.id, &annotation).await?;
            output.data(&view, || format!("{}: {}", view.id, view.status.code()));
        }
        Command::Attachment(wanted) => {
            let client = wanted.which.partner.client()?;
            let file = client.received_attachment(wanted.which.id, wanted.file).await?;
            let content = STANDARD
                .decode(&file.content)
                .map_err(|_| Failure::fault("the partner process gave a file that cannot be read"))?;
            save(&wanted.save_to, &content)?;
            let saved = format!("{} bytes in {}", content.len(), wanted.save_to.display());
            output.data(&file.view, || saved);
        }
    }
    Ok(Exit::Done)
}

/// Writes a new file that only this user may read.
fn save(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(content));
    written.map_err(|error| {
        let what = format!("cannot write {}: {error}", path.display());
        Failure::usage(what, "name a file that does not exist yet with --save-to")
    })
}

fn listed(reports: &[FeedbackSummary]) -> String {
    let mut table = table(["report", "status", "take up by", "reporter", "category", "source"]);
    for report in reports {
        let overdue = if report.overdue { " (overdue)" } else { "" };
        let (status, take_up_by) = match report.handler {
            // Nobody here is to take up what another holder handles.
            Some(handler) => (format!("handled by {handler}"), "-".to_owned()),
            None => (report.status.code().to_owned(), format!("{}{overdue}", report.take_up_by)),
        };
        table.add_row([
            report.id.to_string(),
            status,
            take_up_by,
            report.reporter.to_string(),
            report.category.to_string(),
            report.source.to_string(),
        ]);
    }
    table.to_string()
}

fn shown(view: &FeedbackView) -> String {
    let mut lines = vec![
        format!("{}: {} ({})", view.id, view.status.code(), view.category),
        format!("reported by {} ({})", view.reporter.name, view.reporter.oin),
        format!("take up by {}{}", view.take_up_by, if view.overdue { " (overdue)" } else { "" }),
    ];
    lines.extend(view.sent_on_by.map(|before| format!("sent on by {before}")));
    if view.handler.oin != view.holder.oin {
        lines.push(format!("handled by {} ({})", escaped(&view.handler.name), view.handler.oin));
    }
    let contacts = view.annotations.iter().filter_map(|said| said.content.contact.as_ref());
    lines.extend(contacts.map(|contact| {
        let parts =
            [Some(&contact.name), contact.department.as_ref(), Some(&contact.email), contact.phone.as_ref()];
        let parts: Vec<String> = parts.into_iter().flatten().map(|part| escaped(part)).collect();
        format!("contact: {}", parts.join(", "))
    }));
    let text = |value: &Option<_>| {
        value.as_ref().map_or_else(|| "-".to_owned(), |value: &serde_json::Value| escaped(&value.to_string()))
    };
    lines.extend(view.attributes.iter().map(|one| {
        format!("{}: doubted {}, proposed {}", escaped(&one.pointer), text(&one.doubted), text(&one.proposed))
    }));
    lines.extend(view.annotations.iter().map(|said| {
        let side = match said.side {
            FeedbackSide::Holder => "holder",
            FeedbackSide::Reporter => "reporter",
        };
        let status = said.content.status.map_or("note", FeedbackStatus::code);
        let note = escaped(said.content.note.as_deref().unwrap_or_default());
        format!("{} {side}: {status} {note}", said.at).trim_end().to_owned()
    }));
    lines.extend(view.attachments.iter().map(|file| {
        format!("{}: {} ({}, {} bytes)", file.id, escaped(&file.name), escaped(&file.media_type), file.size)
    }));
    lines.join("\n")
}

impl From<Status> for FeedbackStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::InProgress => Self::InProgress,
            Status::InsufficientInformation => Self::InsufficientInformation,
            Status::Planned => Self::Planned,
            Status::Reported => Self::Reported,
            Status::Settled => Self::Settled,
            Status::Withdrawn => Self::Withdrawn,
            Status::WrongHolder => Self::WrongHolder,
        }
    }
}

impl From<Set> for FeedbackStatus {
    fn from(set: Set) -> Self {
        match set {
            Set::InProgress => Self::InProgress,
            Set::InsufficientInformation => Self::InsufficientInformation,
            Set::Planned => Self::Planned,
            Set::Settled => Self::Settled,
            Set::WrongHolder => Self::WrongHolder,
        }
    }
}

impl From<Outcome> for FeedbackOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::PartlyUpheld => Self::PartlyUpheld,
            Outcome::Rejected => Self::Rejected,
            Outcome::Upheld => Self::Upheld,
        }
    }
}

fn report_id(text: &str) -> Result<FeedbackId, String> {
    text.parse().map_err(|_| "a report's id is a UUID".to_owned())
}

fn attachment_id(text: &str) -> Result<AttachmentId, String> {
    text.parse().map_err(|_| "a file's id is a UUID".to_owned())
}
