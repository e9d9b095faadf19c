//! A whole chain in a test: certificates, an agreement, databases, real processes and the network between them.
//!
//! ```no_run
//! # fn keys(_: &std::path::Path, _: &kw_domain::ChainName) -> anyhow::Result<()> { Ok(()) }
//! # async fn example() -> anyhow::Result<()> {
//! use kw_testbed::{Chain, Program};
//!
//! let chain = Chain::new(Program::this_test("child::serves", keys))?.partner("school").start()?;
//! let school = chain.member("school")?;
//! let answer = school.switchboard()?.register(&school.registration(7)?, &school.key()).await?;
//! assert!(answer.created);
//! # Ok(()) }
//! ```
//!
//! - Everything lives in one temporary folder and ends when the test does.
//! - Subjects are numbers: the testbed knows the pseudonymiser's keys, so that no pseudonymiser has to run.
//! - Nothing is skipped: a missing program fails the test and names the command that installs it.
#![forbid(unsafe_code)]

pub mod browser;
mod chain;
mod fhir_server;
mod mariadb;
mod member;
mod node_server;
mod not_checked;
pub mod outside;
mod ports;
mod postgres;
mod process;
mod program;
mod proxy;
mod rest_server;
mod sign_in_server;
mod signing;
mod subjects;
mod visitor;

pub use chain::{Chain, RunningChain};
pub use fhir_server::FhirServer;
pub use mariadb::MariaDbServer;
pub use member::Member;
pub use not_checked::not_checked;
pub use ports::free_port;
pub use postgres::PostgresServer;
pub use process::{Process, StartError};
pub use program::{Program, child_command, child_config};
pub use proxy::FaultProxy;
pub use rest_server::RestServer;
pub use sign_in_server::SignInServer;
pub use signing::public_half;
pub use subjects::{KnownKeys, element_of, subject_element};
pub use visitor::{Seen, Visitor, between};
