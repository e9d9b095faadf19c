//! docs/conformance.md lists the checks.

use kw_conformance::catalogue::{ADAPTER, SOURCE};

#[test]
fn the_page_lists_every_check() {
    let page = include_str!("../../../../docs/conformance.md");
    for (marker, checks) in [("source", SOURCE), ("adapter", ADAPTER)] {
        let listed = page.split(&format!("<!-- {marker}-checks -->")).nth(1).unwrap();
        let rows: Vec<&str> = listed.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> =
            checks.iter().map(|check| format!("| `{}` | {} |", check.id, check.expects)).collect();
        assert_eq!(rows, expected, "write:\n{}", expected.join("\n"));
    }
}
