//! A person's own question: what was registered about me, and who looked (GDPR art. 15)? Gathered from the switchboard and
//! from every party that its records name.

mod gathering;
mod joining;
mod merging;
mod question;
mod text;
mod words;

use kw_agreement::RetentionClass;
use kw_client::ClientError;
use kw_domain::Category;
use kw_protocol::access_report::{AccessReport, StatementStatus, SubjectReport, SubjectReportRequest};
use kw_protocol::evaluation::BudgetClass;
use tokio::time::Instant;

use crate::{AccessEvent, Asked, Reported, RequestError, Requester};

pub use question::ReportQuestion;

use gathering::Told;
use joining::Sources;

impl Requester {
    /// Gathers everything that the chain's logs say about one person. Every party that the switchboard names has its status,
    /// whatever became of it; a switchboard that could not be asked is an error, never an empty report.
    pub async fn access_report(&self, question: &ReportQuestion) -> Result<AccessReport, RequestError> {
        let (transaction, deadline) =
            (self.parts.context.transaction(), Instant::now() + self.parts.limits.report_deadline);
        let pseudonyms = self.pseudonymiser.pseudonyms(&question.subject, BudgetClass::Query);
        let asked = Asked {
            transaction,
            at: self.parts.context.now(),
            subject: question.subject.clone(),
            birth_date_given: question.birth_date.is_some(),
            actor: question.actor.clone(),
            purpose: kw_domain::Purpose::subject_access(),
            case: question.case.clone(),
            categories: vec![Category::access_log()],
            holders: Vec::new(),
            relation: None,
            representation: None,
        };
        let send = |subject| async move {
            let request = SubjectReportRequest {
                subject,
                actor: question.actor.clone(),
                case: question.case.clone(),
                from: question.from,
                until: question.until,
            };
            self.switchboard.access_report(&request, transaction).await
        };
        let (subject_report, binding): (SubjectReport, _) =
            self.ask(asked, pseudonyms, deadline, send).await?;
        self.compare_policy(&subject_report.policy);

        let told = self.statements(question, &subject_report.parties, &binding, deadline).await;
        let report = self.assemble_report(question, transaction, &subject_report, &told);
        let event = Reported {
            transaction,
            at: report.made_at,
            complete: report.complete,
            entries: report.entries.len() as u64,
            asked: told
                .iter()
                .filter_map(|told| Some((told.party.oin, told.transaction?, told.grant)))
                .collect(),
            receipt: subject_report.receipt,
        };
        self.record(AccessEvent::Reported(event)).await?;
        Ok(report)
    }

    fn assemble_report(
        &self,
        question: &ReportQuestion,
        transaction: kw_domain::TransactionId,
        subject_report: &SubjectReport,
        told: &[Told],
    ) -> AccessReport {
        let agreement = &self.parts.agreement;
        // What this very report leaves in the logs is not part of it.
        let own = told.iter().filter_map(|told| told.transaction).chain([transaction]).collect();
        let statements = told.iter().filter_map(|told| Some((&told.party, told.statement.as_ref()?)));
        let entries = joining::join(&Sources {
            agreement,
            language: question.language,
            switchboard: &subject_report.lines,
            statements: statements.collect(),
            own,
        });
        let mut report = AccessReport {
            made_at: self.parts.context.now(),
            language: question.language,
            from: question.from,
            until: question.until,
            complete: told.iter().all(|told| told.asked.status == StatementStatus::Answered),
            may_be_withheld: true,
            kept_for: agreement.retention(RetentionClass::Access).to_string(),
            parties: told.iter().map(|told| told.asked.clone()).collect(),
            entries: merging::merge(entries),
            text: String::new(),
        };
        text::write(&mut report, agreement, self.parts.tls.oin());
        report
    }
}

/// An answer that is not what the interface describes.
const MALFORMED: ClientError = ClientError::Malformed("it is not about this grant");
