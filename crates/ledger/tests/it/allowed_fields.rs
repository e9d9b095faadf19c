//! docs/logging.md lists what the record of each event may say.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use kw_ledger::Event;

const BEGIN: &str = "<!-- records: begin -->\n";
const END: &str = "<!-- records: end -->";

fn table() -> String {
    let mut table = String::from("\n| event | action | fields |\n|---|---|---|\n");
    for event in Event::ALL {
        let action = serde_json::to_value(event.action()).unwrap();
        let fields: Vec<_> = event.fields().iter().map(|field| format!("`{}`", field.name())).collect();
        writeln!(table, "| `{}` | {} | {} |", event.code(), action.as_str().unwrap(), fields.join(", "))
            .unwrap();
    }
    table.push('\n');
    table
}

/// `KETENWIJZER_BLESS=1` writes the table instead of comparing it.
#[test]
fn the_table_of_records_is_the_allow_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/logging.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let right = format!("{before}{BEGIN}{}{END}{after}", table());
    if env::var_os("KETENWIJZER_BLESS").is_some() {
        fs::write(&path, right).unwrap();
    } else {
        assert!(
            page == right,
            "docs/logging.md is behind; run: KETENWIJZER_BLESS=1 cargo test -p kw-ledger allowed_fields"
        );
    }
}
