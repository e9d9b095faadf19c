//! A source that is a FHIR R4 server: a record is a Patient who has something in a category, its document a Bundle of the
//! resources that the category is made of.
//!
//! Its promises: it only reads; a resource of another patient is never in a document, whatever the server makes of the question; no address
//! has a BSN in it; a document has no BSN and no narrative in it; everything has a bound and a deadline.
#![forbid(unsafe_code)]

mod bundle;
mod config;
mod describe;
mod document;
mod patient;
mod place;
mod server;
mod source;

pub use config::{CategoryResources, FhirConfig, Selection};
pub use source::FhirSource;
