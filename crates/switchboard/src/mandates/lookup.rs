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
    #[expect(
        clippy::option_option,
        reason = "not said, said but not in the index, and in the index are three things"
    )]
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

/// The mandates that a claim may mean: the named one, or all between the two people that have not ended. Whoever is not in the
/// index costs as many look-ups.
pub(crate) fn candidates(
    index: &mut (dyn SwitchboardRead + 'static),
    claim: &Claim,
) -> Result<Vec<StoredMandate>, StoreError> {
    if let Some(id) = claim.mandate {
        return Ok(index.mandate(id)?.into_iter().collect());
    }
    let nobody = SubjectId::from_bytes([0; 16]);
    let representative = claim.representative.flatten().unwrap_or(nobody);
    index.live_mandates(representative, claim.represented.unwrap_or(nobody))
}

/// Pure: the first candidate that covers the claim, or why none does.
pub(crate) fn judge(
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
