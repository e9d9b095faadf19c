//! Answers that were given before. A chain asks few different questions: its parties, purposes, roles and categories are
//! few. The memory belongs to one agreement and ends with it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::DenialReason;

/// Answers by the text of the question.
#[derive(Debug)]
pub(super) struct Memory<T> {
    answers: RwLock<HashMap<Box<str>, Result<T, DenialReason>>>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { answers: RwLock::default() }
    }
}

impl<T: Clone> Memory<T> {
    /// The answer that was given before, or a new one.
    pub(super) fn recall(
        &self,
        question: &str,
        answer: impl FnOnce() -> Result<T, DenialReason>,
    ) -> Result<T, DenialReason> {
        if question.len() > LONGEST {
            return answer();
        }
        let known = self.answers.read().unwrap_or_else(PoisonError::into_inner).get(question).cloned();
        if let Some(known) = known {
            return known;
        }
        let answer = answer();
        // A machine that was busy is not to be remembered.
        if !matches!(answer, Err(DenialReason::PolicyExceeded | DenialReason::PolicyFailed)) {
            let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
            // Forgetting all is rare and cheap; what is still asked is soon known again.
            if answers.len() >= MOST {
                answers.clear();
            }
            answers.insert(question.into(), answer.clone());
        }
        answer
    }
}

/// Together with the next: at most 8 MiB of questions.
const MOST: usize = 4096;

/// A longer question, about many pointers, will hardly come again.
const LONGEST: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_until_too_many_are_known() {
        let memory = Memory::default();
        let ask = |question: usize, answer| memory.recall(&question.to_string(), || Ok(answer)).unwrap();
        assert_eq!([ask(1, "first"), ask(1, "second")], ["first", "first"]);
        (1..MOST).for_each(|more| _ = ask(more + 1, "another"));
        assert_eq!(ask(1, "second"), "first");
        ask(MOST + 1, "one too many");
        assert_eq!(ask(1, "second"), "second");
    }

    #[test]
    fn failures_and_long_questions_are_not_remembered() {
        let memory = Memory::default();
        assert_eq!(
            memory.recall("q", || Err(DenialReason::PolicyExceeded)),
            Err(DenialReason::PolicyExceeded)
        );
        assert_eq!(memory.recall("q", || Ok(1)), Ok(1));
        let long = "q".repeat(LONGEST + 1);
        assert_eq!([memory.recall(&long, || Ok(1)), memory.recall(&long, || Ok(2))], [Ok(1), Ok(2)]);
    }
}
