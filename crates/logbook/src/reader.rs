//! Logs read from outside: verified as a whole or by one entry, and copied.

mod trust;

pub use trust::{Trust, TrustError};
