//! Telling of a dossier while it is made.

use std::sync::{Mutex, PoisonError};

use kw_protocol::dossier::{DossierPart, LookupHolder, Section};

/// Who is told of the parts of a dossier, each once. It must not wait.
pub type Listener<'a> = &'a (dyn Fn(DossierPart) + Send + Sync);

/// Holds the parts back until the answer is in the own log: nothing is handed out that is recorded nowhere.
pub(crate) struct Gate<'a> {
    listener: Listener<'a>,
    /// What waits; `None` when the gate is open.
    waiting: Mutex<Option<Vec<DossierPart>>>,
}

impl<'a> Gate<'a> {
    pub(crate) fn new(listener: Listener<'a>) -> Self {
        Self { listener, waiting: Mutex::new(Some(Vec::new())) }
    }

    pub(crate) fn found(&self, holders: Vec<LookupHolder>) {
        self.tell(DossierPart::Found { holders });
    }

    pub(crate) fn section(&self, place: usize, section: &Section) {
        self.tell(DossierPart::Section { place, section: Box::new(section.clone()) });
    }

    /// The answer is recorded.
    pub(crate) fn open(&self) {
        // Under the lock, so that what comes now comes after what waited.
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for part in waiting.take().into_iter().flatten() {
            (self.listener)(part);
        }
    }

    fn tell(&self, part: DossierPart) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.as_mut() {
            Some(waiting) => waiting.push(part),
            None => (self.listener)(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_before_the_answer_is_recorded_and_then_in_order() {
        let told = Mutex::new(0);
        let listener = |part: DossierPart| {
            assert!(matches!(part, DossierPart::Found { .. }));
            *told.lock().unwrap() += 1;
        };
        let gate = Gate::new(&listener);
        gate.found(Vec::new());
        assert_eq!(*told.lock().unwrap(), 0);
        gate.open();
        gate.found(Vec::new());
        assert_eq!(*told.lock().unwrap(), 2);
    }
}
