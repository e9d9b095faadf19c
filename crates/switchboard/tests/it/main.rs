//! The switchboard as its parties see it: real processes, real certificates, real databases.

mod bulk;
mod child;
mod crash;
mod description;
mod digests;
mod idempotency;
mod lifecycle;
mod log;
mod matrix;
mod pointers;
mod queries;
mod quota;
mod rotation;
mod starting;
