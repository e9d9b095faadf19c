//! Reading policy files, line by line. Octets above ASCII are opaque, as the specification wants them.

use std::collections::HashMap;
use std::str;

use super::{Group, Member, Policy, PolicyLog, PolicyWitness, Quorum};
use crate::note::{SignatureKind, VerifierKey, VerifierKeyError};
use crate::text::decimal;

/// The largest policy file that is read, in bytes.
pub const MAX_FILE_LENGTH: usize = 256 * 1024;

/// The most logs, and witnesses, and groups, that a policy may have.
pub const MAX_LINES: usize = 256;

/// A fault and the line on which it stands, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PolicyError {
    /// The line; one past the last one when something is missing, 0 when the policy was not read from a file.
    pub line: usize,
    /// What is wrong with it.
    pub fault: PolicyFault,
}

/// What can be wrong with a line of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The file, or the number of lines of a kind, is larger than allowed.
    #[error("the policy is larger than allowed")]
    TooLarge,
    /// A control character other than tab and line feed.
    #[error("the line has a control character")]
    Character,
    /// The last line does not end in a line feed.
    #[error("the line does not end")]
    Unfinished,
    /// A line that says none of the things a policy can say, or says too little or too much.
    #[error("the line is not a log, a witness, a group or a quorum")]
    Line,
    /// The key is malformed.
    #[error(transparent)]
    Key(#[from] VerifierKeyError),
    /// A log has the key of a witness, or the reverse.
    #[error("the key is not of the kind that a log or a witness has")]
    KeyKind,
    /// Two logs, or two witnesses, have the same key.
    #[error("another line has the same key")]
    DuplicateKey,
    /// Two witnesses or groups have the same name, or one is called `none`.
    #[error("the name is taken")]
    NameTaken,
    /// A name that no line above defines.
    #[error("no line above defines the name")]
    UnknownName,
    /// A member that is in a group already.
    #[error("a member is in a group already")]
    MemberTwice,
    /// The threshold is not a number from 1 to the number of members.
    #[error("the threshold is not one that the members can reach")]
    Threshold,
    /// There is not exactly one quorum.
    #[error("a policy has exactly one quorum")]
    Quorum,
}

pub(super) fn read(file: &[u8]) -> Result<Policy, PolicyError> {
    if file.len() > MAX_FILE_LENGTH {
        return Err(PolicyError { line: 0, fault: PolicyFault::TooLarge });
    }
    let mut reading = Reading::default();
    let mut lines = file.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        reading.line += 1;
        if lines.peek().is_some() {
            reading.read_line(line)?;
        } else if !line.is_empty() {
            return Err(reading.error(PolicyFault::Unfinished));
        }
    }
    reading.finish()
}

/// What the lines read so far have said.
#[derive(Default)]
pub(super) struct Reading {
    line: usize,
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// Names, and whether they are in a group already.
    names: HashMap<Vec<u8>, (Member, bool)>,
    quorum: Option<Quorum>,
}

impl Reading {
    fn read_line(&mut self, line: &[u8]) -> Result<(), PolicyError> {
        if line.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return Err(self.error(PolicyFault::Character));
        }
        let words: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [comment, ..] if comment.starts_with(b"#") => Ok(()),
            [b"log", key, url @ ..] if url.len() <= 1 => self.log(self.key(key)?, url.first().copied()),
            [b"witness", name, key, url @ ..] if url.len() <= 1 => {
                self.witness(name, self.key(key)?, url.first().copied())
            }
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.quorum(name),
            _ => Err(self.error(PolicyFault::Line)),
        }
    }

    pub(super) fn log(&mut self, key: VerifierKey, url: Option<&[u8]>) -> Result<(), PolicyError> {
        self.check_key(&key, SignatureKind::Ed25519, self.logs.iter().map(|log| &log.key))?;
        self.logs.push(PolicyLog { key, url: url.map(<[u8]>::to_vec) });
        Ok(())
    }

    pub(super) fn witness(
        &mut self,
        name: &[u8],
        key: VerifierKey,
        url: Option<&[u8]>,
    ) -> Result<(), PolicyError> {
        self.check_key(&key, SignatureKind::Cosignature, self.witnesses.iter().map(|witness| &witness.key))?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: name.to_vec(), key, url: url.map(<[u8]>::to_vec) });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyError> {
        if self.groups.len() == MAX_LINES {
            return Err(self.error(PolicyFault::TooLarge));
        }
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            members.push(self.take_member(name)?);
        }
        let threshold = match threshold {
            b"any" => 1,
            b"all" => members.len(),
            number => str::from_utf8(number).ok().and_then(decimal).unwrap_or(0) as usize,
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(self.error(PolicyFault::Threshold));
        }
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { name: name.to_vec(), threshold, members });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyError> {
        let quorum = match name {
            b"none" => Quorum::None,
            name => Quorum::Of(self.names.get(name).ok_or(self.error(PolicyFault::UnknownName))?.0),
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(self.error(PolicyFault::Quorum)),
        }
    }

    /// Ends with a quorum of so many of all witnesses.
    pub(super) fn threshold(mut self, quorum: usize) -> Result<Policy, PolicyError> {
        if quorum == 0 {
            self.quorum(b"none")?;
        } else {
            let names: Vec<Vec<u8>> = self.witnesses.iter().map(|witness| witness.name.clone()).collect();
            let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
            self.group(b"quorum", quorum.to_string().as_bytes(), &names)?;
            self.quorum(b"quorum")?;
        }
        self.finish()
    }

    fn finish(self) -> Result<Policy, PolicyError> {
        let quorum = self.quorum.ok_or(self.error(PolicyFault::Quorum))?;
        Ok(Policy { logs: self.logs, witnesses: self.witnesses, groups: self.groups, quorum })
    }

    fn key(&self, word: &[u8]) -> Result<VerifierKey, PolicyError> {
        let text = str::from_utf8(word).map_err(|_| self.error(VerifierKeyError::Form.into()))?;
        VerifierKey::parse(text).map_err(|error| self.error(error.into()))
    }

    fn check_key<'k>(
        &self,
        key: &VerifierKey,
        kind: SignatureKind,
        mut others: impl ExactSizeIterator<Item = &'k VerifierKey>,
    ) -> Result<(), PolicyError> {
        if key.kind() != kind {
            return Err(self.error(PolicyFault::KeyKind));
        }
        if others.len() == MAX_LINES {
            return Err(self.error(PolicyFault::TooLarge));
        }
        if others.any(|other| other.key() == key.key()) {
            return Err(self.error(PolicyFault::DuplicateKey));
        }
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<(), PolicyError> {
        // A name becomes a word of a line.
        let is_word = !name.is_empty() && !name.iter().any(|byte| matches!(byte, 0..=b' ' | 127));
        if !is_word {
            return Err(self.error(PolicyFault::Line));
        }
        if name == b"none" || self.names.contains_key(name) {
            return Err(self.error(PolicyFault::NameTaken));
        }
        self.names.insert(name.to_vec(), (member, false));
        Ok(())
    }

    fn take_member(&mut self, name: &[u8]) -> Result<Member, PolicyError> {
        let line = self.line;
        let error = |fault| PolicyError { line, fault };
        let (member, taken) = self.names.get_mut(name).ok_or(error(PolicyFault::UnknownName))?;
        if std::mem::replace(taken, true) { Err(error(PolicyFault::MemberTwice)) } else { Ok(*member) }
    }

    fn error(&self, fault: PolicyFault) -> PolicyError {
        PolicyError { line: self.line, fault }
    }
}
