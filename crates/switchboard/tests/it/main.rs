//! The switchboard as its parties see it: real processes, real certificates, real databases.

mod child;
