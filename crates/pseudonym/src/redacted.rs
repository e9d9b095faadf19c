//! `Debug` for what must never be printed.

/// Gives each type a `Debug` that shows its name and nothing else.
macro_rules! redact {
    ($($type:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}

pub(crate) use redact;
