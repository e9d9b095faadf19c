//! Pseudonyms: elements, proofs, tags, bindings and re-keying; pure.
//!
//! The path of a subject: the partner blinds it ([`blind`]), the pseudonymiser evaluates it under its key and proves
//! that it used that key ([`evaluate`]), the partner checks and unblinds ([`verify_and_unblind`]). The element made
//! under the key for `index` goes to the switchboard, which turns it into the element it stores ([`IndexKey`]) and
//! finds by its [`Tag`]. The element made under the key for `binding` stays with the partner, as a [`Binding`].
//!
//! The exact bytes are specified in docs/pseudonym.md; docs/vectors/pseudonym.json holds the vectors. Blinding,
//! evaluation and proof are RFC 9497, VOPRF mode, suite ristretto255-SHA512, without its `Finalize`: an element can be
//! re-keyed ([`Delta`]), a hash cannot.
//!
//! Randomness is an argument everywhere. No secret type can be serialised by accident, shows itself in `Debug`, or is
//! left in memory after its drop.
#![forbid(unsafe_code)]

mod binding;
mod birth_date;
mod blinding;
mod element;
mod evaluation;
mod factor;
mod index;
mod key;
mod point;
mod proof;
mod redacted;
mod rekeying;
mod sealed;
mod suite;
#[cfg(test)]
mod testing;

pub use binding::Binding;
pub use birth_date::{BirthDateComparison, BirthDateProofs};
pub use blinding::{BlindError, Blinding, blind};
pub use element::{BlindedElement, Element, ElementError, EvaluatedElement};
pub use evaluation::{evaluate, verify_and_unblind};
pub use index::{IndexKey, Tag, TagKey};
pub use key::{KeyError, PublicKey, SecretKey};
pub use proof::{BatchError, Proof, ProofError};
pub use rekeying::Delta;
pub use sealed::{RowKey, SealError};
