//! What happened, in Dutch: LDV's `name` is read by people.

use crate::Event;

pub(super) fn of(event: Event) -> &'static str {
    match event {
        Event::AccessLogSearched => "Toegangslog doorzocht door auditor",
        Event::AccessReportMade => "Inzageoverzicht gemaakt",
        Event::AgreementChanged => "Afsprakenstelsel gewijzigd",
        Event::AnswerReceived => "Antwoord van het schakelpunt ontvangen",
        Event::DossierAssembled => "Ketendossier samengesteld",
        Event::EvaluationBatch => "Pseudoniemen berekend",
        Event::KeyChanged => "Sleutel gewijzigd",
        Event::LeaseRenewed => "Geldigheid van verwijzingen verlengd",
        Event::LogRecovered => "Logboek voortgezet na herstel",
        Event::PointerRead => "Verwijzing gelezen",
        Event::PointerRegistered => "Verwijzing geregistreerd",
        Event::PointerRenewed => "Verwijzing verlengd",
        Event::PointerSuperseded => "Verwijzing vervangen",
        Event::PointerWithdrawn => "Verwijzing ingetrokken",
        Event::PointersDestroyed => "Verwijzingen vernietigd",
        Event::PointersLapsed => "Verwijzingen verlopen",
        Event::PointersRegistered => "Verwijzingen geregistreerd",
        Event::PointersWithdrawn => "Verwijzingen ingetrokken",
        Event::PullAnswered => "Gegevens opgevraagd bij de bronhouder",
        Event::QueryAnswered => "Bevraging van de verwijsindex beantwoord",
        Event::QueryAsked => "Verwijsindex bevraagd",
        Event::ReceiptRefuted => "Ontvangstbewijs weerlegd",
        Event::RecordsErased => "Logregels gewist na bewaartermijn",
        Event::ResolutionApproved => "Herleiding van een betrokkene goedgekeurd",
        Event::ResolutionRequested => "Herleiding van een betrokkene aangevraagd",
        Event::SourceSynchronised => "Bron met de verwijsindex gelijkgetrokken",
        Event::SubjectsRekeyed => "Pseudoniemen omgezet naar een nieuwe sleutel",
    }
}

/// What happened with each grant of such a record.
pub(super) fn of_grant(event: Event) -> Option<&'static str> {
    match event {
        Event::QueryAnswered => Some("Verwijzing verstrekt"),
        Event::AnswerReceived => Some("Verwijzing ontvangen"),
        Event::DossierAssembled => Some("Gegevens opgevraagd bij de bronhouder"),
        _ => None,
    }
}
