//! Signed notes (C2SP signed-note v1.0.0): a text, and under it the signatures of whoever vouches for it.

use std::fmt;

use crate::text::{from_base64, to_base64};

mod keys;
mod name;

pub(crate) use keys::KeyPair;
pub use keys::{SignatureKind, SigningKey, VerifierKey, VerifierKeyError};
pub use name::{KeyName, KeyNameError};

/// The largest note that is read, in bytes: room for sixteen post-quantum signatures of others.
pub const MAX_NOTE_LENGTH: usize = 128 * 1024;

/// The most signatures that a note may carry.
pub const MAX_SIGNATURES: usize = 100;

/// Why a text is not a note, or a note is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is larger than a note may be, or has more signatures.
    #[error("the note is larger than allowed")]
    TooLarge,
    /// It does not end in a blank line and at least one signature line.
    #[error("the note has no signatures below a blank line")]
    Unsigned,
    /// The text is empty, does not end in a line feed, or holds a control character.
    #[error("the text of the note is malformed")]
    Text,
    /// A signature line is malformed.
    #[error("a signature line of the note is malformed")]
    SignatureLine,
    /// A known key is named, but its signature does not fit.
    #[error("a signature in the note is not that of the key it names")]
    BadSignature,
    /// No key that is trusted for it has signed.
    #[error("the note is not signed by the key that must sign it")]
    NotSigned,
}

/// One signature line: who, with which key, and the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: KeyName,
    /// The first four bytes of the hash of name, kind and key.
    pub key_id: [u8; 4],
    /// What the kind of key makes of it: for a cosignature, the time and then the signature.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line without its line feed.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let (name, value) =
            line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::SignatureLine)?;
        let name = KeyName::parse(name).map_err(|_| NoteError::SignatureLine)?;
        let value = from_base64(value).ok_or(NoteError::SignatureLine)?;
        let (key_id, bytes) = value.split_first_chunk::<4>().ok_or(NoteError::SignatureLine)?;
        if bytes.is_empty() {
            return Err(NoteError::SignatureLine);
        }
        Ok(Self { name, key_id: *key_id, bytes: bytes.to_vec() })
    }

    /// Reads lines, each with its line feed: the answer of a witness. At least one.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, NoteError> {
        if text.len() > MAX_NOTE_LENGTH {
            return Err(NoteError::TooLarge);
        }
        let lines = text.strip_suffix('\n').ok_or(NoteError::SignatureLine)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooLarge);
        }
        lines.split('\n').map(Self::parse).collect()
    }
}

/// The line with its line feed.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = [&self.key_id[..], &self.bytes].concat();
        writeln!(f, "— {} {}", self.name, to_base64(&value))
    }
}

/// A text with signatures. Nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Puts a first signature under a text that ends in a line feed.
    pub fn new(text: String, signature: NoteSignature) -> Result<Self, NoteError> {
        check_text(&text)?;
        Ok(Self { text, signatures: vec![signature] })
    }

    /// Reads a note. What is accepted is written again byte for byte by `to_string`.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_LENGTH {
            return Err(NoteError::TooLarge);
        }
        // The text may have empty lines; the last one ends it.
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)? + 1;
        let text = &note[..end];
        check_text(text)?;
        let signatures = note.get(end + 1..).filter(|lines| !lines.is_empty()).ok_or(NoteError::Unsigned)?;
        Ok(Self { text: text.to_owned(), signatures: NoteSignature::parse_lines(signatures)? })
    }

    /// The signed text, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, of known and of unknown keys.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature; an earlier one of the same key gives way.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let same = |held: &NoteSignature| held.name == signature.name && held.key_id == signature.key_id;
        if let Some(held) = self.signatures.iter_mut().find(|held| same(held)) {
            *held = signature;
        } else if self.signatures.len() < MAX_SIGNATURES {
            self.signatures.push(signature);
        } else {
            return Err(NoteError::TooLarge);
        }
        Ok(())
    }

    /// Whether this key signed. A signature that names the key and does not fit makes the whole note worthless.
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<Verified>, NoteError> {
        let mut verified = None;
        for signature in self.signatures.iter().filter(|signature| key.is_named_by(signature)) {
            let this = key.verify(&self.text, &signature.bytes).ok_or(NoteError::BadSignature)?;
            verified = verified.max(Some(this));
        }
        Ok(verified)
    }
}

/// A signature that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verified {
    /// When a cosignature was made, in seconds since 1970; other signatures do not say.
    pub time: Option<u64>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let fits = text.ends_with('\n') && text.bytes().all(|byte| byte >= b' ' || byte == b'\n');
    if fits { Ok(()) } else { Err(NoteError::Text) }
}

#[cfg(test)]
mod tests;
