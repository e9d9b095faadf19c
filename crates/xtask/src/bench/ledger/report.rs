//! The table, and what the figures mean.

use comfy_table::{Table, presets};
use serde::Serialize;

use super::super::arguments::{Database, LedgerArguments};
use super::super::load::Found;
use super::super::report::verdict;

/// Everything that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    cores: usize,
    seconds_per_measurement: u64,
    entries_verified: u64,
    pointers: u64,
    rows: Vec<Row>,
    pub(super) costs: Vec<Cost>,
}

/// One measurement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    database: &'static str,
    what: &'static str,
    at_once: usize,
    per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<f64>,
    failed: u64,
}

/// Questions with the ledger and without it, in turns.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    database: &'static str,
    connections: usize,
    pub(super) with: Vec<Turn>,
    pub(super) without: Vec<Turn>,
}

/// One turn.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Turn {
    pub(super) per_second: f64,
    /// Of switchboard and database together, for one question.
    pub(super) processor_us: f64,
}

impl Row {
    pub(super) fn of(database: Database, what: &'static str, at_once: usize, found: &Found) -> Self {
        Self {
            database: database.name(),
            what,
            at_once,
            per_second: found.good as f64 / found.seconds,
            p50_us: Some(found.p50_us),
            p99_us: Some(found.p99_us),
            failed: found.bad,
        }
    }

    pub(super) fn rate(database: Database, what: &'static str, per_second: f64) -> Self {
        let (database, at_once) = (database.name(), 1);
        Self { database, what, at_once, per_second, p50_us: None, p99_us: None, failed: 0 }
    }
}

impl Cost {
    pub(super) fn new(database: Database, connections: usize) -> Self {
        Self { database: database.name(), connections, with: Vec::new(), without: Vec::new() }
    }

    fn line(&self) -> String {
        let (with, without) =
            (median(&self.with, |turn| turn.per_second), median(&self.without, |turn| turn.per_second));
        let (dear, cheap) =
            (median(&self.with, |turn| turn.processor_us), median(&self.without, |turn| turn.processor_us));
        format!(
            "{}, {} connections, median of {}: {with:.0} questions a second with the ledger, {without:.0} without it: {:.2}; \
             {dear:.0} µs of processor each with it, {cheap:.0} without it",
            self.database,
            self.connections,
            self.with.len(),
            with / without
        )
    }
}

impl Report {
    pub(super) fn new(arguments: &LedgerArguments) -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            seconds_per_measurement: arguments.seconds,
            entries_verified: arguments.entries,
            pointers: arguments.pointers,
            rows: Vec::new(),
            costs: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: Row) {
        eprintln!("  {}, {}, {} at once: {:.0}/s", row.database, row.what, row.at_once, row.per_second);
        self.rows.push(row);
    }

    pub(super) fn print(&self) {
        println!("\n{} cores, shared by everything; {} s each\n", self.cores, self.seconds_per_measurement);
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header([
            "database",
            "what",
            "at once",
            "per second",
            "p50 ms",
            "p99 ms",
            "failed",
        ]);
        let millis = |time: Option<f64>| time.map_or(String::new(), |time| format!("{:.2}", time / 1e3));
        for row in &self.rows {
            table.add_row([
                row.database.to_owned(),
                row.what.to_owned(),
                row.at_once.to_string(),
                format!("{:.0}", row.per_second),
                millis(row.p50_us),
                millis(row.p99_us),
                row.failed.to_string(),
            ]);
        }
        if !self.rows.is_empty() {
            println!("{table}\n");
        }
        for cost in &self.costs {
            println!("{}", cost.line());
        }
        println!("\nagainst the targets:");
        for row in &self.rows {
            let name = format!("{}, {}, {} at once", row.database, row.what, row.at_once);
            if let ("add to published", Some(p99)) = (row.what, row.p99_us) {
                println!("- {}", verdict(&format!("{name}: p99 in s"), p99 / 1e6, 1.5, false));
            }
            if row.what.starts_with("verify") {
                println!(
                    "- {}",
                    verdict(&format!("{name}: entries a second"), row.per_second, 200_000.0, true)
                );
            }
        }
    }
}

fn median(turns: &[Turn], figure: impl Fn(&Turn) -> f64) -> f64 {
    let mut sorted: Vec<f64> = turns.iter().map(figure).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
