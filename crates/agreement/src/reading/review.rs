//! `[review]`: who looks at motivated and emergency questions afterwards, and within which time.

use std::time::Duration;

use kw_domain::Role;

use crate::ReviewRules;
use crate::reading::cursor::Fields;
use crate::reading::references::{self, Declared};
use crate::reading::values;

pub(crate) fn read(top: &mut Fields<'_>, declared: &Declared<'_>) -> Option<ReviewRules> {
    let usual = ReviewRules::default();
    let Some(section) = top.optional("review") else { return Some(usual) };
    let mut fields = section.fields()?;
    let reviewers = match fields.optional("reviewers") {
        Some(node) => references::words(&node, "role", &declared.roles, Role::parse),
        None => Some(usual.reviewers),
    };
    let mut within = |key, usual| match fields.optional(key) {
        Some(node) => values::duration(&node, SHORTEST, LONGEST),
        None => Some(usual),
    };
    let motivated = within("motivated_within", usual.motivated_within);
    let emergency = within("emergency_within", usual.emergency_within);
    fields.finish();
    let rules =
        ReviewRules { reviewers: reviewers?, motivated_within: motivated?, emergency_within: emergency? };
    if rules.emergency_within > rules.motivated_within {
        section.refuse(
            "an emergency is reviewed no later than a motivated question",
            "make emergency_within the shorter one",
        );
    }
    Some(rules)
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(90 * 24);
