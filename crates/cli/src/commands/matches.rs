//! `matches`: with whom the partner that runs here has something to speak about, and how far that is.

use std::fmt::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use kw_domain::MatchId;
use kw_protocol::matching::{FollowUp, Match, MatchFigures, MatchState, MatchesAsked, OwnMatch};

use super::local::Partner;
use crate::asker::AskerArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, escaped, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show matches, newest first: those that live, unless told otherwise.
    List(List),
    /// Show one match: who holds, where they are reached, and your own records.
    Show(One),
    /// Say that you are in contact with the other holders.
    Contact(Word),
    /// Say, as a coordinator, that help is coordinated.
    Coordinated(Word),
    /// Show numbers about all matches, as a coordinator.
    Figures(Figures),
}

/// `matches list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    /// In this state only.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Those that ended, too.
    #[arg(long)]
    all: bool,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on from where an earlier call ended: its `nextCursor`, with the same filter.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// `matches show`.
#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    partner: Partner,
    /// The match.
    #[arg(value_name = "ID", value_parser = MatchId::parse)]
    id: MatchId,
}

/// `matches contact` and `matches coordinated`.
#[derive(Debug, Args)]
pub(crate) struct Word {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    asker: AskerArguments,
    /// The match.
    #[arg(value_name = "ID", value_parser = MatchId::parse)]
    id: MatchId,
}

/// `matches figures`.
#[derive(Debug, Args)]
pub(crate) struct Figures {
    #[command(flatten)]
    partner: Partner,
}

/// The states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Not every holder has read of it.
    Arisen,
    /// Every holder was told.
    Notified,
    /// The holders speak to each other.
    InContact,
    /// Help is coordinated.
    Coordinated,
    /// It dissolved before that.
    Lapsed,
}

impl From<State> for MatchState {
    fn from(state: State) -> Self {
        match state {
            State::Arisen => Self::Arisen,
            State::Notified => Self::Notified,
            State::InContact => Self::InContact,
            State::Coordinated => Self::Coordinated,
            State::Lapsed => Self::Lapsed,
        }
    }
}

/// Runs one.
pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::List(List { partner, state, all, limit, cursor }) => {
            let live = (!all && state.is_none()).then_some(true);
            let asked = MatchesAsked { state: state.map(MatchState::from), live, cursor, limit: Some(limit) };
            let page = partner.client()?.matches(&asked).await?;
            output.data(&page, || rows(&page.matches));
        }
        Command::Show(One { partner, id }) => {
            let found = partner.client()?.found_match(id).await?;
            output.data(&found, || readable(&found));
        }
        Command::Contact(Word { partner, asker, id }) => {
            let given = FollowUp { actor: asker.actor()? };
            let found = partner.client()?.say_contact(id, &given).await?;
            output.data(&found, || readable(&found));
        }
        Command::Coordinated(Word { partner, asker, id }) => {
            let given = FollowUp { actor: asker.actor()? };
            let found = partner.client()?.say_coordinated(id, &given).await?;
            output.data(&found, || readable(&found));
        }
        Command::Figures(Figures { partner }) => {
            let figures = partner.client()?.match_figures().await?;
            output.data(&figures, || numbers(&figures));
        }
    }
    Ok(Exit::Done)
}

fn rows(matches: &[Match]) -> String {
    if matches.is_empty() {
        return "no such match".to_owned();
    }
    let mut table = table(["match", "about", "state", "arisen", "contact by", "holders"]);
    for one in matches {
        let names: Vec<&str> = one.holders.iter().map(|line| line.holder.name.as_str()).collect();
        table.add_row([
            one.id.to_string().as_str(),
            one.kind.as_str(),
            &state(one),
            &one.arisen_at.to_string(),
            &one.contact_by.to_string(),
            &names.join(", "),
        ]);
    }
    table.to_string()
}

fn state(one: &Match) -> String {
    let escalated = if one.escalated_at.is_some() { ", escalated" } else { "" };
    format!("{}{escalated}", one.state.as_str())
}

fn readable(found: &OwnMatch) -> String {
    let one = &found.shared;
    let mut text = format!("match {} ({}) is {}\n", one.id, one.kind.as_str(), state(one));
    let mut holders = table(["holder", "contact", "told", "contact made"]);
    let moment = |at: Option<kw_domain::Instant>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for line in &one.holders {
        let (told, contact) = (moment(line.notified_at), moment(line.contacted_at));
        holders.add_row([line.holder.name.as_str(), &line.contact, &told, &contact]);
    }
    text.push_str(&holders.to_string());
    for coordinator in &one.coordinators {
        // Writing to a string cannot fail.
        let _ = write!(text, "\ncoordinator: {}, {}", coordinator.party.name, coordinator.contact);
    }
    for record in &found.own_records {
        let _ = write!(
            text,
            "\nyour record: {} in {} ({})",
            escaped(&record.record),
            record.source,
            record.category
        );
    }
    text
}

fn numbers(figures: &MatchFigures) -> String {
    if figures.figures.is_empty() {
        return "no matches yet".to_owned();
    }
    let mut table = table(["month", "category", "state", "matches"]);
    for figure in &figures.figures {
        let count =
            figure.count.map_or_else(|| format!("fewer than {}", figures.smallest), |n| n.to_string());
        table.add_row([figure.month.as_str(), figure.category.as_str(), figure.state.as_str(), &count]);
    }
    table.to_string()
}
