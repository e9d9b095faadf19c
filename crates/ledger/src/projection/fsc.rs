//! FSC Logging 1.0: which request went from which organisation to which, for the transaction log of a group.
//!
//! A `logRecord` of the FSC Logging API. No person is in it, neither who acted nor whom it was about.

use kw_domain::{Oin, TransactionId};
use serde::Serialize;

use super::answered_as;
use crate::{AccessRecord, Event, Logged};

/// Who the central services are: the asker's record does not name whom it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peers {
    /// The switchboard's organisation.
    pub switchboard: Oin,
}

/// One record of the transaction log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    transaction_id: TransactionId,
    direction: Direction,
    grant_hash: &'static str,
    source: Source,
    destination: Destination,
    service_name: &'static str,
    created_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Direction {
    #[serde(rename = "DIRECTION_INCOMING")]
    Incoming,
    #[serde(rename = "DIRECTION_OUTGOING")]
    Outgoing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
enum Source {
    #[serde(rename = "SOURCE_TYPE_SOURCE")]
    Own { outway_peer_id: Oin },
    #[serde(rename = "SOURCE_TYPE_DELEGATED_SOURCE")]
    Delegated { outway_peer_id: Oin, delegator_peer_id: Oin },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
enum Destination {
    #[serde(rename = "DESTINATION_TYPE_DESTINATION")]
    Own { service_peer_id: Oin },
}

/// The lines of a record: none for what did not cross from one organisation to another, one for a request that was answered
/// or sent, one for each pull of a dossier.
pub fn project(logged: Logged<'_>, peers: Peers) -> Vec<Line> {
    let record = logged.record;
    let created_at = logged.millis() / 1000;
    let line = |transaction_id, direction, service_peer_id, service_name| Line {
        transaction_id,
        direction,
        grant_hash: NO_GRANT,
        source: source(record),
        destination: Destination::Own { service_peer_id },
        service_name,
        created_at,
    };
    match record.event {
        Event::DossierAssembled => record
            .grants
            .iter()
            .map(|grant| line(grant.transaction, Direction::Outgoing, grant.holder, "pulls"))
            .collect(),
        Event::QueryAsked => record
            .transaction
            .map(|transaction| line(transaction, Direction::Outgoing, peers.switchboard, "queries"))
            .into_iter()
            .collect(),
        _ => answered_as(record)
            .zip(record.transaction)
            .map(|(service, transaction)| line(transaction, Direction::Incoming, record.service, service))
            .into_iter()
            .collect(),
    }
}

fn source(record: &AccessRecord) -> Source {
    let outway_peer_id = record.party;
    match record.on_behalf_of {
        Some(delegator_peer_id) => Source::Delegated { outway_peer_id, delegator_peer_id },
        None => Source::Own { outway_peer_id },
    }
}

/// FSC's grants are parts of its contracts. A chain has its agreement instead, so there is nothing to hash.
const NO_GRANT: &str = "n/a";
