//! What this process does by itself about feedback reports that it received.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use kw_adapter::feedback::Feedback;
use kw_agreement::RetentionClass;
use kw_domain::Clock;
use kw_logbook::retention::due_before;
use kw_runtime::metrics::Gauge;
use kw_runtime::{Server, SharedAgreement};
use kw_telemetry::Reason;

/// Starts the jobs; they end with the server.
pub(crate) fn spawn(
    server: &Server,
    feedback: &Data<Feedback>,
    agreement: &SharedAgreement,
    clock: &Arc<dyn Clock>,
) {
    let telling = feedback.clone();
    server.jobs().spawn_urgent("feedback-told", SOON, SOON_AGAIN, move || {
        let feedback = telling.clone();
        async move { feedback.tell().await }
    });
    let (watching, gauges) = (feedback.clone(), Gauges::new(server));
    server.jobs().spawn("feedback-watched", WATCHING, move || {
        let (feedback, gauges) = (watching.clone(), gauges.clone());
        async move {
            feedback.watch().await?;
            gauges.show(&feedback).await
        }
    });
    let (forgetting, agreement, clock) = (feedback.clone(), agreement.clone(), Arc::clone(clock));
    server.jobs().spawn("feedback-forgotten", FORGETTING, move || {
        let feedback = forgetting.clone();
        // As long as the records of who reported and read them.
        let (now, agreement) = (clock.now(), agreement.current());
        let before = due_before(&agreement, RetentionClass::Access, now);
        async move {
            feedback.forget_files(now.minus(FILES_KEPT)).await?;
            feedback.forget(before).await
        }
    });
}

/// What the operator sees of received reports.
#[derive(Clone)]
struct Gauges {
    open: Gauge,
    overdue: Gauge,
    untold: Gauge,
}

impl Gauges {
    fn new(server: &Server) -> Self {
        let metrics = server.metrics();
        let gauge = |name, help| metrics.gauge(name, help, &[]);
        Self {
            open: gauge("ketenwijzer_feedback_open", "Received feedback reports that are not settled yet."),
            overdue: gauge(
                "ketenwijzer_feedback_overdue",
                "Received feedback reports that nobody took up within the agreed working days.",
            ),
            untold: gauge(
                "ketenwijzer_feedback_untold",
                "Messages about feedback reports that the switchboard does not have yet.",
            ),
        }
    }

    async fn show(&self, feedback: &Feedback) -> Result<(), Reason> {
        let (counts, waiting) = feedback.counts().await?;
        self.open.set(counts.open as f64);
        self.overdue.set(counts.overdue as f64);
        self.untold.set(waiting.waiting as f64);
        Ok(())
    }
}

const SOON: Duration = Duration::from_millis(500);
const SOON_AGAIN: Duration = Duration::from_secs(5);
const WATCHING: Duration = Duration::from_secs(10);
const FORGETTING: Duration = Duration::from_mins(10);
/// Files of reports that ended are looked at no more after that; what was decided stays as long as the records.
const FILES_KEPT: Duration = Duration::from_hours(90 * 24);
