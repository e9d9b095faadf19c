//! Everything that runs for the story.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_agreement::draft::AgreementDraft;
use kw_domain::{ChainName, Oin, SystemClock};
use kw_identity::SigningKey;
use kw_protocol::local::SyncRequest;
use kw_runtime::Entropy;
use kw_runtime::config::create_secret;
use kw_transport::authority::Authority;
use kw_transport::{LoopbackPorts, Tls};
use serde_json::{Value, json};

use super::people::Cast;
use crate::DemoError;
use crate::chain::{Chain, PartnerPlan, database_section, issue, log_keys, tls_section};
use crate::databases::Databases;
use crate::files::{Ground, make_folder, write_toml};
use crate::processes::{Doors, Service, next_port, until_ready};
use crate::provider::{self, Account, Client, ProviderConfig};

/// The chain, the provider and the personal environment.
pub(super) struct Stage {
    pub(super) cast: Cast,
    pub(super) provider: String,
    pub(super) personal: String,
    pub(super) youth_care: Oin,
    pub(super) school: Oin,
    pub(super) roots: PathBuf,
    chain: Chain,
    service: Option<Service>,
    _provider: provider::Running,
}

impl Stage {
    pub(super) async fn start(
        program: &Path,
        ground: &Ground,
        databases: &Databases,
    ) -> Result<Self, DemoError> {
        let cast = Cast::make();
        let mut ports = LoopbackPorts::default();
        let (own, provider_at) = (Doors::take(&mut ports)?, next_port(&mut ports)?);
        let mut draft = AgreementDraft::parse(&format!("{YOUTH}\n{ADDITION}"))
            .map_err(|error| DemoError::Agreement(error.to_string()))?;
        let chain_name =
            ChainName::parse(&draft.chain.name).map_err(|error| DemoError::Agreement(error.to_string()))?;
        let (personal, provider) = (format!("https://{}", own.public), format!("https://{provider_at}"));

        let folder = ground.partner(PERSONAL);
        make_folder(&folder.join("keys"))?;
        let keys = folder.join("keys");
        let unusable = |error: kw_personal::keys::KeysError| DemoError::Keys(error.to_string());
        kw_personal::keys::init(&keys, &chain_name, &mut Entropy::os()).map_err(unusable)?;
        let (client_key, client_jwk) = kw_personal::keys::init_client_key(&keys).map_err(unusable)?;
        let mut clients = vec![Client {
            id: PERSONAL_OIN.to_owned(),
            redirect_uris: vec![format!("{personal}/v1/sign-ins/callback")],
            key: client_jwk,
            audience: provider::Audience::Personal(oin(PERSONAL_OIN)?),
        }];
        if let Some(partner) = draft.partner_mut(PERSONAL_OIN) {
            partner.endpoint = format!("https://{}", own.service);
            (partner.log_key, partner.witness_key) = log_keys(&folder, &chain_name)?;
        }
        if let Some(partner) = draft.partner_mut(PROVIDER_OIN) {
            partner.endpoint.clone_from(&provider);
        }
        if let Some(stated) = &mut draft.representation.provider {
            stated.issuer.clone_from(&provider);
        }

        let mut plans = Vec::new();
        for (name, party, category) in HOLDERS {
            let doors = Doors::take(&mut ports)?;
            let place = ground.partner(name);
            let sources = cast.write_source(&place.join("source"), category)?;
            let (key, jwk) = client_key_in(&place)?;
            clients.push(Client {
                id: party.to_owned(),
                redirect_uris: vec![format!("https://{}/v1/authorisation/callback", doors.public)],
                key: jwk,
                audience: provider::Audience::Holder,
            });
            plans.push(PartnerPlan {
                name: name.to_owned(),
                oin: oin(party)?,
                sources,
                admits_real_numbers: false,
                doors: Some(doors),
                authorisation: Some(json!({
                    "client_id": party,
                    "client_key": key,
                    "purpose": "own-insight",
                    "role": "citizen",
                    "clients": [{
                        "oin": PERSONAL_OIN,
                        "redirect_uris": [format!("{personal}/v1/collections/callback")],
                    }],
                })),
            });
        }
        // The other partners of the youth chain have no part in this story: nobody waits for them.
        for partner in &mut draft.partners {
            if partner.endpoint.contains(".example") {
                "https://127.0.0.1:1".clone_into(&mut partner.endpoint);
            }
        }
        let chain = Chain::start_on(ports, program, ground, databases, draft, plans).await?;

        let authority = Authority::open(&ground.pki())?;
        let tls = issue(&authority, PERSONAL, oin(PERSONAL_OIN)?)?;
        let roots = tls.trust_anchors.clone();
        let database = databases.of_partner(PERSONAL, &folder).await?;
        let configuration = folder.join("personal.toml");
        let settings = json!({
            "agreement": ground.agreement(),
            "server": own.server(),
            "log": { "file": "log.jsonl", "format": "json", "level": "debug" },
            "tls": tls_section(&tls),
            "database": database_section(&database),
            "keys": { "directory": "keys" },
            "users": { "address": personal },
            "provider": { "client_id": PERSONAL_OIN, "client_key": client_key, "roots": [roots] },
        });
        write_toml(&configuration, &settings)?;
        let service = Service::start(program, "personal", PERSONAL, &configuration).await?;
        until_ready(PERSONAL, own.admin).await?;

        let of_provider = issue(&authority, "provider", oin(PROVIDER_OIN)?)?;
        let accounts = cast.all().map(|person| Account {
            name: person.name.to_owned(),
            secret: secret_of(person.name),
            bsn: person.bsn.clone(),
            given_name: person.name.to_owned(),
            assurance: None,
        });
        let running = provider::serve(ProviderConfig {
            listen: provider_at,
            issuer: provider.clone(),
            tls: Tls::load(&of_provider)?,
            agreement: Arc::clone(&chain.agreement),
            accounts: accounts.to_vec(),
            clients,
            transactions: ground.path().join("statements.jsonl"),
            clock: Arc::new(SystemClock),
        })
        .map_err(|error| DemoError::Story(format!("the provider does not start: {error}")))?;
        // A holder finds its own records of a person once they are registered.
        for partner in &chain.partners {
            let whole = SyncRequest { full: true, ..SyncRequest::default() };
            partner.local.sync(&whole).await.map_err(DemoError::asking("a partner was told to register"))?;
        }
        let (youth_care, school) = (oin(HOLDERS[0].1)?, oin(HOLDERS[1].1)?);
        Ok(Self {
            cast,
            provider,
            personal,
            youth_care,
            school,
            roots,
            chain,
            service: Some(service),
            _provider: running,
        })
    }

    pub(super) async fn end(&mut self) {
        if let Some(service) = self.service.take() {
            service.end().await;
        }
        self.chain.end().await;
    }
}

/// What only that person knows.
pub(super) fn secret_of(name: &str) -> String {
    format!("{name} weet het")
}

fn client_key_in(folder: &Path) -> Result<(PathBuf, Value), DemoError> {
    let failed = |error: &dyn std::fmt::Display| DemoError::Keys(error.to_string());
    make_folder(folder)?;
    let key = SigningKey::generate().map_err(|error| failed(&error))?;
    let path = folder.join("provider.der");
    create_secret(&path, &key.to_pkcs8().map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    Ok((path, key.public_jwk()))
}

fn oin(text: &str) -> Result<Oin, DemoError> {
    Oin::parse(text).map_err(|error| DemoError::Agreement(error.to_string()))
}

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
const ADDITION: &str = include_str!("../../../../examples/representation/addition.toml");
pub(super) const PERSONAL: &str = "personal";
const PERSONAL_OIN: &str = "00000099000000016000";
const PROVIDER_OIN: &str = "00000099000000017000";
const HOLDERS: [(&str, &str, &str); 2] = [
    ("youth-care", "00000099000000011000", "youth-care-plan"),
    ("school", "00000099000000012000", "school-attendance"),
];
