//! A decision that was recorded, decided again.

use kw_domain::{Category, Oin};

use super::Decision;
use crate::policy::{DecisionDocument, complaints_about_decision};
use crate::{Agreement, ConsentVerdict};

/// A recorded decision, decided again under the same agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What the rules say now.
    pub decision: Decision,
    /// Whether they are the rules of then: the base policy of this program is the one that the record names.
    pub is_same_policy: bool,
    /// Whether every pointer that was granted could be, if the person consented.
    pub grants_fit: bool,
}

/// The text is not the input of a decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not the input of a decision: {}", .0.join("; "))]
pub struct ReplayError(Vec<String>);

impl Agreement {
    /// Decides again on a recorded input, and whether these granted pointers go with it. Whether the record was made under
    /// this agreement is for the caller to see: the record has its hash.
    pub fn replay(&self, input: &str, grants: &[(Oin, Category)]) -> Result<Replayed, ReplayError> {
        let malformed = || ReplayError(vec![": json".to_owned()]);
        let value = serde_json::from_str(input).map_err(|_| malformed())?;
        let complaints = complaints_about_decision(&value);
        if !complaints.is_empty() {
            return Err(ReplayError(complaints));
        }
        let document: DecisionDocument = serde_json::from_value(value).map_err(|_| malformed())?;
        let decision = self.decide_document(&document);
        let pointers = grants
            .iter()
            .map(|(holder, category)| crate::policy::PointerDocument {
                category: category.clone(),
                consent: ConsentVerdict::Given.as_str(),
                holder: *holder,
            })
            .collect();
        let disclosed = self.rules.disclose(&document.disclosure(pointers));
        let grants_fit = match &decision {
            Decision::Allowed(allowed) => {
                let is_searched = |(_, category): &(Oin, Category)| allowed.categories.contains(category);
                grants.iter().all(is_searched) && disclosed.is_ok_and(|disclosed| !disclosed.contains(&false))
            }
            Decision::Denied(_) => grants.is_empty(),
        };
        Ok(Replayed { decision, is_same_policy: document.is_of_this_base(), grants_fit })
    }
}
