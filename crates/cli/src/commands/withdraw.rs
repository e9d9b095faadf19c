//! `withdraw`: takes pointers back. Many at once only with the number of them.

use clap::{ArgGroup, Args};
use kw_domain::{Category, PointerId, SourceName};
use kw_protocol::local::WithdrawalRequest;
use kw_protocol::pointer::{PointerSelector, WithdrawalReason};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::canonical_bsn;

/// The arguments.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(false)
    .args(["pointer", "record", "every_category", "every_source", "everything"]))]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
    /// The pointer with this id.
    #[arg(long, value_name = "ID", value_parser = pointer_id)]
    pointer: Option<PointerId>,
    /// The record with this key, of --source in --category.
    #[arg(long, value_name = "KEY", requires = "source", requires = "category")]
    record: Option<String>,
    /// The source of the record.
    #[arg(long, value_name = "NAME", requires = "record", value_parser = SourceName::parse)]
    source: Option<SourceName>,
    /// The category of the record.
    #[arg(long, requires = "record", value_parser = Category::parse)]
    category: Option<Category>,
    /// Whom the record is about, for a source that is not a FHIR server: - reads the number from standard input.
    #[arg(long, value_name = "NUMBER|-", requires = "record")]
    bsn: Option<String>,
    /// Every pointer of this category.
    #[arg(long, value_name = "CATEGORY", requires = "expect", value_parser = Category::parse)]
    every_category: Option<Category>,
    /// Every pointer of this source.
    #[arg(long, value_name = "NAME", requires = "expect", value_parser = SourceName::parse)]
    every_source: Option<SourceName>,
    /// Every pointer there is.
    #[arg(long, requires = "expect")]
    everything: bool,
    /// How many you believe that are; if it is another number, none is withdrawn.
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Why.
    #[arg(long, value_parser = reason)]
    reason: WithdrawalReason,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let client = arguments.partner.client()?;
    let withdrawn = client.withdraw(&arguments.request()?).await?;
    output.data(&withdrawn, || format!("{} withdrawn", withdrawn.withdrawn));
    Ok(Exit::Done)
}

impl Arguments {
    fn request(self) -> Result<WithdrawalRequest, Failure> {
        let reason = self.reason;
        let subject = self.bsn.as_deref().map(|bsn| canonical_bsn(bsn, "--bsn")).transpose()?;
        Ok(match (self.pointer, self.record, self.source, self.category) {
            (Some(pointer), ..) => WithdrawalRequest::Pointer { pointer, reason },
            (None, Some(record), Some(source), Some(category)) => {
                WithdrawalRequest::Record { source, category, record, subject, reason }
            }
            _ => WithdrawalRequest::Many {
                selector: PointerSelector {
                    category: self.every_category,
                    source: self.every_source,
                    all: self.everything,
                },
                // clap demands a number with each of these; a number that is wrong withdraws nothing.
                expected_count: self.expect.unwrap_or_default(),
                reason,
            },
        })
    }
}

fn pointer_id(text: &str) -> Result<PointerId, String> {
    text.parse().map_err(|_| "a pointer's id is a UUID".to_owned())
}

fn reason(text: &str) -> Result<WithdrawalReason, String> {
    WithdrawalReason::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = WithdrawalReason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("write one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parse(line: &str) -> Result<WithdrawalRequest, clap::Error> {
        let words = format!("withdraw --config p.toml --reason deceased {line}");
        Line::try_parse_from(words.split_whitespace()).map(|line| line.arguments.request().unwrap())
    }

    #[test]
    fn many_are_withdrawn_only_with_their_number() {
        let many = parse("--every-category care --expect 3").unwrap();
        assert!(
            matches!(many, WithdrawalRequest::Many { expected_count: 3, ref selector, .. } if !selector.all)
        );
        for missing in ["--every-category care", "--everything", "--every-source s", ""] {
            assert!(parse(missing).is_err(), "{missing}");
        }
    }

    #[test]
    fn a_record_needs_its_source_and_category() {
        assert!(matches!(parse("--record 7 --source s --category c"), Ok(WithdrawalRequest::Record { .. })));
        for missing in
            ["--record 7", "--record 7 --source s", "--source s --category c", "--everything --record 7"]
        {
            assert!(parse(missing).is_err(), "{missing}");
        }
    }
}
