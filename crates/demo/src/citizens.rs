//! The citizens' side of a chain: the provider where people sign in, shaped as DigiD is, and a personal environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_domain::{ChainName, Oin, SystemClock};
use kw_identity::SigningKey;
use kw_runtime::Entropy;
use kw_runtime::config::create_secret;
use kw_transport::authority::Authority;
use kw_transport::{LoopbackPorts, Tls, TlsFiles};
use serde_json::{Value, json};

use crate::DemoError;
use crate::chain::{PartnerPlan, database_section, issue, log_keys, tls_section};
use crate::databases::Databases;
use crate::files::{Ground, make_folder, write_toml};
use crate::processes::{Doors, Service, next_port, until_ready};
use crate::provider::{self, Account, Audience, Client, ProviderConfig};

/// Where both will be, before the chain runs.
pub(crate) struct Citizens {
    /// Where the personal environment answers people and pages.
    pub(crate) personal: String,
    /// Where providers and holders send its users' browsers back to.
    back: String,
    /// The provider's issuer identifier.
    pub(crate) provider: String,
    own: Doors,
    provider_at: SocketAddr,
    clients: Vec<Client>,
    client_key: PathBuf,
}

/// Both of them, running.
pub(crate) struct RunningCitizens {
    pub(crate) provider: provider::Running,
    pub(crate) personal: Service,
    /// The certificates that browsers meet there.
    pub(crate) certificates: [PathBuf; 2],
}

impl Citizens {
    /// Chooses addresses, makes the keys of the personal environment, and writes both into the agreement, which has them as partners.
    /// `pages`: the address of the pages through which people use it; without them browsers come back to itself.
    pub(crate) fn plan(
        ports: &mut LoopbackPorts,
        ground: &Ground,
        draft: &mut AgreementDraft,
        pages: Option<String>,
    ) -> Result<Self, DemoError> {
        let (own, provider_at) = (Doors::take(ports)?, next_port(ports)?);
        let chain_name =
            ChainName::parse(&draft.chain.name).map_err(|error| DemoError::Agreement(error.to_string()))?;
        let (personal, provider) = (format!("https://{}", own.public), format!("https://{provider_at}"));
        let folder = ground.partner(PERSONAL);
        let keys = folder.join("keys");
        make_folder(&keys)?;
        let unusable = |error: kw_personal::keys::KeysError| DemoError::Keys(error.to_string());
        kw_personal::keys::init(&keys, &chain_name, &mut Entropy::os()).map_err(unusable)?;
        let (client_key, client_jwk) = kw_personal::keys::init_client_key(&keys).map_err(unusable)?;
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
        let back = pages.unwrap_or_else(|| personal.clone());
        let clients = vec![Client {
            id: PERSONAL_OIN.to_owned(),
            redirect_uris: vec![format!("{back}/v1/sign-ins/callback")],
            key: client_jwk,
            audience: Audience::Personal(oin(PERSONAL_OIN)?),
        }];
        Ok(Self { personal, back, provider, own, provider_at, clients, client_key })
    }

    /// Lets people collect at a holder: its browser side, and its key at the provider.
    pub(crate) fn collects_at(
        &mut self,
        ports: &mut LoopbackPorts,
        ground: &Ground,
        plan: &mut PartnerPlan,
    ) -> Result<(), DemoError> {
        let doors = match plan.doors {
            Some(doors) => doors,
            None => Doors::take(ports)?,
        };
        let id = plan.oin.as_str().to_owned();
        let back = format!("https://{}/v1/authorisation/callback", doors.public);
        let key = self.admit(&ground.partner(&plan.name), &id, back, Audience::Holder)?;
        plan.doors = Some(doors);
        plan.authorisation = Some(json!({
            "client_id": id,
            "client_key": key,
            "purpose": "own-insight",
            "role": "citizen",
            "clients": [{
                "oin": PERSONAL_OIN,
                "redirect_uris": [format!("{}/v1/collections/callback", self.back)],
            }],
        }));
        Ok(())
    }

    /// Makes somebody a client of the provider. The file with their key, in this folder.
    pub(crate) fn admit(
        &mut self,
        folder: &Path,
        id: &str,
        back: String,
        audience: Audience,
    ) -> Result<PathBuf, DemoError> {
        let (path, key) = client_key_in(folder)?;
        self.clients.push(Client { id: id.to_owned(), redirect_uris: vec![back], key, audience });
        Ok(path)
    }

    /// Starts both beside the chain, which runs.
    pub(crate) async fn start(
        self,
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        agreement: &Arc<Agreement>,
        accounts: Vec<Account>,
    ) -> Result<RunningCitizens, DemoError> {
        let authority = Authority::open(&ground.pki())?;
        let tls = issue(&authority, PERSONAL, oin(PERSONAL_OIN)?)?;
        let personal = self.start_personal(program, ground, databases, &tls).await?;
        let of_provider = issue(&authority, "provider", oin(PROVIDER_OIN)?)?;
        let certificates = [tls.certificate, of_provider.certificate.clone()];
        let running = provider::serve(ProviderConfig {
            listen: self.provider_at,
            issuer: self.provider,
            tls: Tls::load(&of_provider)?,
            agreement: Arc::clone(agreement),
            accounts,
            clients: self.clients,
            transactions: ground.path().join("statements.jsonl"),
            clock: Arc::new(SystemClock),
        })
        .map_err(|error| DemoError::Story(format!("the provider does not start: {error}")))?;
        Ok(RunningCitizens { provider: running, personal, certificates })
    }

    async fn start_personal(
        &self,
        program: &Path,
        ground: &Ground,
        databases: &Databases,
        tls: &TlsFiles,
    ) -> Result<Service, DemoError> {
        let folder = ground.partner(PERSONAL);
        let database = databases.of_partner(PERSONAL, &folder).await?;
        let configuration = folder.join("personal.toml");
        let settings = json!({
            "agreement": ground.agreement(),
            "server": self.own.server(),
            "log": { "file": "log.jsonl", "format": "json", "level": "debug" },
            "tls": tls_section(tls),
            "database": database_section(&database),
            "keys": { "directory": "keys" },
            "users": { "address": self.back },
            "provider": { "client_id": PERSONAL_OIN, "client_key": self.client_key, "roots": [tls.trust_anchors] },
        });
        write_toml(&configuration, &settings)?;
        let service = Service::start(program, "personal", PERSONAL, &configuration).await?;
        until_ready(PERSONAL, self.own.admin).await?;
        Ok(service)
    }
}

/// A key for showing who one is at a provider: its file, and its public half.
pub(crate) fn client_key_in(folder: &Path) -> Result<(PathBuf, Value), DemoError> {
    let failed = |error: &dyn std::fmt::Display| DemoError::Keys(error.to_string());
    make_folder(folder)?;
    let key = SigningKey::generate().map_err(|error| failed(&error))?;
    let path = folder.join("provider.der");
    create_secret(&path, &key.to_pkcs8().map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    Ok((path, key.public_jwk()))
}

pub(crate) fn oin(text: &str) -> Result<Oin, DemoError> {
    Oin::parse(text).map_err(|error| DemoError::Agreement(error.to_string()))
}

/// What a chain adds for it to its agreement.
pub(crate) const ADDITION: &str = include_str!("../../../examples/representation/addition.toml");
pub(crate) const PERSONAL: &str = "personal";
const PERSONAL_OIN: &str = "00000099000000016000";
const PROVIDER_OIN: &str = "00000099000000017000";

#[cfg(test)]
mod tests {
    use kw_agreement::draft::AgreementDraft;

    use super::ADDITION;

    #[test]
    fn people_ask_about_every_kind_of_data_that_the_chain_has() {
        let youth = include_str!("../../../examples/chains/youth.toml");
        let draft = AgreementDraft::parse(&format!("{youth}\n{ADDITION}")).unwrap();
        let mut asked = draft.purposes["own-insight"].roles["citizen"].clone();
        asked.sort_unstable();
        assert_eq!(asked, draft.categories.keys().cloned().collect::<Vec<_>>());
    }
}
