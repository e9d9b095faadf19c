//! Keys that sign notes, and the text form in which verifiers are told of them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::{KeyName, KeyNameError, Note, NoteError, NoteSignature, Verified};
use crate::cosignature;
use crate::text::{from_base64, to_base64};

/// Length of an Ed25519 public key in bytes.
const KEY_LENGTH: usize = 32;

/// What a key signs, as the byte of its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureKind {
    /// Ed25519 over the text: a log.
    Ed25519 = 0x01,
    /// Ed25519 over the text and a time: a witness (C2SP tlog-cosignature).
    Cosignature = 0x04,
}

/// A public key with its name: whom to believe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: SignatureKind,
    key: [u8; KEY_LENGTH],
    id: [u8; 4],
}

/// Why a text is not a verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// It is not `name+id+key`.
    #[error("a verifier key is a name, eight hexadecimal digits and base 64, with a plus between")]
    Form,
    /// The name is none.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// The kind of key is another than an Ed25519 key of a log or a witness.
    #[error("only Ed25519 keys of logs and of witnesses are known here")]
    Kind,
    /// The identifier is not that of name and key.
    #[error("the identifier is not that of this name and key")]
    Id,
}

impl VerifierKey {
    /// Names a public key.
    pub fn new(name: &str, kind: SignatureKind, key: [u8; KEY_LENGTH]) -> Result<Self, KeyNameError> {
        Ok(Self::of(KeyName::parse(name)?, kind, key))
    }

    /// Reads the text form: `name+id+key`.
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Form);
        };
        let name = KeyName::parse(name)?;
        let key = from_base64(key).ok_or(VerifierKeyError::Form)?;
        let (kind, key) = key.split_first().ok_or(VerifierKeyError::Form)?;
        let kind = [SignatureKind::Ed25519, SignatureKind::Cosignature]
            .into_iter()
            .find(|known| *known as u8 == *kind)
            .ok_or(VerifierKeyError::Kind)?;
        let parsed = Self::of(name, kind, key.try_into().map_err(|_| VerifierKeyError::Form)?);
        if id.len() != 8 || !id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(VerifierKeyError::Form);
        }
        if id == parsed.id_text() { Ok(parsed) } else { Err(VerifierKeyError::Id) }
    }

    /// The name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The Ed25519 public key.
    pub fn key(&self) -> &[u8; KEY_LENGTH] {
        &self.key
    }

    /// The identifier that its signatures bear.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether a signature claims to be of this key.
    pub fn is_named_by(&self, signature: &NoteSignature) -> bool {
        signature.name == self.name && signature.key_id == self.id
    }

    /// Checks the bytes of a signature under a text.
    pub(crate) fn verify(&self, text: &str, signature: &[u8]) -> Option<Verified> {
        match self.kind {
            SignatureKind::Ed25519 => {
                self.verify_bytes(text.as_bytes(), signature).then_some(Verified { time: None })
            }
            SignatureKind::Cosignature => {
                let (time, signature) = cosignature::split(signature)?;
                let message = cosignature::message(time, text);
                self.verify_bytes(message.as_bytes(), signature).then_some(Verified { time: Some(time) })
            }
        }
    }

    fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }

    fn of(name: KeyName, kind: SignatureKind, key: [u8; KEY_LENGTH]) -> Self {
        let hashed = [name.as_str().as_bytes(), b"\n", &[kind as u8], &key].concat();
        let mut id = [0; 4];
        id.copy_from_slice(&digest(&SHA256, &hashed).as_ref()[..4]);
        Self { name, kind, key, id }
    }

    fn id_text(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.id))
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The vkey, `name+id+key`.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8][..], &self.key].concat();
        write!(f, "{}+{}+{}", self.name, self.id_text(), to_base64(&key))
    }
}

/// The key with which a log signs its checkpoints.
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// Makes the key that follows from a seed.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyNameError> {
        KeyPair::from_seed(name, SignatureKind::Ed25519, seed).map(Self)
    }

    /// What verifiers are told of it.
    pub fn verifier(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// Signs a text that ends in a line feed.
    pub fn sign(&self, text: String) -> Result<Note, NoteError> {
        let signature = self.0.line(self.0.sign(text.as_bytes()));
        Note::new(text, signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier())
    }
}

/// A secret key and what is public about it.
pub(crate) struct KeyPair {
    pair: Ed25519KeyPair,
    pub(crate) verifier: VerifierKey,
}

impl KeyPair {
    pub(crate) fn from_seed(name: &str, kind: SignatureKind, seed: &[u8; 32]) -> Result<Self, KeyNameError> {
        let name = KeyName::parse(name)?;
        // Refused is only a seed of another length.
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyNameError)?;
        let mut key = [0; KEY_LENGTH];
        key.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { pair, verifier: VerifierKey::of(name, kind, key) })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    pub(crate) fn line(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.verifier.name.clone(), key_id: self.verifier.id, bytes }
    }
}
