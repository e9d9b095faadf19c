//! Who reads: an organisation by its certificate, and the person it names.

use kw_domain::{ActorId, Bsn, Oin, Role};
use kw_ledger::RecordedActor;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

/// A person who reads the log, or helps to decide about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reader {
    /// The organisation.
    pub party: Oin,
    /// The person, as the organisation knows them.
    pub person: ActorId,
    /// What they are to their organisation.
    pub role: Role,
    /// SHA-256 of the certificate that was shown; zeros for somebody at the machine itself.
    pub certificate_sha256: [u8; 32],
    /// Whether the provider of the console's users says that it is this person.
    pub proven: bool,
}

impl Reader {
    /// As the record names them: the organisation vouches for the person, or the provider does.
    pub(super) fn recorded(&self) -> RecordedActor {
        let (id, role) = (self.person.clone(), self.role.clone());
        let assurance = if self.proven { "proven" } else { "asserted" };
        RecordedActor { assurance: assurance.to_owned(), id, role }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("party", &self.party).finish_non_exhaustive()
    }
}

/// The name is recorded, and no record may hold a BSN.
pub(super) fn check(refusal: Refusal, person: &ActorId) -> Refusal {
    if Bsn::occurs_in(person.as_str()) { refusal.field("/auditor", NO_NUMBER) } else { refusal }
}

/// A request that is wrong in a way that `field` says.
pub(super) fn invalid() -> Refusal {
    Refusal::new(ProblemCode::Invalid, "Correct the fields and send the request again.")
}

pub(super) const NO_NUMBER: &str =
    "expected no citizen service number; write a letter before a number like one";
