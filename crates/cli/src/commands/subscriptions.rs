//! `subscriptions`: where a party's signals are delivered, and what could not be.

use clap::{Args, Subcommand};
use kw_client::SignalClient;
use kw_domain::SubscriptionId;
use kw_protocol::signal::SignalType;
use kw_protocol::subscription::{
    CreateSubscription, DeadLetter, DeadLettersAsked, Filter, ReplayDeadLetters, Subscription,
};

use super::audit::access::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for signals: at an address, or, without one, in the feed.
    Create(CreateArguments),
    /// List the own subscriptions.
    List(Access),
    /// Show one.
    Show(OneArguments),
    /// Have its address asked again whether it agrees, and deliver what waits.
    Verify(OneArguments),
    /// List what could not be delivered.
    DeadLetters(DeadLetterArguments),
    /// Have what could not be delivered tried once more.
    Replay(ReplayArguments),
    /// End one.
    End(OneArguments),
}

/// A new subscription.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// As whom: the configuration of a partner, or of an auditor.
    #[command(flatten)]
    access: Access,
    /// Where signals are delivered: `https://` and an address of the own server. Without it they are read from the feed.
    #[arg(long, value_name = "URL")]
    sink: Option<String>,
    /// Which: review-due, match-arisen, pointer-registered, … Without any, all but those about the own pointers.
    #[arg(long = "type", value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    types: Vec<SignalType>,
    /// Of those only what passes this: `{"prefix":{"type":"nl.ketenwijzer.match-"}}`. All that are given must let it pass.
    #[arg(long = "filter", value_name = "JSON", value_parser = filter)]
    filters: Vec<Filter>,
    /// The own name for it. Nothing about a person.
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
}

/// A subscription that is there.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    #[command(flatten)]
    access: Access,
    /// Which one.
    #[arg(value_name = "ID", value_parser = SubscriptionId::parse)]
    subscription: SubscriptionId,
}

/// What could not be delivered.
#[derive(Debug, Args)]
pub(crate) struct DeadLetterArguments {
    #[command(flatten)]
    one: OneArguments,
    /// Only those with a later sequence.
    #[arg(long, value_name = "SEQUENCE")]
    after: Option<u64>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

/// What to try once more.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    one: OneArguments,
    /// Only this one; all without it.
    #[arg(long, value_name = "SEQUENCE")]
    sequence: Option<u64>,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    let one = match command {
        Command::List(access) => {
            let found = client(&access)?.subscriptions().await?;
            output.data(&found, || rows(&found.subscriptions));
            return Ok(Exit::Done);
        }
        Command::DeadLetters(DeadLetterArguments { one, after, limit }) => {
            let asked = DeadLettersAsked { after: after.map(|after| after.to_string()), limit: Some(limit) };
            let found = client(&one.access)?.dead_letters(one.subscription, &asked).await?;
            output.data(&found, || letters(&found.dead_letters));
            return Ok(Exit::Done);
        }
        Command::Replay(ReplayArguments { one, sequence }) => {
            let asked = ReplayDeadLetters { sequence: sequence.map(|sequence| sequence.to_string()) };
            let done = client(&one.access)?.replay(one.subscription, &asked).await?;
            output.data(&done, || format!("{} tried once more", done.replaying));
            return Ok(Exit::Done);
        }
        Command::Create(CreateArguments { access, sink, types, filters, reference }) => {
            let types = types.into_iter().map(SignalType::event_type).collect();
            let asked = CreateSubscription { sink, types, filters, reference };
            client(&access)?.subscribe(&asked).await?
        }
        Command::Show(OneArguments { access, subscription }) => {
            client(&access)?.subscription(subscription).await?
        }
        Command::Verify(OneArguments { access, subscription }) => {
            client(&access)?.verify_subscription(subscription).await?
        }
        Command::End(OneArguments { access, subscription }) => {
            client(&access)?.end_subscription(subscription).await?
        }
    };
    output.data(&one, || shown(&one));
    Ok(Exit::Done)
}

fn client(access: &Access) -> Result<SignalClient, Failure> {
    let config = access.load()?;
    Ok(SignalClient::new(&config.tls()?, &config.agreement()?, super::audit::context())?)
}

fn rows(subscriptions: &[Subscription]) -> String {
    if subscriptions.is_empty() {
        return "no subscriptions".to_owned();
    }
    let mut table = table(["subscription", "where", "status", "why", "up to", "dead letters"]);
    for one in subscriptions {
        table.add_row([
            one.id.to_string().as_str(),
            one.sink.as_deref().unwrap_or("the feed"),
            one.status.code(),
            one.failure.map_or("", |failure| failure.code()),
            one.reached.as_str(),
            one.dead_letters.to_string().as_str(),
        ]);
    }
    table.to_string()
}

fn shown(one: &Subscription) -> String {
    let mut lines = vec![rows(std::slice::from_ref(one))];
    lines.extend(one.types.iter().map(|kind| format!("  {kind}")));
    lines.extend(one.next_attempt_at.map(|at| format!("tried {} times; again at {at}", one.attempts)));
    lines.join("\n")
}

fn letters(dead: &[DeadLetter]) -> String {
    if dead.is_empty() {
        return "everything was delivered".to_owned();
    }
    let mut table = table(["sequence", "what", "why", "tried", "last at", ""]);
    for letter in dead {
        let what = match &letter.signal {
            Some(signal) => signal.known().map_or(signal.kind.as_str(), |kind| kind.code()),
            None => "no longer kept",
        };
        table.add_row([
            letter.sequence.as_str(),
            what,
            letter.failure.code(),
            letter.attempts.to_string().as_str(),
            letter.failed_at.to_string().as_str(),
            if letter.replaying { "once more" } else { "" },
        ]);
    }
    table.to_string()
}

fn kind(text: &str) -> Result<SignalType, String> {
    SignalType::parse(text).or_else(|| SignalType::parse_event(text)).ok_or_else(|| {
        let known: Vec<_> = SignalType::ALL.iter().map(|kind| kind.code()).collect();
        format!("write one of {}", known.join(", "))
    })
}

fn filter(text: &str) -> Result<Filter, String> {
    serde_json::from_str(text).map_err(|_| {
        "write an object with one of exact, prefix, suffix (an object with type or source), all, any or not".to_owned()
    })
}
