//! `[consent]`: who may record the choices of persons.

use std::time::Duration;

use kw_domain::{Oin, Role};

use crate::ConsentRules;
use crate::reading::cursor::Fields;
use crate::reading::references::{self, Declared};
use crate::reading::values;

pub(crate) fn read(top: &mut Fields<'_>, declared: &Declared<'_>) -> Option<ConsentRules> {
    let usual = ConsentRules::default();
    let Some(section) = top.optional("consent") else { return Some(usual) };
    let mut fields = section.fields()?;
    let registrars = match fields.optional("registrars") {
        Some(node) => references::words(&node, "partner", &declared.partners, Oin::parse),
        None => Some(usual.registrars),
    };
    let professionals = match fields.optional("professionals") {
        Some(node) => references::words(&node, "role", &declared.roles, Role::parse),
        None => Some(usual.professionals),
    };
    let answer_valid = match fields.optional("answer_valid") {
        Some(node) => values::duration(&node, Duration::ZERO, LONGEST_ANSWER),
        None => Some(usual.answer_valid),
    };
    let objection_within = match fields.optional("objection_within") {
        Some(node) => values::duration(&node, SHORTEST_OBJECTION, LONGEST_OBJECTION),
        None => Some(usual.objection_within),
    };
    fields.finish();
    Some(ConsentRules {
        registrars: registrars?,
        professionals: professionals?,
        answer_valid: answer_valid?,
        objection_within: objection_within?,
    })
}

/// Whoever takes consent back expects it to count the same day.
const LONGEST_ANSWER: Duration = Duration::from_hours(24);
const SHORTEST_OBJECTION: Duration = Duration::from_secs(1);
/// One month, and two more for a difficult one (GDPR art. 12(3)).
const LONGEST_OBJECTION: Duration = Duration::from_hours(92 * 24);
