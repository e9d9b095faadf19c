//! Names that an operator wrote into a configuration, or all parties into the agreement.

use std::path::Path;

use kw_domain::{Category, ChainName, SourceName};

use crate::field::{LogField, Told, sealed::Sealed};

/// A name from this process's own configuration or from the agreement.
///
/// Whoever makes one says where the name comes from. Make none of what a request, a document or a source said, not even
/// of a well-formed category: until the agreement has been asked, a category is a text of the caller's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured(Box<str>);

impl Configured {
    /// A category that the agreement lists.
    pub fn category(category: &Category) -> Self {
        Self(category.as_str().into())
    }

    /// The chain, as the agreement names it.
    pub fn chain(chain: &ChainName) -> Self {
        Self(chain.as_str().into())
    }

    /// A file or folder that the configuration names.
    pub fn path(path: &Path) -> Self {
        Self(path.to_string_lossy().into())
    }

    /// A source that the configuration names.
    pub fn source(source: &SourceName) -> Self {
        Self(source.as_str().into())
    }
}

impl Sealed for Configured {}

impl LogField for Configured {
    const KIND: &'static str = "configured name";

    fn told(&self) -> Told<'_> {
        Told::text(&self.0)
    }
}
