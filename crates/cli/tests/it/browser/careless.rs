//! Holders that do not check what they should: what the personal environment itself finds in what they give, as people meet it.
//!
//! Inzage and the personal environment are the real ones. The holder is played by the test, and so is the sign-in at the personal environment,
//! because honest ones never let it come to this.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;
use kw_agreement::draft::{AgreementDraft, key_text};
use kw_agreement::{Agreement, Partner};
use kw_demo::provider::{Account, Audience, Client, ProviderConfig, Running, serve};
use kw_domain::{Bsn, ChainName, Epoch, Instant, Oin, SystemClock, TransactionId};
use kw_identity::{IdentitySettings, SigningKey};
use kw_logbook::LedgerSettings;
use kw_personal::holders::{HolderError, Holders};
use kw_personal::provider::{Provider, ProviderError, SignIn, SignedIn};
use kw_personal::rules::{RepresentedPerson, Statement};
use kw_personal::{KeySettings, Outside, PersonalConfig, ProviderSettings, UserSettings, keys, prepare_with};
use kw_protocol::SecretBytes32;
use kw_protocol::authorisation::{
    Collected, CollectionRequest, PushedAuthorisation, PushedRequest, SecretText, Token, TokenRequest,
    TokenType,
};
use kw_protocol::mandate::MandateAct;
use kw_protocol::pull::EpochProof;
use kw_pseudonym::Binding;
use kw_runtime::key_file::KeyKind;
use kw_runtime::log_key::LogKey;
use kw_runtime::serve::Control;
use kw_runtime::telemetry::LogSettings;
use kw_runtime::{Entropy, Http, Metrics, ServerSettings};
use kw_store::DatabaseConfig;
use kw_testbed::browser::{Browser, BrowserDriver, Check};
use kw_testbed::free_port;
use kw_transport::Tls;
use kw_transport::authority::{Authority, IssueRequest};
use serde_json::json;
use tempfile::TempDir;

use super::TOOLS;
use super::representation::year;
use crate::program::Service;

const YOUTH: &str = include_str!("../../../../../examples/chains/youth.toml");
const ADDITION: &str = include_str!("../../../../../examples/representation/addition.toml");
const PERSONAL: &str = "00000099000000016000";
const PROVIDER: &str = "00000099000000017000";
const HOLDER: &str = "00000099000000011000";
const NUMBER: &str = "999990342";

/// What the holder gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// Another kind of data than was asked.
    AnotherKind,
    /// The right document of the right person, and no birth date to compare.
    NoBirthDate,
}

struct World {
    gives: Gives,
    eva: Binding,
    lotte: Binding,
    pushed: Mutex<Option<PushedRequest>>,
}

impl World {
    /// Where the holder sends the browser back to.
    fn back(&self) -> String {
        let pushed = self.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        let pushed = pushed.as_ref().unwrap();
        format!("{}?state={}&code=code", pushed.redirect_uri, pushed.state.reveal())
    }
}

#[async_trait]
impl Provider for World {
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError> {
        Ok(format!("{}?state={}&code=eva", request.redirect_uri, request.state))
    }

    async fn statement(&self, _: &SignedIn<'_>) -> Result<Statement, ProviderError> {
        let lotte = RepresentedPerson {
            mandate: Entropy::os().id(Instant::from_millis(1_795_000_000_000)),
            kind: "parental-authority".to_owned(),
            categories: vec!["youth-care-plan".parse().unwrap(), "school-attendance".parse().unwrap()],
            acts: vec![MandateAct::View],
            label: "Lotte".to_owned(),
            binding: self.lotte.clone(),
            epoch: Epoch(1),
        };
        let own = Some((self.eva.clone(), Epoch(1)));
        Ok(Statement { name: Some("Eva".to_owned()), own, represented: vec![lotte] })
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
        *self.pushed.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.clone());
        Ok(PushedAuthorisation {
            request_uri: "urn:ietf:params:oauth:request_uri:1".to_owned(),
            expires_in: 60,
        })
    }

    async fn token(&self, _: &Partner, _: &TokenRequest, _: TransactionId) -> Result<Token, HolderError> {
        Ok(Token {
            access_token: SecretText::new("token"),
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
        let category = match self.gives {
            Gives::AnotherKind => "school-attendance".parse().unwrap(),
            Gives::NoBirthDate => request.category.clone(),
        };
        let proof = SecretBytes32(self.lotte.subject_proof(token.reveal()));
        Ok(Collected {
            id: Entropy::os().id(Instant::from_millis(1_795_000_000_000)),
            holder: holder.oin,
            category,
            transaction,
            document: Some(json!({ "person": { "givenName": "Lotte" } })),
            provenance: None,
            other_sources: Vec::new(),
            subject_proofs: vec![EpochProof { epoch: 1, proof }],
            birth_date_proofs: Vec::new(),
            birth_date_precision: None,
        })
    }
}

struct Bed {
    world: Arc<World>,
    address: String,
    /// What browsers meet at the provider.
    certificate: PathBuf,
    driver: Arc<BrowserDriver>,
    personal: Control,
    _provider: Running,
    _inzage: Service,
    _folder: TempDir,
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.personal.stop();
    }
}

impl Bed {
    async fn start(gives: Gives) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut draft = AgreementDraft::parse(&format!("{YOUTH}\n{ADDITION}")).unwrap();
        let chain = ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&at("pki"), &chain).unwrap();
        let issue = |name: &str, oin: &str| {
            let issued = authority.issue(&IssueRequest {
                name: name.to_owned(),
                oin: Oin::parse(oin).unwrap(),
                hosts: vec!["127.0.0.1".to_owned()],
                validity: Duration::from_hours(24),
            });
            issued.unwrap().tls_files()
        };
        fs::create_dir(at("keys")).unwrap();
        keys::init(&at("keys"), &chain, &mut Entropy::os()).unwrap();
        let public = |kind| key_text(&LogKey::newest(&at("keys"), &chain, kind).unwrap().unwrap().public());
        kw_demo::portal::admit(&mut draft);
        // A kind that somebody else registers: whether it counts, the pages hear from nobody here.
        let parents = draft.representation.kinds.get_mut("parental-authority").unwrap();
        parents.registrars = vec![PROVIDER.to_owned()];
        let provider_at = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let issuer = format!("https://{provider_at}");
        let personal = draft.partner_mut(PERSONAL).unwrap();
        (personal.log_key, personal.witness_key) = (public(KeyKind::Log), Some(public(KeyKind::Witness)));
        draft.partner_mut(HOLDER).unwrap().authorisation_endpoint = Some("https://127.0.0.1:1".to_owned());
        draft.partner_mut(PROVIDER).unwrap().endpoint.clone_from(&issuer);
        draft.representation.provider.as_mut().unwrap().issuer.clone_from(&issuer);
        let agreement = draft.to_toml().unwrap();
        fs::write(at("agreement.toml"), &agreement).unwrap();

        let address = format!("http://127.0.0.1:{}", free_port().unwrap());
        let world = Arc::new(World {
            gives,
            eva: Binding::from_bytes(&Entropy::os().draw()),
            lotte: Binding::from_bytes(&Entropy::os().draw()),
            pushed: Mutex::default(),
        });
        let tls = issue("personal", PERSONAL);
        let roots = tls.trust_anchors.clone();
        let port = free_port().unwrap();
        let config = PersonalConfig {
            identity: IdentitySettings::default(),
            agreement: at("agreement.toml"),
            server: ServerSettings {
                workers: Some(1),
                shutdown_deadline: 1,
                admin: None,
                public: Some(([127, 0, 0, 1], port).into()),
                ..ServerSettings::default()
            },
            log: LogSettings::default(),
            tls,
            database: DatabaseConfig::at(at("personal.db").to_string_lossy()),
            keys: KeySettings { directory: at("keys") },
            ledger: LedgerSettings { start_unconfirmed: true, ..LedgerSettings::default() },
            users: UserSettings { address: address.clone() },
            provider: ProviderSettings {
                client_id: "pgo".to_owned(),
                client_key: at("none.der"),
                roots: Vec::new(),
            },
        };
        let (asks, states) = (Arc::<World>::clone(&world), Arc::<World>::clone(&world));
        let outside = Outside { provider: states, holders: asks };
        let server = prepare_with(config, Http::new(Metrics::new()), outside).await;
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        let personal = server.control();
        tokio::spawn(async move { server.run().await.unwrap() });

        let key = SigningKey::generate().unwrap();
        let of_provider = issue("provider", PROVIDER);
        let provider = serve(ProviderConfig {
            listen: provider_at,
            issuer,
            tls: Tls::load(&of_provider).unwrap(),
            agreement: Arc::new(Agreement::parse(&agreement).unwrap()),
            accounts: vec![Account {
                name: "eva".to_owned(),
                secret: "Eva weet het".to_owned(),
                bsn: Bsn::parse(NUMBER).unwrap(),
                given_name: "Eva".to_owned(),
                birth_date: None,
                assurance: None,
            }],
            clients: vec![Client {
                id: "inzage".to_owned(),
                redirect_uris: vec![format!("{address}/sign-in/callback")],
                key: key.public_jwk(),
                audience: Audience::Portal,
            }],
            transactions: at("statements.jsonl"),
            clock: Arc::new(SystemClock),
        })
        .unwrap();
        kw_runtime::config::create_secret(&at("provider.der"), &key.to_pkcs8().unwrap()).unwrap();
        kw_runtime::config::create_secret(&at("local.token"), b"nobody-is-asked-with-this").unwrap();
        let inzage = json!({
            "agreement": at("agreement.toml"), "own": kw_demo::portal::OIN, "client_id": "inzage",
            "reference_key": "references.key",
            // These pages ask the personal environment only.
            "partner": { "address": "127.0.0.1:1", "token_file": "local.token" },
            "personal": { "address": format!("https://127.0.0.1:{port}"), "roots": [roots] },
            "server": { "listen": address.trim_start_matches("http://"), "workers": 1 },
            "web": { "address": address, "memory": "pages-memory" },
            "sign_in": { "client_key": "provider.der", "roots": [roots] },
        });
        fs::write(at("inzage.toml"), toml::to_string(&inzage).unwrap()).unwrap();
        let inzage = Service::start("inzage", &at("inzage.toml"));
        let driver = BrowserDriver::shared().unwrap();
        Self {
            world,
            address,
            certificate: of_provider.certificate,
            driver,
            personal,
            _provider: provider,
            _inzage: inzage,
            _folder: folder,
        }
    }

    /// Eva, on the way from the holder with something for her daughter's dossier.
    async fn collected(&self) -> anyhow::Result<Browser> {
        let b = self.driver.open(std::slice::from_ref(&self.certificate)).await?;
        b.go(&format!("{}/collected", self.address)).await?;
        b.fill("Naam", "eva").await?;
        b.fill("Geheim", "Eva weet het").await?;
        b.press("Inloggen").await?;
        b.sees("Uw persoonlijke omgeving is van een andere organisatie").await?;
        // No act gets through before its log is confirmed.
        for _ in 0..40 {
            b.press("Inloggen bij mijn persoonlijke omgeving").await?;
            if b.can_press("Een dossier over Lotte").await? {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            b.go(&format!("{}/collected", self.address)).await?;
        }
        b.press("Een dossier over Lotte").await?;
        for (field, text) in [("Dag", "5"), ("Maand", "1"), ("Jaar", year(8).as_str())] {
            b.fill(field, text).await?;
        }
        b.press("Dossier maken").await?;
        b.press("Dossier van Lotte openen").await?;
        b.press("Gegevens ophalen").await?;
        b.tick("Plan jeugdhulp – Jeugdzorg Demostad").await?;
        b.press("Verder").await?;
        b.sees("U gaat nu naar").await?;
        b.go(&self.world.back()).await?;
        Ok(b)
    }
}

async fn sound(b: &Browser, name: &str) -> anyhow::Result<()> {
    let found = b.mistakes(&Check { tools: TOOLS.as_ref(), name }).await?;
    b.picture(TOOLS.as_ref(), name).await?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_document_than_was_asked_is_kept_nowhere() {
    let bed = Bed::start(Gives::AnotherKind).await;
    let done: anyhow::Result<()> = Box::pin(async {
        let b = &bed.collected().await?;
        b.sees("Er is niets opgehaald").await?;
        b.sees("De organisatie gaf andere gegevens dan u vroeg. Daarom is niets bewaard.").await?;
        b.sees("Neem contact op met Jeugdzorg Demostad").await?;
        sound(b, "collected-refused-another-document").await?;
        b.press("Terug naar het dossier van Lotte").await?;
        b.sees("Er staat nog niets in dit dossier").await
    })
    .await;
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compared_waits_for_a_second_person() {
    let bed = Bed::start(Gives::NoBirthDate).await;
    let done: anyhow::Result<()> = Box::pin(async {
        let b = &bed.collected().await?;
        b.press("Ja, in dit dossier bewaren").await?;
        b.sees("Daarom moet nog iemand bevestigen, binnen zeven dagen").await?;
        b.sees("Nog iemand moet bevestigen.").await?;
        b.sees("Er staat nog niets in dit dossier").await?;
        sound(b, "collected-dossier-awaiting").await?;
        b.press("Plan jeugdhulp van Jeugdzorg Demostad").await?;
        b.sees("een ander die dit dossier gebruikt, of de persoon zelf").await?;
        sound(b, "collected-confirm-awaiting").await?;
        // The same person twice is one person.
        b.press("Ja, in dit dossier bewaren").await?;
        b.sees("Nog iemand moet bevestigen.").await?;
        b.sees("Er staat nog niets in dit dossier").await
    })
    .await;
    done.unwrap();
}
