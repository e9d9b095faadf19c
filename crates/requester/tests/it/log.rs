//! An access log in memory, which fails when told to.

use std::sync::Mutex;
use std::time::Duration;

use kw_requester::{AccessEvent, AccessLog, RecordError, Recording};

#[derive(Debug, Default)]
pub(crate) struct MemoryLog {
    events: Mutex<Vec<AccessEvent>>,
    failing: Mutex<Option<&'static str>>,
    delay: Mutex<Duration>,
}

impl MemoryLog {
    pub(crate) fn fail_on(&self, kind: &'static str) {
        *self.failing.lock().unwrap() = Some(kind);
    }

    pub(crate) fn delay(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(crate) fn events(&self) -> Vec<AccessEvent> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.events().iter().map(kind).collect()
    }
}

impl AccessLog for MemoryLog {
    fn record(&self, event: AccessEvent) -> Recording<'_> {
        Box::pin(async move {
            let delay = *self.delay.lock().unwrap();
            tokio::time::sleep(delay).await;
            if *self.failing.lock().unwrap() == Some(kind(&event)) {
                return Err(RecordError::Failed);
            }
            self.events.lock().unwrap().push(event);
            Ok(())
        })
    }
}

fn kind(event: &AccessEvent) -> &'static str {
    match event {
        AccessEvent::Asked(_) => "asked",
        AccessEvent::Answered(_) => "answered",
        AccessEvent::Assembled(_) => "assembled",
        AccessEvent::Reported(_) => "reported",
        AccessEvent::Unanswered(_) => "unanswered",
    }
}
