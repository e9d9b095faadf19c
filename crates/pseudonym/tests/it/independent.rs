//! The published vectors against an implementation in another language.

use std::path::Path;
use std::process::Command;

#[test]
fn a_second_implementation_written_from_the_specification_agrees() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors");
    let Ok(run) = Command::new("python3").arg(docs.join("check_pseudonym.py")).output() else {
        eprintln!("python3 is not installed: the second implementation was not run");
        return;
    };
    let (said, complained) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}{complained}");
}
