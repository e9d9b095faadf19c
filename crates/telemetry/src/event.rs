//! What an event is, and how it gets to the log.

use std::fmt;

use log::kv::{Error, Key, Source, Value as LogValue, VisitSource};
use log::{Level, Metadata, Record};

use crate::field::{Told, Value};

/// For whom a line of the log is written; `audience` in the line.
///
/// The third audience, inspection, does not read logs: accesses are records in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The operator and the engineer: does it work, and if not, where does it break.
    Application,
    /// The security officer: refused certificates, unknown parties, budgets used up, mix-ups refused.
    Security,
}

impl Audience {
    /// The name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Security => "security",
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How grave it is (docs/logging.md says which is when).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// For the engineer.
    Debug,
    /// What failed.
    Error,
    /// What happens.
    Info,
    /// What may fail soon, or may be an attack.
    Warn,
}

impl Severity {
    /// The name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Error => "error",
            Self::Info => "info",
            Self::Warn => "warn",
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Debug => Level::Debug,
            Self::Error => Level::Error,
            Self::Info => Level::Info,
            Self::Warn => Level::Warn,
        }
    }
}

/// An event as [`events!`](crate::events) declared it: one row of the table in docs/logging.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// For whom.
    pub audience: Audience,
    /// How grave.
    pub severity: Severity,
    /// Stable: what alarms are built on.
    pub code: &'static str,
    /// What every line of this event says.
    pub message: &'static str,
    /// What it means and what to do about it: its documentation, with the space that begins each line of it.
    pub advice: &'static str,
    /// Names of the fields, each with the kind of its type.
    pub fields: &'static [(&'static str, &'static str)],
    /// The module that declares it, or what it says it is filtered by.
    pub module: &'static str,
}

/// Declares the events of a crate, once, in its `events.rs`; makes a type of each, and `EVENTS`, the list of all.
///
/// The form of one event is `Name(Audience, Severity, "code", "message") { field: Type, … }`, with a sentence for whoever
/// reads the line as its documentation. `Name { field, … }.log()` writes it.
#[macro_export]
macro_rules! events {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident($audience:ident, $severity:ident, $code:literal, $message:literal $(, in $target:literal)?)
        { $($field:ident: $kind:ty),* $(,)? }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone)]
            pub(crate) struct $name { $(pub(crate) $field: $kind,)* }

            impl $name {
                const DECLARED: $crate::Declared = $crate::Declared {
                    audience: $crate::Audience::$audience,
                    severity: $crate::Severity::$severity,
                    code: $code,
                    message: $message,
                    advice: concat!($($doc),+),
                    fields: &[$((stringify!($field), <$kind as $crate::LogField>::KIND),)*],
                    module: $crate::module!($($target)?),
                };

                /// Writes the line, if anybody wants it.
                pub(crate) fn log(&self) {
                    if Self::DECLARED.wanted() {
                        $crate::emit(
                            &Self::DECLARED,
                            &[$((stringify!($field), $crate::LogField::told(&self.$field)),)*],
                        );
                    }
                }
            }
        )+

        /// Every event that this crate declares.
        pub const EVENTS: &[$crate::Declared] = &[$($name::DECLARED,)+];
    };
}

/// Where an event is declared, unless it says what it is filtered by.
#[doc(hidden)]
#[macro_export]
macro_rules! module {
    () => {
        module_path!()
    };
    ($target:literal) => {
        $target
    };
}

impl Declared {
    /// What its lines are filtered by: the crate that declares it, unless it says otherwise.
    pub fn target(&self) -> &'static str {
        self.module.split("::").next().unwrap_or(self.module)
    }

    /// Whether the log would write it at all.
    pub fn wanted(&self) -> bool {
        let level = self.severity.level();
        level <= log::max_level()
            && log::logger().enabled(&Metadata::builder().level(level).target(self.target()).build())
    }
}

/// Writes one line. For [`events!`](crate::events), which gives every field its type.
#[doc(hidden)]
pub fn emit(event: &Declared, fields: &[(&'static str, Told<'_>)]) {
    log::logger().log(
        &Record::builder()
            .args(format_args!("{}", event.message))
            .level(event.severity.level())
            .target(event.target())
            .module_path_static(Some(event.module))
            .key_values(&Pairs { event, fields })
            .build(),
    );
}

struct Pairs<'a> {
    event: &'a Declared,
    fields: &'a [(&'static str, Told<'a>)],
}

impl Source for Pairs<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        visitor.visit_pair(Key::from_str("audience"), LogValue::from(self.event.audience.as_str()))?;
        visitor.visit_pair(Key::from_str("event"), LogValue::from(self.event.code))?;
        for (name, told) in self.fields {
            let value = match &told.0 {
                Value::Flag(flag) => LogValue::from(*flag),
                Value::Number(number) => LogValue::from(*number),
                Value::Text(text) => LogValue::from(text.as_ref()),
            };
            visitor.visit_pair(Key::from_str(name), value)?;
        }
        Ok(())
    }
}
