//! Records about two people: whoever is represented is the subject, whoever acts is the representative. Both can see it.

use kw_domain::{MandateId, SubjectId, SubjectReference};
use kw_ledger::AccessRecord;
use kw_protocol::mandate::MandateKind;
use kw_store::switchboard::mandates::StoredMandate;
use kw_store::{Abort, Act};

use crate::app::{App, act};

/// The people a record is about, as far as the index knows them, each under a fresh reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) represented: Option<(SubjectId, SubjectReference)>,
    pub(crate) representative: Option<(SubjectId, SubjectReference)>,
}

/// Two fresh references.
#[derive(Debug, Clone, Copy)]
pub(crate) struct References {
    represented: SubjectReference,
    representative: SubjectReference,
}

impl References {
    pub(crate) fn draw(app: &App) -> Self {
        Self { represented: app.reference(), representative: app.reference() }
    }

    /// Writes both references into the record.
    pub(crate) fn write(self, record: &mut AccessRecord) {
        record.subject = Some(self.represented);
        record.representative = Some(self.representative);
    }

    /// Both sides of a mandate.
    pub(crate) fn of(self, mandate: &StoredMandate) -> Sides {
        self.sides(Some(mandate.represented), Some(mandate.representative))
    }

    /// Whoever of the two is known.
    pub(crate) fn sides(self, represented: Option<SubjectId>, representative: Option<SubjectId>) -> Sides {
        Sides {
            represented: represented.map(|subject| (subject, self.represented)),
            representative: representative.map(|subject| (subject, self.representative)),
        }
    }
}

impl Sides {
    /// Writes the references into the record.
    pub(crate) fn write(self, record: &mut AccessRecord) {
        record.subject = self.represented.map(|(_, reference)| reference);
        record.representative = self.representative.map(|(_, reference)| reference);
    }

    /// Says whom the references mean.
    pub(crate) fn link(self, act: Act) -> Act {
        [self.represented, self.representative]
            .into_iter()
            .flatten()
            .fold(act, |act, (subject, reference)| act.link(subject, reference))
    }
}

/// The act that leaves this record about these people.
pub(crate) fn act_about_sides<E>(mut record: AccessRecord, sides: Sides) -> Result<Act, Abort<E>> {
    sides.write(&mut record);
    Ok(sides.link(act(&record)?))
}

/// Puts what a mandate says into a record.
pub(crate) fn describe(record: &mut AccessRecord, mandate: &StoredMandate) {
    record.categories = mandate.categories.iter().cloned().collect();
    record.representation = Some(representation_of(mandate.kind, mandate.id));
}

/// A mandate as records name it.
pub(crate) fn representation_of(kind: MandateKind, id: MandateId) -> String {
    format!("{}:{id}", kind.as_str())
}
