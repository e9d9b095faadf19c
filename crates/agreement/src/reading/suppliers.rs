//! `[[suppliers]]`: who may act for partners; and what each partner may delegate.

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::Oin;

use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::references::{self, Declared};
use crate::reading::services::Services;
use crate::reading::values;
use crate::{DelegationFrame, DelegationScope, Supplier, Term};

pub(crate) fn read(
    top: &mut Fields<'_>,
    environment: Option<Environment>,
    declared: &Declared<'_>,
    services: &Services,
) -> Option<BTreeMap<Oin, Supplier>> {
    let mut suppliers = BTreeMap::new();
    let Some(list) = top.optional("suppliers") else { return Some(suppliers) };
    let mut lines: BTreeMap<Oin, usize> = BTreeMap::new();
    for item in list.items()? {
        let Some(mut fields) = item.fields() else { continue };
        let oin = fields.required("oin").and_then(|node| {
            let oin = values::oin(&node, environment)?;
            complain_if_involved(&node, oin, declared, services);
            if let Some(first) = lines.insert(oin, node.line()) {
                node.refuse(
                    format!("line {first} has a supplier with this OIN already"),
                    "remove one of them",
                );
            }
            Some(oin)
        });
        let name = fields.required("name").and_then(|node| values::line(&node));
        let contact = fields.required("contact").and_then(|node| values::line(&node));
        fields.finish();
        if let (Some(oin), Some(name), Some(contact)) = (oin, name, contact) {
            suppliers.insert(oin, Supplier { oin, name, contact });
        }
    }
    Some(suppliers)
}

fn complain_if_involved(node: &Node<'_>, oin: Oin, declared: &Declared<'_>, services: &Services) {
    let role = match services.oins.iter().find(|(taken, _)| *taken == oin) {
        Some((_, service)) => format!("the operator of the {service}"),
        None if declared.partners.contains(&oin.as_str()) => "a partner".to_owned(),
        None => return,
    };
    node.refuse(
        format!("this is {role}: a record could not tell for whom it acted"),
        "let the supplier use an OIN of its own (a sub-OIN)",
    );
}

/// `[[partners.delegations]]`.
pub(crate) fn frames(node: &Node<'_>, declared: &Declared<'_>) -> Option<Vec<DelegationFrame>> {
    let mut frames: Vec<DelegationFrame> = Vec::new();
    let mut all_read = true;
    for item in node.items()? {
        let Some(frame) = frame(&item, declared) else {
            all_read = false;
            continue;
        };
        if frames.iter().any(|other| other.supplier == frame.supplier) {
            item.refuse("this partner has a frame for this supplier already", "put the scopes together");
        }
        frames.push(frame);
    }
    all_read.then_some(frames)
}

fn frame(node: &Node<'_>, declared: &Declared<'_>) -> Option<DelegationFrame> {
    let mut fields = node.fields()?;
    let supplier = fields
        .required("supplier")
        .and_then(|node| references::word(&node, "supplier", &declared.suppliers, Oin::parse));
    let scopes = fields.required("scopes").and_then(|node| {
        let scopes = values::choices(&node, &DelegationScope::ALL, DelegationScope::as_str)?;
        values::complain_if_empty(&node, &scopes, "a frame without scopes delegates nothing");
        Some(scopes)
    });
    let max_term =
        fields.required("max_term").and_then(|node| values::term(&node, Term::days(1), Term::years(5)));
    fields.finish();
    Some(DelegationFrame {
        supplier: supplier?,
        scopes: scopes.unwrap_or_else(BTreeSet::new),
        max_term: max_term?,
    })
}
