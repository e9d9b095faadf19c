//! What deserves a second look.

use clap::Args;
use kw_audit::Month;
use kw_ledger::report::{Anomalies, Finding, Limits};
use serde_json::json;

use crate::commands::audit::records::{Opened, Tally};
use crate::commands::audit::told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, table};

/// From where on. Office hours are the agreement's.
#[derive(Debug, Clone, Args)]
pub(super) struct LimitArguments {
    /// A party of whose questions so many of a hundred find no holder.
    #[arg(long, value_name = "PERCENT", default_value_t = Limits::default().misses_percent)]
    misses_percent: u64,
    /// A party that asked less often has no miss rate.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().misses_from)]
    misses_from: u64,
    /// A person who asked more often than this on one day.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().questions_a_day)]
    questions_a_day: u64,
    /// A party that had more pseudonyms made than this on one day.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().evaluations_a_day)]
    evaluations_a_day: u64,
}

pub(super) async fn run(
    opened: Opened,
    arguments: &LimitArguments,
    month: Month,
    output: Output,
) -> Result<Exit, Failure> {
    let Opened { agreement, logs } = opened;
    let limits = Limits {
        misses_percent: arguments.misses_percent,
        misses_from: arguments.misses_from,
        questions_a_day: arguments.questions_a_day,
        evaluations_a_day: arguments.evaluations_a_day,
        office_hours: agreement.office_hours(),
        ..Limits::default()
    };
    let mut anomalies = Anomalies::new(limits);
    let mut tally = Tally::default();
    let progress = Progress::steps();
    for mut log in logs {
        progress.begins(&format!("reading {}", log.identity.origin));
        while let Some(found) = log.next().await? {
            anomalies.add(log.logged(&found));
        }
        tally = tally.and(log.tally);
    }
    drop(progress);
    let (findings, uncounted) = (anomalies.findings(), anomalies.uncounted());
    let data = json!({
        "month": month.to_string(),
        "read": tally,
        "findings": findings,
        "uncounted": uncounted,
    });
    output.data(&data, || readable(&findings, uncounted, month, tally));
    Ok(Exit::of(tally.is_sound()))
}

fn readable(findings: &[Finding], uncounted: u64, month: Month, tally: Tally) -> String {
    let mut text = if findings.is_empty() {
        "nothing deserves a second look".to_owned()
    } else {
        let mut shown = table(["what", "log", "party", "person", "day", "event", "how many", "entries"]);
        for finding in findings {
            shown.add_row([
                finding.kind.code(),
                &finding.log,
                finding.party.as_str(),
                finding.actor.as_ref().map_or("-", |actor| actor.as_str()),
                finding.day.as_deref().unwrap_or("-"),
                finding.reason.as_deref().unwrap_or_else(|| finding.event.code()),
                &how_many(finding),
                &entries(finding),
            ]);
        }
        shown.to_string()
    };
    if uncounted > 0 {
        text = format!("{text}\n\n{uncounted} more in groups that were too many to keep apart");
    }
    format!("{text}\n\n{month}; {}", told(tally))
}

fn how_many(finding: &Finding) -> String {
    let Finding { count, of, cases, .. } = finding;
    match (of, cases) {
        (Some(of), _) => format!("{count} of {of}"),
        (None, Some(cases)) => format!("{count} for {cases} cases"),
        (None, None) => count.to_string(),
    }
}

/// The first few; `--json` has more.
fn entries(finding: &Finding) -> String {
    let shown: Vec<_> = finding.entries.iter().take(3).map(u64::to_string).collect();
    let more = if finding.entries.len() > shown.len() { " …" } else { "" };
    format!("{}{more}", shown.join(" "))
}
