//! The key of the service: it wraps the keys of dossiers and finds accounts, and seals nothing else for long.

use std::fmt;
use std::sync::Arc;

use kw_domain::{AccountId, DossierId, SessionId};
use kw_pseudonym::{Binding, RowKey, SealError};
use kw_runtime::Entropy;
use zeroize::Zeroizing;

use super::dossier::{NewDossier, OpenDossier, Person};
use super::session::Statement;

/// The service key (AES-256-GCM and keyed BLAKE3, see `kw_pseudonym::RowKey`). Clones share it.
#[derive(Clone)]
pub struct ServiceKey(Arc<RowKey>);

impl ServiceKey {
    /// The key as it stands in its file.
    pub fn new(key: RowKey) -> Self {
        Self(Arc::new(key))
    }

    /// By which an account is found: nobody without the key can make it from a binding, and no binding from it.
    pub fn account_key(&self, person: &Binding) -> [u8; 16] {
        self.0.digest(&[b"account", person.to_bytes().as_slice()])
    }

    /// By which one dossier of an owner about a person stays one. The owner is part of it, so that the table does not show
    /// that two accounts have a dossier about the same person.
    pub fn person_key(&self, owner: AccountId, person: &Binding) -> [u8; 16] {
        self.0.digest(&[b"person", owner.as_bytes(), person.to_bytes().as_slice()])
    }

    /// Opens a new dossier about one person, with a key of its own.
    pub fn found(&self, id: DossierId, owner: AccountId, person: Person, entropy: &Entropy) -> NewDossier {
        let key = RowKey::from_bytes(&entropy.draw());
        let key_sealed = self.0.seal(&place(KEY, id), key.to_bytes().as_slice(), entropy.draw());
        let person_key = self.person_key(owner, &person.binding);
        let dossier = OpenDossier::new(id, key, person);
        let person_sealed = dossier.seal_person(entropy);
        NewDossier { person_key, key_sealed, person_sealed, dossier }
    }

    /// Opens a stored dossier. A wrapped key that was moved to another row does not open there.
    pub fn open(
        &self,
        id: DossierId,
        key_sealed: &[u8],
        person_sealed: &[u8],
    ) -> Result<OpenDossier, SealError> {
        let plain = self.0.open(&place(KEY, id), key_sealed)?;
        let key: &[u8; 32] = plain.as_slice().try_into().map_err(|_| SealError)?;
        OpenDossier::open(id, RowKey::from_bytes(key), person_sealed)
    }

    /// Seals what the provider stated, for one session.
    pub fn seal_statement(&self, session: SessionId, statement: &Statement, entropy: &Entropy) -> Vec<u8> {
        let context = [STATEMENT, session.as_bytes()].concat();
        self.0.seal(&context, &statement.to_bytes(), entropy.draw())
    }

    /// Opens what was sealed for this session.
    pub fn open_statement(&self, session: SessionId, sealed: &[u8]) -> Result<Statement, SealError> {
        let context = [STATEMENT, session.as_bytes()].concat();
        Statement::from_bytes(&self.0.open(&context, sealed)?).ok_or(SealError)
    }

    /// Seals the secrets of an exchange under way, for the `state` whose digest this is.
    pub fn seal_exchange(&self, state: &[u8; 32], secrets: &[u8], entropy: &Entropy) -> Vec<u8> {
        self.0.seal(&[EXCHANGE, state.as_slice()].concat(), secrets, entropy.draw())
    }

    /// Opens them.
    pub fn open_exchange(&self, state: &[u8; 32], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.0.open(&[EXCHANGE, state.as_slice()].concat(), sealed)
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey(…)")
    }
}

fn place(column: &[u8], dossier: DossierId) -> Vec<u8> {
    [column, dossier.as_bytes()].concat()
}

const EXCHANGE: &[u8] = b"personal exchange:";
const KEY: &[u8] = b"personal_dossiers.key:";
const STATEMENT: &[u8] = b"personal_sessions.statement:";
