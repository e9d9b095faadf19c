//! Approvals: what an operator signs before a wider agreement comes into force, and whether enough of them did.
//!
//! An approval is over the hashes of two texts: the agreement in force and the one that follows it. It says nothing about
//! any other pair, so it cannot be used again after a change in between.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Agreement, Change, Direction, Environment};

/// What a file of approvals says. Text, one block per approval, blocks apart by an empty line:
///
/// ```text
/// ketenwijzer agreement approval v1
/// current 8f…(64 hexadecimal digits: SHA-256 of the agreement in force)
/// next 03…(likewise, of the one that follows it)
/// operator jansen
/// signature …(Ed25519 in unpadded base64url, over the four lines above, each with its line feed)
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals(Vec<Approval>);

/// One operator's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    current: String,
    next: String,
    operator: String,
    signature: Vec<u8>,
}

/// Why a file of approvals, or a key, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The file has lines that are not those of an approval.
    #[error("these are no approvals: each has the lines of docs/agreement.md, and an empty line after it")]
    Shape,
    /// The key's bytes make no key.
    #[error("this is no Ed25519 key")]
    Key,
}

impl Approval {
    /// Signs for the step from `current` to `next` with an operator's key: a seed of 32 bytes.
    pub fn sign(
        current: &Agreement,
        next: &Agreement,
        operator: &str,
        seed: &[u8; 32],
    ) -> Result<Self, ApprovalError> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| ApprovalError::Key)?;
        let mut approval = Self {
            current: current.hash().to_owned(),
            next: next.hash().to_owned(),
            operator: operator.to_owned(),
            signature: Vec::new(),
        };
        approval.signature = key.sign(approval.signed().as_bytes()).as_ref().to_vec();
        Ok(approval)
    }

    /// Who signed, as the file says; whether it is true, [`Agreement::admits`] says.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    fn signed(&self) -> String {
        format!("{HEADING}\ncurrent {}\nnext {}\noperator {}\n", self.current, self.next, self.operator)
    }

    fn is_sound(&self, current: &Agreement, next: &Agreement) -> bool {
        let operator = current.operators().iter().find(|operator| operator.name == self.operator);
        operator.is_some_and(|operator| {
            self.current == current.hash()
                && self.next == next.hash()
                && UnparsedPublicKey::new(&ED25519, operator.key)
                    .verify(self.signed().as_bytes(), &self.signature)
                    .is_ok()
        })
    }
}

/// The public half of an operator's key: it goes into the agreement.
pub fn operator_public_key(seed: &[u8; 32]) -> Result<[u8; 32], ApprovalError> {
    let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| ApprovalError::Key)?;
    key.public_key().as_ref().try_into().map_err(|_| ApprovalError::Key)
}

impl Approvals {
    /// Reads a file of at most 64 KiB.
    pub fn parse(text: &str) -> Result<Self, ApprovalError> {
        if text.len() > MAX_BYTES {
            return Err(ApprovalError::Shape);
        }
        let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
        blocks.map(block).collect::<Option<_>>().map(Self).ok_or(ApprovalError::Shape)
    }

    /// Adds one; an earlier one of the same operator for the same step is replaced.
    pub fn add(&mut self, approval: Approval) {
        self.0.retain(|other| {
            (&other.operator, &other.current, &other.next)
                != (&approval.operator, &approval.current, &approval.next)
        });
        self.0.push(approval);
    }

    /// Adds those of another file.
    pub fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|approval| self.add(approval));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for approval in &self.0 {
            let signature = URL_SAFE_NO_PAD.encode(&approval.signature);
            let _ = write!(text, "{}signature {signature}\n\n", approval.signed());
        }
        text
    }
}

fn block(text: &str) -> Option<Approval> {
    let lines: Vec<&str> = text.lines().collect();
    let [HEADING, current, next, operator, signature] = lines[..] else { return None };
    let hash = |text: &str| {
        (text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')))
            .then(|| text.to_owned())
    };
    Some(Approval {
        current: hash(current.strip_prefix("current ")?)?,
        next: hash(next.strip_prefix("next ")?)?,
        operator: operator.strip_prefix("operator ")?.to_owned(),
        signature: URL_SAFE_NO_PAD.decode(signature.strip_prefix("signature ")?).ok()?,
    })
}

/// Whether one agreement may follow another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// What changes, widenings first.
    pub changes: Vec<Change>,
    /// The operators of the agreement in force whose approvals are good, in alphabetical order.
    pub approved_by: BTreeSet<String>,
    /// How many more are needed; 0 when it may come into force.
    pub missing: usize,
}

impl Admission {
    /// Whether the new agreement may come into force.
    pub fn is_admitted(&self) -> bool {
        self.missing == 0
    }

    /// The changes that widen access.
    pub fn widenings(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.direction == Direction::Widening)
    }
}

impl Agreement {
    /// Whether `next` may follow this agreement: without a widening always, with one if two of *this* agreement's
    /// operators approved it. An agreement without operators admits everything in a test, and nothing wider in production.
    pub fn admits(&self, next: &Self, approvals: &Approvals) -> Admission {
        let changes = next.changes_from(self);
        let sound = approvals.0.iter().filter(|approval| approval.is_sound(self, next));
        let approved_by: BTreeSet<String> = sound.map(|approval| approval.operator.clone()).collect();
        let widens = changes.iter().any(|change| change.direction == Direction::Widening);
        let free = self.operators().is_empty() && self.environment() == Environment::Test;
        let missing = if widens && !free { NEEDED.saturating_sub(approved_by.len()) } else { 0 };
        Admission { changes, approved_by, missing }
    }
}

const HEADING: &str = "ketenwijzer agreement approval v1";
/// It takes two to widen access.
const NEEDED: usize = 2;
const MAX_BYTES: usize = 64 * 1024;
