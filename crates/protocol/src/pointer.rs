//! Pointers: `/v1/pointers`, `/v1/pointers/_bulk`, `/v1/pointers/_withdraw`. For digests see [`crate::digest`].

use kw_domain::{Category, Epoch, Handle, Instant, Oin, PointerId, Purpose, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SecretBytes32;

/// N_index of a subject with the epoch of the pseudonymiser's key that made it. Secret between partner and switchboard.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectElement {
    /// N_index: ristretto255, 32 bytes.
    #[schema(value_type = String)]
    pub element: SecretBytes32,
    /// The generation of `k_p[index]`.
    #[schema(value_type = u32)]
    pub epoch: Epoch,
}

/// Why a pointer is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationReason {
    /// A migration or merge at the partner: nobody is notified (AORTA `BEHEER`).
    Administrative,
    /// The partner came to hold data.
    #[default]
    Regular,
}

/// Registers one pointer. The holder is the party of the client certificate, never a field.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterPointer {
    /// Whom the pointer is about.
    pub subject: SubjectElement,
    /// What kind of data the holder has.
    #[schema(value_type = String)]
    pub category: Category,
    /// The software installation that has them.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The holder's own random name for this pointer; kept from the first registration when it is registered again.
    #[schema(value_type = String)]
    pub handle: Handle,
    /// Only findable for these purposes; for every purpose of the category when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub purposes: Vec<Purpose>,
    /// Findable until then; the category's cap when left out, an error beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
    /// To be destroyed at the latest then (age limit or death), rounded down to the month by the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub destroy_by: Option<Instant>,
    /// Why it is registered.
    #[serde(default)]
    pub reason: RegistrationReason,
}

/// Where a pointer is in its life (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PointerState {
    /// Findable.
    Active,
    /// Kept in the archive term, not findable.
    Inactive,
    /// Ran out, or its holder's lease did.
    Lapsed,
    /// An objection was upheld.
    Objected,
    /// Replaced by a newer pointer.
    Superseded,
    /// Taken back by its holder, with a reason.
    Withdrawn,
}

impl PointerState {
    /// The state as it stands in messages and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Lapsed => "lapsed",
            Self::Objected => "objected",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why a holder takes a pointer back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawalReason {
    /// The person reached the age limit of the category.
    AgeReached,
    /// The person died.
    Deceased,
    /// It should never have been registered: erased without an archive term.
    EnteredInError,
    /// The holder leaves the chain.
    HolderStopped,
    /// The reason to be findable is gone.
    NoLongerPresent,
}

impl WithdrawalReason {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::AgeReached, Self::Deceased, Self::EnteredInError, Self::HolderStopped, Self::NoLongerPresent];

    /// The reason as it stands in messages and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AgeReached => "age-reached",
            Self::Deceased => "deceased",
            Self::EnteredInError => "entered-in-error",
            Self::HolderStopped => "holder-stopped",
            Self::NoLongerPresent => "no-longer-present",
        }
    }
}

/// A pointer as its own holder sees it: without the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// The switchboard's name for it.
    #[schema(value_type = String)]
    pub id: PointerId,
    /// The holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// The software installation. Absent from a tombstone.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceName>,
    /// The holder's name for it. Absent from a tombstone.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// Where it is in its life.
    pub state: PointerState,
    /// Why it left, when it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<WithdrawalReason>,
    /// When it was first registered.
    #[schema(value_type = String)]
    pub registered_at: Instant,
    /// Findable until then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
    /// Nothing is left of it after then.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroy_by: Option<Instant>,
    /// The pointer that replaced it.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<PointerId>,
}

/// Answer to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The pointer as stored.
    pub pointer: Pointer,
    /// Whether this registration made it, or it was there already.
    pub created: bool,
}

/// One page of the holder's own pointers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointerPage {
    /// At most as many as were asked for.
    pub pointers: Vec<Pointer>,
    /// Opaque; hand it back as `cursor` to get the next page. Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Extends a pointer: `POST /v1/pointers/{id}/renewals`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenewPointer {
    /// Findable until then; the category's cap from now when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
}

/// Replaces a pointer by a new one about the same subject: `POST /v1/pointers/{id}/successors`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupersedePointer {
    /// The new pointer; its subject must be the old one's.
    pub successor: RegisterPointer,
}

/// Takes a pointer back: `POST /v1/pointers/{id}/withdrawals`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawPointer {
    /// Why.
    pub reason: WithdrawalReason,
}

/// Takes back every active pointer that matches: `POST /v1/pointers/_withdraw`. Fails closed: at least one of
/// `category`, `source` and `all: true` must be given, and the count must be right to the last pointer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawMany {
    /// Which pointers.
    pub selector: PointerSelector,
    /// How many the caller believes that are; anything else is refused and nothing is withdrawn.
    pub expected_count: u64,
    /// Why.
    pub reason: WithdrawalReason,
}

/// Selects the caller's own active pointers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointerSelector {
    /// Every pointer of this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// Every pointer of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
    /// Every pointer of the caller: must be said in so many words.
    #[serde(default)]
    pub all: bool,
}

/// Answer to a bulk withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WithdrawnMany {
    /// How many were withdrawn.
    pub withdrawn: u64,
}

/// One line of the answer to `POST /v1/pointers/_bulk`, in the order of the lines received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkResult {
    /// The line of the upload, counted from 0 over all its parts.
    pub line: u64,
    /// What became of it.
    pub outcome: BulkOutcome,
    /// The pointer, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub id: Option<PointerId>,
    /// The stored handle, when there is a pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Findable until then, when there is a pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
    /// The problem type's code, when the line was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What to do about it, without any part of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of one line of a bulk upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BulkOutcome {
    /// A pointer was made.
    Created,
    /// The pointer was there already.
    Existing,
    /// The line was refused; the rest of its batch was not.
    Refused,
}

/// How far an upload has come: `GET /v1/bulk-uploads/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadProgress {
    /// Lines that are committed: continue with this one.
    pub committed_lines: u64,
}

/// A holder's sign of life: `POST /v1/leases`. Without one its pointers lapse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Valid until then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}
