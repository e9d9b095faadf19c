//! The steps of a rotation, each of which can be repeated.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_agreement::Agreement;
use kw_domain::{Clock, Epoch, KeyUse, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_pseudonym::{Delta, Element, IndexKey};
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_runtime::{Entropy, Refusal};
use kw_store::switchboard::{Generation, GenerationPhase, RekeyedSubject, StoredSubject, Switchboard};
use kw_store::{DatabaseConfig, Store};
use zeroize::Zeroizing;

use super::RotationError;
use crate::app::{act, key_act};
use crate::index::{open_element, seal_element};
use crate::keys::{Keys, KeysError};
use crate::serve::STEP_SEEN_BY_ALL;

const ROWS_AT_ONCE: u32 = 500;

/// Which key is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotate {
    /// k_s: made here.
    Index,
    /// k_p(index): δ came from the pseudonymiser.
    Pseudonymiser,
}

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Subjects that were converted.
    pub converted: u64,
    /// Subjects in all, when this was counted.
    pub total: u64,
}

/// A rotation at work on one database, beside the running switchboard.
pub struct Rotation {
    agreement: Agreement,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    folder: PathBuf,
    keys: Keys,
    oin: Oin,
    shared: bool,
    store: Store<Switchboard>,
}

impl Rotation {
    /// Opens the database of a switchboard.
    pub async fn open(
        agreement: Agreement,
        database: DatabaseConfig,
        folder: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RotationError> {
        let keys = Keys::read(folder, agreement.chain())?;
        let shared = database.is_postgres();
        let entropy = Entropy::os();
        let (salts, origin) = (entropy.clone(), agreement.switchboard().log_origin.clone());
        let opening =
            tokio::task::spawn_blocking(move || Store::open(&database, &origin, move |b| salts.fill(b)));
        let store = opening.await.map_err(|error| RotationError::Write(error.to_string()))??;
        let oin = agreement.switchboard().oin;
        Ok(Self { shared, agreement, clock, entropy, folder: folder.to_owned(), keys, oin, store })
    }

    /// Begins the next generation, or finds the one that is under way. Makes the new k_s where that is what is rotated.
    pub async fn begin(&mut self, what: Rotate) -> Result<(), RotationError> {
        let stored = self.generations().await?;
        let Some(newest) = stored.last().cloned() else {
            return Err(RotationError::UnderWay("the switchboard has not been started yet".into()));
        };
        match newest.phase {
            GenerationPhase::Filling | GenerationPhase::Closing => {
                return same_rotation(&stored, &newest, what);
            }
            GenerationPhase::Live | GenerationPhase::Retired => {}
        }
        let mut next = Generation {
            generation: newest.generation + 1,
            phase: GenerationPhase::Filling,
            cursor: Vec::new(),
            converted: 0,
            began_at: self.clock.now(),
            ..newest
        };
        match what {
            Rotate::Index => {
                next.index_epoch += 1;
                self.make_index_key(next.index_epoch)?;
            }
            Rotate::Pseudonymiser => {
                next.pseudonymiser_epoch += 1;
                if !self
                    .agreement
                    .pseudonymiser_keys(KeyUse::Index)
                    .contains_key(&Epoch(next.pseudonymiser_epoch))
                {
                    return Err(RotationError::EpochNotAgreed(next.pseudonymiser_epoch));
                }
                if !self.keys.deltas.contains_key(&next.pseudonymiser_epoch) {
                    return Err(RotationError::NoDelta {
                        epoch: next.pseudonymiser_epoch,
                        folder: self.folder.clone(),
                    });
                }
            }
        }
        self.store_generation("begin_rotation", next).await?;
        // A process that has not seen the step yet refuses writes, and its look-ups find every row that is there.
        tokio::time::sleep(STEP_SEEN_BY_ALL).await;
        Ok(())
    }

    /// Converts every row, from where an earlier run stopped. Reports after each batch.
    pub async fn convert(&self, mut report: impl FnMut(Progress)) -> Result<Progress, RotationError> {
        let total = self.store.read(kw_store::switchboard::SwitchboardRead::count_subjects).await?;
        loop {
            let stored = self.generations().await?;
            let Some((old, new)) = pair(&stored) else { return Ok(Progress { converted: total, total }) };
            if new.phase != GenerationPhase::Filling {
                return Ok(Progress { converted: new.converted, total });
            }
            let cursor = new.cursor.clone();
            let rows = self.store.read(move |index| index.subjects_after(&cursor, ROWS_AT_ONCE)).await?;
            let Some(last) = rows.last() else { break };
            let mut next = new.clone();
            next.cursor = last.id.as_bytes().to_vec();
            let rekeyed = self.rekey(&rows, &old, &new)?;
            let record = self.record(Event::SubjectsRekeyed);
            let done = self
                .store
                .write("rekey_subjects", move |tx| {
                    let changed = tx.write().rekey_subjects(&rekeyed)?;
                    let mut next = next.clone();
                    next.converted += changed;
                    tx.write().store_generation(&next)?;
                    let mut record = record.clone();
                    record.count = Some(changed);
                    Ok((next.converted, act::<Refusal>(&record)?))
                })
                .await
                .map_err(|error| RotationError::Write(error.to_string()))?;
            report(Progress { converted: done.value, total });
        }
        self.recheck(total).await
    }

    /// Wipes the old tags, then destroys the old key (or δ). From here on a copy of the old key finds nothing.
    pub async fn close(&self) -> Result<(), RotationError> {
        let stored = self.generations().await?;
        let Some((old, mut new)) = pair(&stored) else { return Ok(()) };
        if new.phase == GenerationPhase::Filling {
            let number = new.generation;
            if self.store.read(move |index| index.count_unconverted(number)).await? > 0 {
                return Err(RotationError::UnderWay("not every row is converted yet".into()));
            }
            new.phase = GenerationPhase::Closing;
            new.cursor = Vec::new();
            self.store_generation("close_rotation", new.clone()).await?;
            tokio::time::sleep(STEP_SEEN_BY_ALL).await;
        }
        // The old generation goes first, so that nobody fills its tags again behind the wiping.
        let mut retired = old.clone();
        retired.phase = GenerationPhase::Retired;
        self.store_generation("retire_generation", retired).await?;
        tokio::time::sleep(STEP_SEEN_BY_ALL).await;
        self.wipe(&old, new.clone()).await?;
        // The key goes before the rotation ends: a run that is killed in between comes back here.
        self.destroy_old(&old, &new)?;
        new.phase = GenerationPhase::Live;
        new.cursor = Vec::new();
        self.store_generation("end_rotation", new).await
    }

    async fn wipe(&self, old: &Generation, mut new: Generation) -> Result<(), RotationError> {
        loop {
            let (number, state) = (old.generation, new.clone());
            let record = self.record(Event::SubjectsRekeyed);
            let done = self
                .store
                .write("wipe_tags", move |tx| {
                    let cursor = tx.write().wipe_tags(number, &state.cursor, ROWS_AT_ONCE)?;
                    if let Some(cursor) = &cursor {
                        tx.write()
                            .store_generation(&Generation { cursor: cursor.clone(), ..state.clone() })?;
                    }
                    Ok((cursor, act::<Refusal>(&record)?))
                })
                .await
                .map_err(|error| RotationError::Write(error.to_string()))?;
            match done.value {
                Some(cursor) => new.cursor = cursor,
                None => return Ok(()),
            }
        }
    }

    fn destroy_old(&self, old: &Generation, new: &Generation) -> Result<(), RotationError> {
        let (kind, epoch) = if old.index_epoch == new.index_epoch {
            (KeyKind::IndexDelta, new.pseudonymiser_epoch)
        } else {
            (KeyKind::SwitchboardIndex, old.index_epoch)
        };
        let path = self.folder.join(format!("{}-{epoch}.key", kind.as_str()));
        if path.exists() {
            KeyFile::destroy(&path).map_err(KeysError::from)?;
        }
        Ok(())
    }

    /// The key of the next epoch; the one that an interrupted run made is taken as it is.
    fn make_index_key(&mut self, epoch: u32) -> Result<(), RotationError> {
        if self.keys.index.contains_key(&epoch) {
            return Ok(());
        }
        let mut rng = self.entropy.clone();
        let file = KeyFile {
            kind: KeyKind::SwitchboardIndex,
            chain: self.agreement.chain().clone(),
            epoch: Epoch(epoch),
            secret: Zeroizing::new(IndexKey::generate(&mut rng).to_bytes().to_vec()),
            use_from: None,
        };
        let path = file.create_in(&self.folder).map_err(KeysError::from)?;
        self.keys = Keys::read(&self.folder, self.agreement.chain())?;
        // One SQLite file has one host; a shared database may have many, and one without the key would lag behind.
        if self.shared { Err(RotationError::KeyMade(path)) } else { Ok(()) }
    }

    fn rekey(
        &self,
        rows: &[StoredSubject],
        old: &Generation,
        new: &Generation,
    ) -> Result<Vec<RekeyedSubject>, RotationError> {
        let delta = self.delta(old, new)?;
        if rows.iter().any(|row| row.generation != old.generation && row.generation != new.generation) {
            return Err(RotationError::StrayGeneration);
        }
        let pending: Vec<&StoredSubject> =
            rows.iter().filter(|row| row.generation == old.generation).collect();
        let elements: Vec<Element> = pending
            .iter()
            .map(|row| open_element(&self.keys.row, row.id, &row.element).ok_or(RotationError::Sealed))
            .collect::<Result<_, _>>()?;
        let rekeyed = delta.apply_each(&elements);
        Ok(pending
            .iter()
            .zip(&rekeyed)
            .map(|(row, element)| RekeyedSubject {
                id: row.id,
                generation: new.generation,
                tag: self.keys.tag.tag(new.generation, element).0,
                element: seal_element(&self.keys.row, row.id, element, self.entropy.draw()),
            })
            .collect())
    }

    fn delta(&self, old: &Generation, new: &Generation) -> Result<Delta, RotationError> {
        if old.index_epoch == new.index_epoch {
            let epoch = new.pseudonymiser_epoch;
            let delta = self.keys.deltas.get(&epoch).cloned();
            return delta.ok_or(RotationError::NoDelta { epoch, folder: self.folder.clone() });
        }
        let key = |epoch: u32| {
            self.keys.index.get(&epoch).ok_or(RotationError::Keys(KeysError::Missing {
                folder: self.folder.clone(),
                kind: KeyKind::SwitchboardIndex.as_str(),
            }))
        };
        Ok(Delta::between_index_keys(key(old.index_epoch)?, key(new.index_epoch)?))
    }

    /// Rows that were written behind the cursor by a process that had not seen the step yet.
    async fn recheck(&self, total: u64) -> Result<Progress, RotationError> {
        let stored = self.generations().await?;
        let Some((_, mut new)) = pair(&stored) else { return Ok(Progress { converted: total, total }) };
        let number = new.generation;
        if self.store.read(move |index| index.count_unconverted(number)).await? > 0 {
            new.cursor = Vec::new();
            self.store_generation("recheck_rotation", new).await?;
            return Box::pin(self.convert(|_| {})).await;
        }
        Ok(Progress { converted: new.converted, total })
    }

    async fn generations(&self) -> Result<Vec<Generation>, RotationError> {
        Ok(self.store.read(kw_store::switchboard::SwitchboardRead::generations).await?)
    }

    async fn store_generation(
        &self,
        name: &'static str,
        generation: Generation,
    ) -> Result<(), RotationError> {
        let record = self.record(Event::KeyChanged);
        self.store
            .write(name, move |tx| {
                tx.write().store_generation(&generation)?;
                Ok(((), key_act::<Refusal>(&record)?))
            })
            .await
            .map(drop)
            .map_err(|error| RotationError::Write(error.to_string()))
    }

    fn record(&self, event: Event) -> AccessRecord {
        let (chain, policy) = (self.agreement.chain().clone(), self.agreement.hash());
        AccessRecord::new(event, self.clock.now(), chain, self.oin, self.oin, policy)
    }
}

impl std::fmt::Debug for Rotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotation").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The rotation that is under way may go on, another may not begin.
fn same_rotation(stored: &[Generation], newest: &Generation, what: Rotate) -> Result<(), RotationError> {
    let Some((old, _)) = pair(stored) else { return Ok(()) };
    let under_way = if old.index_epoch == newest.index_epoch { Rotate::Pseudonymiser } else { Rotate::Index };
    if under_way == what { Ok(()) } else { Err(RotationError::UnderWay(format!("{under_way:?}"))) }
}

/// The generation that is left and the one that is entered, while a rotation runs.
fn pair(stored: &[Generation]) -> Option<(Generation, Generation)> {
    let [.., old, new] = stored else { return None };
    matches!(new.phase, GenerationPhase::Filling | GenerationPhase::Closing)
        .then(|| (old.clone(), new.clone()))
}
