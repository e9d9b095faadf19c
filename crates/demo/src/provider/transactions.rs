//! What was stated, line by line in a file that only grows (RFC0055, step 9: "DigiD registreert deze transactie").

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{ProviderError, Statement};

pub(super) struct Transactions {
    path: PathBuf,
    file: Mutex<File>,
}

impl Transactions {
    pub(super) fn open(path: &Path) -> Result<Self, ProviderError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|source| ProviderError::File { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file) })
    }

    /// Adds a line, and waits until it is on the disk.
    pub(super) fn add(&self, statement: &Statement) -> io::Result<()> {
        let mut line = serde_json::to_vec(statement)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        file.sync_data()
    }

    /// All of them, oldest first; at most the last thousand.
    pub(super) fn all(&self) -> io::Result<Vec<Statement>> {
        let lines = BufReader::new(File::open(&self.path)?).lines();
        let mut statements: Vec<Statement> =
            lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<io::Result<_>>()?;
        let surplus = statements.len().saturating_sub(MOST);
        statements.drain(..surplus);
        Ok(statements)
    }
}

const MOST: usize = 1000;
