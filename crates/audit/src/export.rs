//! Records in the form that somebody else's system takes (docs/logging.md).

use std::io::{self, Write};

use kw_ledger::Logged;
use kw_ledger::projection::{adl, fsc, ldv, nen7513};
use serde::Serialize;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// NEN 7513:2018: one JSON object a line. Names who acted.
    Nen7513,
    /// Logboek Dataverwerkingen: one OTLP/JSON document a line. Names nobody who acted.
    Ldv,
    /// FSC Logging: one JSON object a line. Names no person.
    Fsc,
    /// Authorization Decision Log: one JSON object a line.
    Adl,
}

impl ExportFormat {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Nen7513, Self::Ldv, Self::Fsc, Self::Adl];

    /// Its name, as the command and file names have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nen7513 => "nen7513",
            Self::Ldv => "ldv",
            Self::Fsc => "fsc",
            Self::Adl => "adl",
        }
    }
}

/// Writes records in one form.
#[derive(Debug)]
pub struct Exporter<W> {
    /// Where it goes.
    pub out: W,
    format: ExportFormat,
    peers: fsc::Peers,
    /// How many lines were written.
    pub lines: u64,
}

impl<W: Write> Exporter<W> {
    /// As many records as one OTLP document holds: one call of [`Self::write`] takes no more.
    pub const BATCH: usize = 500;

    /// Nothing is written yet.
    pub fn new(out: W, format: ExportFormat, peers: fsc::Peers) -> Self {
        Self { out, format, peers, lines: 0 }
    }

    /// Writes some records.
    pub fn write<'a>(&mut self, mut records: impl Iterator<Item = Logged<'a>>) -> io::Result<()> {
        let peers = self.peers;
        match self.format {
            ExportFormat::Nen7513 => records.try_for_each(|one| self.line(&nen7513::project(one))),
            ExportFormat::Ldv => self.line(&ldv::document(records)),
            ExportFormat::Fsc => {
                records.flat_map(|one| fsc::project(one, peers)).try_for_each(|line| self.line(&line))
            }
            ExportFormat::Adl => records.filter_map(adl::project).try_for_each(|line| self.line(&line)),
        }
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.lines += 1;
        self.out.write_all(b"\n")
    }
}

/// SHA-256 of a file that was made, in lower-case hexadecimal.
pub fn sha256_hex(file: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, file);
    digest.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
