//! Is it the same person? The subject proof and the birth-date proof against what the holder has.

use kw_domain::{BirthDate, DatePrecision};
use kw_protocol::access_report::StatementRequest;
use kw_protocol::feedback::FeedbackSubmission;
use kw_protocol::pull::{ComparedPrecision, EpochBirthDateProof, EpochProof, Pull};
use kw_pseudonym::{Binding, BirthDateComparison, BirthDateProofs};
use kw_store::partner::LocalRecord;

use super::refusal::PullRefusal;
use crate::Vault;

/// What a caller proves, for one grant.
#[derive(Clone, Copy)]
pub(crate) struct Proofs<'a> {
    grant: &'a str,
    subject: &'a [EpochProof],
    birth_date: &'a [EpochBirthDateProof],
}

impl<'a> From<&'a Pull> for Proofs<'a> {
    fn from(pull: &'a Pull) -> Self {
        Self { grant: &pull.grant, subject: &pull.subject_proofs, birth_date: &pull.birth_date_proofs }
    }
}

impl<'a> From<&'a StatementRequest> for Proofs<'a> {
    fn from(request: &'a StatementRequest) -> Self {
        let StatementRequest { grant, subject_proofs, birth_date_proofs, .. } = request;
        Self { grant, subject: subject_proofs, birth_date: birth_date_proofs }
    }
}

impl<'a> From<&'a FeedbackSubmission> for Proofs<'a> {
    fn from(submission: &'a FeedbackSubmission) -> Self {
        let FeedbackSubmission { grant, subject_proofs, birth_date_proofs, .. } = submission;
        Self { grant, subject: subject_proofs, birth_date: birth_date_proofs }
    }
}

impl Proofs<'_> {
    /// Whether the birth date is to be compared.
    pub(crate) fn has_birth_date(self) -> bool {
        !self.birth_date.is_empty()
    }
}

/// The stored binding, if the caller proved to know the subject that it is of.
pub(crate) fn check_subject(
    vault: &Vault,
    record: &LocalRecord,
    proofs: Proofs<'_>,
) -> Result<Binding, PullRefusal> {
    // Without a binding the record was never registered, so no honest grant can name its handle.
    let (Some(sealed), Some(epoch)) = (&record.binding_sealed, record.binding_epoch) else {
        return Err(PullRefusal::SubjectMismatch);
    };
    let binding = vault.open_binding(record.handle, sealed).map_err(|_| PullRefusal::Sealed)?;
    let mut of_this_epoch = proofs.subject.iter().filter(|proof| proof.epoch == epoch.0).peekable();
    if of_this_epoch.peek().is_none() {
        return Err(PullRefusal::SubjectEpoch);
    }
    // One try: several proofs for one epoch are several guesses.
    match (of_this_epoch.next(), of_this_epoch.next()) {
        (Some(proof), None) if binding.verify_subject(proofs.grant, &proof.proof.0) => Ok(binding),
        _ => Err(PullRefusal::SubjectMismatch),
    }
}

/// Refuses before the source is asked when a proof is demanded and none was given.
pub(crate) fn check_birth_date_given(
    record: &LocalRecord,
    proofs: Proofs<'_>,
    demanded: bool,
) -> Result<(), PullRefusal> {
    if !demanded || given(record, proofs)?.is_some() {
        return Ok(());
    }
    // Proven, but not with the key generation that this holder has.
    let elsewhere = !proofs.birth_date.is_empty();
    Err(if elsewhere { PullRefusal::SubjectEpoch } else { PullRefusal::BirthDateRequired })
}

/// Compares the birth dates when a proof was given, demanded or not.
pub(crate) fn compare_birth_date(
    binding: &Binding,
    record: &LocalRecord,
    proofs: Proofs<'_>,
    held: Option<BirthDate>,
) -> Result<Option<ComparedPrecision>, PullRefusal> {
    let Some(given) = given(record, proofs)? else {
        // A proof that nobody can check is no proof: whoever gave one expects it to be compared.
        return if proofs.birth_date.is_empty() { Ok(None) } else { Err(PullRefusal::SubjectEpoch) };
    };
    let sent = BirthDateProofs {
        day: given.day.as_ref().map(|proof| proof.0),
        month: given.month.as_ref().map(|proof| proof.0),
        year: given.year.as_ref().map(|proof| proof.0),
    };
    match binding.compare_birth_date(proofs.grant, held.as_ref(), &sent) {
        BirthDateComparison::Same(DatePrecision::Day) => Ok(Some(ComparedPrecision::Day)),
        BirthDateComparison::Same(DatePrecision::Month) => Ok(Some(ComparedPrecision::Month)),
        BirthDateComparison::Different => Err(PullRefusal::BirthDateMismatch),
        BirthDateComparison::Same(DatePrecision::Year) | BirthDateComparison::Unknown => {
            Err(PullRefusal::BirthDateUnknown)
        }
    }
}

/// The birth-date proof of the binding's epoch; two of them are two guesses.
fn given<'a>(
    record: &LocalRecord,
    proofs: Proofs<'a>,
) -> Result<Option<&'a EpochBirthDateProof>, PullRefusal> {
    let epoch = record.binding_epoch.map(|epoch| epoch.0);
    let mut of_this_epoch = proofs.birth_date.iter().filter(|proof| Some(proof.epoch) == epoch);
    match (of_this_epoch.next(), of_this_epoch.next()) {
        (first, None) => Ok(first),
        _ => Err(PullRefusal::BirthDateMismatch),
    }
}
