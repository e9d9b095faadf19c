//! Feedback reports: somebody doubts a value at a holder (terugmelding).
//!
//! A report goes straight from the asker to the holder, under a feedback grant, and its content stays there. The switchboard
//! hears which report has which status, between which two parties, and nothing else. States and transitions are those of
//! Digimelding (DMKS, appendix B).

mod annotation;
mod attachment;
mod checking;
mod local;
mod report;
mod routing;
mod status;
mod view;

pub use annotation::{Annotation, NewAnnotation};
pub use attachment::{AttachmentView, NewAttachment};
pub use checking::{ATTACHMENT_TYPES, Mistake, is_pointer};
pub use local::{
    AnnotateFeedback, FeedbackAttachment, FeedbackList, FeedbackListed, FeedbackSummary, FeedbackWaiting,
};
pub use report::{
    DoubtedAttribute, FeedbackContact, FeedbackDraft, FeedbackKind, FeedbackReport, FeedbackSubmission,
    ReasonableDoubt,
};
pub use routing::{
    CorrectionReport, CorrectionView, CorrectionsTold, FeedbackRoute, FeedbackStatusReport, ReceivedBy,
    RouteAsked,
};
pub use status::{FeedbackOutcome, FeedbackSide, FeedbackStatus};
pub use view::FeedbackView;

/// The most attachments of one report.
pub const MOST_ATTACHMENTS: usize = 5;
/// The most bytes of all attachments of one report together, before base64.
pub const MOST_ATTACHED_BYTES: usize = 20 * 1024 * 1024;
/// The most values that one report doubts.
pub const MOST_ATTRIBUTES: usize = 50;
/// The longest reference of a reporter's own, in characters.
pub const LONGEST_REFERENCE: usize = 12;
/// The longest text in a report, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// The longest JSON pointer in a report, in bytes.
pub const LONGEST_POINTER: usize = 500;
/// The longest doubted or proposed value, in bytes of JSON.
pub const LONGEST_VALUE: usize = 4_000;
/// The most pulls that one correction names; a holder with more sends several.
pub const MOST_RECEIVED: usize = 200;
