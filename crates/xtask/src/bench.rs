//! `cargo xtask bench`: what the switchboard does on this machine, beside what the machine could do without it.
//!
//! Load and servers are processes of their own that share the cores. Within one run ratios hold even on a busy machine;
//! absolute figures do not.

mod arguments;
mod bulk;
mod cells;
mod decision;
mod demonstration;
mod environment;
mod ledger;
mod load;
mod pages;
mod people;
mod reconcile;
mod report;
mod scalars;
mod servers;
mod sync;
mod wire;

use std::sync::Arc;

use anyhow::Context as _;
use kw_testbed::PostgresServer;

pub(crate) use arguments::{Arguments, Part};

use arguments::{Of, What};
use cells::Cells;
use environment::Environment;
use report::Report;

/// Runs the measurements and prints the table.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.of {
        Some(Of::Ledger(arguments)) => return ledger::run(arguments),
        Some(Of::Decision(arguments)) => return decision::run(arguments),
        Some(Of::Reconcile(arguments)) => return reconcile::run(arguments),
        Some(Of::Sync(arguments)) => return sync::run(arguments),
        Some(Of::Pages(arguments)) => return pages::run(arguments),
        None => {}
    }
    let binaries = environment::binaries(arguments.binaries.as_deref())?;
    let mut report = Report::new(arguments);
    if arguments.wants(What::Bulk) {
        report.scalar_multiplications = Some(scalars::per_second()?);
    }
    for database in &arguments.databases {
        let server = match database {
            arguments::Database::Postgres => Some(Arc::new(PostgresServer::start()?)),
            arguments::Database::Sqlite => None,
        };
        for size in arguments.sizes() {
            eprintln!("{} at {size} pointers", database.name());
            let environment = Environment::start(&binaries, server.clone())?;
            let mut cells = Cells::new(arguments, environment, *database, size, &mut report);
            cells.measure().with_context(|| format!("{} at {size} pointers", database.name()))?;
        }
    }
    if arguments.wants(What::Dossier) {
        people::measure(arguments, &binaries, &mut report)?;
    }
    report.print();
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}

/// One process of a measurement.
pub(crate) fn part(part: Part) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match part {
        Part::Load(plan) => runtime.block_on(load::run(plan)),
        Part::Bulk(plan) => runtime.block_on(bulk::run(plan)),
        Part::Idle(plan) => runtime.block_on(load::idle(plan)),
        Part::Hello(place) => actix_web::rt::System::new().block_on(servers::hello(place)),
        Part::Appends(plan) => runtime.block_on(ledger::appends::run(plan)),
        Part::Publishing(plan) => runtime.block_on(ledger::publishing::run(plan)),
        Part::Verifying(plan) => ledger::verifying::run(&plan),
        Part::Bare(place) => actix_web::rt::System::new().block_on(servers::bare(place)),
    }
}
