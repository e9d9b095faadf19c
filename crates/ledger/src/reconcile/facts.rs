//! What a record claims, as far as another log can confirm it.

use kw_domain::{ActorId, CaseReference, GrantId, Instant, Oin, Purpose, Role, TransactionId};

use crate::{AccessRecord, GrantedAccess, GrantedAct, Logged, Outcome, Verdict};

/// A record was seen there.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) origin: Box<str>,
    pub(super) index: u64,
    pub(super) at: Instant,
}

impl Seen {
    pub(super) fn of(logged: Logged<'_>) -> Self {
        Self { origin: logged.origin.into(), index: logged.index, at: logged.record.at }
    }
}

/// What it says.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) seen: Seen,
    /// The organisation that acted.
    pub(super) party: Oin,
    pub(super) is_allowed: bool,
    pub(super) is_success: bool,
    pub(super) grants: Vec<NamedGrant>,
    purpose: Option<Purpose>,
    actor: Option<(ActorId, Role)>,
    case: Option<CaseReference>,
}

impl Claim {
    pub(super) fn of(seen: Seen, record: &AccessRecord) -> Self {
        Self {
            seen,
            party: record.party,
            is_allowed: record.decision.verdict == Verdict::Allowed,
            is_success: record.result == Outcome::Success,
            grants: record.grants.iter().map(NamedGrant::of).collect(),
            purpose: record.purpose.clone(),
            actor: record.actor.as_ref().map(|actor| (actor.id.clone(), actor.role.clone())),
            case: record.case.clone(),
        }
    }

    /// Whether both name the same purpose and person.
    pub(super) fn agrees_on_why_and_who(&self, other: &Self) -> bool {
        self.purpose == other.purpose && self.actor == other.actor
    }

    /// The same, and the same case. A holder is not told the case.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.agrees_on_why_and_who(other) && self.case == other.case
    }
}

/// A grant that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedGrant {
    pub(super) transaction: TransactionId,
    pub(super) grant: GrantId,
    pub(super) holder: Oin,
    pub(super) act: GrantedAct,
}

impl NamedGrant {
    fn of(granted: &GrantedAccess) -> Self {
        let GrantedAccess { act, grant, holder, transaction, .. } = *granted;
        Self { transaction, grant, holder, act }
    }
}

/// From the first to the last moment.
pub(super) fn span<'a>(all: impl Iterator<Item = &'a Seen>) -> (Instant, Instant) {
    let moments = all.map(|seen| (seen.at, seen.at));
    let widest = moments.reduce(|(first, last), (at, _)| (first.min(at), last.max(at)));
    widest.unwrap_or((Instant::from_millis(0), Instant::from_millis(0)))
}
