//! The chain agreement (afsprakenstelsel) and the decision it yields.
//!
//! A chain signs off one declarative file, `agreement.toml`. [`Agreement::parse`] checks it whole and names every
//! mistake at once; what it returns cannot change any more, so a decision always belongs to exactly one
//! [`Agreement::hash`]. `docs/agreement.md` describes every field; [`draft`] writes such files.
#![forbid(unsafe_code)]

mod agreement;
mod budget;
mod category;
mod decision;
mod document;
pub mod draft;
mod error;
mod language;
mod ledger_rules;
mod logs;
mod oversight;
mod partner;
mod purpose;
mod reading;
mod shared;
mod term;
mod time_of_day;

pub use agreement::{Agreement, Environment, ServiceParty};
pub use budget::Budget;
pub use category::{CategoryRules, Sensitivity};
pub use decision::{Allowed, Decision, DecisionInput, DenialReason};
pub use document::DocumentSchema;
pub use error::{AgreementError, AgreementErrors};
pub use kw_domain::OfficeHours;
pub use language::{Language, Localised};
pub use ledger_rules::{LogAccess, RetentionClass};
pub use logs::{LogIdentity, LogOwner, WitnessIdentity};
pub use oversight::{Auditor, SubjectAccess};
pub use partner::{Partner, PartnerKind};
pub use purpose::{PurposeRules, RoleRules};
pub use shared::SharedAttribute;
pub use term::{Term, TermError, parse_duration};
