//! `[switchboard]` and `[pseudonymiser]`: the central services and the keys that clients trust.

use std::collections::BTreeMap;

use kw_domain::{Epoch, KeyUse, Oin};

use crate::ServiceParty;
use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::logs::Logs;
use crate::reading::values;

/// The services as far as they could be read.
pub(crate) struct Services {
    pub(crate) switchboard: Option<ServiceParty>,
    pub(crate) pseudonymiser: Option<ServiceParty>,
    /// Public keys by epoch: index, binding.
    pub(crate) keys: Option<(Keys, Keys)>,
    /// The OINs that were read, even where the rest of the entry is mistaken.
    pub(crate) oins: Vec<(Oin, &'static str)>,
}

type Keys = BTreeMap<Epoch, [u8; 32]>;

pub(crate) fn read(top: &mut Fields<'_>, environment: Option<Environment>, logs: &mut Logs) -> Services {
    let mut services = Services { switchboard: None, pseudonymiser: None, keys: None, oins: Vec::new() };
    if let Some(mut fields) = top.required("switchboard").and_then(|node| node.fields()) {
        let witness_key = fields.optional("witness_key").map(|node| logs.key(&node));
        let party = party(&mut fields, environment, "switchboard", &mut services.oins, logs);
        services.switchboard = match witness_key {
            None => party,
            Some(key) => party.zip(key).map(|(party, key)| ServiceParty { witness_key: Some(key), ..party }),
        };
        fields.finish();
    }
    if let Some(mut fields) = top.required("pseudonymiser").and_then(|node| node.fields()) {
        services.pseudonymiser = party(&mut fields, environment, "pseudonymiser", &mut services.oins, logs);
        services.keys = fields.required("keys").and_then(|node| keys(&node));
        fields.finish();
    }
    services
}

fn party(
    fields: &mut Fields<'_>,
    environment: Option<Environment>,
    service: &'static str,
    oins: &mut Vec<(Oin, &'static str)>,
    logs: &mut Logs,
) -> Option<ServiceParty> {
    let oin_node = fields.required("oin");
    let oin = oin_node.as_ref().and_then(|node| values::oin(node, environment));
    let name = fields.required("name").and_then(|node| values::line(&node));
    let endpoint = fields.required("endpoint").and_then(|node| values::endpoint(&node));
    let public_endpoint = fields.required("public_endpoint").and_then(|node| values::endpoint(&node));
    let log_origin = fields.required("log_origin").and_then(|node| logs.origin(&node));
    let log_key = fields.required("log_key").and_then(|node| logs.key(&node));
    if let (Some(node), Some(oin)) = (&oin_node, oin) {
        if let Some((_, other)) = oins.iter().find(|(taken, _)| *taken == oin) {
            node.refuse(
                format!("the {other} has this OIN too: one operator of both could trace every person"),
                "let another organisation run one of them",
            );
        }
        oins.push((oin, service));
    }
    Some(ServiceParty {
        oin: oin?,
        name: name?,
        endpoint: endpoint?,
        public_endpoint: public_endpoint?,
        log_origin: log_origin?,
        log_key: log_key?,
        witness_key: None,
    })
}

fn keys(node: &Node<'_>) -> Option<(Keys, Keys)> {
    let mut live: BTreeMap<KeyUse, BTreeMap<Epoch, (usize, [u8; 32])>> = BTreeMap::new();
    let mut all_read = true;
    for item in node.items()? {
        let Some((key_use, epoch, key)) = key(&item) else {
            all_read = false;
            continue;
        };
        let line = item.line();
        if let Some((first, _)) = live.get(&key_use).and_then(|keys| keys.get(&epoch)) {
            item.refuse(
                format!("line {first} has a key for this use and epoch already"),
                "remove one of them",
            );
            continue;
        }
        let same = live.values().flat_map(BTreeMap::values).find(|(_, other)| *other == key);
        if let Some((first, _)) = same {
            item.refuse(
                format!("this is the key of line {first}: uses and epochs are kept apart by their keys"),
                "make a new key",
            );
        }
        live.entry(key_use).or_default().insert(epoch, (line, key));
    }
    // A key that could not be read is not missing.
    if !all_read {
        return None;
    }
    let mut of = |key_use: KeyUse| -> Keys {
        let keys = live.remove(&key_use).unwrap_or_default();
        let bounds = keys.keys().next().zip(keys.keys().next_back());
        match bounds {
            None => node.refuse(
                format!("there is no key for {key_use}"),
                format!("add one with use = \"{key_use}\"; `ketenwijzer keys init` makes it"),
            ),
            Some((first, last)) if (last.0 - first.0) as usize != keys.len() - 1 => node.refuse(
                format!("an epoch is missing among the keys for {key_use}"),
                "list every epoch from the oldest live one to the newest",
            ),
            Some(_) => {}
        }
        keys.into_iter().map(|(epoch, (_, key))| (epoch, key)).collect()
    };
    Some((of(KeyUse::Index), of(KeyUse::Binding)))
}

fn key(node: &Node<'_>) -> Option<(KeyUse, Epoch, [u8; 32])> {
    let mut fields = node.fields()?;
    let key_use = fields.required("use").and_then(|node| node.choice(&KeyUse::ALL, KeyUse::as_str));
    let epoch = fields.required("epoch").and_then(|node| node.number(1..u64::from(u32::MAX)));
    let key = fields.required("public_key").and_then(|node| values::public_key(&node));
    fields.finish();
    Some((key_use?, Epoch(u32::try_from(epoch?).ok()?), key?))
}
