//! `demo --story youth-case`: a young person whom two partners worry about, from the first signal to the last correction, over
//! real services on this machine (docs/youth-case.md).

mod people;
mod stage;
mod story;

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::databases::Databases;
use crate::files::Ground;
use crate::search::{Kind, Needles};
use crate::{Audience, DemoError, verdict};

use stage::Stage;

/// What was seen.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct YouthCaseReport {
    /// The steps, in their order.
    pub steps: Vec<CaseStep>,
    /// How often a number, birth date, name or telephone number of the people is in what the central services stored and
    /// logged.
    pub found_at_central_services: u64,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseStep {
    /// Its number in docs/youth-case.md.
    pub number: u8,
    /// What should happen.
    pub what: &'static str,
    /// What was seen.
    pub outcome: String,
    /// Whether it came out as promised.
    pub held: bool,
}

impl YouthCaseReport {
    /// Whether every step came out as promised, and nothing about a person got out.
    pub fn all_promises_held(&self) -> bool {
        !self.steps.is_empty()
            && self.steps.iter().all(|step| step.held)
            && self.found_at_central_services == 0
    }
}

/// Plays it to the end, and ends everything.
pub(crate) async fn play(
    program: &Path,
    ground: &Ground,
    databases: &Databases,
    audience: &dyn Audience,
) -> Result<YouthCaseReport, DemoError> {
    let began = Instant::now();
    audience.begins("starting switchboard, pseudonymiser and four partners");
    let mut stage = Box::pin(Stage::start(program, ground, databases)).await?;
    let mut story = story::Story::new(&stage);
    audience.begins("two signals about the same young person: a match");
    story.signals_meet().await?;
    audience.begins("a query, a dossier, a difference");
    story.dossier_shows_a_difference().await?;
    audience.begins("a feedback report, until it is upheld and everybody knows");
    story.value_is_corrected().await?;
    audience.begins("the case is coordinated, and the match dissolves");
    story.match_ends().await?;
    let steps = story.seen();
    audience.begins("ending the services");
    stage.end().await;
    audience.begins("searching what the central services stored and logged");
    let mut needles = Needles::default();
    for person in [stage.cast.sanne(), stage.cast.bram()] {
        needles.person(person);
    }
    needles.text(stage::OLD_PHONE).text(stage::NEW_PHONE);
    let search = needles.search()?;
    let found = verdict::search_central(&search, stage.chain(), databases).await?;
    // A search that finds nothing where they stand in the open finds nothing anywhere.
    let open = search.in_folder(&ground.partner(people::YOUTH_CARE.name).join("source"))?;
    if [Kind::Number, Kind::BirthDate, Kind::Text].iter().any(|kind| open.of(*kind) == 0) {
        return Err(DemoError::Story("the search does not find people where they are".to_owned()));
    }
    Ok(YouthCaseReport {
        steps,
        found_at_central_services: found.counts.values().sum(),
        elapsed_ms: began.elapsed().as_millis() as u64,
    })
}
