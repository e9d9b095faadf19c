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

/// A dossier that somebody asked for. When the session lets go of it, asking ends and everything is gone.
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
    /// By the place among those found: when it was told, and what.
    pub(crate) sections: Vec<Option<(usize, Section)>>,
    pub(crate) outcome: Option<Outcome>,
    /// How many times something was told.
    pub(crate) version: usize,
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
            if let Some(Some((_, section))) = progress.sections.get_mut(place) {
                section.open_reports.push(report);
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
                let told = self.version + 1;
                if let Some(waiting) = self.sections.get_mut(place) {
                    *waiting = Some((told, *section));
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
        let told = self.version + 1;
        let before = std::mem::take(&mut self.sections);
        let mut before = before.into_iter();
        self.sections = Vec::with_capacity(dossier.sections.len());
        for section in dossier.sections {
            // What is new of a section is told again: the whole knows the own reports about it.
            let earlier = before.next().flatten();
            let at = earlier
                .filter(|(_, known)| known.open_reports == section.open_reports)
                .map_or(told, |(at, _)| at);
            self.sections.push(Some((at, section)));
        }
        self.outcome = Some(Outcome::Whole(Whole {
            assembled_at: dossier.assembled_at,
            complete: dossier.complete,
            differences: dossier.differences,
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

/// A browser asks again after this.
const PATIENCE: Duration = Duration::from_secs(10);
