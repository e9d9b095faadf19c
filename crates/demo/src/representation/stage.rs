//! Everything that runs for the story.

use std::path::{Path, PathBuf};

use kw_agreement::draft::AgreementDraft;
use kw_domain::Oin;
use kw_protocol::local::SyncRequest;
use kw_transport::LoopbackPorts;
use kw_transport::authority::Authority;

use super::people::Cast;
use crate::DemoError;
use crate::chain::{Chain, PartnerPlan};
use crate::citizens::{ADDITION, Citizens, RunningCitizens, oin};
use crate::databases::Databases;
use crate::files::Ground;
use crate::processes::Service;
use crate::provider::{self, Account};

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
        let mut draft = AgreementDraft::parse(&format!("{YOUTH}\n{ADDITION}"))
            .map_err(|error| DemoError::Agreement(error.to_string()))?;
        let mut citizens = Citizens::plan(&mut ports, ground, &mut draft, None)?;
        let mut plans = Vec::new();
        for (name, party, category) in HOLDERS {
            let sources = cast.write_source(&ground.partner(name).join("source"), category)?;
            let mut plan = PartnerPlan {
                name: name.to_owned(),
                oin: oin(party)?,
                sources,
                admits_real_numbers: false,
                doors: None,
                authorisation: None,
            };
            citizens.collects_at(&mut ports, ground, &mut plan)?;
            plans.push(plan);
        }
        // The other partners of the youth chain have no part in this story: nobody waits for them.
        for partner in &mut draft.partners {
            if partner.endpoint.contains(".example") {
                "https://127.0.0.1:1".clone_into(&mut partner.endpoint);
            }
        }
        let chain = Chain::start_on(ports, program, ground, databases, draft, plans).await?;
        let roots = Authority::open(&ground.pki())?.files_of(HOLDERS[0].0).trust_anchors;
        let accounts = cast.all().map(|person| Account {
            name: person.name.to_owned(),
            secret: secret_of(person.name),
            bsn: person.bsn.clone(),
            given_name: person.name.to_owned(),
            birth_date: Some(person.born.clone()),
            assurance: None,
        });
        let (provider, personal) = (citizens.provider.clone(), citizens.personal.clone());
        let RunningCitizens { provider: running, personal: service, .. } =
            citizens.start(program, ground, databases, &chain.agreement, accounts.to_vec()).await?;
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

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
const HOLDERS: [(&str, &str, &str); 2] = [
    ("youth-care", "00000099000000011000", "youth-care-plan"),
    ("school", "00000099000000012000", "school-attendance"),
];
