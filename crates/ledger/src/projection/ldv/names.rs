//! What happened, in Dutch: LDV's `name` is read by people.

use crate::Event;

pub(super) fn of(event: Event) -> &'static str {
    match event {
        Event::AccessLogSearched => "Toegangslog doorzocht door auditor",
        Event::AccessReportMade => "Inzageoverzicht gemaakt",
        Event::AgreementChanged => "Afsprakenstelsel gewijzigd",
        Event::AlarmRaised => "Alarm: bevragingen lijken op doorzoeken",
        Event::AnswerReceived => "Antwoord van het schakelpunt ontvangen",
        Event::AuthorisationAsked => "Verzoek om gegevens van een persoonlijke omgeving",
        Event::AuthorisationDecided => "Toestemming voor verzamelen gegeven of geweigerd",
        Event::CollectionAnswered => "Gegevens verzameld door een persoonlijke omgeving",
        Event::ConsentRecorded => "Toestemming of bezwaar vastgelegd",
        Event::ConsentWithdrawn => "Toestemming of bezwaar ingetrokken",
        Event::ConsentsRead => "Toestemmingen geraadpleegd",
        Event::DelegationApproved => "Machtiging van een leverancier goedgekeurd",
        Event::DelegationEnded => "Machtiging van een leverancier beëindigd",
        Event::DelegationRequested => "Machtiging van een leverancier aangevraagd",
        Event::DocumentStored => "Document in een dossier geplaatst",
        Event::DossierAssembled => "Ketendossier samengesteld",
        Event::DossierChanged => "Dossier aangemaakt, gedeeld of verwijderd",
        Event::DossierOpened => "Dossier geopend",
        Event::EvaluationBatch => "Pseudoniemen berekend",
        Event::IdentityChecked => "Identiteit door twee personen gecontroleerd",
        Event::KeyChanged => "Sleutel gewijzigd",
        Event::LeaseRenewed => "Geldigheid van verwijzingen verlengd",
        Event::LogRecovered => "Logboek voortgezet na herstel",
        Event::MandateConfirmed => "Machtiging bevestigd",
        Event::MandateEnded => "Machtiging beëindigd",
        Event::MandateRequested => "Machtiging aangevraagd",
        Event::MandatesRead => "Machtigingen geraadpleegd",
        Event::ObjectionDecided => "Bezwaar tegen een registratie beslist",
        Event::ObjectionReceived => "Bezwaar tegen een registratie ontvangen",
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
        Event::ReviewEscalated => "Beoordeling van een bevraging te laat",
        Event::ReviewGiven => "Bevraging achteraf beoordeeld",
        Event::ReviewsRead => "Te beoordelen bevragingen geraadpleegd",
        Event::SignalsRead => "Signalen gelezen",
        Event::SourceSynchronised => "Bron met de verwijsindex gelijkgetrokken",
        Event::StatementIssued => "Authenticatieverklaring afgegeven",
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
