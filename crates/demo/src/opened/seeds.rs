//! What there is to see on the pages: things that happen in a chain in the course of days.

use std::time::{Duration, Instant};

use kw_domain::{Category, Clock as _, Instant as Moment, SystemClock};
use kw_protocol::consent::GivenBy;
use kw_protocol::dossier::{Dossier, HeldValue};
use kw_protocol::feedback::{FeedbackContact, FeedbackKind, ReasonableDoubt};
use kw_protocol::local::choices::{LocalDeclaration, ObjectionRequest};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_protocol::mandate::{MandateAct, MandateKind};
use kw_protocol::objection::ObjectionReason;
use kw_protocol::query::{Relation, RelationBasis};

use super::{MUNICIPALITY, Opened};
use crate::DemoError;
use crate::asking::{Asker, listed, motivated};
use crate::chain::{Chain, Partner};
use crate::people::{People, Person};
use crate::provider::{NewMandate, ProviderError};

impl Opened {
    /// A question in need, and questions for a reason, that wait for a reviewer; a doubt that the municipality sent, and one that it
    /// received; an objection that is not decided; mandates for a child and for somebody of age. Matches and differences are there by
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
    let sent = reporter.local.report_feedback(&report(asker, person, held, proposed)).await;
    sent.map(drop).map_err(DemoError::asking("a doubt was reported"))
}

fn report(asker: &Asker, person: &Person, held: &HeldValue, proposed: &str) -> FeedbackRequest {
    let draft = &held.feedback;
    let mut attributes = draft.attributes.clone();
    for attribute in &mut attributes {
        attribute.proposed = Some(proposed.into());
    }
    FeedbackRequest {
        id: None,
        subject: subject(person),
        birth_date: Some(person.birth_date.clone()),
        purpose: asker.purpose.clone(),
        actor: asker.actor.clone(),
        case: asker.case.clone(),
        relation: motivated(),
        representation: None,
        holder: draft.holder,
        category: draft.category.clone(),
        handle: draft.handle,
        kind: FeedbackKind::Report,
        reference: Some("DEMO-1".to_owned()),
        attributes,
        observed_at: Some(draft.observed_at),
        explanation: Some("de ouders zeggen iets anders".to_owned()),
        doubt: ReasonableDoubt { strong_suspicion: true, own_knowledge: true, knows_definition: true },
        contact: FeedbackContact {
            name: "J. Jansen".to_owned(),
            email: "j.jansen@demostad.example".to_owned(),
            phone: None,
            department: None,
        },
        attachments: Vec::new(),
    }
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
