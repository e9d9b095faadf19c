//! Who watches the chain, and what a person is told about it.

use std::collections::BTreeSet;

use kw_domain::{Oin, Purpose};

/// An organisation that reads the access logs for the chain and takes no other part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auditor {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// Its name.
    pub name: String,
    /// Where it can be reached.
    pub contact: String,
    /// What it watches over.
    pub role: AuditorRole,
}

/// What an auditor watches over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditorRole {
    /// The use of the chain.
    #[default]
    Auditor,
    /// The rights of persons: told at once of questions in need (functionaris gegevensbescherming, GDPR art. 39).
    DataProtectionOfficer,
}

impl AuditorRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Auditor, Self::DataProtectionOfficer];

    /// The role as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::DataProtectionOfficer => "data-protection-officer",
        }
    }
}

/// How a person's question who registered and who looked (GDPR art. 15) is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectAccess {
    /// The partners that may gather the report from the whole chain, for people whom they identified themselves.
    pub partners: BTreeSet<Oin>,
    /// Whether the report names the members of staff who looked.
    pub staff_names: bool,
    /// Under this purpose they ask, for a person whom they identified, who holds what: then a pointer of their own is not needed.
    pub purpose: Option<Purpose>,
}
