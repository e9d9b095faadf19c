//! Identifiers: UUID version 7 (RFC 9562), one type per thing that is identified.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Instant;

/// The text is no UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a UUID of version 7 in its hyphenated form")]
pub struct IdError;

macro_rules! identifiers {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier at `now`; `random` are ten bytes that the caller drew.
            pub fn new(now: Instant, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.as_millis()).unwrap_or_default();
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The identifier from its 16 stored bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Parses the hyphenated form of a version 7 UUID.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                match Uuid::try_parse(text) {
                    Ok(uuid) if uuid.get_version_num() == 7 && text.len() == 36 => Ok(Self(uuid)),
                    _ => Err(IdError),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )+};
}

identifiers! {
    /// One account of one person in a personal environment.
    AccountId;
    /// One alarm about a party whose questions look like a search through all numbers.
    AlarmId;
    /// One annotation to a feedback report: a status, a note, contact details.
    AnnotationId;
    /// One attachment of a feedback report, at the holder.
    AttachmentId;
    /// One pushed authorisation request and what comes of it, at a holder's authorisation server.
    AuthorisationId;
    /// One upload of pointers in bulk.
    BatchId;
    /// One made-up person by whom a partner notices an index that leaves holders out.
    CanaryId;
    /// One collection of documents at one holder, for one represented person.
    CollectionId;
    /// One consent or objection to disclosure.
    ConsentId;
    /// One mandate of a software supplier to act for a partner.
    DelegationId;
    /// One departure of a partner: it left, it vanished, or another one takes its pointers over.
    DepartureId;
    /// One document in a dossier of a personal environment.
    DocumentId;
    /// One dossier of one person, in a personal environment.
    DossierId;
    /// One feedback report: somebody doubts a value at a holder (terugmelding).
    FeedbackId;
    /// One grant: the `jti` of its token.
    GrantId;
    /// One check by two people that a record is about the person who is meant.
    IdentityCheckId;
    /// One mandate to represent a person.
    MandateId;
    /// One match: several holders have live pointers about the same person.
    MatchId;
    /// One objection to a statutory registration.
    ObjectionId;
    /// One pointer in the index.
    PointerId;
    /// One query.
    QueryId;
    /// One declared relation between two persons, for family match.
    RelationId;
    /// One request of an auditor to find the records about one subject.
    ResolutionId;
    /// One review of a question that was asked on a motivated or emergency ground.
    ReviewId;
    /// One session of one person in a personal environment.
    SessionId;
    /// One signal: something happened that another party should hear of.
    SignalId;
    /// One person (or case) in the index; known inside the switchboard only.
    SubjectId;
    /// What an access record says instead of a subject: random, and resolvable only through a link that can be erased.
    SubjectReference;
    /// One subscription to signals.
    SubscriptionId;
    /// One exchange between two parties: the `Fsc-Transaction-Id` (FSC Logging; Digikoppeling REST profile).
    TransactionId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_time_and_read_back() {
        let early = PointerId::new(Instant::from_millis(1_000), [255; 10]);
        let late = PointerId::new(Instant::from_millis(2_000), [0; 10]);
        assert!(early < late);
        assert_eq!(PointerId::parse(&early.to_string()), Ok(early));
        assert_eq!(PointerId::from_bytes(*early.as_bytes()), early);
    }

    #[test]
    fn other_versions_and_other_forms_are_refused() {
        assert_eq!(QueryId::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), Err(IdError));
        let id = QueryId::new(Instant::from_millis(1), [7; 10]).to_string();
        assert_eq!(QueryId::parse(&id.replace('-', "")), Err(IdError));
        assert_eq!(QueryId::parse(""), Err(IdError));
    }
}
