//! The commands, one file each.

pub(crate) mod accesses;
pub(crate) mod agreement;
mod asking;
pub(crate) mod audit;
pub(crate) mod canaries;
mod conformance;
pub(crate) mod consents;
pub(crate) mod console;
pub(crate) mod delegations;
pub(crate) mod demo;
pub(crate) mod departures;
pub(crate) mod desk;
pub(crate) mod doctor;
pub(crate) mod dossier;
pub(crate) mod feedback;
pub(crate) mod identity_checks;
pub(crate) mod inzage;
pub(crate) mod keys;
mod local;
pub(crate) mod mandates;
pub(crate) mod matches;
pub(crate) mod objections;
pub(crate) mod partner;
pub(crate) mod personal;
pub(crate) mod pki;
pub(crate) mod pseudonymiser;
pub(crate) mod query;
pub(crate) mod register;
pub(crate) mod relations;
pub(crate) mod reviews;
mod serving;
pub(crate) mod signals;
pub(crate) mod status;
pub(crate) mod subscriptions;
pub(crate) mod switchboard;
pub(crate) mod sync;
pub(crate) mod withdraw;

use crate::arguments::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Runs a command.
pub(crate) async fn run(command: Command, output: &Output) -> Result<Exit, Failure> {
    let output = *output;
    match command {
        Command::Demo(arguments) => Box::pin(demo::run(arguments, output)).await,
        Command::Pki(command) => pki::run(command, output),
        Command::Keys(command) => keys::run(command, output).await,
        Command::Agreement(command) => agreement::run(command, output),
        Command::Audit(command) => audit::run(command, output).await,
        Command::Switchboard(command) => switchboard::run(command).await,
        Command::Pseudonymiser(command) => pseudonymiser::run(command).await,
        Command::Partner(command) => Box::pin(partner::run(command, output)).await,
        Command::Personal(command) => personal::run(command).await,
        Command::Desk(command) => desk::run(command).await,
        Command::Console(command) => console::run(command).await,
        Command::Inzage(command) => inzage::run(command).await,
        Command::Register(arguments) => register::run(arguments, output).await,
        Command::Delegations(command) => delegations::run(command, output).await,
        Command::Departures(command) => departures::run(command, output).await,
        Command::Withdraw(arguments) => withdraw::run(arguments, output).await,
        Command::Canaries(command) => canaries::run(command, output).await,
        Command::Consents(command) => consents::run(command, output).await,
        Command::Objections(command) => objections::run(command, output).await,
        Command::Query(arguments) => query::run(arguments, output).await,
        Command::Dossier(arguments) => dossier::run(arguments, output).await,
        Command::Feedback(command) => Box::pin(feedback::run(command, output)).await,
        Command::Mandates(command) => mandates::run(command, output).await,
        Command::Matches(command) => matches::run(command, output).await,
        Command::Relations(command) => relations::run(command, output).await,
        Command::IdentityChecks(command) => identity_checks::run(command, output).await,
        Command::Accesses(arguments) => accesses::run(arguments, output).await,
        Command::Sync(arguments) => sync::run(arguments, output).await,
        Command::Reviews(command) => reviews::run(command, output).await,
        Command::Signals(arguments) => signals::run(arguments, output).await,
        Command::Subscriptions(command) => subscriptions::run(command, output).await,
        Command::Status(arguments) => status::run(arguments, output).await,
        Command::Doctor(arguments) => doctor::run(arguments, output).await,
    }
}
