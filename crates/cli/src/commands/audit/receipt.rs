//! The receipt that came with an answer, from a file.

use std::path::Path;

use kw_agreement::{Agreement, LogIdentity};
use kw_logbook::reader::{LogSource, RecordedEntry, Trust};
use kw_protocol::query::Receipt;
use serde::Deserialize;

use super::access::AuditConfig;
use crate::failure::Failure;

/// A receipt with the record that it is about.
#[derive(Debug)]
pub(crate) struct ReceiptFile {
    receipt: Receipt,
    record: String,
}

/// A receipt, alone or in the answer that it came with.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Alone(Receipt),
    Answer { receipt: Receipt },
}

impl ReceiptFile {
    /// Reads a file.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let next = "give the answer of a query, or its `receipt`: origin, index, salt, record";
        let text = super::text_of(file)?;
        // The parser's own words may repeat the record.
        let shape =
            serde_json::from_str(&text).map_err(|_| Failure::usage("the file holds no receipt", next))?;
        let mut receipt = match shape {
            Shape::Alone(receipt) | Shape::Answer { receipt } => receipt,
        };
        let record =
            receipt.record.take().ok_or_else(|| Failure::usage("the receipt has no record", next))?;
        Ok(Self { receipt, record })
    }

    /// What it promises.
    pub(crate) fn entry(&self) -> RecordedEntry {
        RecordedEntry::of(&self.receipt, &self.record)
    }

    /// Of which log.
    pub(crate) fn origin(&self) -> &str {
        &self.receipt.origin
    }

    /// Whom the agreement believes about that log.
    pub(crate) fn trust(&self, agreement: &Agreement) -> Result<Trust, Failure> {
        Trust::of(agreement, &self.log(agreement)?)
            .map_err(|error| Failure::configuration(error, "see ketenwijzer agreement check FILE"))
    }

    /// That log, at its owner.
    pub(crate) fn source(&self, config: &AuditConfig) -> Result<LogSource, Failure> {
        let log = self.log(&config.agreement()?)?;
        Ok(LogSource::of(&config.tls()?, &log, super::context())?)
    }

    fn log(&self, agreement: &Agreement) -> Result<LogIdentity, Failure> {
        agreement.log(self.origin()).ok_or_else(|| {
            Failure::usage(
                "the agreement does not know the log of the receipt",
                "use the agreement of its chain",
            )
        })
    }
}
