//! The table, and what the figures mean.

use comfy_table::{Table, presets};
use serde::Serialize;

use super::arguments::{Arguments, Database};
use super::environment::Measured;

/// Everything that was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    cores: usize,
    seconds_per_measurement: u64,
    /// k_s·N on all cores, in a second.
    pub(super) scalar_multiplications: Option<f64>,
    pub(super) rows: Vec<Row>,
    memory: Vec<Memory>,
    /// What could not be measured here, and why.
    pub(super) absent: Vec<String>,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) database: &'static str,
    pub(super) pointers: u64,
    pub(super) what: String,
    pub(super) connections: usize,
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) cpu_us: f64,
    pub(super) database_cpu_us: f64,
    pub(super) resident_mb: f64,
    pub(super) refused: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    database: &'static str,
    pointers: u64,
    idle_connections: usize,
    resident_mb: f64,
    bytes_per_pointer: f64,
}

impl Row {
    pub(super) fn new(
        database: Database,
        pointers: u64,
        what: &str,
        connections: usize,
        measured: &Measured,
    ) -> Self {
        let found = &measured.found;
        let answers = (found.good + found.bad).max(1) as f64;
        Self {
            database: database.name(),
            pointers,
            what: what.to_owned(),
            connections,
            per_second: found.good as f64 / found.seconds,
            p50_us: found.p50_us,
            p99_us: found.p99_us,
            cpu_us: measured.cpu.as_secs_f64() * 1e6 / answers,
            database_cpu_us: measured.database_cpu.as_secs_f64() * 1e6 / answers,
            resident_mb: megabytes(measured.resident),
            refused: found.bad,
        }
    }

    pub(super) fn line(&self) -> String {
        format!(
            "  {} c={}: {:.0}/s, p50 {:.0} µs, p99 {:.0} µs, {:.0} µs of processor, {} refused",
            self.what, self.connections, self.per_second, self.p50_us, self.p99_us, self.cpu_us, self.refused
        )
    }
}

impl Report {
    pub(super) fn new(arguments: &Arguments) -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            seconds_per_measurement: arguments.seconds,
            scalar_multiplications: None,
            rows: Vec::new(),
            memory: Vec::new(),
            absent: Vec::new(),
        }
    }

    pub(super) fn memory(
        &mut self,
        database: Database,
        pointers: u64,
        idle: usize,
        resident: u64,
        each: f64,
    ) {
        self.memory.push(Memory {
            database: database.name(),
            pointers,
            idle_connections: idle,
            resident_mb: megabytes(resident),
            bytes_per_pointer: each,
        });
    }

    pub(super) fn print(&self) {
        println!(
            "\n{} cores, shared by server and load; {} s each\n",
            self.cores, self.seconds_per_measurement
        );
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header([
            "database",
            "pointers",
            "what",
            "connections",
            "per second",
            "p50 ms",
            "p99 ms",
            "server CPU µs",
            "database CPU µs",
            "resident MB",
            "refused",
        ]);
        for row in &self.rows {
            table.add_row([
                row.database.to_owned(),
                row.pointers.to_string(),
                row.what.clone(),
                row.connections.to_string(),
                format!("{:.0}", row.per_second),
                format!("{:.2}", row.p50_us / 1e3),
                format!("{:.2}", row.p99_us / 1e3),
                format!("{:.0}", row.cpu_us),
                format!("{:.0}", row.database_cpu_us),
                format!("{:.0}", row.resident_mb),
                row.refused.to_string(),
            ]);
        }
        println!("{table}\n");
        for memory in &self.memory {
            println!(
                "{} at {} pointers: {:.0} MB resident with {} idle connections; {:.0} bytes of database for each pointer, \
                 its subject, link and share of the log included",
                memory.database,
                memory.pointers,
                memory.resident_mb,
                memory.idle_connections,
                memory.bytes_per_pointer
            );
        }
        println!("\nagainst the targets (within this run):");
        for line in self.ratios() {
            println!("- {line}");
        }
        for line in &self.absent {
            println!("- NOT MEASURED: {line}");
        }
    }

    fn ratios(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let largest = |database: &str| {
            self.rows.iter().filter(|row| row.database == database).map(|row| row.pointers).max().unwrap_or(0)
        };
        for database in [Database::Sqlite.name(), Database::Postgres.name()] {
            let at = if self.row(database, 1_000_000, "query", 64).is_some() {
                1_000_000
            } else {
                largest(database)
            };
            let bare = self.row(database, at, "bare look-up + record", 64);
            for (what, target) in [("query", 0.25), ("register", 0.35)] {
                if let (Some(ours), Some(bare)) = (self.row(database, at, what, 64), bare) {
                    lines.push(verdict(
                        &format!(
                            "{database}, {what} at {at} pointers, c=64: share of the bare look-up and record"
                        ),
                        ours.per_second / bare.per_second,
                        target,
                        true,
                    ));
                }
            }
            if let Some(query) = self.row(database, at, "query", 64) {
                lines.push(verdict(
                    &format!("{database}, query: server CPU in µs"),
                    query.cpu_us,
                    180.0,
                    false,
                ));
            }
            if let (Some(small), Some(large)) =
                (self.row(database, 10_000, "query", 64), self.row(database, largest(database), "query", 64))
                && small.pointers < large.pointers
            {
                let name =
                    format!("{database}, query: cost at {} pointers over cost at 10000", large.pointers);
                lines.push(verdict(&name, large.cpu_us / small.cpu_us, 1.25, false));
            }
            if let (Some(bulk), Some(alone)) =
                (self.row(database, at, "bulk registration", 1), self.scalar_multiplications)
            {
                let name = format!(
                    "{database}, bulk registration: share of what the arithmetic alone allows ({alone:.0}/s)"
                );
                lines.push(verdict(&name, bulk.per_second / alone, 0.60, true));
            }
        }
        for memory in self.memory.iter().filter(|memory| memory.pointers == 1_000_000) {
            let name = format!("{}, resident MB at 1000000 pointers with idle connections", memory.database);
            lines.push(verdict(&name, memory.resident_mb, 80.0, false));
        }
        self.dossier_ratio(&mut lines);
        lines
    }

    fn dossier_ratio(&self, lines: &mut Vec<String>) {
        let dossier = self.rows.iter().find(|row| row.what == "dossier" && row.connections == 1);
        let commit = self.rows.iter().find(|row| row.what == "bare look-up + record" && row.connections == 1);
        if let (Some(dossier), Some(commit)) = (dossier, commit) {
            let bound = 5.0 * commit.p50_us + 8_000.0;
            lines.push(verdict("dossier over three holders, p50 in µs", dossier.p50_us, bound, false));
        }
    }

    fn row(&self, database: &str, pointers: u64, what: &str, connections: usize) -> Option<&Row> {
        self.rows.iter().find(|row| {
            row.database == database
                && row.pointers == pointers
                && row.what == what
                && row.connections == connections
        })
    }
}

/// A figure against its target.
pub(super) fn verdict(name: &str, value: f64, target: f64, at_least: bool) -> String {
    let (sign, met) = if at_least { ("≥", value >= target) } else { ("≤", value <= target) };
    format!("{name}: {value:.2} (target {sign} {target:.2}) {}", if met { "met" } else { "MISSED" })
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
