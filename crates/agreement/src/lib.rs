//! The chain agreement (afsprakenstelsel) and the decision it yields.
//!
//! A chain signs off one declarative file, `agreement.toml`. [`Agreement::parse`] checks it whole and names every
//! mistake at once; what it returns cannot change any more, so a decision always belongs to exactly one
//! [`Agreement::hash`]. `docs/agreement.md` describes every field; [`draft`] writes such files.
#![forbid(unsafe_code)]

mod agreement;
mod alarms;
mod approval;
mod authority;
mod budget;
mod category;
mod consent;
mod decision;
mod delegation;
mod diff;
mod document;
pub mod draft;
mod error;
mod following;
mod identity_provider;
mod language;
mod ledger_rules;
mod logs;
mod operator;
mod oversight;
mod partner;
mod policy;
mod purpose;
mod reading;
mod representation;
mod review;
mod shared;
mod term;
mod time_of_day;

/// The JSON Schema (draft 2020-12) of agreements, for editors. [`Agreement::parse`] knows more: it follows references.
pub const SCHEMA: &str = include_str!("../../../docs/agreement.schema.json");

pub use agreement::{Agreement, Environment, ServiceParty};
pub use alarms::AlarmRules;
pub use approval::{Admission, Approval, ApprovalError, Approvals, operator_public_key};
pub use budget::Budget;
pub use category::{CategoryRules, Matching, Sensitivity};
pub use consent::{
    Choice, ConsentRegime, ConsentRules, Disclosure, Evaluation, PartyScope, evaluate as evaluate_consent,
};
pub use decision::{
    Allowed, ConsentVerdict, Decision, DecisionInput, DenialReason, DisclosureInput, PointerInput,
    ReplayError, Replayed, RepresentationInput,
};
pub use delegation::{DelegationFrame, DelegationScope, Supplier};
pub use diff::{Change, Direction};
pub use document::DocumentSchema;
pub use error::{AgreementError, AgreementErrors};
pub use following::{FeedbackRules, MatchRules};
pub use identity_provider::{ConsoleRole, IdentityProvider};
pub use kw_domain::OfficeHours;
pub use language::{Language, Localised};
pub use ledger_rules::{LogAccess, RetentionClass};
pub use logs::{LogIdentity, LogOwner, WitnessIdentity};
pub use operator::Operator;
pub use oversight::{Auditor, AuditorRole, SubjectAccess};
pub use partner::{ContactPoint, ContactRole, Partner, PartnerKind, PartnerKindError};
pub use purpose::{Denials, PurposeRules, RoleRules};
pub use reading::{LARGEST_TEXT, text_hash};
pub use representation::{
    AgeBand, MandateAct, MandateKind, MandateRules, RepresentationRules, Side, StatementProvider,
};
pub use review::ReviewRules;
pub use shared::SharedAttribute;
pub use term::{Term, TermError, duration_text, parse_duration};
