//! Does a source, and an adapter that runs, do what the chain relies on?
//!
//! A partner runs the suite before it goes into a chain, and after every change to its own system:
//!
//! - [`try_source`] reads a [`Source`](kw_adapter::Source) as the synchroniser does, and tries what goes wrong in practice;
//! - [`try_adapter`] calls a running adapter as other partners do, with good grants and with bad ones.
//!
//! Both give a [`Report`]: one finding for every check of the [`catalogue`], whatever came of it. What could not be tried is
//! reported as that, never as passed. Nothing in a report is taken from a record: it can be shown to anybody.
#![forbid(unsafe_code)]

pub mod catalogue;
mod hook;
mod html;
mod report;
mod running;
mod source;

pub use hook::{Act, CommandHook, Hook, HookError};
pub use html::page;
pub use report::{Finding, Outcome, Report};
pub use running::adapter::{Asking, MtlsAdapter, MtlsError};
pub use running::{Adapter, Answered, Caller, Grant, Proofs, Request, Unsent, Whose, try_adapter};
pub use source::{SourceTrial, try_source};
