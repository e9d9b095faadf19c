//! The people, their mandates, the provider and the holders: what is outside the personal environment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kw_agreement::Partner;
use kw_domain::{BirthDate, Category, DatePrecision, Epoch, Instant, MandateId, TransactionId};
use kw_personal::holders::{HolderError, Holders};
use kw_personal::provider::{Provider, ProviderError, SignIn, SignedIn};
use kw_personal::rules::{RepresentedPerson, Statement};
use kw_protocol::SecretBytes32;
use kw_protocol::authorisation::{
    Collected, CollectionRequest, PushedAuthorisation, PushedRequest, Scope, SecretText, Token, TokenRequest,
    TokenType,
};
use kw_protocol::mandate::MandateAct;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_pseudonym::Binding;
use kw_runtime::Entropy;
use serde_json::json;

use crate::browser::CATEGORY;

/// A person by number.
pub(crate) type Who = usize;

#[derive(Clone)]
pub(crate) struct Human {
    pub(crate) name: &'static str,
    pub(crate) born: &'static str,
    pub(crate) binding: Binding,
}

struct Mandate {
    id: MandateId,
    by: Who,
    of: Who,
    kind: &'static str,
    categories: Vec<Category>,
    acts: Vec<MandateAct>,
    active: bool,
}

/// What a token opens.
#[derive(Clone)]
struct Permit {
    person: Who,
    acting: Who,
    challenge: String,
    checked: bool,
}

#[derive(Default)]
struct State {
    people: Vec<Human>,
    mandates: Vec<Mandate>,
    pushed: HashMap<String, PushedRequest>,
    codes: HashMap<String, Permit>,
    tokens: HashMap<String, Permit>,
    swapped: Vec<Collected>,
    swap_next: usize,
    count: u64,
}

/// Shared by provider, holders and test.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<State>>);

/// Whether the holder compares birth dates and checks mandates itself, as an honest one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Careful,
    Careless,
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, name: &'static str, born: &'static str) -> Who {
        let mut state = self.state();
        state.people.push(Human { name, born, binding: Binding::from_bytes(&Entropy::os().draw()) });
        state.people.len() - 1
    }

    pub(crate) fn human(&self, who: Who) -> Human {
        self.state().people[who].clone()
    }

    pub(crate) fn people(&self) -> usize {
        self.state().people.len()
    }

    pub(crate) fn give(&self, by: Who, of: Who, kind: &'static str) -> MandateId {
        self.give_in_part(by, of, kind, (CATEGORY, MandateAct::View))
    }

    pub(crate) fn give_in_part(
        &self,
        by: Who,
        of: Who,
        kind: &'static str,
        (category, act): (&str, MandateAct),
    ) -> MandateId {
        let id = Entropy::os().id(Instant::from_millis(1_795_000_000_000));
        let categories = vec![Category::parse(category).unwrap()];
        self.state().mandates.push(Mandate { id, by, of, kind, categories, acts: vec![act], active: true });
        id
    }

    pub(crate) fn withdraw(&self, id: MandateId) {
        for mandate in &mut self.state().mandates {
            mandate.active &= mandate.id != id;
        }
    }

    pub(crate) fn mandates_of(&self, by: Who) -> Vec<(MandateId, Who)> {
        let state = self.state();
        state.mandates.iter().filter(|one| one.active && one.by == by).map(|one| (one.id, one.of)).collect()
    }

    /// The next two answers change places: each goes to where the other was asked for.
    pub(crate) fn swap_answers(&self) {
        self.state().swap_next = 2;
    }

    /// The person signed in at the holder's provider, chose whom to represent, and consented or not: where the browser
    /// goes then.
    pub(crate) fn decide(
        &self,
        request_uri: &str,
        acting: Who,
        person: Who,
        consents: bool,
        holder: Holder,
    ) -> String {
        let mut state = self.state();
        let request = state.pushed.remove(request_uri).expect("it was pushed");
        let scope = Scope::parse(&request.scope).expect("a scope");
        let represented = scope.representation.is_some();
        let mandate = state.mandates.iter().any(|one| {
            let kind = scope.representation.map_or("", |scope| scope.mandate_kind().as_str());
            one.active && one.by == acting && one.of == person && one.kind == kind
        });
        let asked = request.birth_date.as_ref().map(|text| BirthDate::parse(text.reveal()).unwrap());
        let held = born(&state.people[person]);
        let same_date = match (asked, held) {
            (Some(asked), Some(held)) => {
                let precision = asked.precision().min(held.precision());
                precision == DatePrecision::Year || asked.digits_at(precision) == held.digits_at(precision)
            }
            _ => true,
        };
        let careful = (represented == (acting != person)) && (!represented || mandate) && same_date;
        let mut url = url::Url::parse(&request.redirect_uri).unwrap();
        url.query_pairs_mut().append_pair("state", request.state.reveal());
        if !consents || (holder == Holder::Careful && !careful) {
            url.query_pairs_mut().append_pair("error", "access_denied");
            return url.into();
        }
        state.count += 1;
        let code = format!("code-{}", state.count);
        let checked = holder == Holder::Careful && represented;
        state
            .codes
            .insert(code.clone(), Permit { person, acting, challenge: request.code_challenge, checked });
        url.query_pairs_mut().append_pair("code", &code);
        url.into()
    }

    /// What was pushed under this address.
    pub(crate) fn pushed(&self, request_uri: &str) -> PushedRequest {
        self.state().pushed[request_uri].clone()
    }
}

fn born(human: &Human) -> Option<BirthDate> {
    (!human.born.is_empty()).then(|| BirthDate::parse(human.born).unwrap())
}

#[async_trait]
impl Provider for World {
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError> {
        assert!(request.redirect_uri.starts_with("https://"));
        Ok(format!("https://provider.example/authorize?state={}", request.state))
    }

    /// The code says who signed in.
    async fn statement(&self, answer: &SignedIn<'_>) -> Result<Statement, ProviderError> {
        let who: Who = answer
            .code
            .strip_prefix("signed-in-")
            .and_then(|who| who.parse().ok())
            .ok_or(ProviderError::Refused("it refused our request"))?;
        let state = self.state();
        let represented = state.mandates.iter().filter(|one| one.active && one.by == who).map(|one| {
            let person = &state.people[one.of];
            RepresentedPerson {
                mandate: one.id,
                kind: one.kind.to_owned(),
                categories: one.categories.clone(),
                acts: one.acts.clone(),
                label: person.name.to_owned(),
                binding: person.binding.clone(),
                epoch: Epoch(1),
            }
        });
        let own = Some((state.people[who].binding.clone(), Epoch(1)));
        Ok(Statement { name: None, own, represented: represented.collect() })
    }
}

#[async_trait]
impl Holders for World {
    async fn push(
        &self,
        _: &Partner,
        request: &PushedRequest,
        _: TransactionId,
    ) -> Result<PushedAuthorisation, HolderError> {
        let mut state = self.state();
        state.count += 1;
        let request_uri = format!("urn:ietf:params:oauth:request_uri:{}", state.count);
        state.pushed.insert(request_uri.clone(), request.clone());
        Ok(PushedAuthorisation { request_uri, expires_in: 60 })
    }

    async fn token(
        &self,
        _: &Partner,
        request: &TokenRequest,
        _: TransactionId,
    ) -> Result<Token, HolderError> {
        use aws_lc_rs::digest::{SHA256, digest};
        use base64::Engine as _;
        let mut state = self.state();
        let permit = state.codes.remove(request.code.reveal()).ok_or(HolderError::Refused)?;
        let hash = digest(&SHA256, request.code_verifier.reveal().as_bytes());
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
        if challenge != permit.challenge {
            return Err(HolderError::Refused);
        }
        state.count += 1;
        let token = format!("token-{}", state.count);
        state.tokens.insert(token.clone(), permit);
        Ok(Token {
            access_token: SecretText::new(token),
            token_type: TokenType::Bearer,
            expires_in: 900,
            scope: String::new(),
        })
    }

    async fn collect(
        &self,
        holder: &Partner,
        token: &SecretText,
        request: &CollectionRequest,
        transaction: TransactionId,
    ) -> Result<Collected, HolderError> {
        let mut state = self.state();
        let permit = state.tokens.get(token.reveal()).cloned().ok_or(HolderError::Refused)?;
        let still =
            state.mandates.iter().any(|one| one.active && one.by == permit.acting && one.of == permit.person);
        if permit.checked && !still {
            return Err(HolderError::Refused);
        }
        let person = state.people[permit.person].clone();
        let proofs = born(&person).map(|date| {
            let proofs = person.binding.birth_date_proofs(token.reveal(), &date);
            EpochBirthDateProof {
                epoch: 1,
                day: proofs.day.map(SecretBytes32),
                month: proofs.month.map(SecretBytes32),
                year: proofs.year.map(SecretBytes32),
            }
        });
        let answer = Collected {
            id: Entropy::os().id(Instant::from_millis(1_795_000_000_000)),
            holder: holder.oin,
            category: request.category.clone(),
            transaction,
            document: Some(json!({ "about": permit.person, "secret": "a thing to keep" })),
            provenance: None,
            other_sources: Vec::new(),
            subject_proofs: vec![EpochProof {
                epoch: 1,
                proof: SecretBytes32(person.binding.subject_proof(token.reveal())),
            }],
            birth_date_proofs: proofs.into_iter().collect(),
            birth_date_precision: None,
        };
        if state.swap_next > 0 {
            state.swap_next -= 1;
            // The first of the two gets an older answer, if there is one; the second that of the first.
            let other = state.swapped.pop();
            state.swapped.push(answer.clone());
            return Ok(other.unwrap_or(answer));
        }
        Ok(answer)
    }
}
