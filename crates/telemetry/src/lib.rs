//! The only way to the application log: declared events, with fields that cannot hold personal data.
//!
//! A crate that has something to say declares it in its `events.rs` with [`events!`]: for whom, how grave, under which
//! code, in which fixed words, with which fields. A field's type is one of those that implement [`LogField`], which nobody
//! outside this crate can add to. What is not among them, a text or an identifier of a person, does not compile. The
//! reasons are in docs/decisions/0015, the table of all events in docs/logging.md.
//!
//! ```
//! mod events {
//!     kw_telemetry::events! {
//!         /// Somebody has to look whether the budget is too small or the caller too curious.
//!         BudgetUsedUp(Security, Warn, "budget-used-up", "a budget is used up") { caller: kw_domain::Oin, asked: u64 }
//!     }
//! }
//! fn refuse(caller: kw_domain::Oin) {
//!     events::BudgetUsedUp { caller, asked: 12 }.log();
//! }
//! ```
//!
//! A text is no field, whatever it holds:
//!
//! ```compile_fail,E0277
//! kw_telemetry::events! {
//!     /// Does not compile.
//!     Told(Application, Warn, "told", "told") { what: String }
//! }
//! ```
//!
//! Nor is anything that leads to a person: a BSN,
//!
//! ```compile_fail,E0277
//! kw_telemetry::events! {
//!     /// Does not compile.
//!     Told(Application, Warn, "told", "told") { what: kw_domain::Bsn }
//! }
//! ```
//!
//! a subject,
//!
//! ```compile_fail,E0277
//! kw_telemetry::events! {
//!     /// Does not compile.
//!     Told(Application, Warn, "told", "told") { what: kw_domain::Subject }
//! }
//! ```
//!
//! a handle,
//!
//! ```compile_fail,E0277
//! kw_telemetry::events! {
//!     /// Does not compile.
//!     Told(Application, Warn, "told", "told") { what: kw_domain::Handle }
//! }
//! ```
//!
//! the person who asks,
//!
//! ```compile_fail,E0277
//! kw_telemetry::events! {
//!     /// Does not compile.
//!     Told(Application, Warn, "told", "told") { what: kw_domain::ActorId }
//! }
//! ```
//!
//! or a birth date. Another crate cannot make it one either:
//!
//! ```compile_fail,E0277
//! struct Mine(kw_domain::BirthDate);
//! impl kw_telemetry::LogField for Mine {
//!     const KIND: &'static str = "mine";
//!     fn told(&self) -> kw_telemetry::Told<'_> {
//!         loop {}
//!     }
//! }
//! ```
#![forbid(unsafe_code)]

mod configured;
mod event;
mod field;
mod numbers;
mod reason;

pub use configured::Configured;
pub use event::{Audience, Declared, Severity, emit};
pub use field::{LogField, Told};
pub use numbers::{Addresses, Digest, TraceId};
pub use reason::{Explain, Reason};
