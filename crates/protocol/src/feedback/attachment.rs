//! Files with a report. They go one way: to the holder.

use std::fmt;

use kw_domain::AttachmentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file with a report. It is stored at the holder, sealed, and never given back to the reporter. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAttachment {
    /// The name of the file, 1 to 100 characters, without a path.
    pub name: String,
    /// `application/pdf`, `image/jpeg` or `image/png`; the content has to be of that type.
    pub media_type: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The content, in base64 with padding (RFC 4648 §4).
    pub content: String,
}

/// One file of a report, without its content. `Debug` leaves its name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentView {
    /// Which one.
    #[schema(value_type = String)]
    pub id: AttachmentId,
    /// The name of the file.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its size in bytes.
    pub size: u64,
}

impl fmt::Debug for AttachmentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentView")
            .field("id", &self.id)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
