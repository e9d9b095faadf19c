//! An agreement as a flat list of facts. Every field of every type is taken apart here, without `..`: whoever adds one to
//! the agreement must say here what becomes of it.

mod authority;
mod partner;

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::agreement::Chain;
use crate::ledger_rules::LedgerRules;
use crate::shared::SharedAttribute;
use crate::{
    Agreement, Auditor, CategoryRules, Localised, Matching, PurposeRules, RoleRules, ServiceParty,
    SubjectAccess,
};

/// What is said at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// An entry, or an item of a set: it is there.
    Present,
    /// Yes or no.
    Flag(bool),
    /// A number; lengths of time in seconds.
    Number(u64),
    /// Anything else, terms among them.
    Text(String),
}

pub(crate) type Outline = BTreeMap<Vec<String>, Fact>;

/// Writes facts below a path.
pub(crate) struct Place<'a> {
    outline: &'a mut Outline,
    path: Vec<String>,
}

impl Place<'_> {
    pub(crate) fn below(&mut self, key: impl Display) -> Place<'_> {
        let mut path = self.path.clone();
        path.push(key.to_string());
        Place { outline: self.outline, path }
    }

    pub(crate) fn put(&mut self, key: impl Display, fact: Fact) {
        let place = self.below(key);
        let path = place.path.clone();
        place.outline.insert(path, fact);
    }

    /// An entry with facts below it.
    pub(crate) fn entry(&mut self, key: impl Display) -> Place<'_> {
        self.put(&key, Fact::Present);
        self.below(key)
    }

    pub(crate) fn text(&mut self, key: &str, text: impl Display) {
        self.put(key, Fact::Text(text.to_string()));
    }

    pub(crate) fn flag(&mut self, key: &str, flag: bool) {
        self.put(key, Fact::Flag(flag));
    }

    pub(crate) fn number(&mut self, key: &str, number: u64) {
        self.put(key, Fact::Number(number));
    }

    pub(crate) fn maybe(&mut self, key: &str, text: Option<impl Display>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(crate) fn set<T: Display>(&mut self, key: &str, items: impl IntoIterator<Item = T>) {
        let mut place = self.below(key);
        for item in items {
            place.put(item, Fact::Present);
        }
    }

    pub(crate) fn title(&mut self, title: &Localised) {
        let Localised { nl, en } = title;
        self.text("title", format!("{nl} / {en}"));
    }
}

pub(crate) fn outline(agreement: &Agreement) -> Outline {
    let Agreement {
        hash: _,
        chain,
        switchboard,
        pseudonymiser,
        index_keys,
        binding_keys,
        partners,
        roles,
        categories,
        purposes,
        shared_attributes,
        // What they come to stands with each partner.
        budgets: _,
        ledger,
        subject_access,
        auditors,
        authority,
        // Made from the rest.
        rules: _,
    } = agreement;
    let mut outline = Outline::new();
    let mut top = Place { outline: &mut outline, path: Vec::new() };
    chain_facts(&mut top.below("chain"), chain);
    service(&mut top.below("switchboard"), switchboard);
    service(&mut top.below("pseudonymiser"), pseudonymiser);
    for (key_use, keys) in [("index", index_keys), ("binding", binding_keys)] {
        let mut place = top.below("pseudonymiser");
        let mut place = place.below("keys");
        let mut place = place.below(key_use);
        for (epoch, key) in keys {
            place.text(&epoch.0.to_string(), hex(key));
        }
    }
    for partner in partners.values() {
        partner::facts(&mut top.below("partners").entry(partner.oin), agreement, partner);
    }
    for (name, RoleRules { title, kinds }) in roles {
        let mut all = top.below("roles");
        let mut place = all.entry(name);
        place.title(title);
        place.set("kinds", kinds);
    }
    for (name, rules) in categories {
        category(&mut top.below("categories").entry(name), rules);
    }
    for (name, rules) in purposes {
        purpose(&mut top.below("purposes").entry(name), rules);
    }
    for SharedAttribute { name, title, values, authoritative } in shared_attributes {
        let mut all = top.below("shared_attributes");
        let mut place = all.entry(name);
        place.title(title);
        place.maybe("authoritative", authoritative.as_ref());
        for (category, pointer) in values {
            place.below("values").text(category.as_str(), pointer);
        }
    }
    ledger_facts(&mut top.below("ledger"), ledger);
    let SubjectAccess { partners, staff_names, purpose } = subject_access;
    let mut place = top.below("subject_access");
    place.set("partners", partners);
    place.flag("staff_names", *staff_names);
    place.maybe("purpose", purpose.as_ref());
    for Auditor { oin, name, contact, role } in auditors.values() {
        let mut all = top.below("auditors");
        let mut place = all.entry(oin);
        place.text("name", name);
        place.text("contact", contact);
        place.text("role", role.as_str());
    }
    authority::facts(&mut top, authority);
    outline
}

fn chain_facts(place: &mut Place<'_>, chain: &Chain) {
    let Chain { name, title, version, environment, languages, lease_term } = chain;
    place.text("name", name);
    place.title(title);
    place.text("version", version);
    place.text("environment", environment.as_str());
    let languages: Vec<&str> = languages.iter().map(|language| language.as_str()).collect();
    place.text("languages", languages.join(", "));
    place.number("lease_term", lease_term.as_secs());
}

fn service(place: &mut Place<'_>, service: &ServiceParty) {
    let ServiceParty { oin, name, endpoint, public_endpoint, log_origin, log_key, witness_key } = service;
    place.text("oin", oin);
    place.text("name", name);
    place.text("endpoint", endpoint);
    place.text("public_endpoint", public_endpoint);
    place.text("log_origin", log_origin);
    place.text("log_key", hex(log_key));
    place.maybe("witness_key", witness_key.as_ref().map(|key| hex(key)));
}

fn category(place: &mut Place<'_>, rules: &CategoryRules) {
    let CategoryRules {
        title,
        sensitivity,
        max_validity,
        archive,
        tombstone,
        age_limit,
        birth_date_required,
        withheld_from_subject,
        consent,
        matching,
        schema,
    } = rules;
    place.title(title);
    place.text("sensitivity", sensitivity.as_str());
    place.text("max_validity", max_validity);
    place.maybe("archive", archive.as_ref());
    place.text("tombstone", tombstone);
    if let Some(years) = age_limit {
        place.number("age_limit", u64::from(*years));
    }
    place.flag("birth_date_required", *birth_date_required);
    place.flag("withheld_from_subject", *withheld_from_subject);
    place.text("consent", consent.as_str());
    if let Some(Matching { legal_basis, family }) = matching {
        let mut place = place.entry("match");
        place.text("legal_basis", legal_basis);
        place.flag("family", *family);
    }
    place.maybe("schema", schema.as_ref().map(super::super::document::DocumentSchema::as_json));
}

fn purpose(place: &mut Place<'_>, rules: &PurposeRules) {
    let PurposeRules {
        title,
        legal_basis,
        processing_activity,
        denials,
        representation,
        roles,
        relation_bases,
        birth_date_required,
        actor_must_be_proven,
        withheld_from_subject,
    } = rules;
    place.title(title);
    place.text("legal_basis", legal_basis);
    place.text("processing_activity", processing_activity);
    place.text("denials", denials.as_str());
    place.flag("representation", *representation);
    for (role, categories) in roles {
        place.below("roles").set(role.as_str(), categories);
    }
    place.set("relation_bases", relation_bases.iter().map(|basis| basis.as_str()));
    place.flag("birth_date_required", *birth_date_required);
    place.flag("actor_must_be_proven", *actor_must_be_proven);
    place.flag("withheld_from_subject", *withheld_from_subject);
}

fn ledger_facts(place: &mut Place<'_>, ledger: &LedgerRules) {
    let LedgerRules { witness_quorum, log_access, access, keys, agreement, office_hours } = ledger;
    place.number("witness_quorum", *witness_quorum as u64);
    place.text("log_access", log_access.as_str());
    let mut retention = place.below("retention");
    retention.text("access", access);
    retention.text("keys", keys);
    retention.text("agreement", agreement);
    place.text("office_hours", format!("{} to {}", office_hours.from, office_hours.until));
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
