//! What the authorisation server goes by, without any I/O: what a request may ask, which step follows which, whether a
//! statement answers what was asked, whether two dates are of one person.

pub mod birth_date;
pub mod phase;
pub mod pkce;
pub mod request;
pub mod statement;
