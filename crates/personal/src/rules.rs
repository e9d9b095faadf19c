//! The rules that keep dossiers apart: pure, no I/O, no clock, no randomness of their own.
//!
//! The road of a document, each step a type that only the step before can make:
//!
//! 1. [`Session::bind`]: a session is bound to one dossier and never to another ([`Session`]).
//! 2. [`Session::access`]: what this session may do in the dossier it is bound to, and on what ground ([`Access`]).
//! 3. [`OpenDossier::verify`]: what a holder delivered is proven to be about the person of *this* dossier
//!    ([`VerifiedDocument`]). There is no other way to make one.
//! 4. [`VerifiedDocument::confirmed`]: the user, or two people, confirmed that dossier ([`StorableDocument`]).
//! 5. [`OpenDossier::seal`]: encrypted under the key of the dossier that verified it ([`SealedDocument`]), which names
//!    that dossier itself. Nobody says a second time into which dossier it goes.

mod access;
mod confirmation;
mod dossier;
mod service_key;
mod session;
mod verification;

pub use access::{Access, Act, Ground, NoAccess};
pub use confirmation::{Confirmations, WrongDossier};
pub use dossier::{NewDossier, OpenDossier, OtherDossier, Person, SealedDocument};
pub use service_key::ServiceKey;
pub use session::{BoundElsewhere, RepresentedPerson, Session, Statement};
pub use verification::{
    Certainty, Delivered, Expected, Mismatch, StorableDocument, VerifiedDocument, Waiting,
};

#[cfg(test)]
mod model;
