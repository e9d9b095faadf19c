//! The holder's authorisation server: pushed requests, statements, consent, codes, tokens, collections (MedMij RFC0030 and
//! RFC0055, RFC 9126, RFC 7636, RFC 8705).
//!
//! A personal environment pushes what it wants and for whom; the person signs in at the provider and chooses for whom;
//! the holder compares that with the request and its own source, asks the person, and gives the personal environment a
//! code, a token, and documents about that one person. The promises, each with a test:
//!
//! - each value that opens a step works once, within its time, for the party and browser that it was given to, and is
//!   stored as its SHA-256 only;
//! - representation is used exactly when it was asked for, under a mandate that the register says counts at that moment, at
//!   the age for which it exists;
//! - nothing is disclosed when the birth date of the request is not the source's;
//! - whether there is anything about a person shows to nobody before that person consented;
//! - mandate, agreement and birth date are checked again at every collection;
//! - every answer proves, with the recipient's own pairwise binding, whom it is about;
//! - what names a person is sealed, and erased when the authorisation ends;
//! - what was decided and delivered is in the ledger before anybody hears of it.
#![forbid(unsafe_code)]

pub mod endpoints;
mod events;
mod mandates;
mod opaque;
mod provider;
pub mod rules;
mod server;
mod settings;
mod steps;
mod stored;

pub use endpoints::{public_routes, service_routes};
pub use events::EVENTS as LOG_EVENTS;
pub use mandates::Mandates;
pub use provider::{OidcParts, OidcProvider, Provider, ProviderError, SignIn, SignedIn};
pub use server::{Admits, AuthorisationServer, Parts};
pub use settings::{AuthorisationSettings, ClientSettings, SettingsError};
pub use steps::CallbackQuery;

#[cfg(test)]
mod tests;
