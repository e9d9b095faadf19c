//! What there is to see on the pages: things that happen in a chain in the course of days.

use std::time::{Duration, Instant};

use kw_domain::{Category, Clock as _, Instant as Moment, SystemClock};
use kw_protocol::consent::{ConsentChoice, GivenBy};
use kw_protocol::dossier::Dossier;
use kw_protocol::local::choices::{
    ConsentRequest, ConsentWithdrawalRequest, LocalDeclaration, ObjectionRequest,
};
use kw_protocol::mandate::{MandateAct, MandateKind};
use kw_protocol::objection::ObjectionReason;
use kw_protocol::query::{Relation, RelationBasis};

use super::{MUNICIPALITY, Opened, PORTAL};
use crate::DemoError;
use crate::asking::{Asker, listed};
use crate::chain::{Chain, Partner};
use crate::people::{People, Person};
use crate::provider::{NewMandate, ProviderError};

impl Opened {
    /// A question in need, and questions for a reason, that wait for a reviewer; a doubt that the municipality sent, and one that it
    /// received; an objection that is not decided; consent that was refused, and one that was taken back; mandates for children and
    /// for somebody of age. Matches and differences are there by
    /// the data themselves.
    pub(crate) async fn seed(&self, chain: &Chain, people: &People) -> Result<(), DemoError> {
        let municipality = chain.partner(MUNICIPALITY)?;
        let consultant = Asker::new("municipal-consultant", "coordinate-help")?;
        let need = Relation { basis: RelationBasis::Emergency, reason: Some("spoed aan de deur".to_owned()) };
        let boy = &people.family.boy;
        consultant.dossier(municipality, &boy.bsn, Some(&boy.birth_date), need).await?;

        let main = people.main();
        let dossier = consultant.dossier(municipality, &main.bsn, Some(&main.birth_date), listed()).await?;
        doubt(municipality, &consultant, main, &dossier, "00000099000000011000", ("phone", "0970 555 0199"))
            .await?;
        let school = chain.partner("school")?;
        let coordinator = Asker::new("care-coordinator", "coordinate-help")?;
        let youth_care = chain.partner("youth-care")?;
        let worker = Asker::new("youth-care-worker", "coordinate-help")?;
        let theirs = worker.dossier(youth_care, &main.bsn, Some(&main.birth_date), listed()).await?;
        doubt(youth_care, &worker, main, &theirs, "00000099000000013000", ("city", "Demostad")).await?;
        let daughter = &people.family.daughter;
        coordinator.dossier(school, &daughter.bsn, Some(&daughter.birth_date), listed()).await?;

        let objection = ObjectionRequest {
            subject: subject(daughter),
            holder: chain.partner("school")?.oin,
            category: category("school-attendance")?,
            declared: LocalDeclaration {
                given_by: GivenBy::Subject,
                mandate: None,
                representative: None,
                actor: None,
            },
            reason: ObjectionReason::NotNecessary,
        };
        let submitted = municipality.local.submit_objection(&objection).await;
        submitted.map_err(DemoError::asking("an objection was submitted"))?;
        choices(chain.partner(PORTAL)?, boy).await?;
        self.mandates(people).await
    }

    async fn mandates(&self, people: &People) -> Result<(), DemoError> {
        let family = &people.family;
        let until = Moment::from_millis(SystemClock.now().as_millis() + MANDATE_DAYS * 86_400_000);
        let mandate =
            |kind, band: &str, representative: &Person, represented: &Person, categories: &[&str]| {
                Ok::<_, DemoError>(NewMandate {
                    representative: representative.given_name.to_lowercase(),
                    represented: represented.given_name.to_lowercase(),
                    kind,
                    band: band.to_owned(),
                    categories: categories.iter().map(|one| category(one)).collect::<Result<_, _>>()?,
                    acts: MandateAct::ALL.to_vec(),
                    valid_until: until,
                    confirmed_by: None,
                })
            };
        let all = ["youth-care-plan", "school-attendance"];
        let parental = MandateKind::ParentalAuthority;
        for wanted in [
            mandate(parental, "under-12", &family.mother, &family.daughter, &all)?,
            mandate(parental, "under-12", &family.mother, &family.son, &all)?,
            mandate(MandateKind::Voluntary, "from-16", &family.grandmother, &family.boy, &all[1..])?,
        ] {
            self.register(&wanted).await?;
        }
        Ok(())
    }

    /// The switchboard may be waiting for its witnesses.
    async fn register(&self, mandate: &NewMandate) -> Result<(), DemoError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.citizens.provider.register_mandate(mandate).await {
                Ok(_) => return Ok(()),
                Err(ProviderError::Chain(_) | ProviderError::Pseudonym(_)) if Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(DemoError::Story(format!("a mandate was not registered: {error}"))),
            }
        }
    }
}

/// Somebody lets nobody have their health data: who asks is told that it is withheld. Earlier they had said yes to one, and took that
/// back.
async fn choices(registrar: &Partner, person: &Person) -> Result<(), DemoError> {
    let itself =
        LocalDeclaration { given_by: GivenBy::Subject, mandate: None, representative: None, actor: None };
    let choice = |verdict, requester_kind: Option<&str>| {
        Ok::<_, DemoError>(ConsentRequest {
            subject: subject(person),
            verdict,
            holder: None,
            holder_kind: None,
            category: Some(category("youth-health")?),
            requester: None,
            requester_kind: requester_kind.map(str::to_owned),
            declared: itself.clone(),
            evidence: "inzage:demo".to_owned(),
            valid_until: None,
        })
    };
    let asked = DemoError::asking("a choice was recorded");
    let given = registrar.local.record_consent(&choice(ConsentChoice::Given, Some("school"))?).await;
    let given = given.map_err(&asked)?;
    let back = ConsentWithdrawalRequest { subject: subject(person), declared: itself.clone() };
    registrar.local.withdraw_consent(given.id, &back).await.map_err(&asked)?;
    let refused = registrar.local.record_consent(&choice(ConsentChoice::Refused, None)?).await;
    refused.map(drop).map_err(&asked)
}

/// Reports a doubt about what this holder gave: which attribute, and what it should be.
async fn doubt(
    reporter: &Partner,
    asker: &Asker,
    person: &Person,
    dossier: &Dossier,
    holder: &str,
    known_better: (&str, &str),
) -> Result<(), DemoError> {
    let (attribute, proposed) = known_better;
    let differing = dossier.differences.iter().filter(|difference| difference.attribute == attribute);
    let held = differing.flat_map(|one| &one.values).find(|held| held.holder.oin.as_str() == holder);
    let held = held.ok_or_else(|| DemoError::Story("there is no difference to report".to_owned()))?;
    let request =
        asker.doubt(&subject(person), &person.birth_date, held, proposed, "de ouders zeggen iets anders");
    let sent = reporter.local.report_feedback(&request).await;
    sent.map(drop).map_err(DemoError::asking("a doubt was reported"))
}

fn subject(person: &Person) -> String {
    format!("nl.bsn:{}", person.bsn.expose())
}

fn category(word: &str) -> Result<Category, DemoError> {
    Category::parse(word).map_err(|error| DemoError::Agreement(error.to_string()))
}

const MANDATE_DAYS: i64 = 180;
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);
