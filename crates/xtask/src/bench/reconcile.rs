//! `cargo xtask bench reconcile`: what it takes to find the differences between a partner's records and the switchboard's
//! pointers by digests of buckets, beside what listing every pointer takes, in one run.
//!
//! The switchboard is a process of its own. The partner's side is the synchroniser itself, with a database of its own, in this
//! process; its messages are counted as they are handed to the client and come back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant as Elapsed;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use kw_adapter::Vault;
use kw_adapter::sync::{Compared, Index, Left, Pseudonymiser, SyncParts, Synchroniser};
use kw_client::{ClientError, EpochElement, PseudonymError, SwitchboardClient};
use kw_domain::{BatchId, Clock as _, Handle, KeyUse, Oin, PointerId, SourceName, Subject, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::digest::{DigestRequest, DigestResponse};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::{BulkResult, Lease, Pointer, RegisterPointer, RenewPointer, WithdrawPointer};
use kw_pseudonym::RowKey;
use kw_runtime::{Entropy, SharedAgreement};
use kw_store::partner::{LocalRecord, LocalState, Partner};
use kw_store::{Act, DatabaseConfig, Store};
use kw_testbed::Member;
use serde::Serialize;

use super::arguments::ReconcileArguments;
use super::environment::{Binaries, Environment, binaries};

/// What one way of finding differences took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    what: String,
    differences: u64,
    requests: u64,
    bytes: u64,
    milliseconds: u64,
}

pub(super) fn run(arguments: &ReconcileArguments) -> anyhow::Result<()> {
    let binaries: Binaries = binaries(arguments.binaries.as_deref())?;
    let environment = Environment::start(&binaries, None)?;
    seed(&environment, arguments.pointers)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let costs = runtime.block_on(measure(arguments, &environment))?;
    let baseline = costs.first().map_or(1, |cost| cost.bytes.max(1));
    println!(
        "{} pointers, {}",
        arguments.pointers,
        if cfg!(debug_assertions) { "dev profile" } else { "release" }
    );
    println!(
        "{:<28} {:>11} {:>9} {:>14} {:>9} {:>10}",
        "", "differences", "requests", "bytes", "ms", "of all"
    );
    for cost in &costs {
        let share = cost.bytes as f64 / baseline as f64 * 100.0;
        println!(
            "{:<28} {:>11} {:>9} {:>14} {:>9} {share:>9.3}%",
            cost.what, cost.differences, cost.requests, cost.bytes, cost.milliseconds
        );
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&costs)? + "\n")?;
    }
    Ok(())
}

/// Fills the index by the same upload that partners use.
fn seed(environment: &Environment, pointers: u64) -> anyhow::Result<()> {
    let member = environment.chain.member("youth-care")?;
    let line = serde_json::to_value(member.registration(0)?)?;
    let template = format!(
        r#"{{"subject":{{"element":"@element@","epoch":1}},"handle":"@handle@","category":{},"source":{}}}"#,
        line["category"], line["source"]
    );
    let mut first = 0;
    while first < pointers {
        let count = UPLOAD.min(pointers - first);
        let mut load = environment.caller("bulk", "youth-care", &environment.chain.address().to_string());
        load.args(["--template", &template, "--first", &first.to_string(), "--count", &count.to_string()]);
        let measured = environment.load(load, environment.chain.switchboard()?)?;
        ensure!(measured.found.good == count, "{} of {count} lines were stored", measured.found.good);
        first += count;
        eprintln!("{first} pointers are there");
    }
    Ok(())
}

async fn measure(arguments: &ReconcileArguments, environment: &Environment) -> anyhow::Result<Vec<Cost>> {
    let member = environment.chain.member("youth-care")?;
    let (all, listing) = list(&member.switchboard()?).await?;
    ensure!(all.len() as u64 == arguments.pointers, "{} pointers are listed", all.len());
    let mut costs = vec![listing];
    let folder = tempfile::tempdir()?;
    let partner = Partners::new(environment, &member, folder.path())?;
    partner.fill(&all).await?;
    eprintln!("the partner has its records");
    let mut changed = 0;
    for differences in &arguments.differences {
        let more = differences.saturating_sub(changed);
        partner.differ(&all, changed, more).await?;
        changed += more;
        let cost = partner.compare(changed).await?;
        eprintln!("{changed} differences: {} requests, {} bytes", cost.requests, cost.bytes);
        costs.push(cost);
    }
    Ok(costs)
}

/// The baseline: every pointer, a page of a thousand at a time.
async fn list(client: &SwitchboardClient) -> anyhow::Result<(Vec<Pointer>, Cost)> {
    let began = Elapsed::now();
    let (mut all, mut cursor, mut bytes, mut requests) = (Vec::new(), None::<String>, 0, 0);
    loop {
        let page = client.list(cursor.as_deref(), 1_000).await?;
        requests += 1;
        bytes += serde_json::to_vec(&page)?.len() as u64;
        all.extend(page.pointers);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let milliseconds = began.elapsed().as_millis() as u64;
    Ok((all, Cost { what: "list everything".into(), differences: 0, requests, bytes, milliseconds }))
}

/// The partner's side.
struct Partners {
    store: Arc<Store<Partner>>,
    synchroniser: Synchroniser,
    counter: Arc<Counter>,
    source: SourceName,
    record: AccessRecord,
}

impl Partners {
    fn new(environment: &Environment, member: &Member, folder: &std::path::Path) -> anyhow::Result<Self> {
        let agreement = environment.chain.agreement()?;
        let config = DatabaseConfig::at(folder.join("partner.db").to_string_lossy());
        let entropy = Entropy::os();
        let salts = entropy.clone();
        let origin = format!("{}/partner/{}", agreement.chain(), member.oin);
        let store = Arc::new(Store::<Partner>::open(&config, &origin, move |bytes| salts.fill(bytes))?);
        let counter = Arc::new(Counter { client: member.switchboard()?, bytes: AtomicU64::new(0) });
        let now = SystemClock.now();
        let chain = agreement.chain().clone();
        let record = AccessRecord::new(
            Event::SourceSynchronised,
            now,
            chain,
            member.oin,
            member.oin,
            agreement.hash(),
        );
        let clock: Arc<dyn kw_domain::Clock> = Arc::new(SystemClock);
        let synchroniser = Synchroniser::new(SyncParts {
            holder: member.oin,
            agreement: SharedAgreement::fixed(agreement, Arc::clone(&clock)),
            store: Arc::clone(&store),
            sources: BTreeMap::new(),
            vault: Vault::new(RowKey::from_bytes(&[7; 32]), entropy),
            index: Arc::clone(&counter) as Arc<dyn Index>,
            pseudonymiser: Arc::new(Nobody),
            clock,
            reconcile_every: None,
        });
        let source = SourceName::parse("records").map_err(|_| anyhow::anyhow!("no name of a source"))?;
        Ok(Self { store, synchroniser, counter, source, record })
    }

    /// A record for every pointer.
    async fn fill(&self, pointers: &[Pointer]) -> anyhow::Result<()> {
        for chunk in pointers.chunks(CHUNK) {
            let records =
                chunk.iter().map(|pointer| self.stands_for(pointer)).collect::<anyhow::Result<_>>()?;
            self.write(records, Vec::new()).await?;
        }
        Ok(())
    }

    /// So many more differences: half of them pointers without a record, half of them records without a pointer.
    async fn differ(&self, pointers: &[Pointer], changed: u64, more: u64) -> anyhow::Result<()> {
        let spread = |number: u64| (number * 7_368_787 % pointers.len() as u64) as usize;
        let forgotten: Vec<Handle> = (changed..changed + more.div_ceil(2))
            .map(|number| pointers[spread(number)].handle.context("a pointer without a handle"))
            .collect::<anyhow::Result<_>>()?;
        let template = pointers.first().context("no pointers")?;
        let made_up = (changed..changed + more / 2)
            .map(|number| {
                let mut random = [0; 16];
                random[..8].copy_from_slice(&number.to_le_bytes());
                random[15] = 1;
                // All of it: an id keeps only some of the bits that it is given.
                let id = PointerId::new(SystemClock.now(), Entropy::os().draw());
                let pointer = Pointer { id, handle: Some(Handle::from_bytes(random)), ..template.clone() };
                self.stands_for(&pointer)
            })
            .collect::<anyhow::Result<_>>()?;
        self.write(made_up, forgotten).await
    }

    fn stands_for(&self, pointer: &Pointer) -> anyhow::Result<LocalRecord> {
        let handle = pointer.handle.context("a pointer without a handle")?;
        Ok(LocalRecord {
            handle,
            source: self.source.clone(),
            category: pointer.category.clone(),
            record_key: *handle.as_bytes(),
            record_sealed: vec![0; 48],
            subject_key: *handle.as_bytes(),
            binding_sealed: Some(vec![0; 60]),
            binding_epoch: Some(kw_domain::Epoch(1)),
            pointer: Some(pointer.id),
            state: LocalState::Registered,
            valid_until: Some(pointer.valid_until),
            seen_read: 1,
        })
    }

    async fn write(&self, records: Vec<LocalRecord>, forgotten: Vec<Handle>) -> anyhow::Result<()> {
        let (now, text) = (SystemClock.now(), canonical(&self.record)?);
        self.store
            .write::<_, (), _>("bench", move |tx| {
                for record in &records {
                    tx.write().store_record(record)?;
                }
                for handle in &forgotten {
                    tx.write().delete_record(*handle)?;
                }
                Ok(((), Act::new(now, LeafKind::Access, text.clone())))
            })
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(())
    }

    async fn compare(&self, differences: u64) -> anyhow::Result<Cost> {
        self.counter.bytes.store(0, Ordering::SeqCst);
        let began = Elapsed::now();
        let Compared { strangers, missing, stale, requests, .. } =
            self.synchroniser.differences(&self.source).await?;
        let milliseconds = began.elapsed().as_millis() as u64;
        ensure!(
            strangers + missing + stale == differences,
            "{strangers} + {missing} + {stale} differences instead of {differences}"
        );
        let bytes = self.counter.bytes.load(Ordering::SeqCst);
        Ok(Cost { what: "digests of buckets".into(), differences, requests, bytes, milliseconds })
    }
}

/// The switchboard, with what passes counted.
#[derive(Debug)]
struct Counter {
    client: SwitchboardClient,
    bytes: AtomicU64,
}

#[async_trait]
impl Index for Counter {
    async fn register(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        Index::register(&self.client, upload, pointers).await
    }

    async fn withdraw(&self, id: PointerId, withdrawal: &WithdrawPointer) -> Result<Pointer, ClientError> {
        self.client.withdraw(id, withdrawal).await
    }

    async fn renew(&self, id: PointerId, renewal: &RenewPointer) -> Result<Pointer, ClientError> {
        self.client.renew(id, renewal).await
    }

    async fn lease(&self) -> Result<Lease, ClientError> {
        self.client.lease().await
    }

    async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError> {
        let answer = self.client.digests(request).await?;
        let length = |text: Result<Vec<u8>, serde_json::Error>| text.map_or(0, |text| text.len() as u64);
        let sent = length(serde_json::to_vec(request)) + length(serde_json::to_vec(&answer));
        self.bytes.fetch_add(sent, Ordering::SeqCst);
        Ok(answer)
    }

    async fn left(&self, holder: Oin) -> Result<Option<Left>, ClientError> {
        Index::left(&self.client, holder).await
    }
}

/// Nothing is registered here.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Pseudonymiser for Nobody {
    async fn evaluate(
        &self,
        _: &[Subject],
        _: KeyUse,
        _: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        Err(PseudonymError::NoKnownKey)
    }
}

const UPLOAD: u64 = 250_000;
const CHUNK: usize = 5_000;
