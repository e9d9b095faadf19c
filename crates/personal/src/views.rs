//! What the user API exchanges. Nothing here says who anybody is beyond what the user calls them.

use kw_domain::{
    AccountId, Category, CollectionId, DocumentId, DossierId, Instant, MandateId, Oin, SessionId,
};
use kw_store::personal::{Collection, DossierUser, Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the browser goes to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInStarted {
    /// The provider's address.
    pub(crate) address: String,
}

/// A new session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSession {
    /// The bearer token: for the `Authorization` header, shown once.
    pub(crate) token: String,
    /// What the provider calls whoever signed in, for the screen. It is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The session.
    pub(crate) session: SessionView,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    /// Which one.
    #[schema(value_type = String)]
    pub(crate) id: SessionId,
    /// Whose.
    #[schema(value_type = String)]
    pub(crate) account: AccountId,
    /// The dossier it is bound to. Another dossier takes a new session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) dossier: Option<DossierId>,
    /// Until when.
    #[schema(value_type = String)]
    pub(crate) expires_at: Instant,
}

/// Somebody whom the user may represent (step 2 of scenario 1).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepresentedView {
    /// The mandate.
    #[schema(value_type = String)]
    pub(crate) mandate: MandateId,
    /// Its kind.
    pub(crate) kind: String,
    /// What the provider calls them.
    pub(crate) label: String,
    /// The user's dossier about them, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) dossier: Option<DossierId>,
}

/// Opens a dossier: about the user, or about somebody they represent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDossierRequest {
    /// Whom: a mandate of the list. Left out: the user.
    #[schema(value_type = Option<String>)]
    pub(crate) mandate: Option<MandateId>,
    /// The birth date, `YYYYMMDD`, `00` where a part is not known. Left out: not known at all.
    #[schema(value_type = Option<String>)]
    pub(crate) birth_date: Option<kw_protocol::authorisation::SecretText>,
    /// What the user calls it.
    pub(crate) label: String,
}

/// A dossier.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DossierView {
    /// Which one.
    #[schema(value_type = String)]
    pub(crate) id: DossierId,
    /// What its owner calls it.
    pub(crate) label: String,
    /// The birth date of the person, `YYYYMMDD`, `00` where a part is not known: only for whoever may open it, so that the
    /// screen says whom the dossier is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) birth_date: Option<kw_protocol::authorisation::SecretText>,
    /// Whether the user owns it.
    pub(crate) owner: bool,
    /// Whether it is about its owner.
    pub(crate) own: bool,
    /// Whether a session of now may be bound to it.
    pub(crate) accessible: bool,
}

/// Binds the session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Choice {
    /// The dossier that the user chose.
    #[schema(value_type = String)]
    pub(crate) dossier: DossierId,
}

/// Begins a collection for the dossier of this session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCollection {
    /// At which holder.
    #[schema(value_type = String)]
    pub(crate) holder: Oin,
    /// Which categories: at least one, at most 16.
    #[schema(value_type = Vec<String>)]
    pub(crate) categories: Vec<Category>,
}

/// A collection that began.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CollectionStarted {
    /// The collection.
    pub(crate) collection: CollectionView,
    /// Where the user's browser goes: the holder's authorisation server.
    pub(crate) address: String,
}

/// A collection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CollectionView {
    /// Which one.
    #[schema(value_type = String)]
    pub(crate) id: CollectionId,
    /// The dossier it is for: preselected, for the user to confirm (step 14.1 of scenario 1).
    #[schema(value_type = String)]
    pub(crate) dossier: DossierId,
    /// At which holder.
    #[schema(value_type = String)]
    pub(crate) holder: Oin,
    /// Which categories.
    #[schema(value_type = Vec<String>)]
    pub(crate) categories: Vec<Category>,
    /// `started`, `authorised`, `received`, `awaiting-second-person`, `stored` or `refused`.
    pub(crate) state: String,
    /// Why it was refused: a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl From<&Collection> for CollectionView {
    fn from(row: &Collection) -> Self {
        Self {
            id: row.id,
            dossier: row.dossier,
            holder: row.holder,
            categories: row.categories.iter().cloned().collect(),
            state: row.state.as_str().to_owned(),
            reason: row.reason.clone(),
        }
    }
}

/// A document in the list of a dossier.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentView {
    /// Which one.
    #[schema(value_type = String)]
    pub(crate) id: DocumentId,
    /// Of which category.
    #[schema(value_type = String)]
    pub(crate) category: Category,
    /// From whom.
    #[schema(value_type = String)]
    pub(crate) holder: Oin,
    /// When it was received.
    #[schema(value_type = String)]
    pub(crate) received_at: Instant,
}

/// A document.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FullDocument {
    /// What the list says of it.
    #[serde(flatten)]
    pub(crate) about: DocumentView,
    /// In which dossier.
    #[schema(value_type = String)]
    pub(crate) dossier: DossierId,
    /// The document and its provenance.
    #[schema(value_type = Object)]
    pub(crate) content: serde_json::Value,
}

/// What a user of another's dossier may do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LimitsView {
    /// Read documents.
    pub(crate) view: bool,
    /// Collect documents.
    pub(crate) collect: bool,
    /// Only these categories; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) categories: Option<Vec<Category>>,
    /// Until then.
    #[schema(value_type = String)]
    pub(crate) until: Instant,
}

impl From<LimitsView> for Limits {
    fn from(view: LimitsView) -> Self {
        let categories = view.categories.map(|list| list.into_iter().collect());
        Self { view: view.view, collect: view.collect, categories, until: view.until }
    }
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let categories = limits.categories.map(|set| set.into_iter().collect());
        Self { view: limits.view, collect: limits.collect, categories, until: limits.until }
    }
}

/// An invitation: to be given to one person, outside this service.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationView {
    /// Taken up once, by somebody with a mandate of the dossier's person.
    pub(crate) code: String,
    /// By then.
    #[schema(value_type = String)]
    pub(crate) expires_at: Instant,
}

/// Takes an invitation up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// The code.
    #[schema(value_type = String)]
    pub(crate) code: kw_protocol::authorisation::SecretText,
}

/// Somebody who uses a dossier (scenario 2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserView {
    /// Who: a random number.
    #[schema(value_type = String)]
    pub(crate) account: AccountId,
    /// Under which mandate they came in.
    #[schema(value_type = String)]
    pub(crate) mandate: MandateId,
    /// What they may.
    pub(crate) limits: LimitsView,
    /// Since when.
    #[schema(value_type = String)]
    pub(crate) since: Instant,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) ended_at: Option<Instant>,
}

impl From<DossierUser> for UserView {
    fn from(row: DossierUser) -> Self {
        let (since, ended_at) = (row.added_at, row.ended_at);
        Self { account: row.account, mandate: row.mandate, limits: row.limits.into(), since, ended_at }
    }
}
