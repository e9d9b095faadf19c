//! A whole chain in one process: an authority, a pseudonymiser, a switchboard and four holders, on real sockets.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, KeyDraft};
use kw_client::{Context, Entropy};
use kw_domain::{BirthDate, CaseReference, Category, Clock, KeyUse, Oin, Purpose, Subject, SystemClock};
use kw_protocol::query::{Actor, Assurance, Relation, RelationBasis};
use kw_pseudonym::Binding;
use kw_requester::{DossierQuery, Limits, Parts, Requester};
use kw_transport::Tls;
use kw_transport::authority::{Authority, IssueRequest};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::holder::{Behaviour, Holder};
use crate::log::MemoryLog;
use crate::pseudonymiser::Pseudonymiser;
use crate::switchboard::Switchboard;

pub(crate) const YOUTH_CARE: (&str, &str) = ("00000099000000011000", "youth-care-plan");
pub(crate) const SCHOOL: (&str, &str) = ("00000099000000012000", "school-attendance");
pub(crate) const TOWN: (&str, &str) = ("00000099000000013000", "municipal-support");
pub(crate) const CLINIC: (&str, &str) = ("00000099000000014000", "youth-health");
const ALL: [(&str, &str); 4] = [YOUTH_CARE, SCHOOL, TOWN, CLINIC];

pub(crate) struct Chain {
    pub(crate) agreement: Arc<Agreement>,
    pub(crate) pseudonymiser: Pseudonymiser,
    pub(crate) switchboard: Switchboard,
    pub(crate) holders: BTreeMap<Oin, Holder>,
    pub(crate) log: Arc<MemoryLog>,
    /// How many connections were made to any server.
    pub(crate) connections: Arc<AtomicUsize>,
    /// How many pulls are under way, and how many were at most.
    pub(crate) load: Arc<Mutex<(usize, usize)>>,
    tls: Tls,
    _folder: TempDir,
}

/// What is out of the ordinary about a chain.
#[derive(Clone, Copy)]
pub(crate) struct Oddities {
    /// Epochs of the pseudonymiser's keys.
    pub(crate) epochs: &'static [u32],
    /// Epochs that the agreement lists.
    pub(crate) listed: &'static [u32],
    /// The clinic's port is closed.
    pub(crate) clinic_is_dead: bool,
    /// The clinic's server shows the school's certificate.
    pub(crate) clinic_is_impostor: bool,
}

impl Default for Oddities {
    fn default() -> Self {
        Self { epochs: &[1], listed: &[1], clinic_is_dead: false, clinic_is_impostor: false }
    }
}

impl Chain {
    pub(crate) fn start() -> Self {
        Self::start_with(Oddities::default())
    }

    pub(crate) fn start_with(oddities: Oddities) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (connections, load) = (Arc::default(), Arc::default());
        let text = include_str!("../../../../examples/chains/youth.toml");
        let mut draft = AgreementDraft::parse(text).unwrap();
        let chain = kw_domain::ChainName::parse(&draft.chain.name).unwrap();
        let authority = Authority::init(&folder.path().join("pki"), &chain).unwrap();
        let certified = |name: &str, oin: &str| {
            let request = IssueRequest {
                name: name.to_owned(),
                oin: Oin::parse(oin).unwrap(),
                hosts: vec!["127.0.0.1".to_owned()],
                validity: Duration::from_hours(24),
            };
            Tls::load(&authority.issue(&request).unwrap().tls_files()).unwrap()
        };

        let pseudonymiser = Pseudonymiser::with_epochs(oddities.epochs);
        draft.pseudonymiser.keys = pseudonymiser
            .keys
            .iter()
            .filter(|((_, epoch), _)| oddities.listed.contains(&epoch.0))
            .map(|((key_use, epoch), key)| KeyDraft::new(*key_use, *epoch, &key.public().to_bytes()))
            .collect();
        let server = pseudonymiser.clone();
        let tls = certified("pseudonymiser", &draft.pseudonymiser.oin);
        draft.pseudonymiser.endpoint = serve(&tls, &connections, move |config| server.routes(config));

        // The municipality asks.
        let own = certified("asker", TOWN.0);
        let switchboard = Switchboard {
            oin: Oin::parse(&draft.switchboard.oin).unwrap(),
            chain,
            requester: own.oin(),
            certificate: own.certificate_sha256(),
            policy: Arc::default(),
            disclosed: Arc::default(),
            refuses: Arc::default(),
            newest_epoch: Arc::new(Mutex::new(u32::MAX)),
            tampers: Arc::default(),
            delay: Arc::default(),
            asked: Arc::default(),
        };
        let server = switchboard.clone();
        let tls = certified("switchboard", &draft.switchboard.oin);
        draft.switchboard.endpoint = serve(&tls, &connections, move |config| server.routes(config));

        let mut holders = BTreeMap::new();
        let epoch = *oddities.epochs.last().unwrap();
        let n_binding = pseudonymiser.element(&subject(), KeyUse::Binding, epoch);
        for (place, (oin, _)) in ALL.into_iter().enumerate() {
            let holder = Holder {
                oin: Oin::parse(oin).unwrap(),
                behaviour: Arc::new(Mutex::new(Behaviour::Deliver(document("Ede")))),
                binding: Arc::new(Binding::derive(&n_binding, Oin::parse(oin).unwrap())),
                epoch,
                birth_date: BirthDate::parse("2012-05-03").unwrap(),
                pulls: Arc::default(),
                load: Arc::clone(&load),
            };
            let is_clinic = oin == CLINIC.0;
            let shown = if is_clinic && oddities.clinic_is_impostor { SCHOOL.0 } else { oin };
            let server = holder.clone();
            let endpoint = if is_clinic && oddities.clinic_is_dead {
                let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
                format!("https://{closed}")
            } else {
                serve(&certified(&format!("holder-{place}"), shown), &connections, move |config| {
                    server.routes(config);
                })
            };
            draft.partner_mut(oin).unwrap().endpoint = endpoint;
            holders.insert(holder.oin, holder);
        }

        let agreement = Arc::new(Agreement::parse(&draft.to_toml().unwrap()).unwrap());
        agreement.hash().clone_into(&mut switchboard.policy.lock().unwrap());
        let chain = Self {
            agreement,
            pseudonymiser,
            switchboard,
            holders,
            log: Arc::default(),
            connections,
            load,
            tls: own,
            _folder: folder,
        };
        chain.disclose(&[YOUTH_CARE, SCHOOL, CLINIC]);
        chain
    }

    /// What the switchboard answers from now on.
    pub(crate) fn disclose(&self, holders: &[(&str, &str)]) {
        *self.switchboard.disclosed.lock().unwrap() = holders
            .iter()
            .map(|(oin, category)| (Oin::parse(oin).unwrap(), Category::parse(category).unwrap()))
            .collect();
    }

    pub(crate) fn behave(&self, holder: (&str, &str), behaviour: Behaviour) {
        *self.holder(holder).behaviour.lock().unwrap() = behaviour;
    }

    pub(crate) fn holder(&self, holder: (&str, &str)) -> &Holder {
        &self.holders[&Oin::parse(holder.0).unwrap()]
    }

    pub(crate) fn queries(&self) -> usize {
        self.switchboard.asked.lock().unwrap().len()
    }

    pub(crate) fn requester(&self) -> Requester {
        self.requester_with(patient(), Arc::new(SystemClock))
    }

    pub(crate) fn requester_with(&self, limits: Limits, clock: Arc<dyn Clock>) -> Requester {
        Requester::new(Parts {
            tls: self.tls.clone(),
            agreement: Arc::clone(&self.agreement),
            access_log: Arc::clone(&self.log) as _,
            context: Context::new(clock, Entropy::system()),
            limits,
        })
        .unwrap()
    }
}

/// Room enough that a slow machine does not fail tests that are not about time.
pub(crate) fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(20), holder_timeout: Duration::from_secs(10), ..Limits::default() }
}

pub(crate) fn subject() -> Subject {
    Subject::parse("nl.bsn:999990342").unwrap()
}

pub(crate) fn question() -> DossierQuery {
    DossierQuery {
        subject: subject(),
        birth_date: None,
        purpose: Purpose::parse("coordinate-help").unwrap(),
        actor: Actor {
            id: kw_domain::ActorId::parse("j.jansen").unwrap(),
            role: kw_domain::Role::parse("municipal-consultant").unwrap(),
            assurance: Assurance::Asserted,
            proof: None,
        },
        case: CaseReference::parse("Z-2026-17").unwrap(),
        categories: Vec::new(),
        holders: Vec::new(),
        relation: Relation { basis: RelationBasis::Listed, reason: None },
        representation: None,
    }
}

/// A document that fits the schema of every category in the youth chain.
pub(crate) fn document(city: &str) -> Value {
    json!({"person": {"familyName": "Jansen", "birthDate": "2012-05-03", "address": {"city": city}}})
}

/// Serves over mutual TLS on a free port, for as long as the test runs.
fn serve(
    tls: &Tls,
    connections: &Arc<AtomicUsize>,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::clone(connections);
    let server = HttpServer::new(move || {
        let routes = routes.clone();
        App::new().configure(move |config| routes(config))
    })
    .workers(1)
    .disable_signals()
    .on_connect(move |connection, extensions| {
        connections.fetch_add(1, Ordering::SeqCst);
        kw_transport::on_connect(connection, extensions);
    })
    .listen_rustls_0_23(listener, tls.server_config())
    .unwrap()
    .run();
    actix_web::rt::spawn(server);
    format!("https://{address}")
}
