//! The mandates of people with an account: in the switchboard's register under pseudonyms, and who they are, here only.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kw_agreement::Agreement;
use kw_client::{Context, Entropy as ClientEntropy, PseudonymiserClient, Pseudonyms, SwitchboardClient};
use kw_domain::{Epoch, MandateId, Oin, Subject};
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::mandate::{
    ConfirmMandate, Mandate, MandateStatus, RegisterMandate, SearchMandates, Side, WithdrawMandate,
};
use kw_protocol::pointer::SubjectElement;
use kw_pseudonym::Binding;
use kw_runtime::Entropy;

use super::state::ChosenMandate;
use super::wire::{NewMandate, RegisteredHere};
use super::{Account, ProviderConfig, ProviderError};

pub(super) struct Register {
    agreement: Arc<Agreement>,
    switchboard: SwitchboardClient,
    pseudonymiser: PseudonymiserClient,
    /// Who is who in the mandates that are known here: representative, represented.
    people: Mutex<HashMap<MandateId, (String, String)>>,
    /// Elements by account. They change with the pseudonymiser's keys only.
    elements: Mutex<HashMap<String, Arc<Pseudonyms>>>,
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Register(…)")
    }
}

impl Register {
    pub(super) fn new(config: &ProviderConfig, entropy: &Entropy) -> Result<Self, ProviderError> {
        let drawn = entropy.clone();
        let context =
            Context::new(Arc::clone(&config.clock), ClientEntropy::new(move || Box::new(drawn.clone())));
        let agreement = Arc::clone(&config.agreement);
        Ok(Self {
            switchboard: SwitchboardClient::new(&config.tls, &agreement, context.clone())?,
            pseudonymiser: PseudonymiserClient::new(&config.tls, Arc::clone(&agreement), context)?,
            agreement,
            people: Mutex::default(),
            elements: Mutex::default(),
        })
    }

    /// The mandates under which this person can act now for one of these people. The register is asked each time.
    pub(super) async fn active_of(
        &self,
        account: &Account,
        all: &[Account],
    ) -> Result<Vec<ChosenMandate>, ProviderError> {
        let found = self.mandates_of(account, Side::Representative).await?;
        let found: Vec<Mandate> =
            found.into_iter().filter(|mandate| mandate.status == MandateStatus::Active).collect();
        self.learn(account, all, &found).await?;
        let people = self.people();
        Ok(found
            .into_iter()
            .filter_map(|mandate| {
                // Between people of whom one has no account here, there is nobody to name.
                let (representative, represented) = people.get(&mandate.id)?;
                (*representative == account.name).then(|| ChosenMandate {
                    mandate: mandate.id,
                    kind: mandate.kind,
                    categories: mandate.categories.clone(),
                    acts: mandate.acts.clone(),
                    account: represented.clone(),
                })
            })
            .collect())
    }

    /// Finds out for whom somebody acts under mandates that another registrar registered. The register tells nobody who is on the
    /// other side, but a provider of statements may ask it about each of its own people; each mandate once.
    async fn learn(
        &self,
        account: &Account,
        all: &[Account],
        found: &[Mandate],
    ) -> Result<(), ProviderError> {
        let mut unknown: BTreeSet<MandateId> = found.iter().map(|mandate| mandate.id).collect();
        unknown.retain(|id| !self.people().contains_key(id));
        for other in all.iter().filter(|other| other.name != account.name) {
            if unknown.is_empty() {
                break;
            }
            for mandate in self.mandates_of(other, Side::Represented).await? {
                if unknown.remove(&mandate.id) {
                    self.people().insert(mandate.id, (account.name.clone(), other.name.clone()));
                }
            }
        }
        Ok(())
    }

    async fn mandates_of(&self, account: &Account, side: Side) -> Result<Vec<Mandate>, ProviderError> {
        let search = SearchMandates { subject: self.element(account).await?, side };
        let found = self.switchboard.search_mandates(&search).await.inspect_err(|_| self.forget(account))?;
        Ok(found.mandates)
    }

    /// Registers a mandate, and confirms it for the sides that signed in for it.
    pub(super) async fn register(
        &self,
        (representative, represented): (&Account, &Account),
        mandate: &NewMandate,
    ) -> Result<RegisteredHere, ProviderError> {
        let request = RegisterMandate {
            representative: self.element(representative).await?,
            represented: self.element(represented).await?,
            kind: mandate.kind,
            age_band: mandate.band.clone(),
            categories: mandate.categories.clone(),
            acts: mandate.acts.clone(),
            valid_until: mandate.valid_until,
        };
        let registered = self.switchboard.register_mandate(&request).await?;
        let both = (representative.name.clone(), represented.name.clone());
        self.people().insert(registered.id, both);
        let mut status = registered.status;
        for side in mandate.confirmed_by.clone().unwrap_or_else(|| self.demanded(mandate)) {
            let subject = match side {
                Side::Representative => request.representative.clone(),
                Side::Represented => request.represented.clone(),
            };
            let confirmation = ConfirmMandate { side, subject };
            status = self.switchboard.confirm_mandate(registered.id, &confirmation).await?.status;
        }
        Ok(RegisteredHere { mandate: registered.id, status })
    }

    /// Takes a mandate back, for the account on one of its sides or for the registrar itself.
    pub(super) async fn withdraw(
        &self,
        id: MandateId,
        account: Option<(Side, &Account)>,
    ) -> Result<MandateStatus, ProviderError> {
        let withdrawal = match account {
            Some((side, account)) => {
                WithdrawMandate { side: Some(side), subject: Some(self.element(account).await?) }
            }
            None => WithdrawMandate::default(),
        };
        Ok(self.switchboard.withdraw_mandate(id, &withdrawal).await?.status)
    }

    /// A party of the chain, as people know it.
    pub(super) fn name_of(&self, client: &str) -> Option<String> {
        self.agreement.party_name(Oin::parse(client).ok()?).map(str::to_owned)
    }

    /// The accounts of both sides.
    pub(super) fn sides(&self, id: MandateId) -> Option<(String, String)> {
        self.people().get(&id).cloned()
    }

    /// What ties this person to that party, under the newest key.
    pub(super) async fn binding(
        &self,
        account: &Account,
        party: Oin,
    ) -> Result<(Binding, Epoch), ProviderError> {
        let pseudonyms = self.pseudonyms(account).await?;
        // Never empty: an answer without a known key is an error.
        let newest = pseudonyms.binding.last().ok_or(kw_client::PseudonymError::NoKnownKey)?;
        Ok((Binding::derive(&newest.element, party), newest.epoch))
    }

    /// The weakest level of assurance that the agreement accepts.
    pub(super) fn weakest_accepted(&self) -> String {
        let provider = self.agreement.representation().provider.as_ref();
        provider.and_then(|provider| provider.assurance_levels.first().cloned()).unwrap_or_default()
    }

    fn demanded(&self, mandate: &NewMandate) -> Vec<Side> {
        let rules = self.agreement.representation().kinds.get(&mandate.kind);
        let band = rules.and_then(|rules| rules.band(&mandate.band));
        band.map(|band| band.confirmed_by.iter().copied().collect()).unwrap_or_default()
    }

    async fn element(&self, account: &Account) -> Result<SubjectElement, ProviderError> {
        let pseudonyms = self.pseudonyms(account).await?;
        let newest = pseudonyms.index.last().ok_or(kw_client::PseudonymError::NoKnownKey)?;
        Ok(SubjectElement { element: SecretBytes32(newest.element.to_bytes()), epoch: newest.epoch })
    }

    async fn pseudonyms(&self, account: &Account) -> Result<Arc<Pseudonyms>, ProviderError> {
        if let Some(known) = self.elements().get(&account.name) {
            return Ok(Arc::clone(known));
        }
        let subject = Subject::from(account.bsn.clone());
        let fresh = Arc::new(self.pseudonymiser.pseudonyms(&subject, BudgetClass::Query).await?);
        self.elements().insert(account.name.clone(), Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The keys may have changed since.
    fn forget(&self, account: &Account) {
        self.elements().remove(&account.name);
    }

    fn people(&self) -> MutexGuard<'_, HashMap<MandateId, (String, String)>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elements(&self) -> MutexGuard<'_, HashMap<String, Arc<Pseudonyms>>> {
        self.elements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
