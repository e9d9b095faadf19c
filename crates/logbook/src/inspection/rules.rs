//! Who may agree to a resolution and who may use it: no reading, no clock.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::Instant;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::{Consent, Resolution};

use super::Reader;

/// How long a request waits for a second auditor.
pub(super) const OPEN_FOR: Duration = Duration::from_hours(7 * 24);
/// How long the records can be searched once two auditors agreed.
pub(super) const USABLE_FOR: Duration = Duration::from_hours(24);

/// Why a resolution is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MayNot {
    /// A second auditor has agreed before.
    AlreadyApproved,
    /// Its time is over.
    Expired,
    /// An organisation that took part is no auditor any more.
    NoLongerAuditor,
    /// Nobody agreed yet.
    NotApproved,
    /// One of them is not proven by the provider, and both have to be.
    NotProven,
    /// The reader is neither who asked nor who agreed.
    NotOneOfBoth,
    /// Who agrees has the certificate of who asked.
    SameCertificate,
    /// Who agrees is who asked.
    SamePerson,
    /// The log is not known to be about that subject.
    SubjectUnknown,
    /// There is no such resolution.
    Unknown,
}

impl MayNot {
    /// As the record says it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::AlreadyApproved => "resolution-already-approved",
            Self::Expired => "resolution-expired",
            Self::NoLongerAuditor => "resolution-of-a-former-auditor",
            Self::NotApproved => "resolution-not-approved",
            Self::NotOneOfBoth => "resolution-of-other-auditors",
            Self::NotProven => "resolution-unproven",
            Self::SameCertificate => "resolution-same-certificate",
            Self::SamePerson => "resolution-same-person",
            Self::SubjectUnknown => "subject-unknown",
            Self::Unknown => "resolution-unknown",
        }
    }

    /// Whether somebody tried to do alone what takes two.
    pub(super) fn is_suspect(self) -> bool {
        matches!(
            self,
            Self::NotApproved
                | Self::NotOneOfBoth
                | Self::NotProven
                | Self::SameCertificate
                | Self::SamePerson
        )
    }

    /// As the caller hears it.
    pub(super) fn refusal(self) -> Refusal {
        let (code, detail) = match self {
            Self::AlreadyApproved => {
                (ProblemCode::Conflict, "A second auditor has agreed to this resolution already. Use it.")
            }
            Self::Expired => (
                ProblemCode::Denied,
                "The resolution's time is over. Ask for a new one; a second auditor has to agree again.",
            ),
            Self::NoLongerAuditor => (
                ProblemCode::Denied,
                "An organisation that took part in this resolution is no auditor any more. Ask for a new one.",
            ),
            Self::NotApproved => (
                ProblemCode::Denied,
                "A second auditor has to agree first: another person, with another certificate.",
            ),
            Self::NotOneOfBoth => {
                (ProblemCode::Denied, "Only the two persons who agreed on this resolution may use it.")
            }
            Self::NotProven => (
                ProblemCode::ActorUnproven,
                "Both persons have to show an ID token of the provider of the agreement's [console], when they ask, agree and search.",
            ),
            Self::SameCertificate => (
                ProblemCode::Denied,
                "The request was made with this very certificate. The second auditor agrees with their own, or both show an ID token.",
            ),
            Self::SamePerson => {
                (ProblemCode::Denied, "The request was made by this very person. Somebody else has to agree.")
            }
            Self::SubjectUnknown => (
                ProblemCode::NotFound,
                "No record here is about that subject. Take the index and the reference from one entry of this log.",
            ),
            Self::Unknown => (ProblemCode::NotFound, "There is no such resolution here."),
        };
        Refusal::new(code, detail)
    }
}

/// May this person agree? It takes two persons: both proven by the provider of the console where the agreement names one, else with a
/// certificate each; the organisation may be the same.
pub(super) fn may_approve(
    agreement: &Agreement,
    resolution: &Resolution,
    second: &Consent,
) -> Result<(), MayNot> {
    let first = &resolution.request;
    if resolution.approval.is_some() {
        return Err(MayNot::AlreadyApproved);
    }
    if second.at >= resolution.expires_at {
        return Err(MayNot::Expired);
    }
    if agreement.auditor(first.party).is_none() {
        return Err(MayNot::NoLongerAuditor);
    }
    if first.person.is_same_person(&second.person) {
        return Err(MayNot::SamePerson);
    }
    // One person is one name at the provider, and one certificate at their organisation. Of one who is proven and one who only has a
    // certificate, nothing says that they are two.
    let by_provider = first.proven || second.proven || agreement.console_provider().is_some();
    if by_provider && !(first.proven && second.proven) {
        return Err(MayNot::NotProven);
    }
    if !by_provider && first.certificate == second.certificate {
        return Err(MayNot::SameCertificate);
    }
    Ok(())
}

/// May this person search under it?
pub(super) fn may_use(
    agreement: &Agreement,
    resolution: &Resolution,
    reader: &Reader,
    now: Instant,
) -> Result<(), MayNot> {
    let both = [Some(&resolution.request), resolution.approval.as_ref()];
    let is_one =
        |consent: &&Consent| consent.party == reader.party && consent.person.is_same_person(&reader.person);
    let Some(own) = both.into_iter().flatten().find(is_one) else { return Err(MayNot::NotOneOfBoth) };
    // Shown again, as it was when they agreed. Somebody at the machine itself has the database anyway.
    let is_here = reader.certificate_sha256 == [0; 32];
    match own.proven {
        true if !reader.proven && !is_here => return Err(MayNot::NotProven),
        false if reader.certificate_sha256 != own.certificate && !is_here => {
            return Err(MayNot::NotOneOfBoth);
        }
        _ => {}
    }
    if now >= resolution.expires_at {
        return Err(MayNot::Expired);
    }
    let Some(approval) = &resolution.approval else { return Err(MayNot::NotApproved) };
    if [resolution.request.party, approval.party].iter().any(|party| agreement.auditor(*party).is_none()) {
        return Err(MayNot::NoLongerAuditor);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
