//! A chain on this machine: authority, agreement, keys, configurations and running services.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::draft::{AgreementDraft, KeyDraft, key_text};
use kw_agreement::{Agreement, LogOwner};
use kw_client::{LocalClient, LocalToken};
use kw_domain::{ChainName, Oin};
use kw_runtime::Entropy;
use kw_runtime::key_file::{KeyFileError, KeyKind};
use kw_runtime::log_key::LogKey;
use kw_store::DatabaseConfig;
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{LoopbackPorts, TlsFiles};
use serde_json::{Value, json};

use crate::DemoError;
use crate::databases::Databases;
use crate::files::{Ground, make_folder, write, write_toml};
use crate::processes::{Doors, Service, until_ready};

/// A partner before its process runs.
#[derive(Debug, Clone)]
pub(crate) struct PartnerPlan {
    /// The name of its folder and certificate: lower-case letters, digits, hyphens.
    pub(crate) name: String,
    /// Its number in the agreement.
    pub(crate) oin: Oin,
    /// `[[sources]]` of its configuration.
    pub(crate) sources: Value,
    /// Whether its data may be about real people.
    pub(crate) admits_real_numbers: bool,
    /// Where it listens, where that has to be known before; found when left out.
    pub(crate) doors: Option<Doors>,
    /// `[authorisation]` of its configuration, if people's browsers come to it.
    pub(crate) authorisation: Option<Value>,
}

/// A partner whose process runs.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) name: String,
    pub(crate) oin: Oin,
    pub(crate) folder: PathBuf,
    pub(crate) local: LocalClient,
    pub(crate) tls: TlsFiles,
    database: DatabaseConfig,
    doors: Doors,
    service: Option<Service>,
}

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) agreement: Arc<Agreement>,
    pub(crate) partners: Vec<Partner>,
    switchboard: Central,
    pseudonymiser: Central,
    /// The services' own for as long as they may be started again.
    _ports: LoopbackPorts,
}

/// A central service, with what it stored and logged.
#[derive(Debug)]
struct Central {
    kind: &'static str,
    folder: PathBuf,
    database: DatabaseConfig,
    doors: Doors,
    service: Option<Service>,
}

/// How many records the ledgers hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) switchboard: u64,
    pub(crate) partners: u64,
}

impl Chain {
    /// Makes and starts everything: the central services first, then the partners side by side.
    pub(crate) async fn start(
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        draft: AgreementDraft,
        plans: Vec<PartnerPlan>,
    ) -> Result<Self, DemoError> {
        Box::pin(Self::start_on(LoopbackPorts::default(), program, ground, databases, draft, plans)).await
    }

    /// The same, with more ports of those that were begun.
    pub(crate) async fn start_on(
        mut ports: LoopbackPorts,
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        mut draft: AgreementDraft,
        plans: Vec<PartnerPlan>,
    ) -> Result<Self, DemoError> {
        let name =
            ChainName::parse(&draft.chain.name).map_err(|error| DemoError::Agreement(error.to_string()))?;
        let authority = Authority::init(&ground.pki(), &name)?;

        let mut switchboard =
            Central::prepare("switchboard", ground.switchboard(), &mut ports, databases).await?;
        let mut pseudonymiser =
            Central::prepare("pseudonymiser", ground.pseudonymiser(), &mut ports, databases).await?;
        kw_switchboard::init_keys(&switchboard.folder.join("keys"), &name, &Entropy::os())?;
        let keys =
            kw_pseudonymiser::keys::init(&pseudonymiser.folder.join("keys"), &name, &mut Entropy::os())?;

        draft.switchboard.endpoint = switchboard.endpoint();
        draft.switchboard.public_endpoint = switchboard.public_endpoint();
        (draft.switchboard.log_key, draft.switchboard.witness_key) = log_keys(&switchboard.folder, &name)?;
        draft.pseudonymiser.endpoint = pseudonymiser.endpoint();
        draft.pseudonymiser.public_endpoint = pseudonymiser.public_endpoint();
        (draft.pseudonymiser.log_key, _) = log_keys(&pseudonymiser.folder, &name)?;
        draft.pseudonymiser.keys =
            keys.iter().map(|key| KeyDraft::new(key.key_use, key.epoch, &key.public_key.0)).collect();
        draft.ledger.witness_quorum = Some(plans.len().min(WITNESSES_DEMANDED) as u64);
        let mut doors = Vec::new();
        for plan in &plans {
            let folder = ground.partner(&plan.name);
            make_folder(&folder.join("keys"))?;
            kw_partner::keys::init(&folder.join("keys"), &name, &mut Entropy::os())?;
            let own = match plan.doors {
                Some(doors) => doors,
                None => Doors::take(&mut ports)?,
            };
            let partner = draft
                .partner_mut(plan.oin.as_str())
                .ok_or_else(|| DemoError::Agreement(format!("{} is not in the agreement", plan.name)))?;
            partner.endpoint = format!("https://{}", own.service);
            (partner.log_key, partner.witness_key) = log_keys(&folder, &name)?;
            if plan.authorisation.is_some() {
                partner.authorisation_endpoint = Some(format!("https://{}", own.public));
            }
            doors.push(own);
        }
        let text = draft.to_toml().map_err(|error| DemoError::Agreement(error.to_string()))?;
        let agreement = Agreement::parse(&text).map_err(|errors| DemoError::Agreement(errors.to_string()))?;
        write(&ground.agreement(), &text)?;

        switchboard.configure(ground, &authority, agreement.switchboard().oin)?;
        pseudonymiser.configure(ground, &authority, agreement.pseudonymiser().oin)?;
        tokio::try_join!(pseudonymiser.start(program), switchboard.start(program))?;

        let mut chain = Self {
            agreement: Arc::new(agreement),
            partners: Vec::new(),
            switchboard,
            pseudonymiser,
            _ports: ports,
        };
        for (plan, doors) in plans.into_iter().zip(doors) {
            let partner = Partner::start(program, ground, databases, &authority, plan, doors).await?;
            chain.partners.push(partner);
        }
        // The logs confirm each other: none can be ready before there are others.
        for central in [&chain.switchboard, &chain.pseudonymiser] {
            until_ready(central.kind, central.doors.admin).await?;
        }
        for partner in &chain.partners {
            until_ready(&partner.name, partner.doors.admin).await?;
        }
        Ok(chain)
    }

    /// The partner of this name, which was planned.
    pub(crate) fn partner(&self, name: &str) -> Result<&Partner, DemoError> {
        self.partners
            .iter()
            .find(|partner| partner.name == name)
            .ok_or_else(|| DemoError::Agreement(format!("there is no partner {name}")))
    }

    /// Where the switchboard's operators ask it.
    pub(crate) fn operator_address(&self) -> String {
        format!("http://{}", self.switchboard.doors.admin)
    }

    /// Cuts a partner off in the middle of things.
    pub(crate) async fn kill_partner(&mut self, name: &str) {
        for partner in &mut self.partners {
            if partner.name == name
                && let Some(service) = partner.service.take()
            {
                service.kill().await;
            }
        }
    }

    /// The folders and databases of the two services that must not hold a number.
    pub(crate) fn central(&self) -> [(&Path, &DatabaseConfig); 2] {
        [&self.switchboard, &self.pseudonymiser].map(|central| (central.folder.as_path(), &central.database))
    }

    /// Ends all processes in order, partners first.
    pub(crate) async fn end(&mut self) {
        let mut ending = tokio::task::JoinSet::new();
        for service in self.partners.iter_mut().filter_map(|partner| partner.service.take()) {
            ending.spawn(service.end());
        }
        ending.join_all().await;
        for central in [&mut self.switchboard, &mut self.pseudonymiser] {
            if let Some(service) = central.service.take() {
                service.end().await;
            }
        }
    }

    /// Reads the size of every ledger. The processes have ended.
    pub(crate) async fn records(&self) -> Result<Records, DemoError> {
        use kw_store::{LedgerRead, Store, partner, switchboard};
        let origin = self.agreement.switchboard().log_origin.clone();
        let database = self.switchboard.database.clone();
        let origin_of = |oin| self.agreement.log_of(LogOwner::Partner(oin)).map(|log| log.origin);
        let owned: Vec<_> = self
            .partners
            .iter()
            .filter_map(|partner| Some((partner.database.clone(), origin_of(partner.oin)?)))
            .collect();
        tokio::task::spawn_blocking(move || {
            let fill = |bytes: &mut [u8]| Entropy::os().fill(bytes);
            let store =
                Store::<switchboard::Switchboard>::open(&database, &origin, fill).map_err(unreadable)?;
            let size = store.read_blocking(LedgerRead::ledger_size).map_err(unreadable)?;
            let mut records = Records { switchboard: size, partners: 0 };
            for (database, origin) in owned {
                let store = Store::<partner::Partner>::open(&database, &origin, fill).map_err(unreadable)?;
                records.partners += store.read_blocking(LedgerRead::ledger_size).map_err(unreadable)?;
            }
            Ok(records)
        })
        .await
        .map_err(unreadable)?
    }

    /// Where everything is, for people and programs that want to look.
    pub(crate) fn places(&self) -> crate::Places {
        let central = |central: &Central| crate::ServicePlace {
            name: central.kind.to_owned(),
            oin: None,
            running: central.service.is_some(),
            configuration: central.folder.join(format!("{}.toml", central.kind)),
            endpoint: central.endpoint(),
            public: Some(central.public_endpoint()),
            admin: format!("http://{}", central.doors.admin),
            local: None,
            token: None,
        };
        let partner = |partner: &Partner| crate::ServicePlace {
            name: partner.name.clone(),
            oin: Some(partner.oin),
            running: partner.service.is_some(),
            configuration: partner.folder.join("partner.toml"),
            endpoint: format!("https://{}", partner.doors.service),
            public: None,
            admin: format!("http://{}", partner.doors.admin),
            local: Some(format!("http://{}", partner.doors.local)),
            token: Some(partner.folder.join(TOKEN)),
        };
        let services = [&self.switchboard, &self.pseudonymiser].into_iter().map(central);
        crate::Places {
            services: services.chain(self.partners.iter().map(partner)).collect(),
            pages: Vec::new(),
            certificates: Vec::new(),
            next_agreement: None,
        }
    }
}

impl Central {
    async fn prepare(
        kind: &'static str,
        folder: PathBuf,
        ports: &mut LoopbackPorts,
        databases: &Databases,
    ) -> Result<Self, DemoError> {
        make_folder(&folder.join("keys"))?;
        let database = databases.of_central(kind, &folder).await?;
        Ok(Self { kind, folder, database, doors: Doors::take(ports)?, service: None })
    }

    fn configure(&self, ground: &Ground, authority: &Authority, oin: Oin) -> Result<(), DemoError> {
        let tls = issue(authority, self.kind, oin)?;
        let configuration = json!({
            "agreement": ground.agreement(),
            "server": self.doors.server(),
            // As much as can be said, so that the search at the end sees all that may ever be written.
            "log": { "file": "log.jsonl", "format": "json", "level": "debug" },
            "tls": tls_section(&tls),
            "database": database_section(&self.database),
            "keys": { "directory": "keys" },
        });
        write_toml(&self.configuration(), &configuration)
    }

    async fn start(&mut self, program: &Path) -> Result<(), DemoError> {
        self.service = Some(Service::start(program, self.kind, self.kind, &self.configuration()).await?);
        Ok(())
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.kind))
    }

    fn endpoint(&self) -> String {
        format!("https://{}", self.doors.service)
    }

    fn public_endpoint(&self) -> String {
        format!("https://{}", self.doors.public)
    }
}

impl Partner {
    /// `[partner]` of an application that asks this partner's process.
    pub(crate) fn for_its_pages(&self) -> Value {
        json!({ "address": self.doors.local.to_string(), "token_file": self.folder.join(TOKEN) })
    }

    async fn start(
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        authority: &Authority,
        plan: PartnerPlan,
        doors: Doors,
    ) -> Result<Self, DemoError> {
        let folder = ground.partner(&plan.name);
        let database = databases.of_partner(&plan.name, &folder).await?;
        let tls = issue(authority, &plan.name, plan.oin)?;
        let configuration = folder.join("partner.toml");
        let mut settings = json!({
            "agreement": ground.agreement(),
            "server": doors.server(),
            "log": { "file": "log.jsonl", "format": "json" },
            "tls": tls_section(&tls),
            "database": database_section(&database),
            "keys": { "directory": "keys" },
            "local": { "listen": doors.local.to_string(), "token_file": TOKEN },
            "sources": plan.sources,
            "admit_real_numbers": plan.admits_real_numbers,
        });
        if let Some(authorisation) = plan.authorisation {
            settings["authorisation"] = authorisation;
            // The provider's certificate is of the same authority here.
            settings["identity"] = json!({ "roots": [tls.trust_anchors] });
        }
        write_toml(&configuration, &settings)?;
        let service = Service::start(program, "partner", &plan.name, &configuration).await?;
        let token = std::fs::read_to_string(folder.join(TOKEN))
            .map_err(|source| DemoError::file(&folder.join(TOKEN), source))?;
        let local = LocalClient::new(doors.local, LocalToken::parse(&token)?)?;
        Ok(Self {
            name: plan.name,
            oin: plan.oin,
            folder,
            local,
            tls,
            database,
            doors,
            service: Some(service),
        })
    }
}

/// The public halves of a service's log key and witness key, as they stand in the agreement.
pub(crate) fn log_keys(folder: &Path, chain: &ChainName) -> Result<(String, Option<String>), DemoError> {
    let public = |kind| {
        let key = LogKey::newest(&folder.join("keys"), chain, kind)?;
        Ok::<_, KeyFileError>(key.map(|key| key_text(&key.public())))
    };
    let log = public(KeyKind::Log)?.ok_or_else(|| DemoError::Keys("a log has none".to_owned()))?;
    Ok((log, public(KeyKind::Witness)?))
}

fn unreadable(error: impl std::fmt::Display) -> DemoError {
    DemoError::Records(error.to_string())
}

pub(crate) fn issue(authority: &Authority, name: &str, oin: Oin) -> Result<TlsFiles, DemoError> {
    let hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let request = IssueRequest { name: name.to_owned(), oin, hosts, validity: CERTIFICATE_VALID_FOR };
    Ok(authority.issue(&request)?.tls_files())
}

pub(crate) fn tls_section(files: &TlsFiles) -> Value {
    json!({
        "certificate": files.certificate,
        "key": files.key,
        "trust_anchors": files.trust_anchors,
        "revocation_lists": files.revocation_lists,
    })
}

pub(crate) fn database_section(database: &DatabaseConfig) -> Value {
    let mut section = json!({ "url": database.url, "readers": database.readers });
    if let Some(roots) = &database.root_certificates {
        section["root_certificates"] = json!(roots);
    }
    section
}

/// So many partners must have cosigned the switchboard's log, where there are as many.
const WITNESSES_DEMANDED: usize = 2;
const TOKEN: &str = "local.token";
const CERTIFICATE_VALID_FOR: Duration = Duration::from_hours(24 * 90);
