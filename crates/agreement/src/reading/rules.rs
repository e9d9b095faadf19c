//! Compiles the rules over what was read. Mistakes in the chain's own rules are named by their line in this file.

use crate::authority::Authority;
use crate::policy::{Described, Policy, complaints_about_agreement, describe};
use crate::reading::cursor::Fields;

/// The rules, ready for use. `text` is the whole file.
pub(crate) fn compile(
    top: &Fields<'_>,
    text: &str,
    authority: &Authority,
    described: &Described<'_>,
) -> Option<Policy> {
    let data = describe(described);
    if let Some(complaint) = complaints_about_agreement(&data).first() {
        top.refuse_at(
            0,
            "(top)",
            format!("the rules cannot be told of this agreement ({complaint})"),
            "report this as a fault of ketenwijzer",
        );
        return None;
    }
    let rego = authority.policy.as_deref();
    Policy::compile(&data, rego)
        .map_err(|mistake| {
            let place = rego.and_then(|rego| place_of(text, rego, mistake.line)).unwrap_or(0);
            top.refuse_at(place, "policy.rego", mistake.reason, "see docs/policy.md");
        })
        .ok()
}

/// Where a line of the rules stands in the file. Rules with escapes do not stand there as they are: then, where the key
/// does.
fn place_of(text: &str, rego: &str, line: usize) -> Option<usize> {
    let Some(start) = text.find(rego) else {
        return text.find("[policy]");
    };
    let before: usize = rego.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    Some(start + before)
}
