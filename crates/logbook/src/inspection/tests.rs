//! A switchboard's log on SQLite, and auditors who read it at a time that the test decides.

mod bed;
mod pages;
mod resolving;
mod searching;
