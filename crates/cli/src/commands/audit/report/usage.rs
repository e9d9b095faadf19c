//! Use, without persons.

use kw_audit::Month;
use kw_ledger::report::{Usage, UsageLine, Vocabulary};
use serde_json::{Value, json};

use crate::commands::audit::records::{Opened, Tally};
use crate::commands::audit::{besides, told};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, table};

pub(super) async fn run(
    opened: Opened,
    smallest: u64,
    month: Month,
    output: Output,
) -> Result<Exit, Failure> {
    let Opened { agreement, logs } = opened;
    let vocabulary = Vocabulary {
        purposes: agreement.purposes().map(|(purpose, _)| purpose.clone()).collect(),
        categories: agreement.categories().map(|(category, _)| category.clone()).collect(),
    };
    let mut usage = Usage::new(vocabulary, smallest);
    let mut tally = Tally::default();
    let mut origins = Vec::new();
    let progress = Progress::steps();
    for mut log in logs {
        progress.begins(&format!("reading {}", log.identity.origin));
        while let Some(found) = log.next().await? {
            usage.add(&found.record);
        }
        tally = tally.and(log.tally);
        origins.push(log.identity.origin);
    }
    drop(progress);
    let lines: Vec<UsageLine> = usage.lines().collect();
    // How many records there are in all would tell what the lines do not.
    let is_whole = lines.iter().all(|line| line.count.is_shown());
    let mut read = json!(tally);
    if !is_whole {
        read["records"] = Value::Null;
    }
    let data = json!({
        "month": month.to_string(),
        "logs": origins,
        "read": read,
        "smallest": smallest,
        "lines": lines,
    });
    output.data(&data, || readable(&lines, month, tally, is_whole));
    Ok(Exit::of(tally.is_sound()))
}

fn readable(lines: &[UsageLine], month: Month, tally: Tally, is_whole: bool) -> String {
    if lines.is_empty() {
        return format!("nothing happened in {month}; {}", told(tally));
    }
    let mut shown = table(["party", "purpose", "category", "event", "result", "count"]);
    for line in lines {
        shown.add_row([
            line.party.as_str(),
            line.purpose.as_deref().unwrap_or("-"),
            line.category.as_deref().unwrap_or("-"),
            line.event.code(),
            line.result.code(),
            &line.count.to_string(),
        ]);
    }
    let read = if is_whole { told(tally) } else { format!("records read{}", besides(tally)) };
    format!("{shown}\n\n{month}; {read}")
}
