//! `consents`: what a person chose about disclosure, by way of the partner that runs here.

use clap::{Args, Subcommand};
use kw_domain::{ActorId, Category, ConsentId, Instant, MandateId, Oin, Role};
use kw_protocol::consent::{Consent, ConsentChoice, GivenBy};
use kw_protocol::local::choices::{
    ConsentRequest, ConsentSearchRequest, ConsentWithdrawalRequest, LocalDeclaration,
};
use kw_protocol::query::Actor;

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::{SubjectArguments, read_subject};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lay down what a person chose.
    Record(Box<Record>),
    /// Take a choice back.
    Withdraw(Withdraw),
    /// Show a person's choices.
    List(List),
}

/// Who made it known.
#[derive(Debug, Args)]
pub(crate) struct Declared {
    /// The person, a representative or a professional.
    #[arg(long, value_name = "WHO", value_parser = given_by, default_value = "subject")]
    given_by: GivenBy,
    /// The representative's mandate.
    #[arg(long, value_name = "ID", requires = "representative_file", value_parser = mandate)]
    mandate: Option<MandateId>,
    /// A file with the representative in the canonical form (nl.bsn:…): standard input is for the person.
    #[arg(long, value_name = "FILE", requires = "mandate")]
    representative_file: Option<std::path::PathBuf>,
    /// Who recorded it, as your organisation knows them.
    #[arg(long, value_name = "ID", requires = "role", value_parser = ActorId::parse)]
    actor: Option<ActorId>,
    /// What that person is to your organisation.
    #[arg(long, requires = "actor", value_parser = Role::parse)]
    role: Option<Role>,
}

impl Declared {
    pub(super) fn read(self) -> Result<LocalDeclaration, Failure> {
        let representative = self.representative_file.as_deref().map(read_subject).transpose()?;
        Ok(LocalDeclaration {
            given_by: self.given_by,
            mandate: self.mandate,
            representative,
            actor: self.actor.zip(self.role).map(|(id, role)| asserted(id, role)),
        })
    }
}

/// The arguments of `record`. What is left out means all.
#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// Consent (given) or objection (refused).
    #[arg(value_name = "given|refused", value_parser = choice)]
    verdict: ConsentChoice,
    /// About disclosure by this holder.
    #[arg(long, value_name = "OIN", conflicts_with = "holder_kind", value_parser = Oin::parse)]
    holder: Option<Oin>,
    /// About disclosure by holders of this kind.
    #[arg(long, value_name = "KIND")]
    holder_kind: Option<String>,
    /// About this kind of data.
    #[arg(long, value_parser = Category::parse)]
    category: Option<Category>,
    /// To this requester.
    #[arg(long, value_name = "OIN", conflicts_with = "requester_kind", value_parser = Oin::parse)]
    requester: Option<Oin>,
    /// To requesters of this kind.
    #[arg(long, value_name = "KIND")]
    requester_kind: Option<String>,
    /// Where the choice is laid down: a code or URI, without personal data.
    #[arg(long, value_name = "CODE")]
    evidence: String,
    /// It counts until then (RFC 3339); until it is taken back without it.
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    valid_until: Option<Instant>,
    #[command(flatten)]
    declared: Declared,
}

/// The arguments of `withdraw`.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// The choice.
    #[arg(value_name = "ID", value_parser = consent)]
    id: ConsentId,
    #[command(flatten)]
    declared: Declared,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Record(arguments) => {
            let arguments = *arguments;
            let request = ConsentRequest {
                subject: arguments.subject.canonical()?,
                verdict: arguments.verdict,
                holder: arguments.holder,
                holder_kind: arguments.holder_kind,
                category: arguments.category,
                requester: arguments.requester,
                requester_kind: arguments.requester_kind,
                declared: arguments.declared.read()?,
                evidence: arguments.evidence,
                valid_until: arguments.valid_until,
            };
            let recorded = arguments.partner.client()?.record_consent(&request).await?;
            output.data(&recorded, || format!("recorded\n{}", line(&recorded)));
        }
        Command::Withdraw(arguments) => {
            let request = ConsentWithdrawalRequest {
                subject: arguments.subject.canonical()?,
                declared: arguments.declared.read()?,
            };
            let withdrawn = arguments.partner.client()?.withdraw_consent(arguments.id, &request).await?;
            output.data(&withdrawn, || format!("taken back\n{}", line(&withdrawn)));
        }
        Command::List(arguments) => {
            let request = ConsentSearchRequest { subject: arguments.subject.canonical()?, actor: None };
            let found = arguments.partner.client()?.search_consents(&request).await?;
            output.data(&found, || {
                let lines: Vec<String> = found.consents.iter().map(line).collect();
                if lines.is_empty() { "no choices on record".to_owned() } else { lines.join("\n") }
            });
        }
    }
    Ok(Exit::Done)
}

fn line(consent: &Consent) -> String {
    let party = |one: Option<Oin>, kind: Option<&str>| match (one, kind) {
        (Some(oin), _) => oin.to_string(),
        (None, Some(kind)) => format!("every {kind}"),
        (None, None) => "all".to_owned(),
    };
    let ended = match (consent.withdrawn_at, consent.valid_until) {
        (Some(at), _) => format!(", taken back {at}"),
        (None, Some(until)) => format!(", until {until}"),
        (None, None) => String::new(),
    };
    format!(
        "{}  {}  holder: {}  category: {}  requester: {}{ended}",
        consent.id,
        consent.verdict.as_str(),
        party(consent.holder, consent.holder_kind.as_deref()),
        consent.category.as_ref().map_or("all", Category::as_str),
        party(consent.requester, consent.requester_kind.as_deref()),
    )
}

pub(super) fn asserted(id: ActorId, role: Role) -> Actor {
    Actor { id, role, assurance: kw_protocol::query::Assurance::Asserted, proof: None }
}

fn choice(text: &str) -> Result<ConsentChoice, String> {
    ConsentChoice::parse(text).ok_or_else(|| "write given or refused".to_owned())
}

fn given_by(text: &str) -> Result<GivenBy, String> {
    GivenBy::parse(text).ok_or_else(|| "write subject, representative or professional".to_owned())
}

fn consent(text: &str) -> Result<ConsentId, String> {
    text.parse().map_err(|_| "a choice's id is a UUID; consents list shows it".to_owned())
}

fn mandate(text: &str) -> Result<MandateId, String> {
    text.parse().map_err(|_| "a mandate's id is a UUID".to_owned())
}
