//! `reviews`: who reviews for a partner looks at the motivated and emergency questions of colleagues, and judges them.

use clap::{Args, Subcommand, ValueEnum};
use kw_domain::{ActorId, Instant, ReviewId, Role};
use kw_protocol::query::{Actor, Assurance};
use kw_protocol::review::{GiveVerdict, Review, ReviewSearch, ReviewState, Verdict};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, escaped, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show reviews, oldest first: those that wait, unless told otherwise.
    List {
        #[command(flatten)]
        who: Who,
        /// In which state.
        #[arg(long, value_enum, default_value_t = State::Open)]
        state: State,
        /// Only those that are due before then (RFC 3339).
        #[arg(long, value_name = "MOMENT")]
        due_before: Option<Instant>,
        /// At most so many.
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Go on from where an earlier call ended: its `nextCursor`, with the same filter.
        #[arg(long, value_name = "CURSOR")]
        cursor: Option<String>,
    },
    /// Say whether it was right to ask. Once, and never of your own question.
    Verdict {
        #[command(flatten)]
        who: Who,
        /// The review.
        #[arg(value_name = "ID")]
        id: ReviewId,
        /// What you found.
        #[arg(value_enum)]
        verdict: Judged,
        /// In your own words, without personal data. It is recorded.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

/// Who looks, at which partner.
#[derive(Debug, Args)]
pub(crate) struct Who {
    #[command(flatten)]
    partner: Partner,
    /// Who you are, as your organisation knows you. It is recorded.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    actor: ActorId,
    /// What you are to your organisation.
    #[arg(long, value_parser = Role::parse)]
    role: Role,
}

/// The states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Whatever the state.
    All,
    /// There was a ground.
    Justified,
    /// Nobody judged yet.
    Open,
    /// There was no ground.
    Unjustified,
}

/// The verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Judged {
    /// There was a ground.
    Justified,
    /// There was none.
    Unjustified,
}

impl Who {
    fn actor(&self) -> Actor {
        let (id, role) = (self.actor.clone(), self.role.clone());
        Actor { id, role, assurance: Assurance::Asserted, proof: None }
    }
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::List { who, state, due_before, limit, cursor } => {
            let state = match state {
                State::All => None,
                State::Justified => Some(ReviewState::Justified),
                State::Open => Some(ReviewState::Open),
                State::Unjustified => Some(ReviewState::Unjustified),
            };
            let search = ReviewSearch {
                reader: who.actor(),
                state,
                escalated: None,
                due_before,
                party: None,
                cursor,
                limit: Some(limit),
            };
            let page = who.partner.client()?.reviews(&search).await?;
            output.data(&page, || rows(&page.reviews));
        }
        Command::Verdict { who, id, verdict, note } => {
            let verdict = match verdict {
                Judged::Justified => Verdict::Justified,
                Judged::Unjustified => Verdict::Unjustified,
            };
            let given = GiveVerdict { actor: who.actor(), verdict, note };
            let review = who.partner.client()?.give_verdict(id, &given).await?;
            output.data(&review, || format!("judged {}: {}", verdict.code(), review.id));
        }
    }
    Ok(Exit::Done)
}

fn rows(reviews: &[Review]) -> String {
    if reviews.is_empty() {
        return "no such review".to_owned();
    }
    let mut table =
        table(["id", "asked", "due", "ground", "person", "role", "purpose", "case", "reason", "state"]);
    for review in reviews {
        let state = match (review.state, review.escalated_at) {
            (ReviewState::Open, None) => "open",
            (ReviewState::Open, Some(_)) => "open, passed on",
            (ReviewState::Justified, _) => "justified",
            (ReviewState::Unjustified, _) => "unjustified",
        };
        table.add_row([
            review.id.to_string().as_str(),
            &review.opened_at.to_string(),
            &review.due_at.to_string(),
            review.ground.as_str(),
            review.asker.id.as_str(),
            review.asker.role.as_str(),
            review.purpose.as_str(),
            review.case.as_str(),
            &escaped(&review.reason),
            state,
        ]);
    }
    table.to_string()
}
