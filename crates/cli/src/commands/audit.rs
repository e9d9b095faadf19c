//! `audit`: looking at logs from outside, as an auditor, a partner or anybody with a copy.

pub(crate) mod access;
mod export;
mod inzage;
mod mirror;
mod policy;
mod proof;
mod receipt;
mod reconcile;
mod records;
mod recover;
mod replay;
mod report;
mod resolve;
mod retention;
mod show;
mod verify;

use std::io;
use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;
use kw_client::{Context, Entropy};
use kw_domain::SystemClock;
use kw_logbook::reader::{ReadError, VerifyError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write records in the form of NEN 7513, LDV, FSC Logging or the Authorization Decision Log.
    Export(export::Arguments),
    /// Tell a person what the logs of the chain say about them: who registered, who looked, and why (GDPR art. 15).
    Inzage(inzage::Arguments),
    /// Keep a copy of a log in a folder: static files, verified as they come.
    Mirror(mirror::Arguments),
    /// Write whom to believe about a log: its key, its witnesses and how many it takes, for programs of others
    /// (C2SP tlog-policy).
    Policy(policy::Arguments),
    /// Write the proof that an access is in the log, which is checked without the log (C2SP tlog-proof).
    Proof(proof::Arguments),
    /// Compare the logs of requesters, switchboard and holders, and name what does not match.
    Reconcile(reconcile::Arguments),
    /// Compare a service's database with what witnesses saw of its log, and let the log go on under a new name where the
    /// database is older. The service must not run.
    Recover(recover::Arguments),
    /// Decide again what was decided, by the agreement of then, and name what comes out otherwise.
    Replay(replay::Arguments),
    /// Report a month's use without persons, or what deserves a second look.
    Report(report::Arguments),
    /// Find the records about one subject, whom nobody names: two auditors have to agree.
    #[command(subcommand)]
    Resolve(resolve::Command),
    /// Report what a service erased at the end of its term, what is due, and that its log verifies: a destruction report.
    Retention(retention::Arguments),
    /// Show what happened at a service, newest first. The reading is recorded there.
    Show(Box<show::Arguments>),
    /// Verify a whole log, at its owner, in a copy or in its database; or one receipt.
    Verify(verify::Arguments),
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Export(arguments) => export::run(arguments, output).await,
        Command::Inzage(arguments) => inzage::run(arguments, output).await,
        Command::Mirror(arguments) => mirror::run(arguments, output).await,
        Command::Policy(arguments) => policy::run(&arguments, output),
        Command::Proof(arguments) => proof::run(arguments, output).await,
        Command::Reconcile(arguments) => reconcile::run(arguments, output).await,
        Command::Recover(arguments) => recover::run(arguments, output).await,
        Command::Replay(arguments) => replay::run(arguments, output).await,
        Command::Report(arguments) => report::run(arguments, output).await,
        Command::Resolve(command) => resolve::run(command, output).await,
        Command::Retention(arguments) => retention::run(arguments, output).await,
        Command::Show(arguments) => show::run(*arguments, output).await,
        Command::Verify(arguments) => verify::run(arguments, output).await,
    }
}

/// What was read, for people.
fn told(tally: records::Tally) -> String {
    format!("{} records read{}", tally.records, besides(tally))
}

/// What was found beside records that can be read, to go on with.
fn besides(tally: records::Tally) -> String {
    let records::Tally { records: _, erased, unsound, missing, unreadable } = tally;
    let mut text = String::new();
    if erased > 0 {
        text = format!("{text}, {erased} erased at the end of their term");
    }
    if unsound > 0 {
        text = format!("{text}; {unsound} RECORDS DO NOT OPEN THEIR LEAF: somebody changed them");
    }
    if missing > 0 {
        text = format!("{text}; {missing} ENTRIES ARE MISSING: somebody took them out");
    }
    if unreadable > 0 {
        text = format!("{text}; {unreadable} records are of a version that this program does not read");
    }
    text
}

/// The real clock and randomness.
pub(super) fn context() -> Context {
    Context::new(Arc::new(SystemClock), Entropy::system())
}

/// What could not be looked at, which says nothing about the log.
fn unreadable(error: VerifyError) -> Failure {
    let what = error.to_string();
    match error {
        VerifyError::Read(ReadError::Client(error)) => {
            let failure = Failure::from(error);
            Failure {
                next: "look whether the owner of the log can be reached: ketenwijzer doctor".to_owned(),
                ..failure
            }
        }
        VerifyError::NotYet { .. } => Failure::new(Exit::Unavailable, what, "try again in some seconds"),
        _ => Failure::configuration(what, "check the path and who may read it"),
    }
}

fn text_of(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| unreadable_file(file, &error))
}

fn unreadable_file(file: &Path, error: &io::Error) -> Failure {
    let what = format!("cannot read {}: {error}", file.display());
    Failure::configuration(what, "check the path and who may read it")
}
