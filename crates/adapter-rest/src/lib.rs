//! A source that is a paged JSON API, read with the operator's own addresses.
//!
//! Its promises: it only sends GET (and the POST that fetches a token); no address it makes has a BSN in it, and an API
//! that puts one there is refused; it speaks to one server only, over TLS unless that is this machine; every answer has a bound and a
//! deadline; a list that goes in circles, moves while it is read, or ends too soon never counts as everything there is.
//!
//! [`api`] is the part that other sources over HTTP build on.
#![forbid(unsafe_code)]

pub mod api;
mod config;
mod describe;
mod paging;
mod place;
mod row;
mod source;
mod template;

pub use config::{CategoryRequests, Fetched, Gone, GoneWhen, Moment, Paging, RestConfig};
pub use source::RestSource;
