//! A log that goes on under another name, because its database is older than what was signed of it.

use kw_ledger::{Leaf, Salt};

use crate::backend::{Connection, ConnectionRole};
use crate::books::Publication;
use crate::config::DatabaseConfig;
use crate::error::{OpenError, StoreError};
use crate::ledger::{Act, NewEntry};

/// Which log ends, and how it goes on.
#[derive(Debug)]
pub struct Succession {
    /// The name that the database has until now.
    pub from: String,
    /// How many entries it holds; they are the first ones under the new name too.
    pub carried: u64,
    /// The newest checkpoint that is known of the log that ends, from wherever.
    pub predecessor: Publication,
    /// The new name.
    pub to: String,
}

impl Succession {
    /// Gives the log in the database its new name, forgets what was signed under the old one, and appends the record that says so:
    /// one transaction. The service must not run. Blocks. Hands back the index of the record.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherOrigin`] when the database holds another log than `from`; [`StoreError::Contradiction`] when it has another
    /// number of entries than `carried`.
    pub fn carry_out(
        &self,
        config: &DatabaseConfig,
        record: Act,
        entropy: impl Fn(&mut [u8]),
    ) -> Result<u64, OpenError> {
        let mut connection = Connection::open(config, ConnectionRole::Writer)?;
        connection.migrate(crate::ledger_migrations())?;
        connection.begin()?;
        let ledger = connection.ledger();
        let (found, size) = ledger.lock_head()?.ok_or(StoreError::Damaged("log head"))?;
        if found != self.from {
            return Err(OpenError::OtherOrigin { expected: self.from.clone(), found });
        }
        if size != self.carried {
            return Err(StoreError::Contradiction("number of entries").into());
        }
        ledger.succeed(self, record.at)?;
        let entries: Vec<_> = (size..)
            .zip(record.entries)
            .map(|(index, (kind, text))| {
                let mut salt = Salt([0; 32]);
                entropy(&mut salt.0);
                NewEntry { index, at: record.at, leaf: Leaf::commit(kind, &salt, &text), salt, record: text }
            })
            .collect();
        ledger.append(size + entries.len() as u64, &entries, &[])?;
        connection.execute("COMMIT")?;
        Ok(size)
    }
}
