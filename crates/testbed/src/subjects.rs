//! Made-up subjects, as the switchboard sees them.

use kw_domain::{Epoch, KeyUse, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::pointer::SubjectElement;
use kw_pseudonym::{Element, SecretKey, blind, evaluate, verify_and_unblind};
use rand_core::OsRng;

/// The pseudonymiser's keys, which no party but a test knows together with a subject.
#[derive(Debug)]
pub struct KnownKeys {
    index: SecretKey,
    binding: SecretKey,
}

impl KnownKeys {
    /// New keys.
    pub fn generate() -> Self {
        Self { index: SecretKey::generate(&mut OsRng), binding: SecretKey::generate(&mut OsRng) }
    }

    /// The key of a use.
    pub fn of(&self, key_use: KeyUse) -> &SecretKey {
        match key_use {
            KeyUse::Index => &self.index,
            KeyUse::Binding => &self.binding,
        }
    }

    /// What the whole protocol makes of a real subject, both sides played here.
    pub fn element(&self, key_use: KeyUse, subject: &Subject) -> anyhow::Result<Element> {
        let key = self.of(key_use);
        let (blinding, blinded) = blind(subject, &mut OsRng)?;
        let blinded = [blinded];
        let (evaluated, proof) = evaluate(key, &blinded, &mut OsRng)?;
        let mut elements = verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof)?;
        elements.pop().ok_or_else(|| anyhow::anyhow!("one subject gives one element"))
    }
}

/// The element of subject number `number`: always the same, different for each, and cheap enough for millions.
///
/// To the switchboard N_index is any element of the group. This one is the public key of the scalar `number + 1`.
pub fn element_of(number: u64) -> anyhow::Result<Element> {
    let mut scalar = [0; 32];
    scalar[..8].copy_from_slice(&number.saturating_add(1).to_le_bytes());
    Ok(Element::from_bytes(&SecretKey::from_bytes(&scalar)?.public().to_bytes())?)
}

/// The same as it stands in a message, under the first epoch.
pub fn subject_element(number: u64) -> anyhow::Result<SubjectElement> {
    Ok(SubjectElement { element: SecretBytes32(element_of(number)?.to_bytes()), epoch: Epoch(1) })
}
