//! Developer tasks: `cargo xtask <task>`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people at a terminal")]

mod bench;
mod layers;
mod migrations;
mod openapi;
mod run;
mod test;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks for whoever works on Ketenwijzer")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure on this machine, with release binaries, and print a table.
    Bench(bench::Arguments),
    /// A process of a measurement; started by `bench`.
    #[command(hide = true, subcommand)]
    BenchPart(bench::Part),
    /// Check which crate names which against the table in docs/architecture.md.
    Layers,
    /// Check that no migration of an earlier commit was changed.
    Migrations {
        /// The commit to compare with.
        #[arg(long, default_value = "origin/main")]
        base: String,
    },
    /// Write the OpenAPI documents in docs/openapi/ anew.
    Openapi,
    /// Run every test, after installing what they need.
    Test(test::Arguments),
    /// Make the files that pages load from npm packages.
    Web {
        /// Only say whether what is committed is what the packages make.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
        Task::BenchPart(part) => bench::part(part),
        Task::Layers => layers::check(),
        Task::Migrations { base } => migrations::check(&base),
        Task::Openapi => openapi::write(),
        Task::Test(arguments) => test::run(&arguments),
        Task::Web { check } => web::make(check),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
