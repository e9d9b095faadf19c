//! `[subject_access]` and `[[auditors]]`: who watches, and what a person is told.

use std::collections::BTreeMap;

use kw_domain::{Oin, Purpose};

use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::hint;
use crate::reading::references::{self, Declared};
use crate::reading::services::Services;
use crate::reading::values;
use crate::{Auditor, AuditorRole, PurposeRules, SubjectAccess};

pub(crate) fn read_subject_access(
    top: &mut Fields<'_>,
    declared: &Declared<'_>,
    purposes: Option<&BTreeMap<Purpose, PurposeRules>>,
) -> Option<SubjectAccess> {
    let Some(section) = top.optional("subject_access") else { return Some(SubjectAccess::default()) };
    let mut fields = section.fields()?;
    let partners = match fields.optional("partners") {
        Some(node) => references::words(&node, "partner", &declared.partners, Oin::parse),
        None => Some(SubjectAccess::default().partners),
    };
    let staff_names = fields.optional("staff_names").map_or(Some(false), |node| node.flag());
    let purpose = match fields.optional("purpose") {
        Some(node) => own_purpose(&node, purposes).map(Some),
        None => Some(None),
    };
    fields.finish();
    Some(SubjectAccess { partners: partners?, staff_names: staff_names?, purpose: purpose? })
}

/// The purpose of a person's own question, which the agreement has.
fn own_purpose(node: &Node<'_>, purposes: Option<&BTreeMap<Purpose, PurposeRules>>) -> Option<Purpose> {
    let purpose = node.parsed(Purpose::parse)?;
    if let Some(purposes) = purposes
        && !purposes.contains_key(&purpose)
    {
        let known: Vec<&str> = purposes.keys().map(Purpose::as_str).collect();
        node.refuse("the agreement has no such purpose", hint::among(purpose.as_str(), &known));
        return None;
    }
    Some(purpose)
}

pub(crate) fn read_auditors(
    top: &mut Fields<'_>,
    environment: Option<Environment>,
    declared: &Declared<'_>,
    services: &Services,
) -> Option<BTreeMap<Oin, Auditor>> {
    let mut auditors = BTreeMap::new();
    let Some(list) = top.optional("auditors") else { return Some(auditors) };
    let mut lines: BTreeMap<Oin, usize> = BTreeMap::new();
    for item in list.items()? {
        let Some(mut fields) = item.fields() else { continue };
        let oin = fields.required("oin").and_then(|node| {
            let oin = values::oin(&node, environment)?;
            complain_if_involved(&node, oin, declared, services);
            if let Some(first) = lines.insert(oin, node.line()) {
                node.refuse(
                    format!("line {first} has an auditor with this OIN already"),
                    "remove one of them",
                );
            }
            Some(oin)
        });
        let name = fields.required("name").and_then(|node| values::line(&node));
        let contact = fields.required("contact").and_then(|node| values::line(&node));
        let role = match fields.optional("role") {
            Some(node) => node.choice(&AuditorRole::ALL, AuditorRole::as_str),
            None => Some(AuditorRole::default()),
        };
        fields.finish();
        if let (Some(oin), Some(name), Some(contact), Some(role)) = (oin, name, contact, role) {
            auditors.insert(oin, Auditor { oin, name, contact, role });
        }
    }
    Some(auditors)
}

fn complain_if_involved(node: &Node<'_>, oin: Oin, declared: &Declared<'_>, services: &Services) {
    let role = match services.oins.iter().find(|(taken, _)| *taken == oin) {
        Some((_, service)) => format!("the operator of the {service}"),
        None if declared.partners.contains(&oin.as_str()) => "a partner".to_owned(),
        None if declared.suppliers.contains(&oin.as_str()) => "a supplier".to_owned(),
        None => return,
    };
    node.refuse(
        format!("this is {role}: nobody audits what they do themselves"),
        "let the auditors use an OIN of their own (a sub-OIN)",
    );
}
