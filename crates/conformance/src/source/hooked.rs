//! Changes at the source, where somebody says how they are made.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::SourceTrial;
use super::read::{Key, Reading, kind};
use crate::catalogue::{ADDS, CHANGES, POISON, REMOVES, SLOW};
use crate::hook::{Act, Hook, HookError};
use crate::report::{Findings, Seen, failed, not_tried, passed};

pub(super) async fn try_changes(trial: &SourceTrial, findings: &mut Findings) {
    let Some(hook) = &trial.hook else {
        for check in [&ADDS, &CHANGES, &REMOVES, &SLOW, &POISON] {
            if check.id != POISON.id || !findings.has(&POISON) {
                findings.note(check, not_tried("nobody said how the source is changed: name a hook"));
            }
        }
        return;
    };
    let hook = &**hook;
    findings.begin();
    let added = add(trial, hook).await;
    let key = match added {
        Ok((key, seen)) => {
            findings.note(&ADDS, seen);
            Some(key)
        }
        Err(seen) => {
            findings.note(&ADDS, seen);
            None
        }
    };
    match &key {
        Some(key) => {
            findings.note(&CHANGES, change(trial, hook, key).await);
            findings.note(&REMOVES, remove(trial, hook, key).await);
        }
        None => {
            for check in [&CHANGES, &REMOVES] {
                findings.note(check, not_tried("there is no record that the hook added"));
            }
        }
    }
    if !findings.has(&POISON) {
        findings.note(&POISON, poison(trial, hook).await);
    }
    findings.note(&SLOW, slow(trial, hook).await);
}

async fn act(hook: &dyn Hook, what: Act) -> Result<(), Seen> {
    hook.act(what).await.map_err(|error| match error {
        HookError::Unsupported => not_tried(format!("the hook does not do `{}`", what.as_str())),
        other => not_tried(format!("`{}`: {other}", what.as_str())),
    })
}

/// The source may be asked a moment after the change is done.
async fn until<T>(attempt: impl AsyncFn() -> Result<T, Seen>) -> Result<T, Seen> {
    let began = tokio::time::Instant::now();
    loop {
        match attempt().await {
            Err(Seen::Failed(_)) if began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}

async fn read(trial: &SourceTrial) -> Result<Reading, Seen> {
    Reading::from_start(&*trial.source).await.map_err(failed)
}

async fn add(trial: &SourceTrial, hook: &dyn Hook) -> Result<(Key, Seen), Seen> {
    let before = read(trial).await?;
    act(hook, Act::Add).await?;
    let known: BTreeSet<&Key> = before.records.keys().collect();
    let key = until(async || {
        let now = read(trial).await?;
        now.records
            .keys()
            .find(|key| !known.contains(key))
            .cloned()
            .ok_or_else(|| failed("a read from the start does not have it"))
    })
    .await?;
    let seen = until(async || {
        let changed = Reading::after(&*trial.source, before.end()).await;
        let changed = changed.map_err(|error| failed(super::read::told(&error)))?;
        if changed.records.contains_key(&key) {
            Ok(passed("it is in both reads"))
        } else {
            Err(failed("a read from the last cursor does not have it"))
        }
    })
    .await;
    Ok((key, seen.unwrap_or_else(|seen| seen)))
}

async fn change(trial: &SourceTrial, hook: &dyn Hook, (category, id): &Key) -> Seen {
    let fetch = async || match timeout(trial.fetch_deadline, trial.source.fetch(category, id)).await {
        Ok(Ok(Some(document))) => Ok(document),
        Ok(Ok(None)) => Err(failed("there is nothing under its key any more")),
        Ok(Err(error)) => Err(failed(kind(&error))),
        Err(_) => Err(failed("no answer in time")),
    };
    let before = match fetch().await {
        Ok(before) => before,
        Err(seen) => return seen,
    };
    if let Err(seen) = act(hook, Act::Change).await {
        return seen;
    }
    let changed = until(async || {
        let now = fetch().await?;
        if now.document == before.document {
            Err(failed("the document is as it was"))
        } else {
            Ok(passed("the new document came"))
        }
    });
    changed.await.unwrap_or_else(|seen| seen)
}

async fn remove(trial: &SourceTrial, hook: &dyn Hook, key: &Key) -> Seen {
    if let Err(seen) = act(hook, Act::Remove).await {
        return seen;
    }
    let removed = until(async || {
        if read(trial).await?.records.contains_key(key) {
            return Err(failed("a read from the start still has it"));
        }
        match timeout(trial.fetch_deadline, trial.source.fetch(&key.0, &key.1)).await {
            Ok(Ok(None)) => Ok(passed("it is gone")),
            Ok(Ok(Some(_))) => Err(failed("its document can still be fetched")),
            Ok(Err(error)) => Err(failed(kind(&error))),
            Err(_) => Err(failed("no answer in time")),
        }
    });
    removed.await.unwrap_or_else(|seen| seen)
}

async fn poison(trial: &SourceTrial, hook: &dyn Hook) -> Seen {
    let before = match read(trial).await {
        Ok(before) => before,
        Err(seen) => return seen,
    };
    if let Err(seen) = act(hook, Act::Poison).await {
        return seen;
    }
    let seen = until(async || {
        let now = read(trial).await?;
        let missing = now.lacks(&before);
        if missing > 0 {
            return Err(failed(format!("{missing} good records are not read any more")));
        }
        if now.refused.len() <= before.refused.len() {
            return Err(failed("it is not reported"));
        }
        Ok(passed("it is reported, and every other record is read"))
    })
    .await
    .unwrap_or_else(|seen| seen);
    match act(hook, Act::Mend).await {
        Ok(()) => seen,
        Err(_) => failed("the hook did not take the row away again: do it by hand"),
    }
}

async fn slow(trial: &SourceTrial, hook: &dyn Hook) -> Seen {
    let Ok(first) = read(trial).await else { return not_tried("the source cannot be read") };
    let Some((category, id)) = first.records.keys().next().cloned() else {
        return not_tried("there is no record to fetch");
    };
    if let Err(seen) = act(hook, Act::Slow).await {
        return seen;
    }
    let source = Arc::clone(&trial.source);
    let fetched = timeout(SLOWEST, source.fetch(&category, &id)).await;
    let seen = match fetched {
        Err(_) => failed("it neither answers nor fails within 15 seconds"),
        Ok(_) => passed("it answers or fails"),
    };
    match act(hook, Act::Fast).await {
        Ok(()) => {}
        Err(_) => return failed("the hook did not make the source fast again: do it by hand"),
    }
    let again = until(async || match timeout(SLOWEST, trial.source.fetch(&category, &id)).await {
        Ok(Ok(Some(_))) => Ok(()),
        _ => Err(failed("it does not recover")),
    });
    match again.await {
        Ok(()) => seen,
        Err(broken) => broken,
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(200);
const SLOWEST: Duration = Duration::from_secs(15);
