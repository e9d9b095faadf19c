//! Wire types and problem details shared by servers and clients: types only, no behaviour beyond parsing.
//!
//! Bodies are JSON with camelCase names. Group elements, proofs and salts are unpadded base64url. Times are RFC 3339.
#![forbid(unsafe_code)]

pub mod access_log;
pub mod access_report;
pub mod alarm;
pub mod authorisation;
mod bytes;
pub mod consent;
pub mod delegation;
pub mod departure;
pub mod digest;
pub mod dossier;
pub mod evaluation;
pub mod feedback;
pub mod grant;
mod id_token;
pub mod identity_check;
pub mod local;
pub mod mandate;
pub mod matching;
pub mod objection;
pub mod operator;
pub mod pointer;
pub mod problem;
pub mod pull;
pub mod query;
pub mod review;
pub mod signal;
pub mod subscription;

pub use bytes::{Bytes16, Bytes32, BytesError, SecretBytes32};
pub use id_token::IdToken;
