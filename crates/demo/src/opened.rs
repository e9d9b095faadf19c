//! The pages of the demonstration: a desk at the municipality, a console beside the switchboard, and inzage with the citizens'
//! side. Each is a process as it is in earnest; the people who sign in are made up, and so is where they do.

mod operators;
mod seeds;
mod staff;
mod visits;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_agreement::draft::{AgreementDraft, ConsoleDraft};
use kw_domain::SystemClock;
use kw_transport::LoopbackPorts;
use kw_transport::authority::Authority;
use serde::Serialize;
use serde_json::{Value, json};

use crate::DemoError;
use crate::chain::{Chain, PartnerPlan, issue, tls_section};
use crate::citizens::{ADDITION, Citizens, RunningCitizens, client_key_in, oin};
use crate::databases::Databases;
use crate::files::{Ground, make_folder, write_toml};
use crate::people::People;
use crate::portal;
use crate::processes::{Service, next_port};
use crate::provider::{Account, Audience};
use crate::staff_provider::{self, Client, RunningStaffProvider, StaffProviderConfig};

pub use operators::{NextAgreement, OperatorPlace};
pub use visits::Visited;

/// Where an application is, and who can sign in there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PagePlace {
    /// `desk`, `console` or `inzage`.
    pub name: &'static str,
    /// For whom it is.
    pub of: &'static str,
    /// The address of its first page.
    pub address: String,
    /// Its configuration file.
    pub configuration: PathBuf,
    /// Who can sign in there.
    pub sign_ins: Vec<SignInPlace>,
}

/// A made-up person who can sign in.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInPlace {
    /// What they sign in as.
    pub name: String,
    /// What they are there.
    pub role: String,
    /// What only they know.
    pub secret: String,
}

/// Everything that is decided before the chain runs.
pub(crate) struct Opening {
    citizens: Citizens,
    staff: SocketAddr,
    clients: Vec<Client>,
    desk: Application,
    console: Application,
    inzage: Application,
}

/// One application before its process runs.
struct Application {
    name: &'static str,
    folder: PathBuf,
    listen: SocketAddr,
    key: PathBuf,
}

/// Everything that runs for it.
pub(crate) struct Opened {
    services: Vec<Service>,
    citizens: RunningCitizens,
    _staff: RunningStaffProvider,
    /// The certificates that browsers meet.
    certificates: Vec<PathBuf>,
    roots: PathBuf,
    pages: Vec<PagePlace>,
    next: NextAgreement,
}

impl Opening {
    /// The agreement of the youth chain with all that people's pages need, and the partners that change for it.
    pub(crate) fn plan(
        ports: &mut LoopbackPorts,
        ground: &Ground,
        agreement: &str,
        plans: &mut Vec<PartnerPlan>,
    ) -> Result<(AgreementDraft, Self), DemoError> {
        let mut draft = AgreementDraft::parse(&format!("{agreement}\n{ADDITION}"))
            .map_err(|error| DemoError::Agreement(error.to_string()))?;
        portal::admit(&mut draft);
        staff::ask_for_others(&mut draft);
        operators::admit(&mut draft, ground)?;
        let listen = next_port(ports)?;
        let pages = Some(format!("http://{listen}"));
        let mut citizens = Citizens::plan(ports, ground, &mut draft, pages)?;
        for plan in plans.iter_mut().filter(|plan| COLLECTED_AT.contains(&plan.name.as_str())) {
            citizens.collects_at(ports, ground, plan)?;
        }
        plans.push(PartnerPlan {
            name: PORTAL.to_owned(),
            oin: oin(portal::OIN)?,
            sources: json!([]),
            admits_real_numbers: false,
            doors: None,
            authorisation: None,
        });

        let staff = next_port(ports)?;
        let mut application = |name: &'static str| {
            let folder = ground.path().join(name);
            let (key, public) = client_key_in(&folder)?;
            Ok::<_, DemoError>((Application { name, folder, listen: next_port(ports)?, key }, public))
        };
        let (desk, desk_key) = application("desk")?;
        let (console, console_key) = application("console")?;
        let folder = ground.path().join("inzage");
        let back = format!("http://{listen}/sign-in/callback");
        let key = citizens.admit(&folder, INZAGE_CLIENT, back, Audience::Portal)?;
        let inzage = Application { name: "inzage", folder, listen, key };

        let issuer = format!("http://{staff}");
        if let Some(municipality) = draft.partner_mut(MUNICIPALITY_OIN) {
            municipality.identity_provider = Some(staff::at_the_desk(&issuer));
        }
        draft.console = Some(Box::new(ConsoleDraft { identity_provider: staff::at_the_console(&issuer) }));
        let clients = vec![
            staff::desk_client(desk.callback(), desk_key),
            staff::console_client(console.callback(), console_key),
        ];
        Ok((draft, Self { citizens, staff, clients, desk, console, inzage }))
    }

    /// Starts all of it beside the chain.
    pub(crate) async fn open(
        self,
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        chain: &Chain,
        people: &People,
    ) -> Result<Opened, DemoError> {
        let accounts = accounts(people);
        let pages = self.pages(&accounts);
        let citizens =
            self.citizens.start(program, ground, databases, &chain.agreement, accounts.clone()).await?;
        let staff = staff_provider::serve(StaffProviderConfig {
            listen: self.staff,
            environment: chain.agreement.environment(),
            clients: self.clients,
            clock: Arc::new(SystemClock),
        })
        .map_err(|error| DemoError::Story(format!("the provider of staff does not start: {error}")))?;
        let municipality = chain.partner(MUNICIPALITY)?;
        let portal = chain.partner(PORTAL)?;
        let roots = portal.tls.trust_anchors.clone();
        let authority = Authority::open(&ground.pki())?;
        let auditor = issue(&authority, "auditor", oin(AUDITOR_OIN)?)?;
        let personal = pages.personal;
        let own = [
            (
                &self.desk,
                json!({ "own": municipality.oin, "partner": municipality.for_its_pages(), "duties": staff::duties() }),
            ),
            (
                &self.console,
                json!({
                    "auditor": tls_section(&auditor),
                    "operator": { "address": chain.operator_address() },
                }),
            ),
            (
                &self.inzage,
                json!({
                    "own": portal.oin,
                    "client_id": INZAGE_CLIENT,
                    "partner": portal.for_its_pages(),
                    "reference_key": "reference.key",
                    "personal": { "address": personal, "roots": [roots] },
                    "sign_in": { "client_key": self.inzage.key, "roots": [roots] },
                }),
            ),
        ];
        let next = operators::propose(ground)?;
        let mut services = Vec::new();
        for (application, settings) in own {
            services.push(application.start(program, ground, settings).await?);
        }
        let mut certificates = citizens.certificates.to_vec();
        for holder in COLLECTED_AT {
            certificates.push(chain.partner(holder)?.tls.certificate.clone());
        }
        Ok(Opened { services, citizens, _staff: staff, certificates, roots, pages: pages.places, next })
    }

    fn pages(&self, accounts: &[Account]) -> Planned {
        let place = |application: &Application, of, sign_ins| PagePlace {
            name: application.name,
            of,
            address: format!("{}/", application.address()),
            configuration: application.configuration(),
            sign_ins,
        };
        let citizens = accounts.iter().map(|account| SignInPlace {
            name: account.name.clone(),
            role: "citizen".to_owned(),
            secret: account.secret.clone(),
        });
        Planned {
            personal: self.citizens.personal.clone(),
            places: vec![
                place(&self.desk, "caseworkers of the municipality", staff::sign_ins(&self.clients[0])),
                place(&self.console, "auditors and operators", staff::sign_ins(&self.clients[1])),
                place(&self.inzage, "citizens", citizens.collect()),
            ],
        }
    }
}

struct Planned {
    personal: String,
    places: Vec<PagePlace>,
}

impl Application {
    fn address(&self) -> String {
        format!("http://{}", self.listen)
    }

    fn callback(&self) -> String {
        format!("{}/sign-in/callback", self.address())
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join(format!("{}.toml", self.name))
    }

    async fn start(&self, program: &Path, ground: &Ground, own: Value) -> Result<Service, DemoError> {
        make_folder(&self.folder)?;
        let mut settings = json!({
            "agreement": ground.agreement(),
            "server": { "listen": self.listen.to_string(), "workers": 1, "shutdown-deadline": 2 },
            "log": { "file": "log.jsonl", "format": "json", "level": "debug" },
            "web": { "address": self.address(), "memory": "memory" },
            "sign_in": { "client_key": self.key },
        });
        if let (Some(all), Value::Object(own)) = (settings.as_object_mut(), own) {
            all.extend(own);
        }
        let configuration = self.configuration();
        write_toml(&configuration, &settings)?;
        Service::start(program, self.name, self.name, &configuration).await
    }
}

impl Opened {
    pub(crate) fn pages(&self) -> &[PagePlace] {
        &self.pages
    }

    pub(crate) fn next_agreement(&self) -> &NextAgreement {
        &self.next
    }

    pub(crate) fn certificates(&self) -> &[PathBuf] {
        &self.certificates
    }

    /// Ends the applications, so that nobody asks a service that ends.
    pub(crate) async fn end(&mut self) {
        for service in self.services.drain(..) {
            service.end().await;
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("pages", &self.pages).finish_non_exhaustive()
    }
}

/// Who signs in for themselves, and for others: the one whom all partners know, and the family.
fn accounts(people: &People) -> Vec<Account> {
    let known = std::iter::once(people.main()).chain(people.family.all());
    let account = |person: &crate::people::Person| Account {
        name: person.given_name.to_lowercase(),
        secret: format!("{} weet het", person.given_name),
        bsn: person.bsn.clone(),
        given_name: person.given_name.to_owned(),
        birth_date: Some(person.birth_date.clone()),
        assurance: None,
    };
    known.map(account).collect()
}

const MUNICIPALITY: &str = "municipality";
const MUNICIPALITY_OIN: &str = "00000099000000013000";
const AUDITOR_OIN: &str = "00000099000000003000";
/// The partner behind inzage.
const PORTAL: &str = "portal";
const INZAGE_CLIENT: &str = "inzage";
const COLLECTED_AT: [&str; 2] = ["youth-care", "school"];
