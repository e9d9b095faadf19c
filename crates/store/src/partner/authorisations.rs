//! Authorisations at a holder's authorisation server, from the pushed request to the end of the token.

use std::fmt;

use kw_domain::{AuthorisationId, Instant, Oin};

use crate::error::StoreError;
use crate::partner::LocalRecord;

/// One authorisation as it is stored. What the phases are, and what is in `facts` and `sealed`, is the authorisation
/// server's own.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAuthorisation {
    /// Its name; nothing secret.
    pub id: AuthorisationId,
    /// The party that pushed the request.
    pub client: Oin,
    /// How far it has come.
    pub phase: i16,
    /// SHA-256 of what opens the next step: request URI, state, code or token.
    pub opens: Option<[u8; 32]>,
    /// SHA-256 of the code once it was used, by which its second use shows.
    pub opened: Option<[u8; 32]>,
    /// SHA-256 of the cookie of the browser that it goes on in.
    pub browser: Option<[u8; 32]>,
    /// SHA-256 of the client's certificate.
    pub certificate: [u8; 32],
    /// When it began.
    pub created_at: Instant,
    /// The deadline of this phase. After it the row is deleted.
    pub expires_at: Instant,
    /// JSON that names no person.
    pub facts: String,
    /// What names persons, sealed; `None` when it is not needed any more.
    pub sealed: Option<Vec<u8>>,
}

impl fmt::Debug for StoredAuthorisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAuthorisation")
            .field("id", &self.id)
            .field("phase", &self.phase)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Reading authorisations.
pub trait AuthorisationsRead {
    /// The authorisation with this name, expired or not.
    fn authorisation(&mut self, id: AuthorisationId) -> Result<Option<StoredAuthorisation>, StoreError>;
    /// The authorisation whose next step this opens, expired or not.
    fn authorisation_opened_by(
        &mut self,
        opens: &[u8; 32],
    ) -> Result<Option<StoredAuthorisation>, StoreError>;
    /// The authorisation whose code this was.
    fn authorisation_once_opened_by(
        &mut self,
        opened: &[u8; 32],
    ) -> Result<Option<StoredAuthorisation>, StoreError>;
    /// How many of a client's authorisations there are.
    fn count_authorisations(&mut self, client: Oin) -> Result<u64, StoreError>;
    /// At most `limit` of the partner's own records about a subject, by its keyed digest, in the order of their sources.
    fn records_about(&mut self, subject_key: &[u8; 16], limit: u32) -> Result<Vec<LocalRecord>, StoreError>;
}

/// Changing authorisations.
pub trait AuthorisationsWrite: AuthorisationsRead {
    /// Adds one.
    fn begin_authorisation(&mut self, authorisation: &StoredAuthorisation) -> Result<(), StoreError>;
    /// Replaces one if its phase and what opens it are still those of `before`. `false` when they are not: another request
    /// was first.
    fn move_authorisation(
        &mut self,
        before: &StoredAuthorisation,
        after: &StoredAuthorisation,
    ) -> Result<bool, StoreError>;
    /// Deletes those whose deadline is over, with all that was known of the persons.
    fn forget_authorisations(&mut self, before: Instant) -> Result<u64, StoreError>;
}
