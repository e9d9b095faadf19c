//! Exit codes: what scripts rely on. The table in docs/operations.md is checked against this list.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// It ran, and the outcome is negative: a promise of the demonstration failed, a check found mistakes, a dossier is
    /// incomplete, rows were refused.
    Negative,
    /// The command line or its input is wrong.
    Usage,
    /// A file it was told to use, a configuration, key or certificate for one, cannot be used.
    Configuration,
    /// A service or database cannot be reached now; the same command may succeed later.
    Unavailable,
    /// The other side refused: the agreement does not allow it, or what is stored does not.
    Refused,
    /// A fault of this program or machine.
    Fault,
    /// It was told to stop before it was done.
    Interrupted,
}

impl Exit {
    /// All of them, by number.
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Done,
        Self::Negative,
        Self::Usage,
        Self::Configuration,
        Self::Unavailable,
        Self::Refused,
        Self::Fault,
        Self::Interrupted,
    ];

    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            // clap's own.
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Unavailable => 4,
            Self::Refused => 5,
            // As in sysexits(3).
            Self::Fault => 70,
            // As shells write death by SIGINT.
            Self::Interrupted => 130,
        }
    }

    /// The word in `--json`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Negative => "negative",
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Fault => "fault",
            Self::Interrupted => "interrupted",
        }
    }

    /// Done, or not as wished.
    pub(crate) fn of(wished: bool) -> Self {
        if wished { Self::Done } else { Self::Negative }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_has_every_code() {
        let page = include_str!("../../../docs/operations.md");
        let table = page.split("<!-- exit-codes -->").nth(1).unwrap();
        let rows: Vec<&str> =
            table.lines().filter(|line| line.starts_with("| ") && !line.contains("code")).collect();
        let codes: Vec<u8> =
            rows.iter().map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap()).collect();
        assert_eq!(codes, Exit::ALL.map(Exit::code));
        for (row, exit) in rows.iter().zip(Exit::ALL) {
            assert!(row.contains(&format!("`{}`", exit.as_str())), "{row}");
        }
    }
}
