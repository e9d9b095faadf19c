//! The personal environment's tables: accounts, dossiers of exactly one person each, sessions, collections, documents.

mod schema;

use std::collections::BTreeSet;
use std::fmt;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use kw_domain::{
    AccountId, Category, CollectionId, DocumentId, DossierId, Instant, MandateId, Oin, SessionId,
    SubjectReference,
};

use crate::backend::{Connection, Migrations};
use crate::error::StoreError;
use crate::ledger::{LedgerRead, Links};
use crate::store::{Service, sealed};

pub(crate) use schema::{
    personal_accounts, personal_collections, personal_confirmations, personal_documents, personal_dossiers,
    personal_invitations, personal_references, personal_sessions, personal_users,
};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/personal/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/personal/postgres");

/// The personal environment's database.
#[derive(Debug)]
pub struct Personal;

impl sealed::Sealed for Personal {
    fn migrations() -> Migrations {
        Migrations { postgres: POSTGRES, sqlite: SQLITE }
    }
}

impl Service for Personal {
    type Read = dyn PersonalRead;
    type Write = dyn PersonalWrite;
    const NAME: &'static str = "personal";
    // References of its records lead to dossiers, in a table that goes with the dossier.
    const LINKS: Links = Links::None;

    fn reading(connection: &mut sealed::Open) -> &mut Self::Read {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }

    fn writing(connection: &mut sealed::Open) -> &mut Self::Write {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }
}

/// Rows hold digests and sealed values that stand for a person: their `Debug` shows a name and nothing else.
macro_rules! quiet {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

quiet!(Account, Confirmation, Session, Dossier, DossierUser, Invitation, Collection, Document);

/// One person's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// What it is called.
    pub id: AccountId,
    /// By which it is found again: a keyed digest of the provider's pairwise binding of the person.
    pub key: [u8; 16],
    /// Since when.
    pub created_at: Instant,
}

/// One session of one account.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What it is called.
    pub id: SessionId,
    /// SHA-256 of its bearer token.
    pub token: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// What the provider stated at the sign-in: who is represented. Sealed.
    pub statement_sealed: Vec<u8>,
    /// The dossier it is bound to, once and for all.
    pub dossier: Option<DossierId>,
    /// Since when.
    pub created_at: Instant,
    /// Until when.
    pub expires_at: Instant,
}

/// One dossier, about exactly one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Dossier {
    /// What it is called.
    pub id: DossierId,
    /// Whose it is.
    pub owner: AccountId,
    /// Keyed digest of owner and person: one dossier of an owner about a person.
    pub person_key: [u8; 16],
    /// Whether the owner is the person.
    pub own: bool,
    /// The dossier's key, wrapped for this row.
    pub key_sealed: Vec<u8>,
    /// Who the person is, sealed under the dossier's key.
    pub person_sealed: Vec<u8>,
    /// Since when.
    pub created_at: Instant,
}

/// Limits of somebody who uses another's dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// May read documents.
    pub view: bool,
    /// May collect documents.
    pub collect: bool,
    /// Only these categories; `None` for all.
    pub categories: Option<BTreeSet<Category>>,
    /// Until then.
    pub until: Instant,
}

/// Somebody who may use another's dossier.
#[derive(Clone, PartialEq, Eq)]
pub struct DossierUser {
    /// Which dossier.
    pub dossier: DossierId,
    /// Who.
    pub account: AccountId,
    /// The mandate of the dossier's person under which they came in.
    pub mandate: MandateId,
    /// What they may.
    pub limits: Limits,
    /// Since when.
    pub added_at: Instant,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

/// An invitation to use a dossier, taken up once.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// SHA-256 of its code.
    pub code: [u8; 32],
    /// Which dossier.
    pub dossier: DossierId,
    /// What may be done then.
    pub limits: Limits,
    /// To be taken up by then.
    pub expires_at: Instant,
}

/// How far a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionState {
    /// The person is at the holder or the provider.
    Started,
    /// The holder gave a code; its token is being used.
    Authorised,
    /// Documents that are proven to be of the dossier's person wait for the user's confirmation.
    Received,
    /// The user confirmed, and somebody else must too.
    AwaitingSecondPerson,
    /// They are in the dossier.
    Stored,
    /// It ended without a document.
    Refused,
}

impl CollectionState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Started,
        Self::Authorised,
        Self::Received,
        Self::AwaitingSecondPerson,
        Self::Stored,
        Self::Refused,
    ];

    /// The state as it stands in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Authorised => "authorised",
            Self::Received => "received",
            Self::AwaitingSecondPerson => "awaiting-second-person",
            Self::Stored => "stored",
            Self::Refused => "refused",
        }
    }

    /// Whether nothing follows any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stored | Self::Refused)
    }

    /// Whether `next` may follow. Everything that is not final may end in a refusal.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Started, Self::Authorised)
            | (Self::Authorised, Self::Received)
            | (Self::Received, Self::AwaitingSecondPerson | Self::Stored)
            | (Self::AwaitingSecondPerson, Self::Stored) => true,
            (from, Self::Refused) => !from.is_final(),
            _ => false,
        }
    }
}

/// One collection at one holder, for one dossier.
#[derive(Clone, PartialEq, Eq)]
pub struct Collection {
    /// What it is called.
    pub id: CollectionId,
    /// For which dossier, from the start.
    pub dossier: DossierId,
    /// Who began it.
    pub account: AccountId,
    /// At which holder.
    pub holder: Oin,
    /// Which categories.
    pub categories: BTreeSet<Category>,
    /// Under which mandate, when not for oneself.
    pub mandate: Option<MandateId>,
    /// SHA-256 of the `state` that comes back.
    pub state_hash: [u8; 32],
    /// SHA-256 of the secret in the cookie of the browser that began it.
    pub browser: [u8; 32],
    /// The code verifier, sealed; gone once used.
    pub request_sealed: Option<Vec<u8>>,
    /// What was received and waits, sealed under the dossier's key; gone once stored or refused.
    pub pending_sealed: Option<Vec<u8>>,
    /// How far it is.
    pub state: CollectionState,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Since when.
    pub started_at: Instant,
    /// To be ended by then.
    pub expires_at: Instant,
}

/// A change of a collection's state, made only if it still is what it was.
#[derive(Clone)]
pub struct CollectionStep {
    /// Which one.
    pub id: CollectionId,
    /// What it must be now.
    pub from: CollectionState,
    /// What it becomes.
    pub to: CollectionState,
    /// What waits for confirmation from then on.
    pub pending_sealed: Option<Vec<u8>>,
    /// Why, for a refusal.
    pub reason: Option<&'static str>,
    /// To be ended by then.
    pub expires_at: Instant,
}

quiet!(CollectionStep);

/// Somebody confirmed that what was received belongs in the collection's dossier.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Which collection.
    pub collection: CollectionId,
    /// Who.
    pub account: AccountId,
    /// Whether that is the person of the dossier.
    pub represented: bool,
    /// When.
    pub at: Instant,
}

/// One document in a dossier.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub id: DocumentId,
    /// In which dossier.
    pub dossier: DossierId,
    /// By which collection it came.
    pub collection: CollectionId,
    /// Of which category.
    pub category: Category,
    /// From whom.
    pub holder: Oin,
    /// The document with its provenance, sealed under the dossier's key for this row.
    pub sealed: Vec<u8>,
    /// When it was received.
    pub received_at: Instant,
}

/// Reading.
pub trait PersonalRead: LedgerRead {
    /// The account with this key.
    fn account(&mut self, key: &[u8; 16]) -> Result<Option<Account>, StoreError>;
    /// The session with this token.
    fn session(&mut self, token: &[u8; 32]) -> Result<Option<Session>, StoreError>;
    /// One dossier.
    fn dossier(&mut self, id: DossierId) -> Result<Option<Dossier>, StoreError>;
    /// The dossiers that an account owns or uses, oldest first, at most `limit`.
    fn dossiers_of(&mut self, account: AccountId, limit: u32) -> Result<Vec<Dossier>, StoreError>;
    /// Every dossier after an id, for whoever checks them all.
    fn all_dossiers(&mut self, after: Option<DossierId>, limit: u32) -> Result<Vec<Dossier>, StoreError>;
    /// One user of a dossier.
    fn user(&mut self, dossier: DossierId, account: AccountId) -> Result<Option<DossierUser>, StoreError>;
    /// Everybody who uses or used a dossier besides its owner.
    fn users_of(&mut self, dossier: DossierId, limit: u32) -> Result<Vec<DossierUser>, StoreError>;
    /// The invitation with this code.
    fn invitation(&mut self, code: &[u8; 32]) -> Result<Option<Invitation>, StoreError>;
    /// One collection.
    fn collection(&mut self, id: CollectionId) -> Result<Option<Collection>, StoreError>;
    /// The collection whose `state` this is.
    fn collection_by_state(&mut self, state: &[u8; 32]) -> Result<Option<Collection>, StoreError>;
    /// A dossier's collections, newest first.
    fn collections_of(&mut self, dossier: DossierId, limit: u32) -> Result<Vec<Collection>, StoreError>;
    /// Who confirmed a collection.
    fn confirmations_of(&mut self, collection: CollectionId) -> Result<Vec<Confirmation>, StoreError>;
    /// One document.
    fn document(&mut self, id: DocumentId) -> Result<Option<Document>, StoreError>;
    /// A dossier's documents after an id, oldest first.
    fn documents_of(
        &mut self,
        dossier: DossierId,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError>;
    /// Whether anything is past its time ([`PersonalWrite::forget`]).
    fn is_due(&mut self, before: Instant) -> Result<bool, StoreError>;
    /// The dossier that a reference in a record means.
    fn referred(&mut self, reference: SubjectReference) -> Result<Option<DossierId>, StoreError>;
}

/// Changing.
pub trait PersonalWrite: PersonalRead {
    /// Opens an account.
    fn store_account(&mut self, account: &Account) -> Result<(), StoreError>;
    /// Begins a session.
    fn store_session(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Binds a session; `false` when it is bound to another dossier already.
    fn bind_session(&mut self, session: SessionId, dossier: DossierId) -> Result<bool, StoreError>;
    /// Ends a session.
    fn end_session(&mut self, session: SessionId) -> Result<(), StoreError>;
    /// Opens a dossier.
    fn store_dossier(&mut self, dossier: &Dossier) -> Result<(), StoreError>;
    /// Destroys a dossier with its key, documents, users, collections, references and the sessions bound to it.
    fn delete_dossier(&mut self, dossier: DossierId) -> Result<(), StoreError>;
    /// Says which dossier a reference in a record means.
    fn refer(
        &mut self,
        reference: SubjectReference,
        dossier: DossierId,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Adds a user, or replaces what they may.
    fn store_user(&mut self, user: &DossierUser) -> Result<(), StoreError>;
    /// Ends what a user may, with the confirmations they gave and every invitation to the dossier that is still open; `false`
    /// when there is nothing to end.
    fn end_user(&mut self, dossier: DossierId, account: AccountId, at: Instant) -> Result<bool, StoreError>;
    /// Remembers an invitation.
    fn store_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError>;
    /// Uses an invitation up; `false` when it was used before.
    fn take_invitation(&mut self, code: &[u8; 32]) -> Result<bool, StoreError>;
    /// Begins a collection.
    fn store_collection(&mut self, collection: &Collection) -> Result<(), StoreError>;
    /// Takes a collection further; `false` when it is not what it should be. Its request is gone then.
    fn step_collection(&mut self, step: &CollectionStep) -> Result<bool, StoreError>;
    /// Remembers a confirmation; a second one of the same account adds nothing.
    fn store_confirmation(&mut self, confirmation: &Confirmation) -> Result<(), StoreError>;
    /// Puts a document in its dossier.
    fn store_document(&mut self, document: &Document) -> Result<(), StoreError>;
    /// Removes what is past its time: sessions, invitations; collections under way are refused as `expired`.
    fn forget(&mut self, before: Instant) -> Result<(), StoreError>;
}

pub(crate) fn state_number(state: CollectionState) -> i16 {
    match state {
        CollectionState::Started => 0,
        CollectionState::Authorised => 1,
        CollectionState::Received => 2,
        CollectionState::AwaitingSecondPerson => 3,
        CollectionState::Stored => 4,
        CollectionState::Refused => 5,
    }
}

pub(crate) fn state_from(number: i16) -> Result<CollectionState, StoreError> {
    CollectionState::ALL
        .into_iter()
        .find(|state| state_number(*state) == number)
        .ok_or(StoreError::Damaged("state of a collection"))
}

/// A set of categories as one column: with a space between.
pub(crate) fn categories_text(categories: &BTreeSet<Category>) -> String {
    categories.iter().map(Category::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn categories_from(text: &str) -> Result<BTreeSet<Category>, StoreError> {
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.map(|word| Category::parse(word).map_err(|_| StoreError::Damaged("category"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_goes_one_way_and_ends_once() {
        use CollectionState::{AwaitingSecondPerson, Received, Refused, Started, Stored};
        assert!(Started.may_become(Refused) && Received.may_become(Stored));
        assert!(!Started.may_become(Received), "nothing is received without authorisation");
        assert!(!Started.may_become(Stored) && !Received.may_become(Started));
        assert!(AwaitingSecondPerson.may_become(Stored));
        for ended in [Stored, Refused] {
            assert!(CollectionState::ALL.iter().all(|next| !ended.may_become(*next)), "{ended:?}");
        }
    }

    #[test]
    fn states_and_categories_read_back() {
        for state in CollectionState::ALL {
            assert_eq!(state_from(state_number(state)), Ok(state));
        }
        let set: BTreeSet<Category> =
            ["care-plan", "allergies"].map(|text| Category::parse(text).unwrap()).into();
        assert_eq!(categories_from(&categories_text(&set)), Ok(set));
    }
}
