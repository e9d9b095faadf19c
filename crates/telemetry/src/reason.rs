//! Why something failed, in words that stand in the program.

use std::fmt::Write as _;
use std::io;

use crate::field::{LogField, Told, Value, sealed::Sealed};

/// An error that can say what happened without repeating anything that came from outside.
///
/// `Display` is for whoever made the mistake and may quote it; this is for the log. An implementation has nothing but
/// [`Reason`]'s methods, which take words of the program and [`LogField`]s.
pub trait Explain {
    /// Says what happened.
    fn explain(&self, reason: &mut Reason);
}

/// What an [`Explain`] said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// What this error says of itself.
    pub fn of(error: &(impl Explain + ?Sized)) -> Self {
        let mut reason = Self::default();
        error.explain(&mut reason);
        reason
    }

    /// Words of the program.
    pub fn say(&mut self, words: &'static str) -> &mut Self {
        self.separate("; ");
        self.0.push_str(words);
        self
    }

    /// A value that may be in the log, and its name.
    pub fn with(&mut self, name: &'static str, value: &impl LogField) -> &mut Self {
        self.separate(", ");
        // Writing to a string cannot fail.
        let _ = match value.told().0 {
            Value::Flag(flag) => write!(self.0, "{name} {flag}"),
            Value::Number(number) => write!(self.0, "{name} {number}"),
            Value::Text(text) => write!(self.0, "{name} {text}"),
        };
        self
    }

    /// The error beneath.
    pub fn because(&mut self, cause: &(impl Explain + ?Sized)) -> &mut Self {
        self.separate(": ");
        cause.explain(self);
        self
    }

    /// Those of the `known` phrases that a text from outside holds, whatever its capitals: what a database or another
    /// library says is recognised and never repeated.
    pub fn recognise(&mut self, text: &str, known: &[&'static str]) -> &mut Self {
        let text = text.to_lowercase();
        for phrase in known {
            if text.contains(&phrase.to_lowercase()) {
                self.say(phrase);
            }
        }
        self
    }

    fn separate(&mut self, by: &str) {
        if !self.0.is_empty() && !self.0.ends_with(": ") {
            self.0.push_str(by);
        }
    }
}

impl Sealed for Reason {}

impl LogField for Reason {
    const KIND: &'static str = "reason";

    fn told(&self) -> Told<'_> {
        Told::text(&self.0)
    }
}

impl Explain for &'static str {
    fn explain(&self, reason: &mut Reason) {
        reason.say(self);
    }
}

/// The finished reason of an error that is gone, as when it crosses to another thread.
impl Explain for Reason {
    fn explain(&self, reason: &mut Reason) {
        reason.separate("; ");
        reason.0.push_str(&self.0);
    }
}

/// The kind and the operating system's number: what the error wraps may hold a path or a value.
impl Explain for io::Error {
    fn explain(&self, reason: &mut Reason) {
        reason.separate("; ");
        // The words of a kind are fixed.
        reason.0.push_str(&self.kind().to_string());
        if let Some(number) = self.raw_os_error().and_then(|number| u32::try_from(number).ok()) {
            reason.with("os error", &number);
        }
    }
}

impl<E: Explain + ?Sized> Explain for Box<E> {
    fn explain(&self, reason: &mut Reason) {
        (**self).explain(reason);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reason_reads_as_a_sentence_with_its_cause() {
        let mut reason = Reason::default();
        reason.say("the file cannot be read").with("line", &3_u64).because(&io::Error::from_raw_os_error(13));
        assert_eq!(reason.0, "the file cannot be read, line 3: permission denied, os error 13");
    }

    #[test]
    fn what_an_io_error_wraps_is_not_repeated() {
        let wrapped = io::Error::other("no row for 999990342");
        assert_eq!(Reason::of(&wrapped).0, "other error");
    }

    proptest! {
        #[test]
        fn recognising_repeats_nothing_but_known_phrases(before in ".*", after in ".*") {
            let known = ["disk is full", "is locked"];
            let mut reason = Reason::default();
            reason.recognise(&format!("{before}Disk is FULL{after}"), &known);
            prop_assert!(["disk is full", "disk is full; is locked"].contains(&reason.0.as_str()), "{}", reason.0);
        }
    }
}
