//! `[[partners]]`: who takes part.

use std::collections::BTreeMap;

use kw_domain::{Category, ChainName, Oin};

use crate::agreement::{Chain, Environment};
use crate::budget::BudgetOverrides;
use crate::reading::cursor::{Fields, Node};
use crate::reading::logs::Logs;
use crate::reading::references::{self, Declared};
use crate::reading::services::Services;
use crate::reading::{identity_provider, suppliers, values};
use crate::{ContactPoint, ContactRole, Partner, PartnerKind};

pub(crate) fn read(
    top: &mut Fields<'_>,
    chain: Option<&Chain>,
    declared: &Declared<'_>,
    services: &Services,
    logs: &mut Logs,
) -> Option<BTreeMap<Oin, Partner>> {
    let mut partners = BTreeMap::new();
    let mut lines: BTreeMap<Oin, usize> = BTreeMap::new();
    for item in top.required("partners")?.items()? {
        let Some(mut fields) = item.fields() else { continue };
        let oin = fields.required("oin").and_then(|node| {
            let oin = values::oin(&node, chain.map(|chain| chain.environment))?;
            complain_if_taken(&node, oin, services, &mut lines);
            Some(oin)
        });
        let log = log(&mut fields, oin, chain.map(|chain| &chain.name), logs);
        let environment = chain.map(|chain| chain.environment);
        if let Some(partner) = partner(&mut fields, oin, log, environment, declared) {
            partners.insert(partner.oin, partner);
        }
        fields.finish();
    }
    Some(partners)
}

fn complain_if_taken(node: &Node<'_>, oin: Oin, services: &Services, lines: &mut BTreeMap<Oin, usize>) {
    if let Some((_, service)) = services.oins.iter().find(|(taken, _)| *taken == oin) {
        node.refuse(
            format!("this is the operator of the {service}, which must not see files as a partner"),
            "let the partner process run under an OIN of its own (a sub-OIN)",
        );
    }
    if let Some(first) = lines.insert(oin, node.line()) {
        node.refuse(format!("line {first} has a partner with this OIN already"), "remove one of them");
    }
}

/// A partner's log and its key as a witness.
struct Log {
    origin: String,
    key: [u8; 32],
    witness_key: Option<[u8; 32]>,
}

fn log(fields: &mut Fields<'_>, oin: Option<Oin>, chain: Option<&ChainName>, logs: &mut Logs) -> Option<Log> {
    let origin = match fields.optional("log_origin") {
        Some(node) => logs.origin(&node),
        None => oin.zip(chain).map(|(oin, chain)| logs.usual_origin(fields, chain, oin)),
    };
    let key = fields.required("log_key").and_then(|node| logs.key(&node));
    let witness_key = match fields.optional("witness_key") {
        Some(node) => Some(logs.witness_key(&node)?),
        None => None,
    };
    Some(Log { origin: origin?, key: key?, witness_key })
}

fn partner(
    fields: &mut Fields<'_>,
    oin: Option<Oin>,
    log: Option<Log>,
    environment: Option<Environment>,
    declared: &Declared<'_>,
) -> Option<Partner> {
    let name = fields.required("name").and_then(|node| values::line(&node));
    let kind = fields.required("kind").and_then(|node| node.parsed(PartnerKind::parse));
    let endpoint = fields.required("endpoint").and_then(|node| values::endpoint(&node));
    let population_node = fields.required("population");
    let population = population_node.as_ref().and_then(|node| node.number(0..MOST_PEOPLE + 1));
    let contact = fields.required("contact").and_then(|node| values::line(&node));
    let suspended = fields.optional("suspended").map_or(Some(false), |node| node.flag());
    let registers = fields
        .required("registers")
        .and_then(|node| references::words(&node, "category", &declared.categories, Category::parse));
    let budgets = fields
        .optional("budgets")
        .map_or_else(|| Some(BudgetOverrides::default()), |node| values::budgets(&node));
    let contacts = fields.optional("contacts").map_or_else(|| Some(Vec::new()), |node| contacts(&node));
    let authorisation_endpoint = match fields.optional("authorisation_endpoint") {
        Some(node) => values::endpoint(&node).map(Some),
        None => Some(None),
    };
    let identity_provider = match fields.optional("identity_provider") {
        Some(node) => identity_provider::read(&node, environment, &declared.roles).map(Some),
        None => Some(None),
    };
    let delegations = match fields.optional("delegations") {
        Some(node) => suppliers::frames(&node, declared),
        None => Some(Vec::new()),
    };
    if let (Some(node), Some(0), Some(registers)) = (&population_node, population, &registers)
        && !registers.is_empty()
    {
        node.refuse(
            "a partner that registers has files on people",
            "write about how many, or leave registers empty",
        );
    }
    let log = log?;
    Some(Partner {
        oin: oin?,
        name: name?,
        kind: kind?,
        endpoint: endpoint?,
        population: population?,
        contact: contact?,
        contacts: contacts?,
        authorisation_endpoint: authorisation_endpoint?,
        identity_provider: identity_provider?,
        delegations: delegations?,
        suspended: suspended?,
        registers: registers?,
        log_origin: log.origin,
        log_key: log.key,
        witness_key: log.witness_key,
        budgets: budgets?,
    })
}

fn contacts(node: &Node<'_>) -> Option<Vec<ContactPoint>> {
    let mut contacts: Vec<ContactPoint> = Vec::new();
    let mut all_read = true;
    for item in node.items()? {
        let contact = item.fields().and_then(|mut fields| {
            let role =
                fields.required("role").and_then(|node| node.choice(&ContactRole::ALL, ContactRole::as_str));
            let address = fields.required("address").and_then(|node| values::line(&node));
            fields.finish();
            Some(ContactPoint { role: role?, address: address? })
        });
        match contact {
            Some(contact) if contacts.contains(&contact) => {
                item.refuse("this contact point stands here twice", "remove one");
            }
            Some(contact) => contacts.push(contact),
            None => all_read = false,
        }
    }
    all_read.then_some(contacts)
}

/// More than all who ever had a citizen service number.
const MOST_PEOPLE: u64 = 30_000_000;
