//! `[shared_attributes.*]`: values that several holders give.

use std::collections::BTreeMap;

use kw_domain::{Category, Oin};

use crate::reading::cursor::{Fields, Node};
use crate::reading::references::{self, Declared};
use crate::reading::values;
use crate::{Partner, SharedAttribute};

pub(crate) fn read(
    top: &mut Fields<'_>,
    declared: &Declared<'_>,
    partners: Option<&BTreeMap<Oin, Partner>>,
) -> Option<Vec<SharedAttribute>> {
    let Some(section) = top.optional("shared_attributes") else { return Some(Vec::new()) };
    let mut attributes = Vec::new();
    for entry in section.fields()?.entries() {
        // An attribute is written like a category; the complaint must not call it one.
        let named = entry.parsed_key(|key| Category::parse(key).map_err(|_| NAME_FORM)).is_some();
        if let Some(attribute) = attribute(&entry.node, entry.key, declared, partners)
            && named
        {
            attributes.push(attribute);
        }
    }
    Some(attributes)
}

fn attribute(
    node: &Node<'_>,
    name: &str,
    declared: &Declared<'_>,
    partners: Option<&BTreeMap<Oin, Partner>>,
) -> Option<SharedAttribute> {
    let mut fields = node.fields()?;
    let title = fields.required("title").and_then(|node| values::title(&node));
    let given = fields.required("values").and_then(|node| pointers(&node, declared));
    let authoritative = match fields.optional("authoritative") {
        Some(node) => Some(authoritative(&node, given.as_ref(), declared, partners)?),
        None => None,
    };
    fields.finish();
    Some(SharedAttribute { name: name.to_owned(), title: title?, values: given?, authoritative })
}

fn pointers(node: &Node<'_>, declared: &Declared<'_>) -> Option<BTreeMap<Category, String>> {
    let mut pointers = BTreeMap::new();
    let entries = node.fields()?.entries();
    for entry in &entries {
        let category = references::key(entry, "category", &declared.categories, Category::parse);
        if let (Some(category), Some(pointer)) = (category, pointer(&entry.node)) {
            pointers.insert(category, pointer);
        }
    }
    if entries.is_empty() {
        node.refuse("no category gives this attribute", "add a category with a JSON Pointer");
    }
    Some(pointers)
}

/// RFC 6901: empty or begun by a slash, and a tilde only in `~0` and `~1`. The whole document (empty) is no attribute.
fn pointer(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let escapes_are_sound =
        text.split('~').skip(1).all(|rest| rest.starts_with('0') || rest.starts_with('1'));
    if text.starts_with('/') && escapes_are_sound && text.len() <= 300 {
        return Some(text.to_owned());
    }
    node.refuse("expected a JSON Pointer (RFC 6901)", "write it like /person/address/city");
    None
}

fn authoritative(
    node: &Node<'_>,
    given: Option<&BTreeMap<Category, String>>,
    declared: &Declared<'_>,
    partners: Option<&BTreeMap<Oin, Partner>>,
) -> Option<Oin> {
    let oin = node.parsed(Oin::parse)?;
    if !declared.partners.contains(&oin.as_str()) {
        node.refuse("the authoritative holder is no partner", "write the OIN of one of the partners");
    }
    if let (Some(partner), Some(given)) = (partners.and_then(|partners| partners.get(&oin)), given)
        && !given.keys().any(|category| partner.registers.contains(category))
    {
        node.refuse(
            "the authoritative holder registers none of the categories that give this attribute",
            "add its category to values, or name another holder",
        );
    }
    Some(oin)
}

const NAME_FORM: &str = "a shared attribute is named with 1 to 64 lower-case letters, digits and hyphens, and begins with a letter";
