//! Whether a mandate lets somebody do something now: the one answer that questions, checks and consents are given.

use std::collections::BTreeSet;

use kw_agreement::{Agreement, MandateAct};
use kw_domain::{Category, Instant, MandateId, SubjectId};
use kw_store::StoreError;
use kw_store::switchboard::SwitchboardRead;
use kw_store::switchboard::mandates::StoredMandate;

use super::rules::{Scope, scope};

/// What is claimed.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Under which mandate; any between these two people when it is not said.
    pub(crate) mandate: Option<MandateId>,
    /// Who acts, where the asker says so. Without it the mandate must be named.
    pub(crate) representative: Option<Option<SubjectId>>,
    /// For whom; `None` when the index does not know the person.
    pub(crate) represented: Option<SubjectId>,
    pub(crate) act: MandateAct,
    /// All of these must be covered.
    pub(crate) categories: BTreeSet<Category>,
}

/// A mandate that counts, with its scope under the agreement as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Mandated {
    pub(crate) mandate: StoredMandate,
    pub(crate) scope: Scope,
}

/// Why a claim does not stand. Recorded, and never told.
pub(crate) type Unmandated = &'static str;

/// Looks the claim up. The same few look-ups are made whatever is found.
pub(crate) fn look_up(
    index: &mut dyn SwitchboardRead,
    agreement: &Agreement,
    claim: &Claim,
    now: Instant,
) -> Result<Result<Mandated, Unmandated>, StoreError> {
    let between = match (claim.representative, claim.represented) {
        (Some(Some(acts)), Some(for_whom)) => index.live_mandates(acts, for_whom)?,
        _ => Vec::new(),
    };
    let named = match claim.mandate {
        Some(id) => index.mandate(id)?,
        None => None,
    };
    let candidates: Vec<StoredMandate> = match claim.mandate {
        Some(_) => named.into_iter().collect(),
        None => between,
    };
    Ok(judge(agreement, claim, candidates, now))
}

/// Pure: the first candidate that covers the claim, or why none does.
pub(super) fn judge(
    agreement: &Agreement,
    claim: &Claim,
    candidates: Vec<StoredMandate>,
    now: Instant,
) -> Result<Mandated, Unmandated> {
    let mut reason = "mandate-unknown";
    for mandate in candidates {
        let is_theirs = Some(mandate.represented) == claim.represented
            && claim.representative.is_none_or(|acts| acts == Some(mandate.representative));
        if !is_theirs {
            reason = "mandate-of-others";
            continue;
        }
        let Some(scope) = scope(agreement, &mandate, now) else {
            reason = "mandate-not-active";
            continue;
        };
        if !scope.acts.contains(&claim.act) || !claim.categories.is_subset(&scope.categories) {
            reason = "outside-mandate";
            continue;
        }
        return Ok(Mandated { mandate, scope });
    }
    Err(reason)
}
