//! The folder as a [`Source`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kw_adapter::mapping::RecordKey;
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDescription, SourceDocument, SourceError,
    SourceRecord,
};
use kw_domain::{Category, Clock, Instant, SourceName};

use crate::config::{FileFormat, FileRules, FilesConfig};
use crate::cursor::Place;
use crate::description;
use crate::discovery::shown_name;
use crate::folder::{FileFault, FileState, OpenFile, file_name};
use crate::index::{Index, Reading};

/// A folder of files. Cheap to clone: clones share what was read.
#[derive(Clone)]
pub struct FilesSource(Arc<Inner>);

/// What came of the rows of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file's name, without long numbers.
    pub file: String,
    /// The category it holds.
    pub category: Category,
    /// How many records its rows make.
    pub records: u64,
    /// How many rows are used.
    pub rows_used: u64,
    /// How many rows are refused.
    pub rows_refused: u64,
    /// The refused rows, up to the first thousand; or the file as a whole.
    pub refused: Vec<RefusedRow>,
}

struct Inner {
    name: SourceName,
    config: FilesConfig,
    key: RecordKey,
    clock: Arc<dyn Clock>,
    files: Vec<CategoryFile>,
}

struct CategoryFile {
    category: Category,
    rules: FileRules,
    origin: String,
    read: Mutex<Option<Snapshot>>,
}

#[derive(Clone)]
struct Snapshot {
    state: FileState,
    /// Whether the file was touched so shortly before it was read that a later writing may carry the same time.
    fresh: bool,
    index: Arc<Index>,
}

/// Why a record is neither given nor gone.
const UNREADABLE: &str = "the record is there or may be, in a row that cannot be used: mend the refused rows";
/// Records on one page.
const PAGE: usize = 1000;
/// How often a file that is being written is read again before the caller is told to come back.
const ATTEMPTS: usize = 3;
/// Milliseconds in which two writings may carry the same time on the file systems in use (FAT: two seconds).
const COARSEST_TIME: i64 = 2000;

impl FilesSource {
    /// A source of that name. Files are read when they are asked for; `key` must stay the same over restarts.
    pub fn new(name: SourceName, config: FilesConfig, key: RecordKey, clock: Arc<dyn Clock>) -> Self {
        let file = |(category, rules): (&Category, &FileRules)| CategoryFile {
            category: category.clone(),
            rules: rules.clone(),
            origin: rules.file.as_deref().map_or_else(|| category.to_string(), shown_name),
            read: Mutex::new(None),
        };
        let files = config.categories.iter().map(file).collect();
        Self(Arc::new(Inner { name, config, key, clock, files }))
    }

    /// What came of the rows of each file, as the files are now.
    pub async fn report(&self) -> Result<Vec<FileReport>, SourceError> {
        self.blocking(|inner| Ok(inner.files.iter().map(|file| inner.report(file)).collect())).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&inner))
            .await
            .map_err(|_| SourceError::Unavailable("reading the folder broke off".to_owned()))?
    }
}

#[async_trait]
impl Source for FilesSource {
    fn name(&self) -> &SourceName {
        &self.0.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        self.0.config.categories.keys().cloned().collect()
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let place = after.map(Place::of).transpose()?;
        self.blocking(move |inner| inner.changes(place)).await
    }

    fn rereads(&self) -> bool {
        true
    }

    async fn fetch(
        &self,
        category: &Category,
        record: &LocalId,
    ) -> Result<Option<SourceDocument>, SourceError> {
        let (category, record) = (category.clone(), record.clone());
        self.blocking(move |inner| inner.fetch(&category, &record)).await
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        self.blocking(Inner::describe).await
    }
}

impl fmt::Debug for FilesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesSource").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl Inner {
    fn describe(&self) -> Result<SourceDescription, SourceError> {
        self.folder_is_there()?;
        let describe = |file: &CategoryFile| {
            let mut described = match self.snapshot(file) {
                Ok(Snapshot { index, .. }) => description::of_file(&file.rules, &index),
                Err(fault) => description::of_fault(&fault.to_string()),
            };
            described.origins = vec![file.origin.clone()];
            (file.category.clone(), described)
        };
        let files = self.files.len();
        let system = format!("a folder with {files} file{}", if files == 1 { "" } else { "s" });
        Ok(SourceDescription { system, categories: self.files.iter().map(describe).collect() })
    }

    fn folder_is_there(&self) -> Result<(), SourceError> {
        if self.config.folder.metadata().is_ok_and(|folder| folder.is_dir()) {
            return Ok(());
        }
        Err(SourceError::Unavailable(
            "the folder is not there: put it back, or mount the share it is on".to_owned(),
        ))
    }

    fn changes(&self, place: Option<Place>) -> Result<ChangePage, SourceError> {
        self.folder_is_there()?;
        let snapshots: Vec<_> = self.files.iter().map(|file| self.snapshot(file)).collect();
        let now = self.digest(&snapshots);
        let (at, taken, clean) = match place {
            Some(Place::Done { digest }) if digest == now => {
                let cursor = Place::Done { digest }.to_cursor();
                return Ok(ChangePage {
                    changes: vec![],
                    refused: vec![],
                    cursor,
                    more: false,
                    complete: false,
                });
            }
            Some(Place::At { digest, file, records, clean }) if digest == now => (file, records, clean),
            // The files changed while they were being read: what was handed over may be gone by now.
            Some(Place::At { .. }) => (0, 0, false),
            Some(Place::Done { .. } | Place::Torn) | None => (0, 0, true),
        };
        Ok(self.page(&snapshots, now, at, taken, clean))
    }

    fn page(
        &self,
        snapshots: &[Result<Snapshot, FileFault>],
        digest: String,
        mut at: usize,
        mut taken: usize,
        clean: bool,
    ) -> ChangePage {
        let mut changes = Vec::new();
        let mut refused = Vec::new();
        while changes.len() < PAGE
            && let (Some(file), Some(snapshot)) = (self.files.get(at), snapshots.get(at))
        {
            match snapshot {
                Err(fault) => refused.push(file.refusal(fault)),
                Ok(Snapshot { index, .. }) => {
                    if taken == 0 {
                        refused.extend_from_slice(&index.refused);
                    }
                    let rest = index.entries.get(taken..).unwrap_or_default();
                    for entry in rest.iter().take(PAGE - changes.len()) {
                        taken += 1;
                        changes.push(Change::Present(SourceRecord {
                            category: file.category.clone(),
                            record: entry.record.clone(),
                            subject: entry.subject.clone(),
                            birth_date: entry.birth_date,
                        }));
                    }
                    if taken < index.entries.len() {
                        break;
                    }
                }
            }
            (at, taken) = (at + 1, 0);
        }
        let more = at < self.files.len();
        let whole = snapshots.iter().all(|snapshot| snapshot.as_ref().is_ok_and(|read| read.index.whole));
        let cursor = match (more, clean) {
            (true, clean) => Place::At { digest, file: at, records: taken, clean },
            (false, true) => Place::Done { digest },
            (false, false) => Place::Torn,
        };
        ChangePage { changes, refused, cursor: cursor.to_cursor(), more, complete: clean && whole }
    }

    fn fetch(&self, category: &Category, record: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        let file = self.files.iter().find(|file| file.category == *category).ok_or_else(|| {
            SourceError::Configuration(format!("the folder has no file for category {category}"))
        })?;
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot(file).map_err(|fault| file.error(fault))?;
            let Some(entry) = snapshot.index.find(record) else {
                if snapshot.index.may_hide(record) {
                    return Err(file.error(FileFault::Lasting(UNREADABLE.to_owned())));
                }
                return Ok(None);
            };
            let name = file_name(&self.config.folder, category.as_str(), file.rules.file.as_deref())
                .map_err(|fault| file.error(fault))?;
            let mut open = match OpenFile::open(&self.config.folder, &name) {
                Ok(open) if open.state == snapshot.state => open,
                // Replaced since the index was made: look again.
                _ => continue,
            };
            let texts = match snapshot.index.offset {
                Some(offset) => entry
                    .rows
                    .iter()
                    .map(|span| open.read_part(offset + span.start, span.len).map(String::from_utf8))
                    .collect::<Result<Result<Vec<_>, _>, _>>()
                    .map(Result::ok),
                None => open
                    .read(self.config.max_file_bytes)
                    .map(|bytes| Index::texts_in(&bytes, &file.rules, entry)),
            };
            let Ok(Some(texts)) = texts else { continue };
            let reading = self.reading(file, &name);
            let rows: Option<Vec<_>> =
                texts.iter().map(|text| snapshot.index.read_again(entry, text, &reading)).collect();
            let Some(rows) = rows else { continue };
            let combined =
                snapshot.index.combine(rows).map_err(|fault| SourceError::Content(fault.to_string()))?;
            return Ok(Some(SourceDocument {
                document: combined.document,
                as_of: combined
                    .as_of
                    .unwrap_or_else(|| Instant::from_millis(snapshot.state.modified_millis())),
                birth_date: combined.birth_date,
                under_investigation: combined.under_investigation,
            }));
        }
        Err(SourceError::Unavailable(format!("{}: the file is being written, try again", file.origin)))
    }

    fn report(&self, file: &CategoryFile) -> FileReport {
        let (records, rows_used, rows_refused, refused) = match self.snapshot(file) {
            Ok(Snapshot { index, .. }) => {
                (index.entries.len() as u64, index.rows_used, index.rows_refused, index.refused.clone())
            }
            Err(fault) => (0, 0, 0, vec![file.refusal(&fault)]),
        };
        FileReport {
            file: file.origin.clone(),
            category: file.category.clone(),
            records,
            rows_used,
            rows_refused,
            refused,
        }
    }

    /// The file as it is now: as it was read before when it was not written since.
    fn snapshot(&self, file: &CategoryFile) -> Result<Snapshot, FileFault> {
        let mut read = file.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fault = FileFault::Passing("the file is being written: it is read again later");
        for _ in 0..ATTEMPTS {
            match self.read(file, read.as_ref()) {
                Ok(snapshot) => {
                    *read = Some(snapshot.clone());
                    return Ok(snapshot);
                }
                Err(passing @ FileFault::Passing(_)) => fault = passing,
                Err(lasting @ FileFault::Lasting(_)) => return Err(lasting),
            }
        }
        Err(fault)
    }

    fn read(&self, file: &CategoryFile, before: Option<&Snapshot>) -> Result<Snapshot, FileFault> {
        let name = file_name(&self.config.folder, file.category.as_str(), file.rules.file.as_deref())?;
        let mut open = OpenFile::open(&self.config.folder, &name)?;
        let state = open.state;
        if let Some(before) = before.filter(|before| before.state == state && !before.fresh) {
            return Ok(before.clone());
        }
        // Asked before reading: what is written after this moment must be seen as new.
        let fresh = state.changed_millis() > self.clock.now().as_millis() - COARSEST_TIME;
        let bytes = open.read(self.config.max_file_bytes)?;
        if let Some(before) = before.filter(|before| before.index.content == *blake3::hash(&bytes).as_bytes())
        {
            return Ok(Snapshot { state, fresh, index: Arc::clone(&before.index) });
        }
        let index = Index::build(&self.reading(file, &name), &bytes).map_err(FileFault::Lasting)?;
        Ok(Snapshot { state, fresh, index: Arc::new(index) })
    }

    fn reading<'a>(&'a self, file: &'a CategoryFile, name: &str) -> Reading<'a> {
        Reading {
            config: &self.config,
            rules: &file.rules,
            category: &file.category,
            origin: &file.origin,
            format: file.rules.format.or_else(|| FileFormat::of(name)).unwrap_or(FileFormat::Csv),
            key: &self.key,
        }
    }

    /// What the state of all files and the way they are read come to, in 32 characters.
    fn digest(&self, snapshots: &[Result<Snapshot, FileFault>]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{:?}", self.config).as_bytes());
        for snapshot in snapshots {
            match snapshot {
                Ok(snapshot) => hasher.update(&snapshot.state.to_bytes()).update(&snapshot.index.content),
                Err(fault) => hasher.update(fault.to_string().as_bytes()),
            };
            hasher.update(b"\n");
        }
        self.key.digest(&[b"folder", hasher.finalize().as_bytes()])
    }
}

impl CategoryFile {
    fn refusal(&self, fault: &FileFault) -> RefusedRow {
        RefusedRow { origin: self.origin.clone(), row: None, reason: fault.to_string(), record: None }
    }

    fn error(&self, fault: FileFault) -> SourceError {
        let message = format!("{}: {fault}", self.origin);
        match fault {
            FileFault::Passing(_) => SourceError::Unavailable(message),
            FileFault::Lasting(_) => SourceError::Content(message),
        }
    }
}
