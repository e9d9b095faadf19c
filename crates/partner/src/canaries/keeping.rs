//! Making canaries, letting them end, and passing them on.

use std::time::Duration;

use kw_domain::{CanaryId, Category, Oin, Subject};
use kw_protocol::local::canaries::{
    CANARY_FILE_FORMAT, CanariesImported, CanaryFile, ExportedCanary, MOST_IN_A_FILE,
};
use kw_protocol::problem::FieldProblem;
use kw_store::partner::{LocalState, StoredCanary};

use super::{Canaries, CanaryError, MOST, subject};

/// Between two that are made by themselves, about.
const APART: Duration = Duration::from_mins(40);

impl Canaries {
    /// Lets end what has lived long enough, forgets what the index does not have any more, and makes one where there are too few.
    pub(super) async fn keep_up(&self) -> Result<(), CanaryError> {
        let (now, holder) = (self.now(), self.parts.holder);
        let all = self
            .keep("keep_canaries", move |tables| {
                for mut canary in tables.canaries(MOST)? {
                    if canary.ends_at > now && !canary.is_retired {
                        continue;
                    }
                    let is_told = canary.source.is_some()
                        && tables.record_about(&canary.category, &canary.subject_key)?.is_some();
                    if !is_told {
                        tables.delete_canary(canary.id)?;
                    } else if !canary.is_retired {
                        canary.is_retired = true;
                        canary.missed_at = None;
                        tables.store_canary(&canary)?;
                    }
                }
                tables.canaries(MOST)
            })
            .await?;
        if now < *self.made_at_most() {
            return Ok(());
        }
        let kept = |category: &Category| {
            let own =
                |one: &&StoredCanary| one.holder == holder && one.category == *category && !one.is_retired;
            all.iter().filter(own).count() < self.settings.keep as usize
        };
        if let Some(category) = self.categories.iter().find(|category| kept(category)).cloned() {
            self.make(&category).await?;
            let next = self.later(APART);
            *self.made_at_most() = next;
        }
        Ok(())
    }

    /// Makes one. It is registered at the next sync of its source.
    pub(crate) async fn make(&self, category: &Category) -> Result<CanaryId, CanaryError> {
        let subject = subject::fresh(&self.parts.entropy).ok_or(CanaryError::Sealed)?;
        let canary = self.own(category, &subject);
        let id = canary.id;
        self.keep("make_canary", move |tables| tables.store_canary(&canary)).await?;
        Ok(id)
    }

    fn own(&self, category: &Category, about: &Subject) -> StoredCanary {
        let now = self.now();
        let agreement = self.parts.agreement.current();
        let limit = agreement.category(category).and_then(|rules| rules.age_limit);
        let born = subject::birth_date(&self.parts.entropy, limit, now);
        // Neither do all of them end at once.
        let spread = u64::from(u16::from_be_bytes(self.parts.entropy.draw()))
            * self.settings.life().as_secs()
            / 131_072;
        let ends_at = now.plus(self.settings.life() * 3 / 4 + Duration::from_secs(spread));
        let id: CanaryId = self.parts.entropy.id(now);
        StoredCanary {
            id,
            holder: self.parts.holder,
            source: Some(self.settings.source.clone()),
            category: category.clone(),
            subject_key: self.parts.vault.subject_key(about),
            sealed: subject::seal(&self.parts.vault, id, about, born),
            made_at: now,
            ends_at,
            is_retired: false,
            is_exported: false,
            next_at: now.plus(self.settings.confirm_after()),
            asked_at: None,
            misses: 0,
            silences: 0,
            missed_at: None,
        }
    }

    /// Lets one end. Its pointer is withdrawn at the next sync of its source.
    pub(crate) async fn retire(&self, id: CanaryId, anyway: bool) -> Result<(), CanaryError> {
        let _turn = self.turn.lock().await;
        let found = self.parts.store.read(move |tables| tables.canary(id)).await?;
        let mut canary = found.ok_or(CanaryError::Unknown(id))?;
        if canary.is_exported && !anyway && canary.ends_at > self.now() {
            return Err(CanaryError::Exported);
        }
        canary.is_retired = true;
        canary.missed_at = None;
        self.keep("retire_canary", move |tables| tables.store_canary(&canary)).await
    }

    /// What another partner can ask for: the own ones that the switchboard has.
    pub(crate) async fn export(&self) -> Result<CanaryFile, CanaryError> {
        let _turn = self.turn.lock().await;
        let (now, holder) = (self.now(), self.parts.holder);
        let told = self
            .keep("export_canaries", move |tables| {
                let mut told = Vec::new();
                for mut canary in tables.canaries(MOST)? {
                    let own = canary.holder == holder && !canary.is_retired && canary.ends_at > now;
                    if !own || told.len() >= MOST_IN_A_FILE {
                        continue;
                    }
                    let record = tables.record_about(&canary.category, &canary.subject_key)?;
                    if record.is_some_and(|record| record.state == LocalState::Registered) {
                        canary.is_exported = true;
                        tables.store_canary(&canary)?;
                        told.push(canary);
                    }
                }
                Ok(told)
            })
            .await?;
        let mut canaries = Vec::new();
        for canary in told {
            let (subject, _) = subject::open(&self.parts.vault, &canary)?;
            let text = String::from_utf8_lossy(&subject.canonical()).into_owned();
            canaries.push(ExportedCanary { subject: text, category: canary.category, until: canary.ends_at });
        }
        let chain = self.parts.agreement.current().chain().clone();
        Ok(CanaryFile { format: CANARY_FILE_FORMAT, chain, holder, canaries })
    }

    /// Whether a file of another partner can be taken over: all mistakes at once.
    pub(crate) fn check(&self, file: &CanaryFile, register_as: Option<&Category>) -> Vec<FieldProblem> {
        let agreement = self.parts.agreement.current();
        let mut mistakes = Vec::new();
        let mut note = |pointer: String, detail: &str| {
            mistakes.push(FieldProblem { pointer, detail: detail.to_owned() });
        };
        if file.format != CANARY_FILE_FORMAT {
            note("/file/format".to_owned(), "this program reads format 1");
        }
        if file.chain != *agreement.chain() {
            note("/file/chain".to_owned(), "expected this chain");
        }
        if file.holder == self.parts.holder || agreement.partner(file.holder).is_none() {
            note("/file/holder".to_owned(), "expected another partner of this chain");
        }
        if file.canaries.len() > MOST_IN_A_FILE {
            note("/file/canaries".to_owned(), "expected at most 500");
        }
        for (place, canary) in file.canaries.iter().enumerate().take(MOST_IN_A_FILE) {
            if subject::parse(&canary.subject).is_none() {
                note(format!("/file/canaries/{place}/subject"), "expected case:canary: and 32 hexadecimals");
            }
            if !agreement.may_register(file.holder, &canary.category) {
                note(
                    format!("/file/canaries/{place}/category"),
                    "that partner does not register this category",
                );
            }
        }
        if register_as.is_some_and(|category| !self.categories.contains(category)) {
            note("/registerAs".to_owned(), "expected a category in which this partner keeps canaries");
        }
        mistakes
    }

    /// Takes over what [`Self::check`] found right. What has ended is left out.
    pub(crate) async fn import(
        &self,
        file: &CanaryFile,
        register_as: Option<&Category>,
    ) -> Result<CanariesImported, CanaryError> {
        let _turn = self.turn.lock().await;
        let now = self.now();
        let mut rows = Vec::new();
        for canary in file.canaries.iter().filter(|canary| canary.until > now) {
            let Some(subject) = subject::parse(&canary.subject) else { continue };
            rows.push(self.taken_over(file.holder, canary, &subject));
            if let Some(category) = register_as {
                rows.push(StoredCanary { ends_at: canary.until, ..self.own(category, &subject) });
            }
        }
        let own = self.parts.holder;
        self.keep("import_canaries", move |tables| {
            let mut done = CanariesImported { imported: 0, known: 0 };
            for row in &rows {
                let known = tables.canary_about(row.holder, &row.category, &row.subject_key)?.is_some();
                if !known {
                    tables.store_canary(row)?;
                }
                if row.holder != own {
                    if known { done.known += 1 } else { done.imported += 1 }
                }
            }
            Ok(done)
        })
        .await
    }

    fn taken_over(&self, holder: Oin, canary: &ExportedCanary, about: &Subject) -> StoredCanary {
        let id: CanaryId = self.parts.entropy.id(self.now());
        StoredCanary {
            id,
            holder,
            source: None,
            sealed: subject::seal(&self.parts.vault, id, about, None),
            ends_at: canary.until,
            ..self.own(&canary.category, about)
        }
    }
}
