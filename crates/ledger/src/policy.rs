//! Whom to believe about a log (C2SP tlog-policy): its key, the keys of witnesses, and how many of them it takes.

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::note::{Note, NoteError, VerifierKey};

mod format;
mod reading;

pub use reading::{MAX_FILE_LENGTH, MAX_LINES, PolicyError, PolicyFault};

/// A policy, as in a `.tlog-policy` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A log that is accepted. Its key bears its origin as its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PolicyLog {
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PolicyWitness {
    name: Vec<u8>,
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

/// Witnessed when `threshold` of its members have. They stand before it in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: Vec<u8>,
    threshold: usize,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    /// No cosignature is needed.
    None,
    Of(Member),
}

/// Why a checkpoint is not believed under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// None of the logs of the policy has signed it, or it is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A cosignature names a witness of the policy and does not fit.
    #[error("a cosignature is not that of the witness it names")]
    BadCosignature,
    /// Too few witnesses have cosigned.
    #[error("the checkpoint is not cosigned by the witnesses that the policy asks for")]
    Quorum,
}

impl Policy {
    /// The policy "one of these logs, and `quorum` of these witnesses". Names are for the file only.
    pub fn threshold(
        logs: Vec<VerifierKey>,
        witnesses: Vec<(String, VerifierKey)>,
        quorum: usize,
    ) -> Result<Self, PolicyError> {
        let mut reading = reading::Reading::default();
        for key in logs {
            reading.log(key, None)?;
        }
        for (name, key) in witnesses {
            reading.witness(name.as_bytes(), key, None)?;
        }
        reading.threshold(quorum)
    }

    /// Reads a policy file.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        reading::read(file)
    }

    /// The keys of the logs that are accepted.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|log| &log.key)
    }

    /// The keys of the witnesses that are known.
    pub fn witnesses(&self) -> impl Iterator<Item = &VerifierKey> {
        self.witnesses.iter().map(|witness| &witness.key)
    }

    /// Checks that a note is a checkpoint of one of the logs, and that the quorum has cosigned it.
    pub fn check(&self, note: &Note) -> Result<SignedCheckpoint, PolicyRefusal> {
        let mut refused = CheckpointError::Note(NoteError::NotSigned);
        for log in self.logs() {
            match SignedCheckpoint::verify(note.clone(), log) {
                Ok(signed) => return self.check_quorum(&signed).map(|()| signed),
                Err(CheckpointError::Note(NoteError::NotSigned)) => {}
                Err(error) => refused = error,
            }
        }
        Err(refused.into())
    }

    /// Checks that the quorum has cosigned a checkpoint whose log is known otherwise.
    pub fn check_quorum(&self, signed: &SignedCheckpoint) -> Result<(), PolicyRefusal> {
        let cosigned =
            self.witnesses().map(|key| signed.note().verify(key).map(|verified| verified.is_some()));
        let cosigned: Vec<bool> =
            cosigned.collect::<Result<_, _>>().map_err(|_| PolicyRefusal::BadCosignature)?;
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let witnessed = |member: &Member, groups: &[bool]| match member {
            Member::Witness(number) => cosigned.get(*number).copied().unwrap_or(false),
            Member::Group(number) => groups.get(*number).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let members = group.members.iter().filter(|member| witnessed(member, &groups)).count();
            groups.push(members >= group.threshold);
        }
        match &self.quorum {
            Quorum::Of(member) if !witnessed(member, &groups) => Err(PolicyRefusal::Quorum),
            Quorum::Of(_) | Quorum::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
