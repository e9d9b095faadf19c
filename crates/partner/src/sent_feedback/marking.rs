//! Which of a dossier's values the own organisation doubts already.

use kw_domain::Subject;
use kw_protocol::dossier::Dossier;
use kw_requester::touches;
use kw_store::partner::SentFeedback;

use super::Fault;
use crate::app::App;

/// How many reports about one person are looked at.
const MOST_OPEN: u32 = 200;

/// Names the open reports with every section and value that they are about.
pub(crate) async fn mark_open(app: &App, subject: &Subject, dossier: &mut Dossier) -> Result<(), Fault> {
    let about = app.vault.asked_key(subject);
    let open = app.store.read(move |tables| tables.feedback_about(&about, MOST_OPEN)).await?;
    mark(&open, dossier);
    Ok(())
}

fn mark(open: &[SentFeedback], dossier: &mut Dossier) {
    for section in &mut dossier.sections {
        section.open_reports = open
            .iter()
            .filter(|report| report.holder == section.holder.oin && report.category == section.category)
            .map(|report| report.id)
            .collect();
    }
    for held in dossier.differences.iter_mut().flat_map(|difference| &mut difference.values) {
        held.open_reports = open
            .iter()
            .filter(|report| report.holder == held.holder.oin && report.category == held.category)
            .filter(|report| report.pointers.iter().any(|pointer| touches(pointer, &held.pointer)))
            .map(|report| report.id)
            .collect();
    }
}
