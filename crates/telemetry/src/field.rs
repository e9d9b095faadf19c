//! What a field of the log may be: a closed set.

use std::borrow::Cow;
use std::time::Duration;

use kw_domain::{Epoch, GrantId, Instant, KeyUse, Oin, TransactionId};

/// A type whose values may stand in the application log, because none of them can be about a person.
///
/// Sealed: the set grows here and in review, or not at all.
pub trait LogField: sealed::Sealed {
    /// What the table in docs/logging.md calls this type.
    const KIND: &'static str;

    /// The value as it is written.
    fn told(&self) -> Told<'_>;
}

/// A value on its way to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a>(pub(crate) Value<'a>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Flag(bool),
    Number(u64),
    Text(Cow<'a, str>),
}

impl Told<'_> {
    pub(crate) fn text(text: &str) -> Told<'_> {
        Told(Value::Text(Cow::Borrowed(text)))
    }

    pub(crate) fn shown(value: &impl ToString) -> Self {
        Told(Value::Text(Cow::Owned(value.to_string())))
    }
}

pub(crate) mod sealed {
    /// Named in this crate only, so that only this crate can implement [`super::LogField`].
    pub trait Sealed {}
}

/// Values that are shown as they show themselves.
macro_rules! shown {
    ($($kind:ty = $name:literal,)+) => {$(
        impl sealed::Sealed for $kind {}

        impl LogField for $kind {
            const KIND: &'static str = $name;

            fn told(&self) -> Told<'_> {
                Told::shown(self)
            }
        }
    )+};
}

/// Counts, ports, status codes.
macro_rules! numbers {
    ($($kind:ty),+) => {$(
        impl sealed::Sealed for $kind {}

        impl LogField for $kind {
            const KIND: &'static str = "number";

            fn told(&self) -> Told<'_> {
                Told(Value::Number(u64::try_from(*self).unwrap_or(u64::MAX)))
            }
        }
    )+};
}

shown! {
    Epoch = "key epoch",
    GrantId = "grant id",
    Instant = "moment",
    KeyUse = "key use",
    TransactionId = "transaction id",
}

numbers!(u16, u32, u64, usize);

impl sealed::Sealed for bool {}

impl LogField for bool {
    const KIND: &'static str = "yes or no";

    fn told(&self) -> Told<'_> {
        Told(Value::Flag(*self))
    }
}

impl sealed::Sealed for Duration {}

/// Whole milliseconds; the field's name says so.
impl LogField for Duration {
    const KIND: &'static str = "milliseconds";

    fn told(&self) -> Told<'_> {
        Told(Value::Number(u64::try_from(self.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl sealed::Sealed for Oin {}

impl LogField for Oin {
    const KIND: &'static str = "OIN";

    fn told(&self) -> Told<'_> {
        Told::text(self.as_str())
    }
}

impl sealed::Sealed for &'static str {}

/// Words that stand in the program: the name of a job, a listener, an operation, the code of a problem.
impl LogField for &'static str {
    const KIND: &'static str = "fixed words";

    fn told(&self) -> Told<'_> {
        Told::text(self)
    }
}

impl<F: LogField> sealed::Sealed for Option<F> {}

/// A hyphen where there is none.
impl<F: LogField> LogField for Option<F> {
    const KIND: &'static str = F::KIND;

    fn told(&self) -> Told<'_> {
        self.as_ref().map_or(Told::text("-"), F::told)
    }
}
