//! Whom to believe about a log.

use kw_agreement::{Agreement, LogIdentity};
use kw_ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use kw_ledger::note::{KeyNameError, Note, NoteSignature, SignatureKind, VerifierKey};
use kw_ledger::policy::{Policy, PolicyError, PolicyRefusal};

/// The key of a log, and whose cosignatures count how much.
#[derive(Debug, Clone)]
pub struct Trust {
    log: VerifierKey,
    policy: Policy,
    /// Whether every witness is known.
    closed: bool,
}

/// Why there is nobody to believe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A name of the agreement cannot be that of a key.
    #[error("the agreement names a log or a witness as no key can be named: {0}")]
    Name(#[from] KeyNameError),
    /// What is said is no policy.
    #[error("the policy cannot be used: {0}")]
    Policy(#[from] PolicyError),
    /// A policy names no log, or more than one.
    #[error("the policy does not name exactly one log")]
    OneLog,
}

impl Trust {
    /// What the agreement says of one of its logs: its key, its witnesses, and how many of them it takes.
    pub fn of(agreement: &Agreement, log: &LogIdentity) -> Result<Self, TrustError> {
        let key = VerifierKey::new(&log.origin, SignatureKind::Ed25519, log.key)?;
        let mut witnesses = Vec::new();
        for witness in agreement.witnesses_of(log.owner) {
            let key = VerifierKey::new(&witness.name, SignatureKind::Cosignature, witness.key)?;
            witnesses.push((witness.oin.to_string(), key));
        }
        let policy = Policy::threshold(vec![key.clone()], witnesses, agreement.quorum_for(log.owner))?;
        Ok(Self { log: key, policy, closed: true })
    }

    /// Only the log's own word: nobody knows whose the cosignatures are.
    pub fn of_key(log: VerifierKey) -> Result<Self, TrustError> {
        let policy = Policy::threshold(vec![log.clone()], Vec::new(), 0)?;
        Ok(Self { log, policy, closed: false })
    }

    /// What a policy says that names one log.
    pub fn of_policy(policy: Policy) -> Result<Self, TrustError> {
        let logs: Vec<VerifierKey> = policy.logs().cloned().collect();
        let [log] = <[VerifierKey; 1]>::try_from(logs).map_err(|_| TrustError::OneLog)?;
        Ok(Self { log, policy, closed: true })
    }

    /// The key of the log.
    pub fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// The key, the witnesses and the quorum.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Reads a checkpoint that the log signed. A cosignature that names a known witness and is not its own spoils it.
    pub fn read(&self, text: &str) -> Result<SignedCheckpoint, PolicyRefusal> {
        let signed = SignedCheckpoint::parse(text, &self.log)?;
        match self.policy.check_quorum(&signed) {
            Ok(()) | Err(PolicyRefusal::Quorum) => Ok(signed),
            Err(refused) => Err(refused),
        }
    }

    /// Reads a checkpoint that the log signed and the quorum cosigned.
    pub fn read_witnessed(&self, text: &str) -> Result<SignedCheckpoint, PolicyRefusal> {
        self.policy.check(&Note::parse(text).map_err(CheckpointError::from)?)
    }

    /// The witnesses that cosigned a checkpoint, of those that are known.
    pub fn cosigned_by<'t>(&'t self, signed: &SignedCheckpoint) -> Vec<&'t VerifierKey> {
        signed.cosigned_by(self.policy.witnesses())
    }

    /// A signature under a checkpoint of which nobody can say whose it is, if all witnesses are known.
    pub fn unknown_signature<'n>(&self, signed: &'n SignedCheckpoint) -> Option<&'n NoteSignature> {
        signed.note().signatures().iter().find(|line| self.closed && !self.knows(line))
    }

    /// The note with the signatures that are known only.
    pub fn known_only(&self, signed: &SignedCheckpoint) -> String {
        let note = signed.note();
        let known = note.signatures().iter().filter(|line| !self.closed || self.knows(line));
        known.fold(format!("{}\n", note.text()), |text, line| text + &line.to_string())
    }

    fn knows(&self, line: &NoteSignature) -> bool {
        self.log.is_named_by(line) || self.policy.witnesses().any(|witness| witness.is_named_by(line))
    }
}
