//! Naming a subject without a record: by its element, where a service can find it.

use std::pin::Pin;

use kw_protocol::pointer::SubjectElement;
use kw_runtime::Refusal;
use kw_store::Meant;

/// What [`FindSubject::find`] gives.
pub type Finding<'a> = Pin<Box<dyn Future<Output = Result<Option<Meant>, Refusal>> + Send + 'a>>;

/// Finds the subject that an element stands for. The switchboard can: it has the index.
pub trait FindSubject: Send + Sync {
    /// The subject, if the log may be about it.
    fn find<'a>(&'a self, subject: &'a SubjectElement) -> Finding<'a>;
}
