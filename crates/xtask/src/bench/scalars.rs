//! What the arithmetic alone allows.

use std::time::{Duration, Instant};

use kw_pseudonym::IndexKey;
use kw_testbed::element_of;
use rand_core::OsRng;

const FOR: Duration = Duration::from_secs(1);

/// k_s·N on every core at once, in a second.
pub(super) fn per_second() -> anyhow::Result<f64> {
    let cores = std::thread::available_parallelism()?.get();
    let key = IndexKey::generate(&mut OsRng);
    let each = std::thread::scope(|scope| {
        let started: Vec<_> = (0..cores as u64)
            .map(|core| {
                let key = &key;
                scope.spawn(move || {
                    let element = element_of(core)?;
                    let (mut done, began) = (0_u64, Instant::now());
                    while began.elapsed() < FOR {
                        std::hint::black_box(key.index_element(std::hint::black_box(&element)));
                        done += 1;
                    }
                    anyhow::Ok(done as f64 / began.elapsed().as_secs_f64())
                })
            })
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a core gave up")))
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(each.iter().sum())
}
