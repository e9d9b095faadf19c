//! A running personal environment.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::draft::{AgreementDraft, key_text};
use kw_domain::{ChainName, Oin, SystemClock};
use kw_ledger::AccessRecord;
use kw_logbook::LedgerSettings;
use kw_personal::rules::{OpenDossier, ServiceKey};
use kw_personal::{
    KeySettings, Outside, PersonalConfig, ProviderSettings, StartError, UserSettings, keys, prepare_with,
};
use kw_pseudonym::RowKey;
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_runtime::log_key::LogKey;
use kw_runtime::serve::Control;
use kw_runtime::telemetry::LogSettings;
use kw_runtime::{Entropy, Http, Metrics, Server, ServerSettings};
use kw_store::personal::{Document, Personal};
use kw_store::{DatabaseConfig, Store};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{ClientOptions, web_client};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::world::World;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

pub(crate) struct Bed {
    pub(crate) world: World,
    pub(crate) config: PersonalConfig,
    pub(crate) chain: ChainName,
    pub(crate) holder: Oin,
    origin: String,
    authority: PathBuf,
    running: Option<(Control, JoinHandle<()>)>,
    pub(crate) folder: TempDir,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut draft = AgreementDraft::parse(YOUTH).unwrap();
        let chain = ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&at("pki"), &chain).unwrap();
        fs::create_dir(at("keys")).unwrap();
        keys::init(&at("keys"), &chain, &mut Entropy::os()).unwrap();
        let public = |kind| key_text(&LogKey::newest(&at("keys"), &chain, kind).unwrap().unwrap().public());
        draft.partners[0].log_key = public(KeyKind::Log);
        draft.partners[0].witness_key = Some(public(KeyKind::Witness));
        draft.partners[1].authorisation_endpoint = Some("https://holder.example:8446".to_owned());
        let holder = Oin::parse(&draft.partners[1].oin).unwrap();
        fs::write(at("agreement.toml"), draft.to_toml().unwrap()).unwrap();
        let own = Oin::parse(&draft.partners[0].oin).unwrap();
        let issued = authority
            .issue(&IssueRequest {
                name: "personal".to_owned(),
                oin: own,
                hosts: vec!["127.0.0.1".to_owned()],
                validity: Duration::from_hours(24),
            })
            .unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let config = PersonalConfig {
            identity: kw_identity::IdentitySettings::default(),
            agreement: at("agreement.toml"),
            server: ServerSettings {
                workers: Some(2),
                shutdown_deadline: 1,
                admin: None,
                public: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
                ..ServerSettings::default()
            },
            log: LogSettings::default(),
            tls: issued.tls_files(),
            database: DatabaseConfig::at(at("personal.db").to_string_lossy()),
            keys: KeySettings { directory: at("keys") },
            ledger: LedgerSettings { start_unconfirmed: true, ..LedgerSettings::default() },
            users: UserSettings { address: format!("https://127.0.0.1:{port}") },
            provider: ProviderSettings {
                client_id: "pgo".to_owned(),
                client_key: at("none.der"),
                roots: Vec::new(),
            },
        };
        let origin = format!("{chain}/partner/{own}");
        let authority = config.tls.trust_anchors.clone();
        Self { world: World::default(), config, chain, holder, origin, authority, running: None, folder }
    }

    pub(crate) async fn prepare(&self) -> Result<Server, StartError> {
        let world = Arc::new(self.world.clone());
        let outside = Outside { provider: Arc::<World>::clone(&world), holders: world };
        prepare_with(self.config.clone(), Http::new(Metrics::new()), outside).await
    }

    pub(crate) async fn start() -> Self {
        let mut bed = Self::new();
        let server = bed.prepare().await.unwrap_or_else(|error| panic!("{error}"));
        let control = server.control();
        bed.running = Some((control, tokio::spawn(async move { server.run().await.unwrap() })));
        // No act gets through before the log is confirmed.
        let first = bed.world.add("first", "");
        for _ in 0..200 {
            if bed.browser().sign_in(first).await.0 == 200 {
                return bed;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the service lets nobody in");
    }

    pub(crate) async fn stop(&mut self) {
        if let Some((control, task)) = self.running.take() {
            control.stop();
            task.await.unwrap();
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        let options =
            ClientOptions { timeout: Duration::from_secs(30), connect_timeout: Duration::from_secs(10) };
        let roots = [self.authority.clone()];
        let http = web_client(&roots, Arc::new(SystemClock), options).unwrap();
        Browser::new(http, self.config.users.address.clone(), self.world.clone())
    }

    fn store(&self) -> Store<Personal> {
        Store::open(&self.config.database, &self.origin, |bytes| Entropy::os().fill(bytes)).unwrap()
    }

    /// Every record; the service must have ended.
    pub(crate) fn records(&self) -> Vec<AccessRecord> {
        let entries = self.store().read_blocking(|tables| tables.ledger_entries(0, 100_000)).unwrap();
        assert!(entries.iter().all(kw_store::StoredEntry::is_sound));
        let accesses = entries.iter().filter(|entry| entry.kind == kw_ledger::LeafKind::Access);
        accesses.map(|entry| serde_json::from_str(entry.record.as_ref().unwrap().as_str()).unwrap()).collect()
    }

    /// Every dossier, opened, with its documents; the service must have ended.
    pub(crate) fn dossiers(&self) -> Vec<(OpenDossier, Vec<Document>)> {
        let files = KeyFile::read_all(&self.config.keys.directory, &self.chain).unwrap();
        let file = files.iter().find(|file| file.kind == KeyKind::PersonalService).unwrap();
        let key = ServiceKey::new(RowKey::from_bytes(&file.secret32().unwrap()));
        let store = self.store();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let rows = store.read_blocking(|tables| tables.all_dossiers(after, 500)).unwrap();
            let Some(last) = rows.last() else { return found };
            after = Some(last.id);
            for row in rows {
                let documents =
                    store.read_blocking(|tables| tables.documents_of(row.id, None, 10_000)).unwrap();
                let open = key.open(row.id, &row.key_sealed, &row.person_sealed).unwrap();
                found.push((open, documents));
            }
        }
    }

    /// Decrypts every stored document and compares whom it is about with whom its dossier is about: how many there are,
    /// and how many are in a wrong one.
    pub(crate) fn documents_and_wrong_ones(&self) -> (usize, usize) {
        let (mut all, mut wrong) = (0, 0);
        for (dossier, documents) in self.dossiers() {
            for row in documents {
                let plain = dossier.read(row.id, &row.category, row.holder, &row.sealed).expect("it opens");
                let stored: serde_json::Value = serde_json::from_slice(&plain).unwrap();
                let about = usize::try_from(stored["document"]["about"].as_u64().unwrap()).unwrap();
                all += 1;
                wrong += usize::from(!dossier.is_about(&self.world.human(about).binding));
            }
        }
        (all, wrong)
    }
}
