//! docs/errors.md lists every problem type there is.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use kw_protocol::problem::{ProblemCode, TYPE_BASE};

const START: &str = "<!-- problem types: generated -->\n";
const END: &str = "<!-- end of problem types -->";

fn table() -> String {
    let mut table =
        String::from("\n| code | status | same request again may succeed | title |\n|---|---|---|---|\n");
    for code in ProblemCode::ALL {
        let again = if code.retryable() { "yes" } else { "no" };
        writeln!(table, "| `{}` | {} | {again} | {} |", code.code(), code.status(), code.title()).unwrap();
    }
    table.push('\n');
    table
}

/// `KETENWIJZER_BLESS=1` writes the table instead of comparing it.
#[test]
fn the_page_has_exactly_the_problem_types_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let right = format!("{before}{START}{}{END}{after}", table());
    if env::var_os("KETENWIJZER_BLESS").is_some() {
        fs::write(&path, right).unwrap();
    } else {
        assert!(
            page == right,
            "docs/errors.md is behind; run: KETENWIJZER_BLESS=1 cargo test -p kw-runtime errors_page"
        );
    }
}

#[test]
fn the_page_explains_how_a_code_looks_on_the_wire() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    assert!(fs::read_to_string(path).unwrap().contains(TYPE_BASE));
}
