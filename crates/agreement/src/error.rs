//! What is wrong with a file, all of it at once.

use std::fmt;

/// One mistake in an agreement file, by its author. It never repeats a value from the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {path}: {reason}; {next_step}")]
pub struct AgreementError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// Where in the document: keys joined by dots, items of a list by number from 0 (`partners[2].oin`).
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub next_step: String,
}

/// Every mistake in an agreement file, in the order of the file. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementErrors(Vec<AgreementError>);

impl AgreementErrors {
    pub(crate) fn sorted(mut errors: Vec<AgreementError>) -> Self {
        errors.sort_by_key(|error| (error.line, error.column));
        Self(errors)
    }

    /// The mistakes.
    pub fn as_slice(&self) -> &[AgreementError] {
        &self.0
    }
}

impl fmt::Display for AgreementErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the agreement has {count} {}", if count == 1 { "mistake" } else { "mistakes" })?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for AgreementErrors {}
