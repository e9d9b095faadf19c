//! A holder with one source, a personal environment, a provider, a register of mandates, a clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::Data;
use async_trait::async_trait;
use kw_adapter::grants::{FetchingKeys, GrantKeys, GrantVerifier, KeySource};
use kw_adapter::pulls::{CheckingConsent, ConsentSource, Consents, Pulls, RecordedRefusals, Sources};
use kw_adapter::sync::{Index, Left, Pseudonymiser, SyncParts, Synchroniser};
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, Source, SourceDocument, SourceError, SourceRecord, Vault,
};
use kw_agreement::Agreement;
use kw_client::{ClientError, EpochElement, PseudonymError};
use kw_domain::{
    AuthorisationId, BatchId, BirthDate, Category, Clock as _, Epoch, Instant, KeyUse, MandateId,
    ManualClock, Oin, PointerId, Purpose, Role, SourceName, Subject,
};
use kw_identity::{ActorProofs, IdentitySettings, Providers};
use kw_ledger::AccessRecord;
use kw_protocol::authorisation::{
    Collected, CollectionRequest, ConsentVerdict as Verdict, ConsentView, Decided, OauthErrorCode,
    PushedAuthorisation, RepresentationScope, Token,
};
use kw_protocol::consent::{CheckConsent, ConsentChecked, ConsentVerdict};
use kw_protocol::digest::{DigestRequest, DigestResponse};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::mandate::{ActiveMandate, CheckMandate, MandateAct, MandateChecked, MandateKind};
use kw_protocol::pointer::{
    BulkOutcome, BulkResult, Lease, Pointer, RegisterPointer, RenewPointer, WithdrawPointer,
};
use kw_protocol::problem::ProblemCode;
use kw_pseudonym::{Binding, Element, RowKey, SecretKey, blind, evaluate, verify_and_unblind};
use kw_runtime::http::TraceParent;
use kw_runtime::{Entropy, Refusal, SharedAgreement, Trace};
use kw_store::partner::Partner;
use kw_store::{DatabaseConfig, Store};
use serde_json::json;
use tempfile::TempDir;
use url::{Url, form_urlencoded};

use crate::rules::pkce::Challenge;
use crate::rules::statement::{Person, StatedMandate, Statement};
use crate::server::Client;
use crate::steps::CallbackQuery;
use crate::{
    AuthorisationServer, AuthorisationSettings, ClientSettings, Mandates, Parts, Provider, ProviderError,
    SignIn, SignedIn,
};

/// The parent.
pub(super) const EVA: &str = "999990342";
/// Her child, born on 11 June 2016.
pub(super) const ANNA: &str = "999994086";
/// Another child, born on 2 March 2017.
pub(super) const BRAM: &str = "999994098";
pub(super) const BORN: &str = "20160611";
pub(super) const BACK: &str = "https://pgo.example/back";
pub(super) const STATE: &str = "af0ifjsldkjaf0ifjsldkj";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HOLDER: &str = "00000099000000012000";
const PGO: &str = "00000099000000016000";
const ISSUER: &str = "https://provider.example";
const LEVEL: &str = "https://loa.example/substantial";

pub(super) fn subject(number: &str) -> Subject {
    Subject::parse(&format!("nl.bsn:{number}")).unwrap()
}

pub(super) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

fn agreement() -> Agreement {
    let youth = include_str!("../../../../examples/chains/youth.toml");
    let place = "endpoint = \"https://ketenwijzer.delinde.example:8443\"\n";
    assert!(youth.contains(place));
    let youth = youth
        .replace(place, &format!("{place}authorisation_endpoint = \"https://inzage.delinde.example\"\n"));
    let category = "title = { nl = \"Schoolverzuim\", en = \"School attendance\" }\n";
    assert!(youth.contains(category));
    let youth = youth.replace(category, &format!("{category}consent = \"opt-out\"\n"));
    let more = r#"
[roles.citizen]
title = { nl = "Burger", en = "Citizen" }
kinds = ["personal-environment"]

[purposes.own-insight]
title = { nl = "Uw eigen gegevens inzien", en = "See your own data" }
legal_basis = "AVG, art. 15"
processing_activity = "https://register.demostad.example/verwerkingen/inzage"
relation_bases = ["listed"]
representation = true

[purposes.own-insight.roles]
citizen = ["school-attendance", "youth-care-plan"]

[representation.provider]
oin = "00000099000000017000"
issuer = "https://provider.example"
assurance_levels = ["https://loa.example/substantial", "https://loa.example/high"]

[representation.kinds.parental-authority]
registrars = ["00000099000000017000"]
categories = ["school-attendance"]
acts = ["view"]
max_term = "P12Y"
ages = [{ name = "under-12", from = 0, below = 12 }]

[representation.kinds.voluntary]
registrars = ["00000099000000017000"]
categories = ["school-attendance"]
acts = ["view"]
max_term = "P5Y"
ages = [{ name = "from-16", from = 16, confirmed_by = ["represented"] }]

[[partners]]
oin = "00000099000000016000"
name = "Mijn Dossier"
kind = "personal-environment"
endpoint = "https://pgo.example:8443"
population = 1000
contact = "info@pgo.example"
registers = []
log_key = "KSz5SV3nkXPYxoV-fMxV4VBCO_UGJvYGLJdQQDePVOI"

[[partners]]
oin = "00000099000000017000"
name = "DigiDemo"
kind = "statement-provider"
endpoint = "https://provider.example:8443"
population = 1000
contact = "info@provider.example"
registers = []
log_key = "L1SY-RY2f6UZBx-9yNyuSQBTfWIzDDNH3I5GkwCm-mI"
"#;
    Agreement::parse(&format!("{youth}{more}")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The people a source knows: number → birth date.
#[derive(Debug)]
pub(super) struct Book {
    name: SourceName,
    pub(super) people: Mutex<BTreeMap<String, Option<String>>>,
    pub(super) broken: Mutex<bool>,
}

fn attendance() -> Category {
    Category::parse("school-attendance").unwrap()
}

fn born(text: Option<&String>) -> Option<BirthDate> {
    text.map(|text| BirthDate::parse(text).unwrap())
}

#[async_trait]
impl Source for Book {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        BTreeSet::from([attendance()])
    }

    async fn changes(&self, _: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let people = self.people.lock().unwrap().clone();
        let changes = people.into_iter().map(|(number, date)| {
            Change::Present(SourceRecord {
                category: attendance(),
                record: LocalId::new(number.as_str()).unwrap(),
                subject: subject(&number),
                birth_date: born(date.as_ref()),
            })
        });
        Ok(ChangePage {
            changes: changes.collect(),
            refused: Vec::new(),
            cursor: Cursor("all".to_owned()),
            more: false,
            complete: true,
        })
    }

    async fn fetch(&self, _: &Category, record: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        if *self.broken.lock().unwrap() {
            return Err(SourceError::Unavailable("the test broke it".to_owned()));
        }
        let people = self.people.lock().unwrap();
        let Some(date) = people.get(record.as_str()) else { return Ok(None) };
        Ok(Some(SourceDocument {
            document: json!({
                "person": {"familyName": "of the source", "birthDate": "2016"}, "school": {"name": record.as_str()}
            }),
            as_of: Instant::from_millis(0),
            birth_date: born(date.as_ref()),
            under_investigation: Vec::new(),
        }))
    }
}

/// The register of choices: what the person said about this holder and recipient.
#[derive(Debug)]
pub(super) struct Choices(pub(super) Mutex<ConsentVerdict>);

impl ConsentSource for Choices {
    fn check<'a>(&'a self, _: &'a CheckConsent) -> CheckingConsent<'a> {
        let verdict = *self.0.lock().unwrap();
        // Good for no time: the next question is asked again.
        Box::pin(async move { Ok(ConsentChecked { verdict, valid_until: Instant::from_millis(0) }) })
    }
}

/// Registers whatever it is given, and has no keys.
#[derive(Debug)]
struct NoIndex;

#[async_trait]
impl Index for NoIndex {
    async fn register(
        &self,
        _: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        let later = Instant::parse("2027-11-22T09:30:00Z").unwrap();
        let made = |(line, pointer): (usize, RegisterPointer)| BulkResult {
            line: line as u64,
            outcome: BulkOutcome::Created,
            id: Some(PointerId::new(later, [line as u8; 10])),
            handle: Some(pointer.handle),
            valid_until: Some(later),
            problem: None,
            detail: None,
        };
        Ok(pointers.into_iter().enumerate().map(made).collect())
    }

    async fn withdraw(&self, _: PointerId, _: &WithdrawPointer) -> Result<Pointer, ClientError> {
        Err(ClientError::Unreachable)
    }

    async fn renew(&self, _: PointerId, _: &RenewPointer) -> Result<Pointer, ClientError> {
        Err(ClientError::Unreachable)
    }

    async fn lease(&self) -> Result<Lease, ClientError> {
        Ok(Lease { valid_until: Instant::parse("2027-11-22T09:30:00Z").unwrap() })
    }

    async fn digests(&self, _: &DigestRequest) -> Result<DigestResponse, ClientError> {
        Err(ClientError::Unreachable)
    }

    async fn left(&self, _: Oin) -> Result<Option<Left>, ClientError> {
        Ok(None)
    }
}

impl KeySource for NoIndex {
    fn fetch(&self) -> FetchingKeys<'_> {
        Box::pin(async { Err(ClientError::Unreachable) })
    }
}

/// The whole protocol with known keys, both sides played here.
#[derive(Debug)]
pub(super) struct KnownKeys {
    index: SecretKey,
    binding: SecretKey,
}

impl KnownKeys {
    pub(super) fn element(&self, key_use: KeyUse, subject: &Subject) -> Element {
        let rng = &mut Entropy::os();
        let key = if key_use == KeyUse::Index { &self.index } else { &self.binding };
        let (blinding, blinded) = blind(subject, rng).unwrap();
        let blinded = [blinded];
        let (evaluated, proof) = evaluate(key, &blinded, rng).unwrap();
        verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof).unwrap().pop().unwrap()
    }
}

#[async_trait]
impl Pseudonymiser for KnownKeys {
    async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        _: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        let one = |subject| vec![EpochElement { epoch: Epoch(1), element: self.element(key_use, subject) }];
        Ok(subjects.iter().map(one).collect())
    }
}

/// A register that knows its mandates by the elements of both sides.
#[derive(Debug)]
pub(super) struct Register {
    keys: Arc<KnownKeys>,
    pub(super) mandates: Mutex<HashMap<MandateId, (String, String, ActiveMandate)>>,
    pub(super) down: Mutex<bool>,
}

#[async_trait]
impl Mandates for Register {
    async fn check(&self, check: &CheckMandate) -> Result<MandateChecked, ClientError> {
        if *self.down.lock().unwrap() {
            return Err(ClientError::Unreachable);
        }
        let mandates = self.mandates.lock().unwrap();
        let found = mandates.get(&check.mandate).filter(|(representative, represented, active)| {
            let is = |number: &str, element: &[u8; 32]| {
                self.keys.element(KeyUse::Index, &subject(number)).to_bytes() == *element
            };
            let given = check.representative.as_ref().unwrap();
            is(representative, &given.element.0)
                && is(represented, &check.represented.element.0)
                && check.act == MandateAct::View
                && check.categories.iter().all(|category| active.categories.contains(category))
        });
        Ok(MandateChecked { active: found.is_some(), mandate: found.map(|(.., active)| active.clone()) })
    }
}

/// A provider that says what the test put there.
#[derive(Debug)]
pub(super) struct Stand {
    pub(super) says: Mutex<Result<Statement, ProviderError>>,
}

#[async_trait]
impl Provider for Stand {
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError> {
        let mut url = Url::parse("https://provider.example/authorize").unwrap();
        let asked = request.representation.map_or("", RepresentationScope::as_str);
        url.query_pairs_mut()
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("asked", asked);
        Ok(url.into())
    }

    async fn statement(&self, answer: &SignedIn<'_>) -> Result<Statement, ProviderError> {
        assert!(answer.nonce.len() == 43 && answer.code_verifier.len() == 43);
        self.says.lock().unwrap().clone()
    }

    fn issuer(&self) -> String {
        ISSUER.to_owned()
    }
}

pub(super) struct Bed {
    pub(super) server: AuthorisationServer,
    pub(super) clock: Arc<ManualClock>,
    pub(super) book: Arc<Book>,
    pub(super) keys: Arc<KnownKeys>,
    pub(super) register: Arc<Register>,
    pub(super) provider: Arc<Stand>,
    pub(super) choices: Arc<Choices>,
    pub(super) store: Arc<Store<Partner>>,
    pub(super) mandate: MandateId,
    _folder: TempDir,
}

/// A browser: the cookies it has.
#[derive(Default, Clone)]
pub(super) struct Browser(pub(super) HashMap<AuthorisationId, String>);

impl Bed {
    /// The source knows Anna and Bram; Eva has parental authority over Anna, and signs in for her.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Instant::parse("2026-11-22T09:30:00Z").unwrap()));
        let shared = || Arc::clone(&clock) as Arc<dyn kw_domain::Clock>;
        let agreement = SharedAgreement::fixed(agreement(), shared());
        let config = DatabaseConfig::at(folder.path().join("partner.db").to_str().unwrap());
        let opened = Store::<Partner>::open(&config, "test", |bytes| Entropy::os().fill(bytes));
        let store = Arc::new(opened.unwrap());
        let people = [(ANNA, BORN), (BRAM, "20170302")];
        let people = people.map(|(number, date)| (number.to_owned(), Some(date.to_owned())));
        let book = Arc::new(Book {
            name: SourceName::parse("som").unwrap(),
            people: Mutex::new(BTreeMap::from(people)),
            broken: Mutex::new(false),
        });
        let rng = &mut Entropy::os();
        let keys = Arc::new(KnownKeys { index: SecretKey::generate(rng), binding: SecretKey::generate(rng) });
        let vault = Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::os());
        let sources = Sources::from([(book.name.clone(), Arc::clone(&book) as Arc<dyn Source>)]);
        let choices = Arc::new(Choices(Mutex::new(ConsentVerdict::Silent)));
        let pulls = Data::new(Pulls {
            holder: oin(HOLDER),
            agreement: agreement.clone(),
            store: Arc::clone(&store),
            sources: sources.clone(),
            vault: vault.clone(),
            grants: GrantVerifier::new(oin(HOLDER), GrantKeys::new(Arc::new(NoIndex), shared()), shared()),
            proofs: ActorProofs::new(
                Providers::new(&IdentitySettings::default(), shared()).unwrap(),
                shared(),
            ),
            consents: Consents::new(Arc::clone(&choices) as Arc<_>, shared()),
            clock: shared(),
            source_deadline: Duration::from_secs(1),
            refusals: RecordedRefusals::default(),
        });
        let synchroniser = Synchroniser::new(SyncParts {
            reconcile_every: None,
            holder: oin(HOLDER),
            agreement: agreement.clone(),
            store: Arc::clone(&store),
            sources,
            vault: vault.clone(),
            index: Arc::new(NoIndex),
            pseudonymiser: Arc::clone(&keys) as Arc<_>,
            clock: shared(),
        });
        let _ = synchroniser.run_in_background().await;
        let mandate = MandateId::new(clock.now(), [1; 10]);
        let register = Arc::new(Register {
            keys: Arc::clone(&keys),
            mandates: Mutex::default(),
            down: Mutex::new(false),
        });
        let provider = Arc::new(Stand { says: Mutex::new(Err(ProviderError::None)) });
        let server = AuthorisationServer::new(Parts {
            holder: oin(HOLDER),
            settings: settings(),
            agreement,
            store: Arc::clone(&store),
            vault,
            pulls,
            provider: Arc::clone(&provider) as Arc<_>,
            mandates: Arc::clone(&register) as Arc<_>,
            pseudonymiser: Arc::clone(&keys) as Arc<_>,
            clock: shared(),
            entropy: Entropy::os(),
            admits: Arc::new(|_, _| true),
        });
        let bed =
            Self { server, clock, book, keys, register, provider, choices, store, mandate, _folder: folder };
        bed.registered(EVA, ANNA, MandateKind::ParentalAuthority, "under-12");
        bed.says(EVA, Some(ANNA), Some(MandateKind::ParentalAuthority));
        bed
    }

    pub(super) fn registered(&self, who: &str, whom: &str, kind: MandateKind, band: &str) {
        let active = ActiveMandate {
            kind,
            age_band: band.to_owned(),
            categories: vec![attendance()],
            acts: vec![MandateAct::View],
            valid_until: self.clock.now().plus(Duration::from_hours(24)),
        };
        let mut mandates = self.register.mandates.lock().unwrap();
        mandates.insert(self.mandate, (who.to_owned(), whom.to_owned(), active));
    }

    pub(super) fn withdraw_mandate(&self) {
        self.register.mandates.lock().unwrap().clear();
    }

    /// What the provider will say.
    pub(super) fn says(&self, acting: &str, legal: Option<&str>, kind: Option<MandateKind>) {
        let person = |number: &str| Person { subject: subject(number), name: Some("Anna".to_owned()) };
        *self.provider.says.lock().unwrap() = Ok(Statement {
            acting: person(acting),
            legal: legal.map(person),
            representation: kind.map(|kind| StatedMandate { mandate: self.mandate, kind }),
            assurance: LEVEL.to_owned(),
        });
    }

    pub(super) fn client() -> Client {
        Client {
            oin: oin(PGO),
            certificate: [3; 32],
            trace: "0af7651916cd43dd8448eb211c80319c".to_owned(),
            transaction: kw_domain::TransactionId::new(Instant::from_millis(1_795_000_000_000), [4; 10]),
        }
    }

    pub(super) fn another() -> Client {
        Client { oin: oin("00000099000000011000"), certificate: [5; 32], ..Self::client() }
    }

    pub(super) fn form(change: &[(&str, &str)]) -> Vec<u8> {
        let challenge = Challenge::of(VERIFIER).to_text();
        let mut pairs = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", PGO),
            ("redirect_uri", BACK),
            ("scope", "school-attendance onbehalfofchild"),
            ("state", STATE),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("birth_date", BORN),
        ]);
        pairs.extend(change.iter().copied());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
    }

    pub(super) async fn push(&self, change: &[(&str, &str)]) -> Result<PushedAuthorisation, OauthErrorCode> {
        self.server.push(&Self::client(), &Self::form(change)).await.map_err(|refused| refused.0.error)
    }

    /// The browser goes to the provider: the state it will bring back.
    pub(super) async fn send(&self, browser: &mut Browser, uri: &str) -> Result<String, ProblemCode> {
        let sent = self.server.send(PGO, uri).await.map_err(|refusal| refusal.code())?;
        browser.0.insert(sent.id, sent.cookie.to_string());
        Ok(parameter(&sent.location, "state").unwrap())
    }

    pub(super) async fn call_back(
        &self,
        browser: &Browser,
        query: &CallbackQuery,
    ) -> Result<AuthorisationId, ProblemCode> {
        let cookies = |id| browser.0.get(&id).cloned();
        self.server.state(query, &cookies, &trace()).await.map_err(|refusal| refusal.code())
    }

    /// Everything up to the question, or why there is none.
    pub(super) async fn asked(&self, change: &[(&str, &str)]) -> (AuthorisationId, Browser, ConsentView) {
        let mut browser = Browser::default();
        let pushed = self.push(change).await.unwrap();
        let state = self.send(&mut browser, &pushed.request_uri).await.unwrap();
        let id = self.call_back(&browser, &answer(&state)).await.unwrap();
        let (view, _) = self.server.show(id, browser.0.get(&id).map(String::as_str), None).await.unwrap();
        (id, browser, view)
    }

    pub(super) async fn decide(
        &self,
        id: AuthorisationId,
        browser: &Browser,
        verdict: Verdict,
    ) -> Result<Decided, ProblemCode> {
        let cookie = browser.0.get(&id).map(String::as_str);
        self.server.decide_consent(id, cookie, verdict, &trace()).await.map_err(|refusal| refusal.code())
    }

    /// The code of an authorisation in which everything goes well.
    pub(super) async fn code(&self, change: &[(&str, &str)]) -> String {
        let (id, browser, view) = self.asked(change).await;
        assert!(matches!(view, ConsentView::Asked(_)), "{view:?}");
        let decided = self.decide(id, &browser, Verdict::Given).await.unwrap();
        parameter(&decided.redirect_to, "code").unwrap()
    }

    pub(super) async fn redeem_as(
        &self,
        client: &Client,
        code: &str,
        change: &[(&str, &str)],
    ) -> Result<Token, OauthErrorCode> {
        let own = client.oin.to_string();
        let mut pairs = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_id", own.as_str()),
        ]);
        pairs.extend(change.iter().copied());
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.server.redeem(client, form.as_bytes()).await.map_err(|refused| refused.0.error)
    }

    pub(super) async fn token(&self, change: &[(&str, &str)]) -> String {
        let code = self.code(change).await;
        let token = self.redeem_as(&Self::client(), &code, &[]).await.unwrap();
        token.access_token.reveal().to_owned()
    }

    pub(super) async fn collect_as(
        &self,
        client: &Client,
        token: &str,
        category: &str,
    ) -> Result<Collected, ProblemCode> {
        let category = Category::parse(category).unwrap();
        let request = CollectionRequest { category, source: None };
        self.server.collect(client, token, &request).await.map_err(|refusal: Refusal| refusal.code())
    }

    pub(super) async fn collect(&self, token: &str) -> Result<Collected, ProblemCode> {
        self.collect_as(&Self::client(), token, "school-attendance").await
    }

    /// The personal environment's binding of a person.
    pub(super) fn binding(&self, number: &str) -> Binding {
        Binding::derive(&self.keys.element(KeyUse::Binding, &subject(number)), oin(PGO))
    }

    /// The records of authorisations and collections in the holder's log: event, reason, result.
    pub(super) fn records(&self) -> Vec<AccessRecord> {
        let entries = self.store.read_blocking(|tables| tables.ledger_entries(0, 1_000)).unwrap();
        let records =
            entries.into_iter().map(|entry| serde_json::from_str(entry.record.unwrap().as_str()).unwrap());
        records.filter(|record: &AccessRecord| record.party == oin(PGO)).collect()
    }

    /// Reasons of the records, `-` where there is none.
    pub(super) fn told(&self) -> Vec<String> {
        let told = self.records().into_iter().map(|record| {
            format!("{} {}", record.event.code(), record.decision.reason.unwrap_or_else(|| "-".to_owned()))
        });
        told.collect()
    }
}

fn settings() -> AuthorisationSettings {
    AuthorisationSettings {
        client_id: "holder".to_owned(),
        client_key: PathBuf::from("none"),
        purpose: Purpose::parse("own-insight").unwrap(),
        role: Role::parse("citizen").unwrap(),
        clients: vec![ClientSettings { oin: oin(PGO), redirect_uris: vec![BACK.to_owned()] }],
    }
}

pub(super) fn answer(state: &str) -> CallbackQuery {
    CallbackQuery {
        code: Some("the-providers-code".to_owned()),
        state: Some(state.to_owned()),
        iss: Some(ISSUER.to_owned()),
        error: None,
    }
}

pub(super) fn trace() -> Trace {
    let entropy = Entropy::os();
    Trace {
        parent: TraceParent::fresh(&entropy),
        transaction: entropy.id(Instant::from_millis(1_795_000_000_000)),
    }
}

pub(super) fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
