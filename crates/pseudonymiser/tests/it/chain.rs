//! A pseudonymiser in a temporary folder, its authority, and parties that call it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, BudgetDraft, KeyDraft, key_text};
use kw_domain::{ChainName, Clock as _, KeyUse, ManualClock, Oin, Subject, SystemClock};
use kw_ledger::{AccessRecord, LeafKind};
use kw_logbook::LedgerSettings;
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::{BudgetClass, EvaluationRequest, EvaluationResponse, PublicKey};
use kw_protocol::problem::Problem;
use kw_pseudonym::{BlindedElement, Blinding, Element, EvaluatedElement, Proof, blind, verify_and_unblind};
use kw_pseudonymiser::{PseudonymiserConfig, keys, prepare};
use kw_runtime::key_file::KeyKind;
use kw_runtime::log_key::LogKey;
use kw_runtime::serve::Control;
use kw_runtime::{Entropy, Http, Metrics, ServerSettings};
use kw_store::pseudonymiser::Pseudonymiser;
use kw_store::{DatabaseConfig, Store};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{ClientOptions, Tls};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const SWITCHBOARD: &str = "00000099000000001000";
pub(crate) const PSEUDONYMISER: &str = "00000099000000002000";
pub(crate) const STRANGER: &str = "00000099000000999000";

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

/// Everything that is there before the service starts.
pub(crate) struct Chain {
    pub(crate) draft: AgreementDraft,
    pub(crate) config: PseudonymiserConfig,
    pub(crate) clock: Arc<ManualClock>,
    authority: Authority,
    folder: TempDir,
}

/// A running service.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) public: String,
    control: Control,
    task: JoinHandle<()>,
}

/// One party that calls.
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    url: String,
    chain: ChainName,
}

/// What a caller was told.
pub(crate) struct Refused {
    pub(crate) problem: Problem,
    pub(crate) retry_after: Option<u64>,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut draft = AgreementDraft::parse(YOUTH).unwrap();
        // No switchboard runs here.
        draft.switchboard.witness_key = None;
        let chain = ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&folder.path().join("pki"), &chain).unwrap();
        let own = authority.issue(&request("pseudonymiser", PSEUDONYMISER)).unwrap();
        let config = PseudonymiserConfig {
            agreement: folder.path().join("agreement.toml"),
            server: ServerSettings {
                public: Some("127.0.0.1:0".parse().unwrap()),
                workers: Some(1),
                shutdown_deadline: 1,
                ..ServerSettings::default()
            },
            log: kw_runtime::telemetry::LogSettings::default(),
            tls: own.tls_files(),
            database: DatabaseConfig::at(folder.path().join("p.db").to_string_lossy()),
            keys: kw_pseudonymiser::KeySettings { directory: folder.path().join("keys") },
            ledger: LedgerSettings::default(),
        };
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let mut this = Self { draft, config, clock, authority, folder };
        let made = keys::init(&this.config.keys.directory, &chain, &mut Entropy::os()).unwrap();
        this.list(&made);
        let log = LogKey::newest(&this.config.keys.directory, &chain, KeyKind::Log).unwrap().unwrap();
        this.draft.pseudonymiser.log_key = key_text(&log.public());
        this
    }

    pub(crate) fn chain(&self) -> ChainName {
        ChainName::parse(&self.draft.chain.name).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has the agreement list exactly these keys.
    pub(crate) fn list(&mut self, keys: &[PublicKey]) {
        let entry = |key: &PublicKey| KeyDraft::new(key.key_use, key.epoch, &key.public_key.0);
        self.draft.pseudonymiser.keys = keys.iter().map(entry).collect();
    }

    /// The first partner of the agreement.
    pub(crate) fn partner(&self) -> Oin {
        Oin::parse(&self.draft.partners[0].oin).unwrap()
    }

    pub(crate) fn limit(&mut self, class: BudgetClass, burst: u64, hour: u64, day: u64) {
        let budget = Some(BudgetDraft { burst, hour, day });
        let budgets = &mut self.draft.partners[0].budgets;
        match class {
            BudgetClass::Query => budgets.query = budget,
            BudgetClass::Refresh => budgets.refresh = budget,
            BudgetClass::Register => budgets.register = budget,
        }
    }

    pub(crate) fn agreement(&self) -> Agreement {
        Agreement::parse(&self.draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    pub(crate) fn write_agreement(&self) {
        std::fs::write(&self.config.agreement, self.draft.to_toml().unwrap()).unwrap();
    }

    pub(crate) async fn start(&self) -> Running {
        self.try_start().await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) async fn try_start(&self) -> Result<Running, kw_pseudonymiser::StartError> {
        self.write_agreement();
        let http = Http { clock: self.clock.clone(), ..Http::new(Metrics::new()) };
        let server = prepare(self.config.clone(), http).await?;
        let url = format!("https://{}", server.addresses()["service"]);
        let public = format!("https://{}", server.addresses()["public"]);
        let control = server.control();
        let task = tokio::spawn(async move { server.run().await.unwrap() });
        Ok(Running { url, public, control, task })
    }

    /// A certificate of the chain's authority for this party, and a client with it.
    pub(crate) fn caller(&self, name: &str, oin: &str, running: &Running) -> Caller {
        let tls = Tls::load(&self.authority.issue(&request(name, oin)).unwrap().tls_files()).unwrap();
        let patience = Duration::from_secs(30);
        let options = ClientOptions { timeout: patience, connect_timeout: patience };
        let http = tls.client(Oin::parse(PSEUDONYMISER).unwrap(), options);
        Caller { http, url: running.url.clone(), chain: self.chain() }
    }

    pub(crate) fn issue(&self, name: &str, oin: &str) -> kw_transport::TlsFiles {
        self.authority.issue(&request(name, oin)).unwrap().tls_files()
    }

    /// Every record of an access; the service must have ended.
    pub(crate) fn records(&self) -> Vec<AccessRecord> {
        self.records_of(LeafKind::Access)
    }

    /// Every record of one kind; the service must have ended.
    pub(crate) fn records_of(&self, kind: LeafKind) -> Vec<AccessRecord> {
        let origin = &self.draft.pseudonymiser.log_origin;
        let store: Store<Pseudonymiser> =
            Store::open(&self.config.database, origin, |bytes| Entropy::os().fill(bytes)).unwrap();
        let entries = store.read_blocking(|tables| tables.ledger_entries(0, 10_000)).unwrap();
        assert!(entries.iter().all(kw_store::StoredEntry::is_sound));
        let record = |entry: &kw_store::StoredEntry| {
            serde_json::from_str(entry.record.as_ref().unwrap().as_str()).unwrap()
        };
        entries.iter().filter(|entry| entry.kind == kind).map(record).collect()
    }
}

impl Running {
    pub(crate) fn reload(&self) {
        self.control.reload();
    }

    pub(crate) async fn stop(self) {
        self.control.stop();
        self.task.await.unwrap();
    }
}

impl Caller {
    pub(crate) async fn ask(
        &self,
        class: BudgetClass,
        key_use: KeyUse,
        elements: &[BlindedElement],
    ) -> Result<EvaluationResponse, Refused> {
        let elements = elements.iter().map(|element| SecretBytes32(element.to_bytes())).collect();
        self.send(&EvaluationRequest { chain: self.chain.clone(), key_use, class, elements }).await
    }

    pub(crate) async fn send<B: serde::Serialize>(&self, body: &B) -> Result<EvaluationResponse, Refused> {
        let response =
            self.http.post(format!("{}/v1/evaluations", self.url)).json(body).send().await.unwrap();
        if response.status().is_success() {
            return Ok(response.json().await.unwrap());
        }
        let header = response.headers().get("retry-after");
        let retry_after = header.map(|value| value.to_str().unwrap().parse().unwrap());
        let status = response.status().as_u16();
        let problem: Problem = response.json().await.unwrap();
        assert_eq!(problem.status, status);
        assert!(problem.trace_id.is_some());
        Err(Refused { problem, retry_after })
    }

    /// Has `count` made-up subjects evaluated.
    pub(crate) async fn spend(
        &self,
        class: BudgetClass,
        count: usize,
    ) -> Result<EvaluationResponse, Refused> {
        self.ask(class, KeyUse::Index, &blinded(count).1).await
    }
}

impl Refused {
    pub(crate) fn code(&self) -> &str {
        self.problem.code()
    }
}

pub(crate) fn blinded(count: usize) -> (Vec<Blinding>, Vec<BlindedElement>) {
    let subject = Subject::parse("nl.bsn:999990342").unwrap();
    (0..count).map(|_| blind(&subject, &mut Entropy::os()).unwrap()).unzip()
}

/// Checks the proofs with the keys that the agreement lists, as a partner does.
pub(crate) fn unblind(
    agreement: &Agreement,
    key_use: KeyUse,
    (blindings, blinded): &(Vec<Blinding>, Vec<BlindedElement>),
    response: &EvaluationResponse,
) -> Vec<Vec<Element>> {
    let open = |evaluation: &kw_protocol::evaluation::EpochEvaluation| {
        let listed = agreement.pseudonymiser_keys(key_use)[&evaluation.epoch];
        let key = kw_pseudonym::PublicKey::from_bytes(&listed).unwrap();
        let evaluated: Vec<EvaluatedElement> = evaluation
            .elements
            .iter()
            .map(|element| EvaluatedElement::from_bytes(&element.0).unwrap())
            .collect();
        let proof = Proof::from_parts(evaluation.proof.map(|part| part.0)).unwrap();
        verify_and_unblind(&key, blindings, blinded, &evaluated, &proof).unwrap()
    };
    response.evaluations.iter().map(open).collect()
}

fn request(name: &str, oin: &str) -> IssueRequest {
    IssueRequest {
        name: name.to_owned(),
        oin: Oin::parse(oin).unwrap(),
        hosts: vec!["127.0.0.1".to_owned()],
        validity: Duration::from_hours(24 * 30),
    }
}
