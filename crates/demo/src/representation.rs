//! `demo --story representation`: both scenarios of MedMij RFC0055, step by step, over real services on this machine.
//!
//! A parent collects for a child into one of several strictly separated dossiers (scenario 1); a grandmother collects in the
//! environment of her grandson, as a user with limited rights (scenario 2). Then what must be refused is tried.

mod people;
mod stage;
mod story;

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::databases::Databases;
use crate::files::Ground;
use crate::search::{Kind, Needles};
use crate::{Audience, DemoError};

use stage::Stage;

/// What was seen.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepresentationReport {
    /// The steps of both scenarios, numbered as in RFC0055.
    pub steps: Vec<Step>,
    /// What had to be refused.
    pub refusals: Vec<Refused>,
    /// Documents in all dossiers, and how many of them are in that of another person. Counted by decrypting them all.
    pub documents: Documents,
    /// How often a number or birth date of the people is in what the personal environment stored and logged.
    pub found_in_personal_environment: u64,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// 1 or 2.
    pub scenario: u8,
    /// Its number in RFC0055.
    pub number: &'static str,
    /// What RFC0055 says.
    pub what: &'static str,
    /// What was seen.
    pub outcome: String,
    /// Whether it came out as promised.
    pub held: bool,
}

/// Something that had to be refused.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// What was tried.
    pub tried: &'static str,
    /// What was seen.
    pub outcome: String,
    /// Whether it was refused, by whom it should be, for the right reason.
    pub held: bool,
}

/// What is in the dossiers at the end.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Documents {
    /// In all dossiers.
    pub stored: u64,
    /// In the dossier of another person.
    pub in_a_wrong_dossier: u64,
}

impl RepresentationReport {
    /// Whether every step and every refusal came out as promised, and nothing is in a wrong dossier.
    pub fn all_promises_held(&self) -> bool {
        self.steps.iter().all(|step| step.held)
            && self.refusals.iter().all(|refused| refused.held)
            && self.documents.stored > 0
            && self.documents.in_a_wrong_dossier == 0
            && self.found_in_personal_environment == 0
    }
}

/// Plays it to the end, and ends everything.
pub(crate) async fn play(
    program: &Path,
    ground: &Ground,
    databases: &Databases,
    audience: &dyn Audience,
) -> Result<RepresentationReport, DemoError> {
    let began = Instant::now();
    audience
        .begins("starting switchboard, pseudonymiser, two holders, a provider and a personal environment");
    let mut stage = Box::pin(Stage::start(program, ground, databases)).await?;
    let mut story = story::Story::new(&stage);
    audience.begins("scenario 1: one account, several strictly separated dossiers");
    story.scenario_1().await?;
    audience.begins("scenario 2: one dossier, several users with limited rights");
    story.scenario_2().await?;
    audience.begins("trying what must be refused");
    story.refusals().await?;
    let documents = story.count().await?;
    let (steps, refusals) = story.seen();
    audience.begins("ending the services");
    stage.end().await;
    audience
        .begins("searching what the personal environment stored and logged for every number and birth date");
    let mut needles = Needles::default();
    for person in stage.cast.all() {
        needles.number(&person.bsn).birth_date(&person.born);
    }
    let search = needles.search()?;
    let found = search.in_folder(&ground.partner(crate::citizens::PERSONAL))?;
    // A search that finds nothing where they stand in the open finds nothing anywhere.
    let open = search.in_folder(&ground.partner("school").join("source"))?;
    if [Kind::Number, Kind::BirthDate].iter().any(|kind| open.of(*kind) == 0) {
        return Err(DemoError::Story("the search does not find people where they are".to_owned()));
    }
    Ok(RepresentationReport {
        steps,
        refusals,
        documents,
        found_in_personal_environment: found.of(Kind::Number) + found.of(Kind::BirthDate),
        elapsed_ms: began.elapsed().as_millis() as u64,
    })
}
