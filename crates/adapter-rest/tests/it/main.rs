//! A JSON API over real sockets: one that does what a test says, and two that others made.

mod auth;
mod changes;
mod faults;
mod outside;
mod paging;
mod samples;
mod settings;
mod stand_in;
