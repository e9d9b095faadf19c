//! `mandates`: who may act for whom, kept by the parties that the agreement names for it.
//!
//! People are named on standard input, one number on a line, in the order in which a command asks for them.

use clap::{Args, Subcommand, ValueEnum};
use kw_domain::{Category, Instant, MandateId};
use kw_protocol::mandate::local::{
    ConfirmationRequest, MandateRequest, MandateSearch, MandateWithdrawalRequest,
};
use kw_protocol::mandate::{Mandate, MandateAct, MandateKind, Mandates, Side};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::subject::{canonical_bsn, check_birth_date};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a mandate: the representative on the first line of standard input, the represented person on the second.
    Register(Register),
    /// Confirm a mandate for somebody whom you identified, on standard input.
    Confirm(OfPerson),
    /// Take a mandate back: for somebody on standard input, or for your own organisation without --side.
    Withdraw(Withdraw),
    /// List the mandates of somebody on standard input.
    List(List),
}

/// `mandates register`.
#[derive(Debug, Args)]
pub(crate) struct Register {
    #[command(flatten)]
    partner: Partner,
    /// Why somebody may act for another.
    #[arg(long, value_parser = kind)]
    kind: MandateKind,
    /// The represented person's birth date: the age band and the end follow from it. Goes to nobody.
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// The age band, if you give no birth date.
    #[arg(long, value_name = "NAME", conflicts_with = "birth_date", requires = "valid_until")]
    age_band: Option<String>,
    /// For this category; may be repeated.
    #[arg(long = "category", value_name = "CATEGORY", required = true, value_parser = Category::parse)]
    categories: Vec<Category>,
    /// For this act; may be repeated.
    #[arg(long = "act", value_name = "ACT", value_enum, default_value = "view")]
    acts: Vec<Act>,
    /// It ends then (RFC 3339); as late as may be without it.
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    valid_until: Option<Instant>,
}

/// One mandate and one of its people.
#[derive(Debug, Args)]
pub(crate) struct OfPerson {
    #[command(flatten)]
    partner: Partner,
    /// Which mandate.
    #[arg(long, value_name = "ID", value_parser = MandateId::parse)]
    mandate: MandateId,
    /// Which side the person is.
    #[arg(long, value_enum)]
    side: OneSide,
}

/// `mandates withdraw`.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    partner: Partner,
    /// Which mandate.
    #[arg(long, value_name = "ID", value_parser = MandateId::parse)]
    mandate: MandateId,
    /// Which side the person is who takes it back; your own organisation does without it.
    #[arg(long, value_enum)]
    side: Option<OneSide>,
}

/// `mandates list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    /// Which side the person is.
    #[arg(long, value_enum)]
    side: OneSide,
}

/// What a representative may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Act {
    /// Report a mistake to a holder.
    Feedback,
    /// Object, or give and take back consent.
    Object,
    /// See what there is.
    View,
}

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OneSide {
    /// Who acts.
    Representative,
    /// For whom.
    Represented,
}

/// Runs one.
pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Register(arguments) => register(arguments, output).await,
        Command::Confirm(arguments) => {
            let request = ConfirmationRequest {
                mandate: arguments.mandate,
                side: arguments.side.into(),
                subject: person()?,
            };
            let mandate = arguments.partner.client()?.confirm_mandate(&request).await?;
            output.data(&mandate, || readable(&mandate));
            Ok(Exit::Done)
        }
        Command::Withdraw(arguments) => {
            let request = MandateWithdrawalRequest {
                mandate: arguments.mandate,
                side: arguments.side.map(Side::from),
                subject: arguments.side.map(|_| person()).transpose()?,
            };
            let mandate = arguments.partner.client()?.withdraw_mandate(&request).await?;
            output.data(&mandate, || readable(&mandate));
            Ok(Exit::Done)
        }
        Command::List(arguments) => {
            let request = MandateSearch { subject: person()?, side: arguments.side.into() };
            let found = arguments.partner.client()?.search_mandates(&request).await?;
            output.data(&found, || listed(&found));
            Ok(Exit::Done)
        }
    }
}

async fn register(arguments: Register, output: Output) -> Result<Exit, Failure> {
    if arguments.birth_date.is_none() && arguments.age_band.is_none() {
        return Err(Failure::usage(
            "nobody knows at which age this counts",
            "add --birth-date or --age-band",
        ));
    }
    let request = MandateRequest {
        representative: person()?,
        represented: person()?,
        kind: arguments.kind,
        birth_date: check_birth_date(arguments.birth_date.as_deref())?,
        age_band: arguments.age_band,
        categories: arguments.categories,
        acts: arguments.acts.into_iter().map(MandateAct::from).collect(),
        valid_until: arguments.valid_until,
    };
    let registered = arguments.partner.client()?.register_mandate(&request).await?;
    output.data(&registered, || format!("mandate {} is {}", registered.id, registered.status.as_str()));
    Ok(Exit::Done)
}

/// The next line of standard input: a number is in no history and no process list.
fn person() -> Result<String, Failure> {
    canonical_bsn("-", "the number on standard input")
}

fn kind(text: &str) -> Result<MandateKind, String> {
    let all = MandateKind::ALL.map(MandateKind::as_str).join(", ");
    MandateKind::parse(text).ok_or_else(|| format!("expected one of: {all}"))
}

fn readable(mandate: &Mandate) -> String {
    format!("mandate {} is {}", mandate.id, mandate.status.as_str())
}

fn listed(found: &Mandates) -> String {
    if found.mandates.is_empty() {
        return "no mandates of the kinds that you register".to_owned();
    }
    let mut rows = table(["mandate", "kind", "ages", "status", "until"]);
    for one in &found.mandates {
        let until = one.valid_until.to_string();
        rows.add_row([
            one.id.to_string().as_str(),
            one.kind.as_str(),
            &one.age_band,
            one.status.as_str(),
            &until,
        ]);
    }
    rows.to_string()
}

impl From<Act> for MandateAct {
    fn from(act: Act) -> Self {
        match act {
            Act::Feedback => Self::Feedback,
            Act::Object => Self::Object,
            Act::View => Self::View,
        }
    }
}

impl From<OneSide> for Side {
    fn from(side: OneSide) -> Self {
        match side {
            OneSide::Representative => Self::Representative,
            OneSide::Represented => Self::Represented,
        }
    }
}
