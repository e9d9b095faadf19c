//! A dossier in the memory of a session, filling while its holders answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use actix_web::rt;
use kw_client::LocalClient;
use kw_domain::{FeedbackId, Instant};
use kw_protocol::dossier::{Difference, Dossier, DossierPart, LookupHolder, Section};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, User};
use tokio::sync::watch;

use crate::asking::Question;
use crate::document::keep;

/// A dossier that somebody asked for. When the session lets go of it, nobody listens any more and everything is gone here; the
/// partner process goes on asking, and records it.
pub(crate) struct Opened {
    /// Its name in addresses: random, and of this session only.
    pub(crate) id: String,
    pub(crate) question: Question,
    pub(crate) asked_at: Instant,
    progress: Mutex<Progress>,
    /// How many times something was told.
    told: watch::Sender<usize>,
    asking: Mutex<Option<rt::task::JoinHandle<()>>>,
}

/// How far it is.
#[derive(Default)]
pub(crate) struct Progress {
    /// Who was found; nothing while that is being asked.
    pub(crate) holders: Option<Vec<LookupHolder>>,
    /// When that was told.
    pub(crate) found_at: usize,
    /// By the place among those found.
    pub(crate) sections: Vec<Option<Told>>,
    pub(crate) outcome: Option<Outcome>,
    /// How many times something was told.
    pub(crate) version: usize,
}

/// What a holder answered, as far as there is room for it.
pub(crate) struct Told {
    /// When it was told.
    pub(crate) at: usize,
    pub(crate) section: Section,
    /// Whether all of its document is here.
    pub(crate) whole: bool,
}

impl Told {
    /// Each of `all` sections has the same room.
    fn new(at: usize, mut section: Section, all: usize) -> Self {
        let mut room = LARGEST / all.max(1);
        let kept = section.document.as_mut().map_or(Some(true), |document| keep(document, &mut room));
        if kept.is_none() {
            section.document = None;
        }
        Self { at, section, whole: kept == Some(true) }
    }
}

/// How it ended.
pub(crate) enum Outcome {
    Whole(Whole),
    /// Why there is no dossier.
    Failed(ProblemCode),
}

/// What is known when all have answered, or had their time.
pub(crate) struct Whole {
    pub(crate) assembled_at: Instant,
    pub(crate) complete: bool,
    pub(crate) differences: Vec<Difference>,
}

impl Opened {
    /// Begins to ask.
    pub(crate) fn begin(
        id: String,
        question: Question,
        user: &User,
        client: LocalClient,
        now: Instant,
    ) -> Arc<Self> {
        let request = question.request(user);
        let opened = Arc::new(Self {
            id,
            question,
            asked_at: now,
            progress: Mutex::default(),
            told: watch::Sender::new(0),
            asking: Mutex::default(),
        });
        let shown: Weak<Self> = Arc::downgrade(&opened);
        let asking = rt::spawn(async move {
            let told = client.dossier_told(&request, |part| {
                if let Some(opened) = shown.upgrade() {
                    opened.change(|progress| progress.take(part));
                }
            });
            let outcome = told.await.map_err(Failure::from);
            if let Some(opened) = shown.upgrade() {
                opened.change(|progress| progress.end(outcome));
            }
        });
        *opened.asking.lock().unwrap_or_else(PoisonError::into_inner) = Some(asking);
        opened
    }

    /// How far it is now.
    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until more is known than at `version`, but not for long.
    pub(crate) async fn wait(&self, version: usize) {
        let mut told = self.told.subscribe();
        // Either way, whoever asked looks at what is there.
        let _ = tokio::time::timeout(PATIENCE, told.wait_for(|now| *now > version)).await;
    }

    /// The own organisation doubts something in the section at this place.
    pub(crate) fn reported(&self, place: usize, report: FeedbackId) {
        self.change(|progress| {
            if let Some(Some(told)) = progress.sections.get_mut(place) {
                told.section.open_reports.retain(|known| *known != report);
                told.section.open_reports.push(report);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress();
        change(&mut progress);
        progress.version += 1;
        let version = progress.version;
        drop(progress);
        self.told.send_replace(version);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let asking = self.asking.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(asking) = asking {
            asking.abort();
        }
    }
}

impl Progress {
    fn take(&mut self, part: DossierPart) {
        match part {
            DossierPart::Found { holders } => {
                self.sections = holders.iter().map(|_| None).collect();
                self.holders = Some(holders);
                self.found_at = self.version + 1;
            }
            DossierPart::Section { place, section } => {
                let (at, all) = (self.version + 1, self.sections.len());
                if let Some(waiting) = self.sections.get_mut(place) {
                    *waiting = Some(Told::new(at, *section, all));
                }
            }
            // The client gives these as the outcome.
            DossierPart::Dossier { .. } | DossierPart::Problem { .. } => {}
        }
    }

    fn end(&mut self, outcome: Result<Dossier, Failure>) {
        let dossier = match outcome {
            Ok(dossier) => dossier,
            Err(failure) => {
                let code = match failure {
                    Failure::Problem { code } => code,
                    Failure::SignIn { .. } | Failure::Forged => ProblemCode::Fault,
                };
                self.sections.clear();
                self.outcome = Some(Outcome::Failed(code));
                return;
            }
        };
        let now = self.version + 1;
        let all = dossier.sections.len();
        let before = std::mem::take(&mut self.sections);
        let mut before = before.into_iter();
        self.sections = Vec::with_capacity(all);
        for section in dossier.sections {
            // What is new of a section is told again: the whole knows the own reports about it.
            let earlier = before.next().flatten();
            let at = earlier
                .filter(|known| known.section.open_reports == section.open_reports)
                .map_or(now, |known| known.at);
            self.sections.push(Some(Told::new(at, section, all)));
        }
        let mut room = LARGEST;
        let mut differences = dossier.differences;
        for difference in &mut differences {
            difference.values.retain_mut(|held| {
                for attribute in &mut held.feedback.attributes {
                    for value in [&mut attribute.doubted, &mut attribute.proposed] {
                        value.take_if(|value| keep(value, &mut room).is_none());
                    }
                }
                keep(&mut held.value, &mut room).is_some()
            });
        }
        self.outcome = Some(Outcome::Whole(Whole {
            assembled_at: dossier.assembled_at,
            complete: dossier.complete,
            differences,
        }));
    }

    /// Values on which holders disagree.
    pub(crate) fn differences(&self) -> &[Difference] {
        match &self.outcome {
            Some(Outcome::Whole(whole)) => &whole.differences,
            _ => &[],
        }
    }

    /// How many have answered, or had their time.
    pub(crate) fn answered(&self) -> usize {
        self.sections.iter().flatten().count()
    }
}

/// The most memory that the documents of one dossier take, in bytes, and the differences between them as much again. A page shows
/// less.
const LARGEST: usize = 2 * 1024 * 1024;
/// A browser asks again after this.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn section(document: serde_json::Value) -> Section {
        serde_json::from_value(json!({
            "holder": { "oin": "00000099000000012000", "name": "De Linde" }, "category": "school-attendance",
            "status": "delivered", "document": document, "transaction": "01931b3e-7d5a-7000-8000-000000000001",
        }))
        .unwrap()
    }

    fn size(told: &Told) -> usize {
        told.section.document.as_ref().unwrap().to_string().len()
    }

    #[test]
    fn a_dossier_takes_no_more_memory_than_it_may_whoever_answers_first() {
        let huge = || section(json!({ "notes": vec!["x".repeat(1_000); 8_000] }));
        let mut progress = Progress { sections: vec![None, None, None], ..Progress::default() };
        for place in 0..2 {
            progress.take(DossierPart::Section { place, section: Box::new(huge()) });
        }
        let small = section(json!({ "notes": ["kort"] }));
        progress.take(DossierPart::Section { place: 2, section: Box::new(small) });
        let told: Vec<&Told> = progress.sections.iter().flatten().collect();
        assert!(told.iter().map(|told| size(told)).sum::<usize>() < LARGEST);
        assert_eq!(told.iter().map(|told| told.whole).collect::<Vec<_>>(), [false, false, true]);

        let held = json!({
            "holder": { "oin": "00000099000000012000", "name": "De Linde" }, "category": "school-attendance",
            "pointer": "/notes", "source": "register", "value": "y".repeat(LARGEST / 2), "asOf": "2026-01-01T00:00:00Z",
            "authoritative": false, "underInvestigation": false,
            "feedback": {
                "holder": "00000099000000012000", "category": "school-attendance", "attributes": [],
                "observedAt": "2026-01-01T00:00:00Z",
            },
        });
        let dossier = serde_json::from_value(json!({
            "query": "01931b3e-7d5a-7000-8000-000000000001", "assembledAt": "2026-01-01T00:00:00Z", "complete": true,
            "holdersMayBeWithheld": true, "sections": [huge(), huge()],
            "differences": [{ "attribute": "notes", "values": [held, held, held] }],
            "receipt": { "origin": "log", "index": 4, "salt": "A".repeat(43) },
        }));
        progress.end(Ok(dossier.unwrap()));
        let sections = progress.sections.iter().flatten().map(size).sum::<usize>();
        assert!((LARGEST / 2..LARGEST).contains(&sections), "{sections}");
        assert_eq!(progress.differences()[0].values.len(), 1, "what does not fit is left out");
    }
}
