//! Identifiers and vocabulary of the chain: pure, no I/O.
//!
//! Every value that arrives from outside is parsed once, at the edge, into one of these types; nothing inside
//! Ketenwijzer handles an unchecked string where one of them is meant.
#![forbid(unsafe_code)]

mod birth_date;
mod bsn;
mod clock;
mod dutch_time;
mod handle;
mod id;
mod instant;
mod key;
mod office_hours;
mod oin;
mod subject;
mod vocabulary;
mod working_days;

pub use birth_date::{BirthDate, BirthDateError, DatePrecision};
pub use bsn::{Bsn, BsnError};
pub use clock::{Clock, ManualClock, SystemClock};
pub use dutch_time::DutchTime;
pub use handle::{Handle, HandleError};
pub use id::{
    AccountId, AlarmId, AnnotationId, AttachmentId, AuthorisationId, BatchId, CanaryId, CollectionId,
    ConsentId, DelegationId, DepartureId, DocumentId, DossierId, FeedbackId, GrantId, IdError,
    IdentityCheckId, MandateId, MatchId, ObjectionId, PointerId, QueryId, RelationId, ResolutionId, ReviewId,
    SessionId, SignalId, SubjectId, SubjectReference, SubscriptionId, TransactionId,
};
pub use instant::{Instant, InstantError};
pub use key::{Epoch, KeyUse, KeyUseError};
pub use office_hours::OfficeHours;
pub use oin::{Oin, OinError, OinKind};
pub use subject::{Subject, SubjectError, SubjectScheme};
pub use vocabulary::{
    ActorId, CaseReference, Category, ChainName, Purpose, Role, SourceName, VocabularyError,
};
pub use working_days::{end_of_term, is_working_day};
