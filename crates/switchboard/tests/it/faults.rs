//! Every write, sync and rename on the commit path fails once, or is the last thing the process does.
//!
//! strace injects the faults into a real switchboard on SQLite, at the n-th call of a kind on the files that count. Without
//! `KW_FAULTS=all` a sample of the places is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kw_domain::{Clock as _, SystemClock, TransactionId};
use kw_testbed::{Chain, Program, RunningChain, child_command};

use crate::child::make_keys;
use crate::promises::{self, Seen, Told};

/// The calls that make something durable or visible.
const CALLS: [&str; 8] =
    ["write", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "rename", "renameat"];
/// How many places are tried without `KW_FAULTS=all`.
const SAMPLE: usize = 24;

/// What goes wrong, where.
#[derive(Debug, Clone)]
struct Fault {
    call: String,
    nth: u32,
    how: &'static str,
}

impl Fault {
    /// As strace's `inject=` wants it.
    fn injected(&self) -> String {
        format!("inject={}:{}:when={}", self.call, self.how, self.nth)
    }
}

/// What the next start runs under.
#[derive(Debug, Clone, Default)]
enum Tracing {
    #[default]
    Off,
    Counting(PathBuf),
    Injecting(Fault),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_single_fault_on_the_commit_path_loses_or_forks_anything() {
    assert!(Command::new("strace").arg("-V").output().is_ok(), "install strace: apt-get install strace");
    let tracing = Arc::new(Mutex::new(Tracing::Off));
    let mut chain = Chain::new(traced(Arc::clone(&tracing))).unwrap().start().unwrap();
    let numbers = AtomicU64::new(0);
    let mut told = Vec::new();
    let mut seen = Seen::default();

    // The first start makes the tables and the memory file.
    chain.kill_switchboard().unwrap();
    let first = round(&mut chain, &numbers).await;
    assert!(first.started && first.told.answers.len() == ACTS, "it does not even work without a fault");
    seen = seen.join(first.seen);
    told.push(first.told);
    let counts = chain.folder().join("calls");
    *tracing.lock().unwrap() = Tracing::Counting(counts.clone());
    let calm = round(&mut chain, &numbers).await;
    assert!(calm.started && calm.told.answers.len() == ACTS, "it does not work under strace");
    seen = seen.join(calm.seen);
    told.push(calm.told);

    let faults = faults(&counted(&counts));
    let (mut died, mut refused) = (0, 0);
    for fault in &faults {
        *tracing.lock().unwrap() = Tracing::Injecting(fault.clone());
        let faulty = round(&mut chain, &numbers).await;
        died += u32::from(!faulty.started);
        refused += u32::from(faulty.told.answers.len() < ACTS);
        seen = seen.join(faulty.seen);
        told.push(faulty.told);
    }
    *tracing.lock().unwrap() = Tracing::Off;
    let after = round(&mut chain, &numbers).await;
    assert!(after.started && after.told.answers.len() == ACTS, "it does not work any more after the faults");
    seen = seen.join(after.seen);
    told.push(after.told);

    let holder = chain.member("school").unwrap().oin;
    let promised = promises::check(&chain, holder, &told, &seen).await;
    assert!(refused > 0, "no fault was felt: strace injects nothing");
    eprintln!("{} faults, {died} starts and {refused} rounds cut short: {promised}", faults.len());
}

/// How many registrations and queries a round tries.
const ACTS: usize = 4;

struct Round {
    started: bool,
    told: Told,
    seen: Seen,
}

/// Starts, works, and kills what is left.
async fn round(chain: &mut RunningChain, numbers: &AtomicU64) -> Round {
    let mut told = Told::default();
    if tokio::task::block_in_place(|| chain.start_switchboard()).is_err() {
        return Round { started: false, told, seen: Seen::default() };
    }
    let (school, care) =
        (Arc::new(chain.member("school").unwrap()), Arc::new(chain.member("youth-care").unwrap()));
    let stop = Arc::new(AtomicBool::new(false));
    let watching =
        tokio::spawn(promises::watch(Arc::clone(&school), promises::log_key(chain), Arc::clone(&stop)));
    let (registering, asking) = (school.switchboard().unwrap(), care.switchboard().unwrap());
    for _ in 0..ACTS {
        let number = numbers.fetch_add(1, Ordering::SeqCst);
        let work = async {
            let registered =
                registering.register(&school.registration(number).unwrap(), &school.key()).await.ok()?;
            told.pointers.push((number, registered.pointer.id));
            let transaction = TransactionId::new(SystemClock.now(), [2; 10]);
            let answer = asking.query(&care.question(number).unwrap(), transaction).await.ok()?;
            told.answers.push(answer);
            Some(())
        };
        // A process that stands still is a refusal too.
        drop(tokio::time::timeout(Duration::from_secs(5), work).await);
    }
    // Time for a checkpoint over what was done.
    tokio::time::sleep(Duration::from_millis(900)).await;
    stop.store(true, Ordering::SeqCst);
    let seen = watching.await.unwrap();
    // It may have ended by itself.
    drop(chain.kill_switchboard());
    Round { started: true, told, seen }
}

/// The switchboard under strace, which stays out of the way: the switchboard itself is our child.
fn traced(tracing: Arc<Mutex<Tracing>>) -> Program {
    let serve = move |config: &Path| {
        let plain = child_command("child::serves", config)?;
        let options = match &*tracing.lock().unwrap() {
            Tracing::Off => return Ok(plain),
            Tracing::Counting(output) => vec!["-o".to_owned(), output.display().to_string()],
            Tracing::Injecting(fault) => {
                vec!["-o".to_owned(), "/dev/null".to_owned(), "-e".to_owned(), fault.injected()]
            }
        };
        // With -D the process that we start becomes the switchboard, so that its number is known beforehand: the memory of the last
        // signed checkpoint is first written to a file that ends in it.
        let mut command = Command::new("sh");
        command.args(["-c", r#"beside=$1.$$; shift; exec strace -P "$beside" "$@""#, "sh"]);
        command.arg(memory(config)).args(["-D", "-f", "-qq", "-e", "signal=none", "-e"]);
        command.arg(format!("trace={}", CALLS.join(","))).args(options);
        for path in paths(config) {
            command.arg("-P").arg(path);
        }
        command.arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        Ok(command)
    };
    Program::custom(serve, make_keys)
}

/// The files on the commit path: database, write-ahead log, and the memory of the last signed checkpoint.
fn paths(config: &Path) -> [PathBuf; 4] {
    let folder = config.parent().unwrap();
    [folder.join("switchboard.db"), folder.join("switchboard.db-wal"), folder.join("keys"), memory(config)]
}

/// The memory file, which the first start made.
fn memory(config: &Path) -> PathBuf {
    let keys = fs::read_dir(config.parent().unwrap().join("keys")).unwrap();
    let files = keys.map(|entry| entry.unwrap().path());
    files.into_iter().find(|file| file.extension().is_some_and(|end| end == "checkpoint")).unwrap()
}

/// How often the busiest thread made each call.
fn counted(output: &Path) -> BTreeMap<String, u32> {
    let mut by_thread: BTreeMap<(String, String), u32> = BTreeMap::new();
    for line in fs::read_to_string(output).unwrap().lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        if let Some((name, _)) = call.trim_start().split_once('(')
            && CALLS.contains(&name)
        {
            *by_thread.entry((name.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut busiest = BTreeMap::new();
    for ((call, _), count) in by_thread {
        let most: &mut u32 = busiest.entry(call).or_default();
        *most = count.max(*most);
    }
    busiest
}

/// Each place with each way to fail; a sample of them unless all are wanted.
fn faults(counts: &BTreeMap<String, u32>) -> Vec<Fault> {
    for call in ["pwrite64", "fsync", "rename"] {
        assert!(counts.contains_key(call), "strace saw no {call} on the commit path: {counts:?}");
    }
    let mut all = Vec::new();
    for (call, count) in counts {
        for nth in 1..=*count {
            for how in ["error=EIO", "error=ENOSPC", "signal=SIGKILL"] {
                all.push(Fault { call: call.clone(), nth, how });
            }
        }
    }
    if std::env::var("KW_FAULTS").is_ok_and(|value| value == "all") {
        return all;
    }
    let step = all.len().div_ceil(SAMPLE).max(1);
    // A step that is a multiple of three would take one way to fail only.
    let step = if step.is_multiple_of(3) { step + 1 } else { step };
    all.into_iter().step_by(step).collect()
}
