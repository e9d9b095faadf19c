//! A partner process and a pseudonymiser in a temporary folder.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use kw_adapter::Vault;
use kw_agreement::draft::{AgreementDraft, KeyDraft, key_text};
use kw_client::{LocalClient, LocalToken};
use kw_domain::{ChainName, Oin, Subject, SubjectReference};
use kw_ledger::{AccessRecord, LeafKind};
use kw_logbook::LedgerSettings;
use kw_partner::{KeySettings, LocalSettings, PartnerConfig, StartError, SyncSettings, keys, prepare};
use kw_pseudonym::RowKey;
use kw_pseudonymiser::PseudonymiserConfig;
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_runtime::log_key::LogKey;
use kw_runtime::serve::Control;
use kw_runtime::telemetry::LogSettings;
use kw_runtime::{Entropy, Http, Metrics, Server, ServerSettings};
use kw_store::partner::Partner;
use kw_store::{DatabaseConfig, Store, StoredEntry};
use kw_transport::TlsFiles;
use kw_transport::authority::{Authority, IssueRequest};
use tempfile::TempDir;
use tokio::task::JoinHandle;

const PSEUDONYMISER: &str = "00000099000000002000";
const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

/// Everything that is there before the processes start.
pub(crate) struct Chain {
    pub(crate) draft: AgreementDraft,
    pub(crate) config: PartnerConfig,
    pseudonymiser: PseudonymiserConfig,
    authority: Authority,
    folder: TempDir,
}

/// The running processes.
pub(crate) struct Running {
    pub(crate) service: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) client: LocalClient,
    pub(crate) token: String,
    processes: Vec<(Control, JoinHandle<()>)>,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut draft = AgreementDraft::parse(YOUTH).unwrap();
        let chain = ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&folder.path().join("pki"), &chain).unwrap();
        let tls = |name: &str, oin: &str| issue(&authority, name, oin);
        let server = || ServerSettings {
            workers: Some(1),
            shutdown_deadline: 1,
            admin: None,
            ..ServerSettings::default()
        };
        let at = |name: &str| folder.path().join(name);
        let pseudonymiser = PseudonymiserConfig {
            agreement: at("agreement.toml"),
            server: server(),
            log: LogSettings::default(),
            tls: tls("pseudonymiser", PSEUDONYMISER),
            database: DatabaseConfig::at(at("pseudonymiser.db").to_string_lossy()),
            keys: kw_pseudonymiser::KeySettings { directory: at("pseudonymiser-keys") },
            ledger: LedgerSettings::default(),
        };
        let public =
            kw_pseudonymiser::keys::init(&pseudonymiser.keys.directory, &chain, &mut Entropy::os()).unwrap();
        draft.pseudonymiser.keys =
            public.iter().map(|key| KeyDraft::new(key.key_use, key.epoch, &key.public_key.0)).collect();
        // Nobody listens there: the switchboard is down.
        "https://127.0.0.1:1".clone_into(&mut draft.switchboard.endpoint);
        draft.switchboard.witness_key = None;
        fs::create_dir(at("keys")).unwrap();
        keys::init(&at("keys"), &chain, &mut Entropy::os()).unwrap();
        let public = |folder: &str, kind| {
            key_text(&LogKey::newest(&at(folder), &chain, kind).unwrap().unwrap().public())
        };
        draft.pseudonymiser.log_key = public("pseudonymiser-keys", KeyKind::Log);
        draft.partners[0].log_key = public("keys", KeyKind::Log);
        draft.partners[0].witness_key = Some(public("keys", KeyKind::Witness));
        let config = PartnerConfig {
            acts_for: None,
            admit_real_numbers: false,
            authorisation: None,
            canaries: None,
            identity: kw_partner::IdentitySettings::default(),
            agreement: at("agreement.toml"),
            server: server(),
            log: LogSettings::default(),
            tls: tls("partner", &draft.partners[0].oin),
            database: DatabaseConfig::at(at("partner.db").to_string_lossy()),
            keys: KeySettings { directory: at("keys") },
            ledger: LedgerSettings::default(),
            local: LocalSettings { token_file: at("local.token"), ..LocalSettings::default() },
            sources: Vec::new(),
            signals: kw_partner::SignalSettings::default(),
            sync: SyncSettings { interval_seconds: 3_600, reconcile_seconds: 0 },
        };
        Self { draft, config, pseudonymiser, authority, folder }
    }

    pub(crate) fn chain(&self) -> ChainName {
        ChainName::parse(&self.draft.chain.name).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn issue(&self, name: &str, oin: &str) -> TlsFiles {
        issue(&self.authority, name, oin)
    }

    pub(crate) async fn prepare(&self) -> Result<Server, StartError> {
        fs::write(&self.config.agreement, self.draft.to_toml().unwrap()).unwrap();
        prepare(self.config.clone(), Http::new(Metrics::new())).await
    }

    /// Starts the pseudonymiser first, so that the agreement can say where it is.
    pub(crate) async fn start(&mut self) -> Running {
        fs::write(&self.config.agreement, self.draft.to_toml().unwrap()).unwrap();
        let http = Http::new(Metrics::new());
        let pseudonymiser = kw_pseudonymiser::prepare(self.pseudonymiser.clone(), http).await.unwrap();
        let address = pseudonymiser.addresses()["service"];
        self.draft.pseudonymiser.endpoint = format!("https://{address}");
        let partner = self.prepare().await.unwrap_or_else(|error| panic!("{error}"));
        let (service, local) = (partner.addresses()["service"], partner.addresses()["local"]);
        let token = fs::read_to_string(&self.config.local.token_file).unwrap().trim().to_owned();
        let client = LocalClient::new(local, LocalToken::parse(&token).unwrap()).unwrap();
        let processes = [pseudonymiser, partner]
            .into_iter()
            .map(|server| (server.control(), tokio::spawn(async move { server.run().await.unwrap() })))
            .collect();
        Running { service, local, client, token, processes }
    }

    /// Every record of an access in the partner's ledger; the process must have ended.
    pub(crate) fn records(&self) -> Vec<AccessRecord> {
        self.records_of(LeafKind::Access)
    }

    /// Every record of one kind in the partner's ledger; the process must have ended.
    pub(crate) fn records_of(&self, kind: LeafKind) -> Vec<AccessRecord> {
        let oin = &self.draft.partners[0].oin;
        let origin = format!("{}/partner/{oin}", self.chain());
        let store: Store<Partner> =
            Store::open(&self.config.database, &origin, |bytes| Entropy::os().fill(bytes)).unwrap();
        let entries = store.read_blocking(|tables| tables.ledger_entries(0, 10_000)).unwrap();
        assert!(entries.iter().all(StoredEntry::is_sound));
        entries
            .iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| serde_json::from_str(entry.record.as_ref().unwrap().as_str()).unwrap())
            .collect()
    }

    /// The log entries about asking others about this subject: index and reference.
    pub(crate) fn asked_about(&self, subject: &Subject) -> Vec<(u64, SubjectReference)> {
        let keys = KeyFile::read_all(&self.config.keys.directory, &self.chain()).unwrap();
        let row_key = keys.iter().find(|key| key.kind == KeyKind::PartnerRow).unwrap();
        let secret = row_key.secret32().unwrap();
        let asked = Vault::new(RowKey::from_bytes(&secret), Entropy::os()).asked_key(subject);
        let origin = format!("{}/partner/{}", self.chain(), self.draft.partners[0].oin);
        let store: Store<Partner> =
            Store::open(&self.config.database, &origin, |bytes| Entropy::os().fill(bytes)).unwrap();
        store.read_blocking(move |tables| tables.asked_links_of(&asked, None, 100)).unwrap()
    }

    /// Whether a text stands in any byte of the partner's database.
    pub(crate) fn database_holds(&self, text: &str) -> bool {
        ["partner.db", "partner.db-wal"].iter().any(|name| {
            let bytes = fs::read(self.path(name)).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        for (control, task) in self.processes {
            control.stop();
            task.await.unwrap();
        }
    }

    /// The status of a request that is written by hand.
    pub(crate) async fn status_of(&self, head: String) -> u16 {
        let address = self.local;
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        answer.await.unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    }
}

fn issue(authority: &Authority, name: &str, oin: &str) -> TlsFiles {
    let request = IssueRequest {
        name: name.to_owned(),
        oin: Oin::parse(oin).unwrap(),
        hosts: vec!["127.0.0.1".to_owned()],
        validity: Duration::from_hours(24 * 30),
    };
    authority.issue(&request).unwrap().tls_files()
}
