//! `[roles.*]` and `[purposes.*]`: who may ask what, and why.

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{Category, Purpose, Role};
use kw_protocol::query::RelationBasis;

use crate::reading::cursor::{Fields, Node};
use crate::reading::references::{self, Declared};
use crate::reading::values::{self, complain_if_empty};
use crate::{Denials, PartnerKind, PurposeRules, RoleRules};

pub(crate) fn read_roles(top: &mut Fields<'_>, declared: &Declared<'_>) -> Option<BTreeMap<Role, RoleRules>> {
    let mut roles = BTreeMap::new();
    for entry in top.required("roles")?.fields()?.entries() {
        let name = entry.parsed_key(Role::parse);
        if let (Some(name), Some(rules)) = (name, role(&entry.node, declared)) {
            roles.insert(name, rules);
        }
    }
    Some(roles)
}

fn role(node: &Node<'_>, declared: &Declared<'_>) -> Option<RoleRules> {
    let mut fields = node.fields()?;
    let title = fields.required("title").and_then(|node| values::title(&node));
    let kinds = fields.required("kinds").and_then(|node| {
        let kinds = references::words(&node, "kind of partner", &declared.kinds, PartnerKind::parse)?;
        complain_if_empty(&node, &kinds, "a role exists at one kind of partner at least");
        Some(kinds)
    });
    fields.finish();
    Some(RoleRules { title: title?, kinds: kinds? })
}

pub(crate) fn read(top: &mut Fields<'_>, declared: &Declared<'_>) -> Option<BTreeMap<Purpose, PurposeRules>> {
    let mut purposes = BTreeMap::new();
    for entry in top.required("purposes")?.fields()?.entries() {
        let name = entry.parsed_key(Purpose::parse);
        if name.as_ref().is_some_and(Purpose::is_subject_access) {
            entry.refuse_key("this name is kept for a person's own question", "rename this purpose");
            continue;
        }
        if let (Some(name), Some(rules)) = (name, purpose(&entry.node, declared)) {
            purposes.insert(name, rules);
        }
    }
    Some(purposes)
}

fn purpose(node: &Node<'_>, declared: &Declared<'_>) -> Option<PurposeRules> {
    let mut fields = node.fields()?;
    let title = fields.required("title").and_then(|node| values::title(&node));
    let legal_basis = fields.required("legal_basis").and_then(|node| values::line(&node));
    let processing_activity =
        fields.required("processing_activity").and_then(|node| values::processing_activity(&node));
    let relation_bases = fields.required("relation_bases").and_then(|node| relation_bases(&node));
    let mut flag = |key| fields.optional(key).map_or(Some(false), |node| node.flag());
    let (birth_date_required, actor_must_be_proven, withheld_from_subject) =
        (flag("birth_date_required"), flag("actor_must_be_proven"), flag("withheld_from_subject"));
    let representation = match fields.optional("representation") {
        Some(node) => representation(&node, declared),
        None => Some(false),
    };
    let denials = match fields.optional("denials") {
        Some(node) => node.choice(&Denials::ALL, Denials::as_str),
        None => Some(Denials::default()),
    };
    let roles = fields.required("roles").and_then(|node| allowed(&node, declared));
    fields.finish();
    Some(PurposeRules {
        title: title?,
        legal_basis: legal_basis?,
        processing_activity: processing_activity?,
        denials: denials?,
        representation: representation?,
        roles: roles?,
        relation_bases: relation_bases?,
        birth_date_required: birth_date_required?,
        actor_must_be_proven: actor_must_be_proven?,
        withheld_from_subject: withheld_from_subject?,
    })
}

fn representation(node: &Node<'_>, declared: &Declared<'_>) -> Option<bool> {
    let wanted = node.flag()?;
    if wanted && !declared.mandates {
        node.refuse(
            "nobody can represent anybody: the agreement has no kind of mandate",
            "add [representation.kinds.voluntary] or another kind",
        );
    }
    Some(wanted)
}

fn allowed(node: &Node<'_>, declared: &Declared<'_>) -> Option<BTreeMap<Role, BTreeSet<Category>>> {
    let mut roles = BTreeMap::new();
    for entry in node.fields()?.entries() {
        let role = references::key(&entry, "role", &declared.roles, Role::parse);
        let categories = references::words(&entry.node, "category", &declared.categories, Category::parse);
        if let (Some(role), Some(categories)) = (role, categories) {
            complain_if_empty(&entry.node, &categories, "a role without categories may see nothing");
            roles.insert(role, categories);
        }
    }
    Some(roles)
}

fn relation_bases(node: &Node<'_>) -> Option<BTreeSet<RelationBasis>> {
    let mut bases = BTreeSet::new();
    for item in node.items()? {
        if let Some(basis) = item.choice(&RELATION_BASES, RelationBasis::as_str)
            && !bases.insert(basis)
        {
            item.refuse("this ground stands here twice", "remove one");
        }
    }
    complain_if_empty(node, &bases, "without a ground nobody may ask for this purpose");
    Some(bases)
}

const RELATION_BASES: [RelationBasis; 3] =
    [RelationBasis::Listed, RelationBasis::Motivated, RelationBasis::Emergency];
