//! The agreement as the services use it.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::{Category, ChainName, Epoch, KeyUse, Oin, Purpose, Role};
use kw_protocol::evaluation::BudgetClass;
use serde_json::Value;

use crate::authority::Authority;
use crate::budget::{self, BudgetOverrides};
use crate::ledger_rules::LedgerRules;
use crate::policy::Policy;
use crate::reading;
use crate::{
    AgreementErrors, Auditor, Budget, CategoryRules, Language, Localised, LogAccess, OfficeHours, Partner,
    PurposeRules, RetentionClass, RoleRules, SharedAttribute, SubjectAccess, Term,
};

/// A chain agreement that was checked whole. There is no way to change one: another text is another agreement, with
/// another hash.
#[derive(Debug)]
pub struct Agreement {
    pub(crate) hash: String,
    pub(crate) chain: Chain,
    pub(crate) switchboard: ServiceParty,
    pub(crate) pseudonymiser: ServiceParty,
    pub(crate) index_keys: BTreeMap<Epoch, [u8; 32]>,
    pub(crate) binding_keys: BTreeMap<Epoch, [u8; 32]>,
    pub(crate) partners: BTreeMap<Oin, Partner>,
    pub(crate) roles: BTreeMap<Role, RoleRules>,
    pub(crate) categories: BTreeMap<Category, CategoryRules>,
    pub(crate) purposes: BTreeMap<Purpose, PurposeRules>,
    pub(crate) shared_attributes: Vec<SharedAttribute>,
    pub(crate) budgets: BudgetOverrides,
    pub(crate) ledger: LedgerRules,
    pub(crate) subject_access: SubjectAccess,
    pub(crate) auditors: BTreeMap<Oin, Auditor>,
    pub(crate) authority: Authority,
    /// The rules in Rego over all of this.
    pub(crate) rules: Policy,
}

/// What the agreement says of the chain itself.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) name: ChainName,
    pub(crate) title: Localised,
    pub(crate) version: String,
    pub(crate) environment: Environment,
    pub(crate) languages: Vec<Language>,
    pub(crate) lease_term: Duration,
}

/// Where an agreement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// For tests and demonstrations: made-up people, test OINs admitted.
    Test,
    /// For real people: test OINs refused.
    Production,
}

impl Environment {
    /// The environment as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Production => "production",
        }
    }
}

/// The operator of a central service. It is never a partner under the same OIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceParty {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// The operator's name.
    pub name: String,
    /// Where partners reach the service over mutual TLS, without a trailing slash.
    pub endpoint: String,
    /// Where anybody reaches its public pages (API description, JWKS), without a trailing slash.
    pub public_endpoint: String,
    /// The name of its transparency log (C2SP tlog-checkpoint origin).
    pub log_origin: String,
    /// The public key (Ed25519) of that log.
    pub log_key: [u8; 32],
    /// The public key (Ed25519) under which it cosigns the logs of others; only a switchboard may have one.
    pub witness_key: Option<[u8; 32]>,
}

impl Agreement {
    /// Parses and checks a whole `agreement.toml`, of at most 1 MiB. All mistakes are reported at once.
    pub fn parse(text: &str) -> Result<Self, AgreementErrors> {
        reading::read(text)
    }

    /// SHA-256 of the text, in lower-case hexadecimal. It stands in every decision record.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The name of the chain, which is also the name under which its keys are kept apart.
    pub fn chain(&self) -> &ChainName {
        &self.chain.name
    }

    /// The chain's name for people.
    pub fn title(&self) -> &Localised {
        &self.chain.title
    }

    /// The version that the chain signed off, in its own numbering.
    pub fn version(&self) -> &str {
        &self.chain.version
    }

    /// Where this agreement counts.
    pub fn environment(&self) -> Environment {
        self.chain.environment
    }

    /// The languages of the chain's pages; the first is the default.
    pub fn languages(&self) -> &[Language] {
        &self.chain.languages
    }

    /// How long pointers of a partner that is not heard of any more stay findable.
    pub fn lease_term(&self) -> Duration {
        self.chain.lease_term
    }

    /// Who runs the switchboard.
    pub fn switchboard(&self) -> &ServiceParty {
        &self.switchboard
    }

    /// Who runs the pseudonymiser.
    pub fn pseudonymiser(&self) -> &ServiceParty {
        &self.pseudonymiser
    }

    /// The pseudonymiser's public keys (ristretto255, 32 bytes) per live epoch. Clients accept no others. Whether they
    /// are points of the curve is for `kw-pseudonym` to say.
    pub fn pseudonymiser_keys(&self, key_use: KeyUse) -> &BTreeMap<Epoch, [u8; 32]> {
        match key_use {
            KeyUse::Binding => &self.binding_keys,
            KeyUse::Index => &self.index_keys,
        }
    }

    /// One partner, suspended or not.
    pub fn partner(&self, oin: Oin) -> Option<&Partner> {
        self.partners.get(&oin)
    }

    /// All partners by OIN, suspended ones included.
    pub fn partners(&self) -> impl Iterator<Item = &Partner> {
        self.partners.values()
    }

    /// The rules of one role.
    pub fn role(&self, role: &Role) -> Option<&RoleRules> {
        self.roles.get(role)
    }

    /// All roles with their rules.
    pub fn roles(&self) -> impl Iterator<Item = (&Role, &RoleRules)> {
        self.roles.iter()
    }

    /// The rules of one category.
    pub fn category(&self, category: &Category) -> Option<&CategoryRules> {
        self.categories.get(category)
    }

    /// All categories with their rules.
    pub fn categories(&self) -> impl Iterator<Item = (&Category, &CategoryRules)> {
        self.categories.iter()
    }

    /// The rules of one purpose.
    pub fn purpose(&self, purpose: &Purpose) -> Option<&PurposeRules> {
        self.purposes.get(purpose)
    }

    /// All purposes with their rules.
    pub fn purposes(&self) -> impl Iterator<Item = (&Purpose, &PurposeRules)> {
        self.purposes.iter()
    }

    /// The attributes that several holders give, in the order of the file.
    pub fn shared_attributes(&self) -> &[SharedAttribute] {
        &self.shared_attributes
    }

    /// Who may read the logs.
    pub fn log_access(&self) -> LogAccess {
        self.ledger.log_access
    }

    /// How long records of this class are kept, from the moment of what they record.
    pub fn retention(&self, class: RetentionClass) -> Term {
        self.ledger.retention(class)
    }

    /// When the people of the chain are usually at work.
    pub fn office_hours(&self) -> OfficeHours {
        self.ledger.office_hours
    }

    /// How a person's question who registered and who looked is answered.
    pub fn subject_access(&self) -> &SubjectAccess {
        &self.subject_access
    }

    /// One auditor.
    pub fn auditor(&self, oin: Oin) -> Option<&Auditor> {
        self.auditors.get(&oin)
    }

    /// All auditors by OIN.
    pub fn auditors(&self) -> impl Iterator<Item = &Auditor> {
        self.auditors.values()
    }

    /// The name of any party of the chain: partner, operator, auditor or supplier.
    pub fn party_name(&self, oin: Oin) -> Option<&str> {
        let services = [&self.switchboard, &self.pseudonymiser];
        let service = services.into_iter().find(|service| service.oin == oin).map(|service| &*service.name);
        let auditor = || self.auditor(oin).map(|auditor| &*auditor.name);
        let supplier = || self.supplier(oin).map(|supplier| &*supplier.name);
        self.partner(oin).map(|partner| &*partner.name).or(service).or_else(auditor).or_else(supplier)
    }

    /// What a partner may use at the pseudonymiser, in evaluations: its own entry, else the chain's, else the default.
    pub fn budget(&self, class: BudgetClass, partner: &Partner) -> Budget {
        (partner.budgets.of(class))
            .or_else(|| self.budgets.of(class))
            .unwrap_or_else(|| budget::standard(class, partner.population))
    }

    /// What a partner may ask at the switchboard, in queries.
    pub fn query_quota(&self, partner: &Partner) -> Budget {
        partner.budgets.switchboard_query.or(self.budgets.switchboard_query).unwrap_or(budget::QUERY)
    }

    /// Whether this party may register pointers in this category now.
    pub fn may_register(&self, holder: Oin, category: &Category) -> bool {
        self.partner(holder).is_some_and(|partner| !partner.suspended && partner.registers.contains(category))
    }

    /// Whether a pull must prove the birth date: purpose or category says so, or one of them is unknown here.
    pub fn birth_date_required(&self, purpose: &Purpose, category: &Category) -> bool {
        self.purpose(purpose).is_none_or(|rules| rules.birth_date_required)
            || self.category(category).is_none_or(|rules| rules.birth_date_required)
    }

    /// The name for people of what stands at this place in documents of a category: each step from the outside in, and nothing for
    /// a step that the agreement does not name. The last step may be an attribute that several holders give.
    pub fn titles_at(&self, category: &Category, pointer: &str) -> Vec<Option<Localised>> {
        let schema = self.category(category).and_then(|rules| rules.schema.as_ref());
        let steps = || vec![None; pointer.matches('/').count()];
        let mut titles = schema.map_or_else(steps, |schema| schema.titles(pointer));
        let is_it = |one: &&SharedAttribute| one.values.get(category).is_some_and(|at| at == pointer);
        if let (Some(last @ None), Some(shared)) =
            (titles.last_mut(), self.shared_attributes.iter().find(is_it))
        {
            *last = Some(shared.title.clone());
        }
        titles
    }

    /// Checks a document against its category's JSON Schema. Each complaint is `pointer: keyword` (RFC 6901 pointer into
    /// the document, `*` for names that the schema does not know) and never holds a value.
    pub fn check_document(&self, category: &Category, document: &Value) -> Result<(), Vec<String>> {
        let Some(rules) = self.category(category) else {
            return Err(vec![": category (not in the agreement)".to_owned()]);
        };
        match &rules.schema {
            Some(schema) => schema.check(document),
            None if document.is_object() => Ok(()),
            None => Err(vec![": type".to_owned()]),
        }
    }
}
