//! `[policy]`: the chain's own rules in Rego.

use crate::reading::cursor::Fields;

/// The text, or `None` where there is none. `Err` after a complaint.
pub(crate) fn read(top: &mut Fields<'_>) -> Result<Option<String>, ()> {
    let Some(section) = top.optional("policy") else { return Ok(None) };
    let mut fields = section.fields().ok_or(())?;
    let rego = fields.required("rego");
    fields.finish();
    let node = rego.ok_or(())?;
    let text = node.text().ok_or(())?;
    if text.trim().is_empty() || text.len() > MAX_BYTES {
        node.refuse("a policy has 1 byte to 64 KiB", "shorten it, or leave [policy] out");
        return Err(());
    }
    Ok(Some(text.to_owned()))
}

const MAX_BYTES: usize = 64 * 1024;
