//! What the pages of auditors ask the services, and what they make of the answers.

pub(crate) mod figures;
pub(crate) mod filter;
pub(crate) mod kept;
pub(crate) mod proof;
pub(crate) mod story;
