//! Background jobs that are started again when they fail, and seen when they do not succeed.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::{Clock, Instant};
use kw_telemetry::{Explain, Reason};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::entropy::Entropy;
use crate::events::{JobCutOff, JobFailed};
use crate::metrics::{Counter, Metrics};

/// The first wait after a failure; it doubles with every further one, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The background jobs of one process. Clones share them.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    metrics: Metrics,
    first_wait: Duration,
    /// Nothing can be written yet, and everybody knows it.
    held: AtomicBool,
    stop: watch::Sender<bool>,
    running: Mutex<Vec<(Job, JoinHandle<()>)>>,
}

/// One job, as others see it.
#[derive(Clone)]
pub struct Job(Arc<State>);

struct State {
    name: &'static str,
    interval: Duration,
    longest_wait: Duration,
    patience: Duration,
    wake: Notify,
    /// Whether its failures count while the others are held.
    never_held: AtomicBool,
    /// Milliseconds since 1970; the start counts as a success, so that a fresh process is not stale.
    last_success: AtomicI64,
    failures_in_a_row: AtomicU32,
}

impl Jobs {
    /// No jobs yet.
    pub fn new(clock: Arc<dyn Clock>, entropy: Entropy, metrics: Metrics) -> Self {
        Self::with_first_wait(clock, entropy, metrics, FIRST_WAIT)
    }

    fn with_first_wait(
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        metrics: Metrics,
        first_wait: Duration,
    ) -> Self {
        let (stop, _) = watch::channel(false);
        let held = AtomicBool::new(false);
        Self(Arc::new(Inner { clock, entropy, metrics, first_wait, held, stop, running: Mutex::default() }))
    }

    /// Runs `work` now, and again `interval` after each success. After an error or a panic it runs again too, after a
    /// wait that doubles from one second to five minutes, less up to a fifth so that parties do not fall in step.
    ///
    /// Call it within a Tokio runtime. The process is built with `panic = "abort"` for release: there a panic ends the
    /// process, and the service manager starts it again.
    pub fn spawn<F, R, E>(&self, name: &'static str, interval: Duration, work: F) -> Job
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Explain + Send + 'static,
    {
        self.spawn_urgent(name, interval, LONGEST_WAIT, work)
    }

    /// The same for work that must not be late: the wait after failures grows to `longest_wait` and no further.
    pub fn spawn_urgent<F, R, E>(
        &self,
        name: &'static str,
        interval: Duration,
        longest_wait: Duration,
        work: F,
    ) -> Job
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Explain + Send + 'static,
    {
        let patience = interval.saturating_mul(3).saturating_add(Duration::from_mins(1));
        self.spawn_patient(name, interval, longest_wait, patience, work)
    }

    /// The same for work that waits for others: only when it has not succeeded for as long as `patience` is it stale.
    pub fn spawn_patient<F, R, E>(
        &self,
        name: &'static str,
        interval: Duration,
        longest_wait: Duration,
        patience: Duration,
        work: F,
    ) -> Job
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Explain + Send + 'static,
    {
        let job = Job(Arc::new(State {
            name,
            interval,
            longest_wait,
            patience,
            wake: Notify::new(),
            never_held: AtomicBool::new(false),
            last_success: AtomicI64::new(self.0.clock.now().as_millis()),
            failures_in_a_row: AtomicU32::new(0),
        }));
        let failures = self.show(&job);
        let task = tokio::spawn(run(Arc::clone(&self.0), job.clone(), failures, work));
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).push((job.clone(), task));
        job
    }

    /// Which jobs have not succeeded for three intervals and a minute; what readiness asks.
    pub fn stale(&self) -> Vec<&'static str> {
        let now = self.0.clock.now();
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().filter(|(job, _)| job.is_stale(now)).map(|(job, _)| job.0.name).collect()
    }

    /// Says that failures are to be expected until [`Jobs::release`]: they are neither told nor counted.
    pub fn hold(&self) {
        self.0.held.store(true, Ordering::SeqCst);
    }

    /// Lets no job wait any longer: what stood in the way of all is gone.
    pub fn release(&self) {
        self.0.held.store(false, Ordering::SeqCst);
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().for_each(|(job, _)| job.run_now());
    }

    /// Tells every job to stop after what it is doing, and waits; what is still busy at the deadline is cut off.
    pub async fn stop(&self, deadline: Duration) {
        self.0.stop.send_replace(true);
        let running = std::mem::take(&mut *self.0.running.lock().unwrap_or_else(PoisonError::into_inner));
        let ends = tokio::time::Instant::now() + deadline;
        for (job, mut task) in running {
            if tokio::time::timeout_at(ends, &mut task).await.is_err() {
                JobCutOff { job: job.0.name }.log();
                task.abort();
            }
        }
    }

    fn show(&self, job: &Job) -> Counter {
        let labels = [("job", job.0.name)];
        let (clock, seen) = (Arc::clone(&self.0.clock), job.clone());
        let help = "Seconds since the job last succeeded, or since the start.";
        self.0.metrics.computed("ketenwijzer_job_last_success_age_seconds", help, &labels, move || {
            seen.age(clock.now()).as_secs_f64()
        });
        self.0.metrics.counter(
            "ketenwijzer_job_failures_total",
            "Runs that ended in an error or a panic.",
            &labels,
        )
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(running.iter().map(|(job, _)| job)).finish()
    }
}

impl Job {
    /// Does not wait for the interval to pass.
    pub fn run_now(&self) {
        self.0.wake.notify_one();
    }

    /// Its failures are told and counted while the others are held: it is what they wait for.
    pub fn never_held(self) -> Self {
        self.0.never_held.store(true, Ordering::SeqCst);
        self
    }

    /// How long ago it last succeeded, or was started.
    pub fn age(&self, now: Instant) -> Duration {
        now.since(Instant::from_millis(self.0.last_success.load(Ordering::SeqCst)))
    }

    /// How often it has failed since it last succeeded.
    pub fn failures_in_a_row(&self) -> u32 {
        self.0.failures_in_a_row.load(Ordering::SeqCst)
    }

    fn is_stale(&self, now: Instant) -> bool {
        self.age(now) > self.0.patience
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({}, {} failures in a row)", self.0.name, self.failures_in_a_row())
    }
}

async fn run<F, R, E>(jobs: Arc<Inner>, job: Job, failures: Counter, work: F)
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Explain + Send + 'static,
{
    let mut stop = jobs.stop.subscribe();
    let name = job.0.name;
    while !*stop.borrow() {
        let held = jobs.held.load(Ordering::SeqCst) && !job.0.never_held.load(Ordering::SeqCst);
        // A task of its own, so that a panic ends this run and not the supervisor.
        let problem = match tokio::spawn(work()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Reason::of(&error)),
            Err(end) if end.is_panic() => Some(Reason::of(&"it panicked")),
            Err(_) => return,
        };
        let wait = if let Some(reason) = problem {
            if held {
                jobs.first_wait
            } else {
                let failed = job.0.failures_in_a_row.fetch_add(1, Ordering::SeqCst);
                failures.increment();
                let wait = back_off(jobs.first_wait, job.0.longest_wait, failed, &jobs.entropy);
                JobFailed { job: name, wait_ms: wait, reason }.log();
                wait
            }
        } else {
            job.0.failures_in_a_row.store(0, Ordering::SeqCst);
            job.0.last_success.store(jobs.clock.now().as_millis(), Ordering::SeqCst);
            job.0.interval
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = job.0.wake.notified() => {}
            () = sleep(wait) => {}
        }
    }
}

fn back_off(first: Duration, longest: Duration, failures_before: u32, entropy: &Entropy) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures_before)).min(longest);
    let [spread] = entropy.draw::<1>();
    doubled.saturating_sub(doubled / 5 * u32::from(spread) / 255)
}

/// Waits until `done` says so, asking every few milliseconds; `false` after `limit`. For tests of jobs, here and elsewhere.
pub async fn eventually(limit: Duration, done: impl Fn() -> bool) -> bool {
    let asking = async {
        while !done() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(limit, asking).await.is_ok()
}

#[cfg(test)]
mod tests {
    use kw_domain::{ManualClock, SystemClock};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn jobs() -> (Jobs, Metrics) {
        let metrics = Metrics::new();
        let clock = Arc::new(SystemClock);
        (Jobs::with_first_wait(clock, Entropy::os(), metrics.clone(), Duration::from_millis(1)), metrics)
    }

    #[tokio::test]
    async fn a_job_runs_at_once_and_again_after_its_interval() {
        let (jobs, _) = jobs();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        jobs.spawn("count", Duration::from_millis(5), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Reason>(()) }
        });
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) >= 3).await);
    }

    #[tokio::test]
    async fn a_job_comes_back_after_errors_and_panics() {
        let (jobs, metrics) = jobs();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let job = jobs.spawn("shaky", Duration::from_hours(1), move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(run != 1, "the second run panics");
                if run == 0 { Err("the first run fails") } else { Ok(()) }
            }
        });
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) == 3 && job.failures_in_a_row() == 0).await);
        assert!(metrics.render().contains("ketenwijzer_job_failures_total{job=\"shaky\"} 2\n"));
    }

    #[tokio::test]
    async fn what_fails_while_nothing_can_be_written_is_no_failure() {
        let (jobs, metrics) = jobs();
        jobs.hold();
        let (open, runs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (opened, counted) = (Arc::clone(&open), Arc::clone(&runs));
        let job = jobs.spawn("early", Duration::from_hours(1), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let may = opened.load(Ordering::SeqCst);
            async move { if may { Ok(()) } else { Err("nothing can be written yet") } }
        });
        let first = jobs.spawn("first", Duration::from_hours(1), || async { Err("no witness") }).never_held();
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) > 3 && first.failures_in_a_row() > 0).await);
        open.store(true, Ordering::SeqCst);
        jobs.release();
        let until_now = runs.load(Ordering::SeqCst);
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) > until_now).await);
        assert_eq!(job.failures_in_a_row(), 0);
        assert!(metrics.render().contains("ketenwijzer_job_failures_total{job=\"early\"} 0\n"));
    }

    #[tokio::test]
    async fn a_job_can_be_woken_before_its_time() {
        let (jobs, _) = jobs();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let job = jobs.spawn("sleepy", Duration::from_hours(1), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Reason>(()) }
        });
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) == 1).await);
        job.run_now();
        assert!(eventually(SOON, || runs.load(Ordering::SeqCst) == 2).await);
    }

    #[tokio::test]
    async fn a_job_that_never_succeeds_grows_stale() {
        let clock = Arc::new(ManualClock::new(Instant::from_millis(0)));
        let jobs = Jobs::new(Arc::clone(&clock) as Arc<dyn Clock>, Entropy::os(), Metrics::new());
        jobs.spawn("broken", Duration::from_secs(10), || async { Err("always") });
        assert!(jobs.stale().is_empty());
        clock.advance(Duration::from_secs(91));
        assert_eq!(jobs.stale(), ["broken"]);
    }

    #[tokio::test]
    async fn stopping_waits_for_a_run_but_not_for_ever() {
        let (jobs, _) = jobs();
        let ended = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&ended);
        jobs.spawn("polite", Duration::from_hours(1), move || {
            let counted = Arc::clone(&counted);
            async move {
                sleep(Duration::from_millis(50)).await;
                counted.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Reason>(())
            }
        });
        jobs.spawn("stubborn", Duration::from_hours(1), || async {
            std::future::pending::<()>().await;
            Ok::<_, Reason>(())
        });
        sleep(Duration::from_millis(10)).await;
        let started = std::time::Instant::now();
        jobs.stop(Duration::from_millis(500)).await;
        assert_eq!(ended.load(Ordering::SeqCst), 1);
        assert!(started.elapsed() < SOON);
    }

    #[test]
    fn the_wait_doubles_to_its_bound_and_never_loses_more_than_a_fifth() {
        let entropy = Entropy::seeded(1);
        for (failures, at_most) in [(0, 1), (1, 2), (5, 32), (9, 300), (40, 300)] {
            let at_most = Duration::from_secs(at_most);
            let wait = back_off(FIRST_WAIT, LONGEST_WAIT, failures, &entropy);
            assert!(wait <= at_most && wait >= at_most * 4 / 5, "{failures}: {wait:?}");
        }
        let urgent = Duration::from_secs(2);
        assert!(back_off(FIRST_WAIT, urgent, 40, &entropy) <= urgent);
    }
}
