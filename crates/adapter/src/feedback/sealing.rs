//! What a report says, sealed for its place: report, column, row.

use kw_domain::{AnnotationId, FeedbackId, Handle, Instant, Oin};
use kw_protocol::feedback::{DoubtedAttribute, FeedbackContact, FeedbackReport, NewAnnotation};
use kw_pseudonym::SealError;
use kw_store::StoreError;
use kw_store::partner::PartnerRead;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Vault;

/// What was reported, without its files and what the first annotation says.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) reference: Option<String>,
    pub(super) attributes: Vec<DoubtedAttribute>,
    pub(super) observed_at: Option<Instant>,
    pub(super) sent_on_by: Option<Oin>,
}

impl From<&FeedbackReport> for Content {
    fn from(report: &FeedbackReport) -> Self {
        Self {
            reference: report.reference.clone(),
            attributes: report.attributes.clone(),
            observed_at: report.observed_at,
            sent_on_by: report.sent_on_by,
        }
    }
}

/// The report itself as the first thing that was said about it.
pub(super) fn first_annotation(explanation: Option<String>, contact: FeedbackContact) -> NewAnnotation {
    NewAnnotation {
        status: Some(kw_protocol::feedback::FeedbackStatus::Reported),
        note: explanation,
        contact: Some(contact),
        ..NewAnnotation::default()
    }
}

pub(super) fn seal(vault: &Vault, place: &[u8], report: FeedbackId, row: &[u8; 16], plain: &[u8]) -> Vec<u8> {
    vault.seal_row(&[place, report.as_bytes()].concat(), row, plain)
}

pub(super) fn open(
    vault: &Vault,
    place: &[u8],
    report: FeedbackId,
    row: &[u8; 16],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    vault.open_row(&[place, report.as_bytes()].concat(), row, sealed)
}

pub(super) fn open_json<T: for<'a> Deserialize<'a>>(
    vault: &Vault,
    place: &[u8],
    report: FeedbackId,
    row: &[u8; 16],
    sealed: &[u8],
) -> Result<T, SealError> {
    let plain = open(vault, place, report, row, sealed)?;
    serde_json::from_slice(&plain).map_err(|_| SealError)
}

pub(super) fn seal_annotation(
    vault: &Vault,
    report: FeedbackId,
    id: AnnotationId,
    annotation: &NewAnnotation,
) -> Result<Vec<u8>, serde_json::Error> {
    let plain = Zeroizing::new(serde_json::to_vec(annotation)?);
    Ok(seal(vault, ANNOTATION, report, id.as_bytes(), &plain))
}

/// What the open reports about a record doubt.
pub(crate) fn doubted_pointers(
    vault: &Vault,
    found: Vec<(FeedbackId, Vec<u8>)>,
) -> Result<Vec<String>, SealError> {
    let mut pointers = Vec::new();
    for (report, sealed) in found {
        let of_one: Vec<String> = open_json(vault, POINTERS, report, report.as_bytes(), &sealed)?;
        pointers.extend(of_one);
    }
    Ok(pointers)
}

/// The sealed pointers of the open reports about a record.
pub(crate) fn read_doubted(
    tables: &mut (dyn PartnerRead + 'static),
    handle: Handle,
) -> Result<Vec<(FeedbackId, Vec<u8>)>, StoreError> {
    tables.doubted_of(handle, MOST_OPEN_OF_RECORD)
}

/// More open reports about one record than people can look at.
const MOST_OPEN_OF_RECORD: u32 = 500;

pub(super) const CONTENT: &[u8] = b"feedback_reports.content:";
pub(super) const POINTERS: &[u8] = b"feedback_reports.pointers:";
pub(super) const ANNOTATION: &[u8] = b"feedback_annotations.content:";
pub(super) const FACTS: &[u8] = b"feedback_attachments.facts:";
pub(super) const FILE: &[u8] = b"feedback_attachments.content:";
