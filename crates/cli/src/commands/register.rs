//! `register`: one record of a source, by hand.

use clap::Args;
use kw_domain::{Category, Instant, Purpose, SourceName};
use kw_protocol::local::RegistrationRequest;

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::SubjectArguments;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// What kind of data the source has.
    #[arg(long, value_parser = Category::parse)]
    category: Category,
    /// Which source has it.
    #[arg(long, value_name = "NAME", value_parser = SourceName::parse)]
    source: SourceName,
    /// The source's own key of the record.
    #[arg(long, value_name = "KEY")]
    record: String,
    /// Only findable for this purpose; may be repeated. All purposes of the category without it.
    #[arg(long = "purpose", value_name = "PURPOSE", value_parser = Purpose::parse)]
    purposes: Vec<Purpose>,
    /// Findable until then (RFC 3339); the category's longest term without it.
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    valid_until: Option<Instant>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let request = RegistrationRequest {
        subject: arguments.subject.canonical()?,
        category: arguments.category,
        source: arguments.source,
        record: arguments.record,
        purposes: arguments.purposes,
        valid_until: arguments.valid_until,
        reason: kw_protocol::pointer::RegistrationReason::default(),
    };
    let registered = arguments.partner.client()?.register(&request).await?;
    output.data(&registered, || {
        let pointer = serde_json::to_string_pretty(&registered).unwrap_or_default();
        format!("registered\n{pointer}")
    });
    Ok(Exit::Done)
}
