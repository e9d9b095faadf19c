//! What the arithmetic alone allows, on every core at once.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kw_domain::Subject;
use kw_protocol::evaluation::MAX_BATCH;
use kw_pseudonym::{IndexKey, SecretKey, blind, evaluate, verify_and_unblind};
use kw_testbed::element_of;
use rand_core::OsRng;

const FOR: Duration = Duration::from_secs(1);
/// What it is compared with takes seconds too.
const PSEUDONYMS_FOR: Duration = Duration::from_secs(4);

/// k_s·N in a second.
pub(super) fn per_second() -> anyhow::Result<f64> {
    let key = IndexKey::generate(&mut OsRng);
    on_every_core(FOR, |core| {
        let (key, element) = (&key, element_of(core)?);
        Ok(move || {
            std::hint::black_box(key.index_element(std::hint::black_box(&element)));
            Ok(1)
        })
    })
}

/// Subjects in a second of which both pseudonyms are made, in the batches of a synchronisation: blinded, evaluated with a
/// proof, verified and unblinded; what the partner does of it and what the pseudonymiser does.
pub(super) fn pseudonyms_per_second() -> anyhow::Result<f64> {
    let key = SecretKey::generate(&mut OsRng);
    let key = &key;
    on_every_core(PSEUDONYMS_FOR, |core| {
        let subjects = (0..MAX_BATCH)
            .map(|number| Subject::parse(&format!("case:bench:{core}-{number}")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(move || {
            for _ in ["index", "binding"] {
                let blinded = subjects.iter().map(|subject| blind(subject, &mut OsRng));
                let (blindings, points): (Vec<_>, Vec<_>) =
                    blinded.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
                let (evaluated, proof) = evaluate(key, &points, &mut OsRng)?;
                let elements = verify_and_unblind(&key.public(), &blindings, &points, &evaluated, &proof)?;
                std::hint::black_box(elements);
            }
            Ok(MAX_BATCH as u64)
        })
    })
}

/// How many in a second, of all cores together, each doing its own work again and again; the work says how many it did.
fn on_every_core<W>(duration: Duration, work: impl Fn(u64) -> anyhow::Result<W> + Sync) -> anyhow::Result<f64>
where
    W: FnMut() -> anyhow::Result<u64>,
{
    let cores = std::thread::available_parallelism()?.get() as u64;
    let each = std::thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> = (0..cores)
            .map(|core| {
                scope.spawn(move || {
                    let mut work = work(core)?;
                    let (mut done, began) = (0, Instant::now());
                    while began.elapsed() < duration {
                        done += work()?;
                    }
                    anyhow::Ok(done as f64 / began.elapsed().as_secs_f64())
                })
            })
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().ok().context("a core gave up")?)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(each.iter().sum())
}
