//! Who acts: ID tokens of a partner's OpenID provider, and statements of the provider of representation.
//!
//! The promises, each with a test:
//!
//! - a token is believed only if a key that its provider publishes signed it, for us, not too long ago and not to be used
//!   up yet; the algorithm is judged before any key is looked for, and the token brings no key of its own;
//! - a flood of made-up key names costs the provider one fetch in ten seconds; a provider that is down is borne for a day with
//!   the keys that were known; a key that it takes back works for ten minutes at most while it can be asked;
//! - an actor is `proven` when the token names the same person and gives the same role as the request, and in no other way;
//! - no token, claim or nonce is in a log, an error or a `Debug`.
#![forbid(unsafe_code)]

mod actor;
mod address;
mod claims;
mod compact;
mod error;
mod events;
mod expected;
mod fetching;
mod keys;
mod providers;
mod settings;
mod signing;
#[cfg(test)]
mod tests;

pub use actor::{ActorError, ActorProofs};
pub use address::{AddressError, Loopback};
pub use claims::Verified;
pub use error::{FetchError, KeysError, TokenError};
pub use events::EVENTS as LOG_EVENTS;
pub use expected::{Expected, LEEWAY, verify};
pub use fetching::{FetchKeys, ProviderKeys};
pub use keys::{KeySet, SigningAlgorithm};
pub use providers::Providers;
pub use settings::IdentitySettings;
pub use signing::{SigningError, SigningKey};
