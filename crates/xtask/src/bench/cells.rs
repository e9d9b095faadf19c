//! Every measurement at one size of one database.

use std::fmt::Write as _;
use std::path::PathBuf;

use kw_testbed::{Member, element_of};

use super::arguments::{Arguments, Database, What};
use super::environment::{Environment, Measured};
use super::report::{Report, Row};

/// How many different questions are asked, in turn.
const QUESTIONS: u64 = 4_000;
/// More than are registered in one measurement.
const REGISTRATIONS: u64 = 60_000;
/// How much one upload of the seeding holds.
const UPLOAD: u64 = 250_000;
/// How much the measured upload holds.
const MEASURED_UPLOAD: u64 = 50_000;
const IDLE: usize = 1_000;

pub(super) struct Cells<'a> {
    arguments: &'a Arguments,
    environment: Environment,
    database: Database,
    size: u64,
    report: &'a mut Report,
    next: u64,
}

impl<'a> Cells<'a> {
    pub(super) fn new(
        arguments: &'a Arguments,
        environment: Environment,
        database: Database,
        size: u64,
        report: &'a mut Report,
    ) -> Self {
        Self { arguments, environment, database, size, report, next: 0 }
    }

    pub(super) fn measure(&mut self) -> anyhow::Result<()> {
        let empty = self.environment.stored()?;
        self.seed()?;
        // The write-ahead log goes into the file when the switchboard ends.
        self.environment.chain.stop_switchboard()?;
        let per_pointer = self.environment.stored()?.saturating_sub(empty) as f64 / self.size as f64;
        if self.arguments.wants(What::Hello) && self.report.rows.iter().all(|row| row.what != "hello") {
            let requests = self.write("hello", &["POST /hello".to_owned()])?;
            let server = self.environment.serve("hello")?;
            self.each("hello", "school", &requests, &server)?;
        }
        if self.arguments.wants(What::Bare) {
            let requests = self.looked_up()?;
            let server = self.environment.serve("bare")?;
            self.each("bare look-up + record", "school", &requests, &server)?;
        }
        self.environment.chain.start_switchboard()?;
        if self.arguments.wants(What::Query) {
            let requests = self.questions()?;
            self.each_of_ours("query", "school", |_| Ok(requests.clone()))?;
        }
        if self.arguments.wants(What::Register) {
            self.each_of_ours("register", "youth-care", Self::registrations)?;
        }
        if self.arguments.wants(What::Bulk) {
            let measured = self.upload(MEASURED_UPLOAD)?;
            self.add("bulk registration", 1, &measured);
        }
        if self.arguments.wants(What::Idle) {
            // A fresh process: what earlier measurements left behind does not count.
            self.environment.chain.stop_switchboard()?;
            self.environment.chain.start_switchboard()?;
            let resident = self.environment.idle(IDLE)?;
            self.report.memory(self.database, self.size, IDLE, resident, per_pointer);
        }
        Ok(())
    }

    /// Fills the index by the same upload that partners use.
    fn seed(&mut self) -> anyhow::Result<()> {
        while self.next < self.size {
            let count = UPLOAD.min(self.size - self.next);
            let measured = self.upload(count)?;
            anyhow::ensure!(
                measured.found.good == count,
                "{} of {count} lines were stored",
                measured.found.good
            );
        }
        Ok(())
    }

    fn upload(&mut self, count: u64) -> anyhow::Result<Measured> {
        let member = self.environment.chain.member("youth-care")?;
        let mut line = serde_json::to_value(member.registration(0)?)?;
        line["subject"]["element"] = "@element@".into();
        line["handle"] = "@handle@".into();
        // The element first, whatever the order of the fields.
        let template = format!(
            r#"{{"subject":{{"element":"@element@","epoch":1}},"handle":"@handle@","category":{},"source":{}}}"#,
            line["category"], line["source"]
        );
        let mut load = self.environment.caller("bulk", "youth-care", &self.address());
        load.args([
            "--template",
            &template,
            "--first",
            &self.next.to_string(),
            "--count",
            &count.to_string(),
        ]);
        self.next += count;
        self.environment.load(load, self.environment.chain.switchboard()?)
    }

    fn each_of_ours(
        &mut self,
        what: &'static str,
        member: &str,
        mut requests: impl FnMut(&mut Self) -> anyhow::Result<PathBuf>,
    ) -> anyhow::Result<()> {
        for connections in self.arguments.connections.clone() {
            let requests = requests(self)?;
            let load = self.loading(member, &self.address(), &requests, connections);
            let measured = self.environment.load(load, self.environment.chain.switchboard()?)?;
            self.add(what, connections, &measured);
        }
        Ok(())
    }

    fn each(
        &mut self,
        what: &'static str,
        member: &str,
        requests: &PathBuf,
        server: &kw_testbed::Process,
    ) -> anyhow::Result<()> {
        let address = server.address("service")?.to_string();
        for connections in self.arguments.connections.clone() {
            let load = self.loading(member, &address, requests, connections);
            let measured = self.environment.load(load, server)?;
            self.add(what, connections, &measured);
        }
        Ok(())
    }

    fn loading(
        &self,
        member: &str,
        address: &str,
        requests: &PathBuf,
        connections: usize,
    ) -> std::process::Command {
        let mut load = self.environment.caller("load", member, address);
        load.arg("--requests").arg(requests);
        load.args([
            "--connections",
            &connections.to_string(),
            "--seconds",
            &self.arguments.seconds.to_string(),
        ]);
        load
    }

    fn add(&mut self, what: &str, connections: usize, measured: &Measured) {
        let row = Row::new(self.database, self.size, what, connections, measured);
        eprintln!("{}", row.line());
        self.report.rows.push(row);
    }

    fn address(&self) -> String {
        self.environment.chain.address().to_string()
    }

    /// Subjects that are spread over the index.
    fn spread(&self) -> impl Iterator<Item = u64> + use<> {
        let size = self.size;
        // A step that shares no factor with any size that is a power of ten.
        (0..QUESTIONS.min(size)).map(move |place| place * 7_368_787 % size)
    }

    fn questions(&self) -> anyhow::Result<PathBuf> {
        let asker: Member = self.environment.chain.member("school")?;
        let lines: Vec<String> = self
            .spread()
            .map(|number| {
                Ok(format!("POST /v1/queries {}", serde_json::to_string(&asker.question(number)?)?))
            })
            .collect::<anyhow::Result<_>>()?;
        self.write("questions", &lines)
    }

    fn registrations(&mut self) -> anyhow::Result<PathBuf> {
        let holder = self.environment.chain.member("youth-care")?;
        let numbers = self.next..self.next + REGISTRATIONS;
        self.next += REGISTRATIONS;
        let lines: Vec<String> = numbers
            .map(|number| {
                Ok(format!("POST /v1/pointers {}", serde_json::to_string(&holder.registration(number)?)?))
            })
            .collect::<anyhow::Result<_>>()?;
        self.write("registrations", &lines)
    }

    fn looked_up(&self) -> anyhow::Result<PathBuf> {
        let (index, tag) = self.environment.index_keys()?;
        let lines: Vec<String> = self
            .spread()
            .map(|number| {
                let tag = tag.tag(1, &index.index_element(&element_of(number)?)).0;
                let mut line = "POST /bare/".to_owned();
                for byte in tag {
                    write!(line, "{byte:02x}")?;
                }
                Ok(line)
            })
            .collect::<anyhow::Result<_>>()?;
        self.write("looked-up", &lines)
    }

    fn write(&self, name: &str, lines: &[String]) -> anyhow::Result<PathBuf> {
        let path = self.environment.chain.folder().join(name);
        std::fs::write(&path, lines.join("\n"))?;
        Ok(path)
    }
}
