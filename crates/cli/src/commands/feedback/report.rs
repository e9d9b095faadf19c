//! `feedback report`: what a report is made of, from arguments and from a dossier.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use kw_domain::{FeedbackId, Handle, Instant};
use kw_protocol::feedback::{
    FeedbackContact, FeedbackKind, MOST_ATTACHED_BYTES, NewAttachment, ReasonableDoubt,
};
use kw_protocol::local::feedback::FeedbackRequest;

use super::draft::{self, Chosen};
use crate::commands::asking::Question;
use crate::failure::Failure;

/// The arguments. With --from, holder, category and values come from a dossier, so that no value stands on the command line.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) question: Question,
    /// A dossier as `dossier --json` wrote it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The difference of that dossier, counted from 1. The doubted value is that of --holder; without it the one that is not the
    /// authoritative holder's.
    #[arg(long, value_name = "NUMBER", requires = "from", conflicts_with_all = ["section", "pointer"])]
    difference: Option<usize>,
    /// The section of that dossier, counted from 1; with --pointer.
    #[arg(long, value_name = "NUMBER", requires_all = ["from", "pointer"])]
    section: Option<usize>,
    /// Where the value stands in the document (RFC 6901): /person/address/city.
    #[arg(long)]
    pointer: Option<String>,
    /// What the holder says: JSON, or text. Readable in the process list: better --from.
    #[arg(long, value_name = "VALUE", requires = "pointer")]
    doubted: Option<String>,
    /// What it should be: JSON, or text. Readable in the process list.
    #[arg(long, value_name = "VALUE")]
    proposed: Option<String>,
    /// Which record, where the holder has several: the handle of the dossier's section.
    #[arg(long, value_parser = handle)]
    handle: Option<Handle>,
    /// Who doubts.
    #[arg(long, value_enum, default_value_t = Kind::Report)]
    kind: Kind,
    /// A reference of your own, at most 12 characters.
    #[arg(long)]
    reference: Option<String>,
    /// When you saw it (RFC 3339); from the dossier with --from.
    #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
    observed_at: Option<Instant>,
    /// In your own words, for the holder.
    #[arg(long, value_name = "TEXT")]
    explanation: Option<String>,
    /// You strongly suspect that the value is wrong (gerede twijfel, 1 of 3).
    #[arg(long)]
    strong_suspicion: bool,
    /// It rests on your own work or knowledge of the person (2 of 3).
    #[arg(long)]
    own_knowledge: bool,
    /// You know what the value is meant to say (3 of 3).
    #[arg(long)]
    knows_definition: bool,
    #[command(flatten)]
    contact: Contact,
    /// A file that shows it: PDF, JPEG or PNG; may be repeated. The holder keeps it.
    #[arg(long = "attach", value_name = "FILE")]
    attachments: Vec<PathBuf>,
    /// A name of your own choosing, a UUID version 7: sending it again gives the report that is there.
    #[arg(long, value_name = "ID", value_parser = super::report_id)]
    id: Option<FeedbackId>,
}

/// Whom the holder can ask.
#[derive(Args)]
struct Contact {
    /// Whom the holder can ask.
    #[arg(long = "contact-name", value_name = "NAME")]
    name: String,
    /// Their e-mail address.
    #[arg(long = "contact-email", value_name = "ADDRESS")]
    email: String,
    /// Their telephone number.
    #[arg(long = "contact-phone", value_name = "NUMBER")]
    phone: Option<String>,
    /// Their department.
    #[arg(long = "contact-department", value_name = "NAME")]
    department: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// Who doubts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The person whom it is about, or who represents them, asks for a correction (GDPR art. 16).
    CorrectionRequest,
    /// A professional reports what they noticed.
    Report,
}

impl Arguments {
    pub(crate) fn request(&self) -> Result<FeedbackRequest, Failure> {
        let asked = self.question.request()?;
        let chosen = Chosen {
            holders: &asked.holders,
            categories: &asked.categories,
            difference: self.difference,
            section: self.section,
            pointer: self.pointer.as_deref(),
            doubted: self.doubted.as_deref().map(draft::value),
            proposed: self.proposed.as_deref().map(draft::value),
        };
        let mut draft = match &self.from {
            Some(path) => draft::from_dossier(&draft::read(path)?, &chosen)?,
            None => draft::by_hand(&chosen)?,
        };
        if self.handle.is_some() {
            draft.handle = self.handle;
        }
        Ok(FeedbackRequest {
            id: self.id,
            subject: asked.subject,
            birth_date: asked.birth_date,
            purpose: asked.purpose,
            actor: asked.actor,
            case: asked.case,
            relation: asked.relation,
            representation: asked.representation,
            holder: draft.holder,
            category: draft.category,
            handle: draft.handle,
            kind: match self.kind {
                Kind::CorrectionRequest => FeedbackKind::CorrectionRequest,
                Kind::Report => FeedbackKind::Report,
            },
            reference: self.reference.clone(),
            attributes: draft.attributes,
            observed_at: self.observed_at.or(draft.observed_at),
            explanation: self.explanation.clone(),
            doubt: ReasonableDoubt {
                strong_suspicion: self.strong_suspicion,
                own_knowledge: self.own_knowledge,
                knows_definition: self.knows_definition,
            },
            contact: FeedbackContact {
                name: self.contact.name.clone(),
                email: self.contact.email.clone(),
                phone: self.contact.phone.clone(),
                department: self.contact.department.clone(),
            },
            attachments: self.attachments.iter().map(|path| attachment(path)).collect::<Result<_, _>>()?,
        })
    }
}

fn attachment(path: &Path) -> Result<NewAttachment, Failure> {
    let wrong = |what: String| Failure::usage(what, "attach a PDF, JPEG or PNG of at most 20 MiB");
    let shown = path.display();
    let extension = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    let media_type = match extension.as_str() {
        "pdf" => "application/pdf",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        _ => return Err(wrong(format!("{shown} is no .pdf, .jpg or .png"))),
    };
    let size = fs::metadata(path).map_err(|error| wrong(format!("cannot read {shown}: {error}")))?.len();
    if size > MOST_ATTACHED_BYTES as u64 {
        return Err(wrong(format!("{shown} is larger than 20 MiB")));
    }
    let content = fs::read(path).map_err(|error| wrong(format!("cannot read {shown}: {error}")))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
    let content = STANDARD.encode(content);
    Ok(NewAttachment { name, media_type: media_type.to_owned(), description: None, content })
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::parse(text).map_err(|error| error.to_string())
}
