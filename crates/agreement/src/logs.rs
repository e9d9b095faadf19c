//! Whose transparency logs the chain has, and whose word about them counts.

use kw_domain::Oin;

use crate::Agreement;

/// Who keeps a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogOwner {
    /// The switchboard's operator.
    Switchboard,
    /// The pseudonymiser's operator.
    Pseudonymiser,
    /// A partner.
    Partner(Oin),
}

/// One log: a name that is never given to another, and the only key whose checkpoints count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIdentity {
    /// Who keeps it.
    pub owner: LogOwner,
    /// The keeper, as its certificate says.
    pub oin: Oin,
    /// Its name (C2SP tlog-checkpoint origin), under which its key signs too.
    pub origin: String,
    /// The public key (Ed25519) that verifies its checkpoints.
    pub key: [u8; 32],
    /// Where parties of the chain read it, over mutual TLS, without a trailing slash.
    pub endpoint: String,
}

/// A party that cosigns checkpoints of other parties' logs (C2SP tlog-witness).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessIdentity {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// The name under which it cosigns: `<chain>/witness/<OIN>`.
    pub name: String,
    /// The public key (Ed25519) that verifies its cosignatures.
    pub key: [u8; 32],
    /// Where it is asked, over mutual TLS, without a trailing slash.
    pub endpoint: String,
}

impl Agreement {
    /// Every log of the chain: the central services', then the partners' by OIN, suspended ones included (what they did
    /// stays to be audited).
    pub fn logs(&self) -> Vec<LogIdentity> {
        let partners = self.partners().map(|partner| LogOwner::Partner(partner.oin));
        let owners = [LogOwner::Switchboard, LogOwner::Pseudonymiser].into_iter().chain(partners);
        owners.filter_map(|owner| self.log_of(owner)).collect()
    }

    /// The log of this name.
    pub fn log(&self, origin: &str) -> Option<LogIdentity> {
        self.logs().into_iter().find(|log| log.origin == origin)
    }

    /// The log of this keeper; `None` for a partner that the agreement does not know.
    pub fn log_of(&self, owner: LogOwner) -> Option<LogIdentity> {
        let (oin, origin, key, endpoint) = match owner {
            LogOwner::Switchboard | LogOwner::Pseudonymiser => {
                let service =
                    if owner == LogOwner::Switchboard { &self.switchboard } else { &self.pseudonymiser };
                (service.oin, &service.log_origin, service.log_key, &service.endpoint)
            }
            LogOwner::Partner(oin) => {
                let partner = self.partner(oin)?;
                (oin, &partner.log_origin, partner.log_key, &partner.endpoint)
            }
        };
        Some(LogIdentity { owner, oin, origin: origin.clone(), key, endpoint: endpoint.clone() })
    }

    /// Whether this party keeps a log, and as whom.
    pub fn log_owner(&self, oin: Oin) -> Option<LogOwner> {
        if oin == self.switchboard.oin {
            Some(LogOwner::Switchboard)
        } else if oin == self.pseudonymiser.oin {
            Some(LogOwner::Pseudonymiser)
        } else {
            self.partner(oin).map(|partner| LogOwner::Partner(partner.oin))
        }
    }

    /// Who cosigns this keeper's log: for the switchboard's, every partner with a witness key that is not suspended; for
    /// any other, the switchboard if it has one.
    pub fn witnesses_of(&self, owner: LogOwner) -> Vec<WitnessIdentity> {
        match owner {
            LogOwner::Switchboard => self
                .partners()
                .filter(|partner| !partner.suspended)
                .filter_map(|partner| self.witness_of(partner.oin))
                .collect(),
            LogOwner::Pseudonymiser | LogOwner::Partner(_) => {
                self.witness_of(self.switchboard.oin).into_iter().collect()
            }
        }
    }

    /// This party as a witness; `None` if it has no witness key.
    pub fn witness_of(&self, oin: Oin) -> Option<WitnessIdentity> {
        let (key, endpoint) = if oin == self.switchboard.oin {
            (self.switchboard.witness_key?, &self.switchboard.endpoint)
        } else {
            let partner = self.partner(oin)?;
            (partner.witness_key?, &partner.endpoint)
        };
        let name = format!("{}/witness/{oin}", self.chain.name);
        Some(WitnessIdentity { oin, name, key, endpoint: endpoint.clone() })
    }

    /// How many of [`Self::witnesses_of`] must have cosigned a checkpoint before an auditor relies on it.
    pub fn quorum_for(&self, owner: LogOwner) -> usize {
        match owner {
            LogOwner::Switchboard => self.ledger.witness_quorum,
            LogOwner::Pseudonymiser | LogOwner::Partner(_) => self.witnesses_of(owner).len(),
        }
    }
}
