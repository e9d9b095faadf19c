//! Who said that what was received belongs in a dossier (steps 14 and 14.1 of scenario 1).

use std::collections::BTreeSet;

use kw_domain::{AccountId, DossierId};

use super::verification::{Certainty, Waiting};

/// The confirmations of one collection, all about its own dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmations {
    dossier: DossierId,
    accounts: BTreeSet<AccountId>,
    represented: bool,
}

/// The user chose another dossier than the one that the documents are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another dossier was chosen than the one that the documents are about")]
pub struct WrongDossier;

impl Confirmations {
    /// None yet, for what was verified for this dossier.
    pub fn of(dossier: DossierId) -> Self {
        Self { dossier, accounts: BTreeSet::new(), represented: false }
    }

    /// Adds one: the dossier that the account chose, and whether the account is that of the dossier's person.
    pub fn add(
        &mut self,
        chosen: DossierId,
        account: AccountId,
        represented: bool,
    ) -> Result<(), WrongDossier> {
        if chosen != self.dossier {
            return Err(WrongDossier);
        }
        self.accounts.insert(account);
        self.represented |= represented;
        Ok(())
    }

    pub(super) fn suffice(&self, dossier: DossierId, certainty: Certainty) -> Result<(), Waiting> {
        if dossier != self.dossier {
            return Err(Waiting::OtherDossier);
        }
        match (self.accounts.len(), certainty) {
            (0, _) => Err(Waiting::Confirmation),
            (1, Certainty::NeedsSecondPerson) if !self.represented => Err(Waiting::SecondPerson),
            _ => Ok(()),
        }
    }
}
