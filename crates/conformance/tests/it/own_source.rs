//! The source of docs/write-a-source.md: it runs, it is short, and it conforms.

use std::sync::Arc;

use kw_conformance::{Outcome, SourceTrial, try_source};
use kw_domain::{Clock as _, SystemClock};

use crate::{agreement, with};

#[path = "../../../../examples/sources/own_source.rs"]
mod example;

const TEXT: &str = include_str!("../../../../examples/sources/own_source.rs");
const GUIDE: &str = include_str!("../../../../docs/write-a-source.md");

#[test]
fn it_has_less_than_sixty_lines_and_runs() {
    assert!(TEXT.lines().count() < 60, "{} lines", TEXT.lines().count());
    example::main().unwrap();
}

#[test]
fn the_guide_shows_the_code_that_runs() {
    let mut shown = 0;
    for block in GUIDE.split("```rust\n").skip(1) {
        let block = block.split("```").next().unwrap();
        // What the guide leaves out is an ellipsis.
        for part in block.split("…\n").filter(|part| !part.trim().is_empty()) {
            let lines: Vec<&str> = part.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let own: Vec<&str> = concat!(
                include_str!("../../../../examples/sources/own_source.rs"),
                include_str!("own_source.rs")
            )
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
            assert!(own.windows(lines.len()).any(|window| window == lines), "not in the example:\n{part}");
            shown += 1;
        }
    }
    assert!(shown >= 4, "{shown} parts");
}

#[tokio::test]
async fn it_conforms() {
    let (agreement, _) = agreement();
    let school = agreement.partners().find(|partner| partner.kind.as_str() == "school").unwrap().oin;
    let source = Arc::new(example::card_index().unwrap());
    let trial = SourceTrial::of(source, school, agreement, SystemClock.now());
    let findings = try_source(&trial).await;
    assert_eq!(with(&findings, Outcome::Failed), [""; 0], "{findings:#?}");
}
