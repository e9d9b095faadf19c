//! `agreement diff`: who may see more under another agreement.

use std::path::PathBuf;

use clap::Args;
use kw_agreement::{Agreement, Change, Direction};
use serde_json::{Value, json};

use super::load;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement in force.
    old: PathBuf,
    /// The one that is to follow it.
    new: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let (old, new) = (load(&arguments.old)?, load(&arguments.new)?);
    let changes = new.changes_from(&old);
    let report = json!({
        "before": old.hash(), "after": new.hash(), "widens": new.widens(&old), "changes": as_json(&changes),
    });
    output.data(&report, || readable(&old, &new, &changes));
    Ok(Exit::Done)
}

pub(super) fn as_json(changes: &[Change]) -> Vec<Value> {
    let change = |change: &Change| {
        json!({
            "direction": change.direction.as_str(), "path": change.path, "sentence": change.sentence,
        })
    };
    changes.iter().map(change).collect()
}

pub(super) fn readable(old: &Agreement, new: &Agreement, changes: &[Change]) -> String {
    let mut lines = vec![format!("before {}\nafter  {}", old.hash(), new.hash())];
    for direction in Direction::ALL {
        let these: Vec<&Change> = changes.iter().filter(|change| change.direction == direction).collect();
        if these.is_empty() {
            continue;
        }
        lines.push(format!("\n{} ({})", heading(direction), these.len()));
        lines.extend(these.iter().map(|change| format!("  {} {}", sign(direction), change.sentence)));
    }
    if changes.is_empty() {
        lines.push("\nNothing that either says is different.".to_owned());
    }
    lines.join("\n")
}

fn heading(direction: Direction) -> &'static str {
    match direction {
        Direction::Narrowing => "Less than before",
        Direction::Neutral => "Nobody sees more or less",
        Direction::Widening => "MORE than before: two operators have to approve it",
    }
}

fn sign(direction: Direction) -> char {
    match direction {
        Direction::Narrowing => '-',
        Direction::Neutral => '=',
        Direction::Widening => '+',
    }
}
