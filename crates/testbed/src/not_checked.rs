//! What could not be tested because a program of others was out of reach.

use std::fmt;
use std::fs::File;
use std::io::Write as _;

/// Says so, also where a test that passes is not heard: `cargo xtask test` names the file, and tells it all at its end.
#[expect(clippy::print_stderr, clippy::expect_used, reason = "a test tells whoever runs it")]
pub fn not_checked(what: impl fmt::Display) {
    eprintln!("NOT CHECKED {what}");
    let Some(path) = std::env::var_os("KETENWIJZER_NOT_CHECKED") else { return };
    let mut file =
        File::options().append(true).create(true).open(path).expect("the file of what is not checked");
    writeln!(file, "{what}").expect("one line about what is not checked");
}
