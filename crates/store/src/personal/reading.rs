//! What is asked of the personal environment's tables, in the order of [`PersonalRead`]. Compiled once for each backend;
//! `super` says which.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use kw_domain::{
    AccountId, Category, CollectionId, DocumentId, DossierId, Instant, MandateId, Oin, SessionId,
    SubjectReference,
};

use super::Conn;
use crate::error::StoreError;
use crate::personal::{
    Account, Collection, CollectionState, Confirmation, Document, Dossier, DossierUser, Invitation, Limits,
    PersonalRead, Session, categories_from, state_from, state_number,
};
use crate::personal::{
    personal_accounts, personal_collections, personal_confirmations, personal_documents, personal_dossiers,
    personal_invitations, personal_references, personal_sessions, personal_users,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_sessions)]
struct SessionRow {
    id: Vec<u8>,
    token: Vec<u8>,
    account: Vec<u8>,
    statement_sealed: Vec<u8>,
    dossier: Option<Vec<u8>>,
    created_at: i64,
    expires_at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_dossiers)]
struct DossierRow {
    id: Vec<u8>,
    owner: Vec<u8>,
    person_key: Vec<u8>,
    own: i16,
    key_sealed: Vec<u8>,
    person_sealed: Vec<u8>,
    created_at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_users)]
struct UserRow {
    dossier: Vec<u8>,
    account: Vec<u8>,
    mandate: Vec<u8>,
    may_view: i16,
    may_collect: i16,
    categories: Option<String>,
    until: i64,
    added_at: i64,
    ended_at: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_invitations)]
struct InvitationRow {
    code: Vec<u8>,
    dossier: Vec<u8>,
    may_view: i16,
    may_collect: i16,
    categories: Option<String>,
    until: i64,
    expires_at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_collections)]
struct CollectionRow {
    id: Vec<u8>,
    dossier: Vec<u8>,
    account: Vec<u8>,
    holder: String,
    categories: String,
    mandate: Option<Vec<u8>>,
    state_hash: Vec<u8>,
    browser: Vec<u8>,
    request_sealed: Option<Vec<u8>>,
    pending_sealed: Option<Vec<u8>>,
    state: i16,
    reason: Option<String>,
    started_at: i64,
    expires_at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_documents)]
struct DocumentRow {
    id: Vec<u8>,
    dossier: Vec<u8>,
    collection: Vec<u8>,
    category: String,
    holder: String,
    sealed: Vec<u8>,
    received_at: i64,
}

impl PersonalRead for Conn {
    fn account(&mut self, key: &[u8; 16]) -> Result<Option<Account>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>, i64)> = personal_accounts::table
            .filter(personal_accounts::account_key.eq(key.as_slice()))
            .first(self)
            .optional()?;
        row.map(|(id, key, created_at)| {
            Ok(Account {
                id: AccountId::from_bytes(bytes(id)?),
                key: bytes(key)?,
                created_at: Instant::from_millis(created_at),
            })
        })
        .transpose()
    }

    fn session(&mut self, token: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let row: Option<SessionRow> = personal_sessions::table
            .filter(personal_sessions::token.eq(token.as_slice()))
            .select(SessionRow::as_select())
            .first(self)
            .optional()?;
        row.map(|row| {
            Ok(Session {
                id: SessionId::from_bytes(bytes(row.id)?),
                token: bytes(row.token)?,
                account: AccountId::from_bytes(bytes(row.account)?),
                statement_sealed: row.statement_sealed,
                dossier: row.dossier.map(bytes).transpose()?.map(DossierId::from_bytes),
                created_at: Instant::from_millis(row.created_at),
                expires_at: Instant::from_millis(row.expires_at),
            })
        })
        .transpose()
    }

    fn dossier(&mut self, id: DossierId) -> Result<Option<Dossier>, StoreError> {
        personal_dossiers::table
            .find(id.as_bytes().as_slice())
            .select(DossierRow::as_select())
            .first(self)
            .optional()?
            .map(dossier)
            .transpose()
    }

    fn dossiers_of(&mut self, account: AccountId, limit: u32) -> Result<Vec<Dossier>, StoreError> {
        let account = account.as_bytes().as_slice();
        let used = personal_users::table
            .filter(personal_users::account.eq(account))
            .filter(personal_users::ended_at.is_null())
            .select(personal_users::dossier);
        let rows: Vec<DossierRow> = personal_dossiers::table
            .filter(personal_dossiers::owner.eq(account).or(personal_dossiers::id.eq_any(used)))
            .order(personal_dossiers::id)
            .limit(i64::from(limit))
            .select(DossierRow::as_select())
            .load(self)?;
        rows.into_iter().map(dossier).collect()
    }

    fn all_dossiers(&mut self, after: Option<DossierId>, limit: u32) -> Result<Vec<Dossier>, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let rows: Vec<DossierRow> = personal_dossiers::table
            .filter(personal_dossiers::id.gt(after))
            .order(personal_dossiers::id)
            .limit(i64::from(limit))
            .select(DossierRow::as_select())
            .load(self)?;
        rows.into_iter().map(dossier).collect()
    }

    fn user(&mut self, dossier: DossierId, account: AccountId) -> Result<Option<DossierUser>, StoreError> {
        personal_users::table
            .find((dossier.as_bytes().as_slice(), account.as_bytes().as_slice()))
            .select(UserRow::as_select())
            .first(self)
            .optional()?
            .map(user)
            .transpose()
    }

    fn users_of(&mut self, dossier: DossierId, limit: u32) -> Result<Vec<DossierUser>, StoreError> {
        let rows: Vec<UserRow> = personal_users::table
            .filter(personal_users::dossier.eq(dossier.as_bytes().as_slice()))
            .order(personal_users::account)
            .limit(i64::from(limit))
            .select(UserRow::as_select())
            .load(self)?;
        rows.into_iter().map(user).collect()
    }

    fn invitation(&mut self, code: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
        let row: Option<InvitationRow> = personal_invitations::table
            .find(code.as_slice())
            .select(InvitationRow::as_select())
            .first(self)
            .optional()?;
        row.map(|row| {
            Ok(Invitation {
                code: bytes(row.code)?,
                dossier: DossierId::from_bytes(bytes(row.dossier)?),
                limits: limits(row.may_view, row.may_collect, row.categories.as_deref(), row.until)?,
                expires_at: Instant::from_millis(row.expires_at),
            })
        })
        .transpose()
    }

    fn collection(&mut self, id: CollectionId) -> Result<Option<Collection>, StoreError> {
        personal_collections::table
            .find(id.as_bytes().as_slice())
            .select(CollectionRow::as_select())
            .first(self)
            .optional()?
            .map(collection)
            .transpose()
    }

    fn collection_by_state(&mut self, state: &[u8; 32]) -> Result<Option<Collection>, StoreError> {
        personal_collections::table
            .filter(personal_collections::state_hash.eq(state.as_slice()))
            .select(CollectionRow::as_select())
            .first(self)
            .optional()?
            .map(collection)
            .transpose()
    }

    fn collections_of(&mut self, dossier: DossierId, limit: u32) -> Result<Vec<Collection>, StoreError> {
        let rows: Vec<CollectionRow> = personal_collections::table
            .filter(personal_collections::dossier.eq(dossier.as_bytes().as_slice()))
            .order((personal_collections::started_at.desc(), personal_collections::id.desc()))
            .limit(i64::from(limit))
            .select(CollectionRow::as_select())
            .load(self)?;
        rows.into_iter().map(collection).collect()
    }

    fn confirmations_of(&mut self, collection: CollectionId) -> Result<Vec<Confirmation>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>, i16, i64)> = personal_confirmations::table
            .filter(personal_confirmations::collection.eq(collection.as_bytes().as_slice()))
            .order(personal_confirmations::at)
            .load(self)?;
        rows.into_iter()
            .map(|(collection, account, represented, at)| {
                Ok(Confirmation {
                    collection: CollectionId::from_bytes(bytes(collection)?),
                    account: AccountId::from_bytes(bytes(account)?),
                    represented: represented != 0,
                    at: Instant::from_millis(at),
                })
            })
            .collect()
    }

    fn document(&mut self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        personal_documents::table
            .find(id.as_bytes().as_slice())
            .select(DocumentRow::as_select())
            .first(self)
            .optional()?
            .map(document)
            .transpose()
    }

    fn documents_of(
        &mut self,
        dossier: DossierId,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let rows: Vec<DocumentRow> = personal_documents::table
            .filter(personal_documents::dossier.eq(dossier.as_bytes().as_slice()))
            .filter(personal_documents::id.gt(after))
            .order(personal_documents::id)
            .limit(i64::from(limit))
            .select(DocumentRow::as_select())
            .load(self)?;
        rows.into_iter().map(document).collect()
    }

    fn is_due(&mut self, before: Instant) -> Result<bool, StoreError> {
        let before = before.as_millis();
        let ended = [CollectionState::Stored, CollectionState::Refused].map(state_number);
        let sessions = personal_sessions::table.filter(personal_sessions::expires_at.lt(before));
        let invitations = personal_invitations::table.filter(personal_invitations::expires_at.lt(before));
        let late = personal_collections::table
            .filter(personal_collections::expires_at.lt(before))
            .filter(personal_collections::state.ne_all(ended));
        Ok(select(exists(sessions)).get_result(self)?
            || select(exists(invitations)).get_result(self)?
            || select(exists(late)).get_result(self)?)
    }

    fn referred(&mut self, reference: SubjectReference) -> Result<Option<DossierId>, StoreError> {
        let row: Option<Vec<u8>> = personal_references::table
            .find(reference.as_bytes().as_slice())
            .select(personal_references::dossier)
            .first(self)
            .optional()?;
        row.map(|dossier| Ok(DossierId::from_bytes(bytes(dossier)?))).transpose()
    }
}

fn dossier(row: DossierRow) -> Result<Dossier, StoreError> {
    Ok(Dossier {
        id: DossierId::from_bytes(bytes(row.id)?),
        owner: AccountId::from_bytes(bytes(row.owner)?),
        person_key: bytes(row.person_key)?,
        own: row.own != 0,
        key_sealed: row.key_sealed,
        person_sealed: row.person_sealed,
        created_at: Instant::from_millis(row.created_at),
    })
}

fn user(row: UserRow) -> Result<DossierUser, StoreError> {
    Ok(DossierUser {
        dossier: DossierId::from_bytes(bytes(row.dossier)?),
        account: AccountId::from_bytes(bytes(row.account)?),
        mandate: MandateId::from_bytes(bytes(row.mandate)?),
        limits: limits(row.may_view, row.may_collect, row.categories.as_deref(), row.until)?,
        added_at: Instant::from_millis(row.added_at),
        ended_at: row.ended_at.map(Instant::from_millis),
    })
}

fn limits(view: i16, collect: i16, categories: Option<&str>, until: i64) -> Result<Limits, StoreError> {
    Ok(Limits {
        view: view != 0,
        collect: collect != 0,
        categories: categories.map(categories_from).transpose()?,
        until: Instant::from_millis(until),
    })
}

fn collection(row: CollectionRow) -> Result<Collection, StoreError> {
    Ok(Collection {
        id: CollectionId::from_bytes(bytes(row.id)?),
        dossier: DossierId::from_bytes(bytes(row.dossier)?),
        account: AccountId::from_bytes(bytes(row.account)?),
        holder: Oin::parse(&row.holder).map_err(|_| StoreError::Damaged("holder"))?,
        categories: categories_from(&row.categories)?,
        mandate: row.mandate.map(bytes).transpose()?.map(MandateId::from_bytes),
        state_hash: bytes(row.state_hash)?,
        browser: bytes(row.browser)?,
        request_sealed: row.request_sealed,
        pending_sealed: row.pending_sealed,
        state: state_from(row.state)?,
        reason: row.reason,
        started_at: Instant::from_millis(row.started_at),
        expires_at: Instant::from_millis(row.expires_at),
    })
}

fn document(row: DocumentRow) -> Result<Document, StoreError> {
    Ok(Document {
        id: DocumentId::from_bytes(bytes(row.id)?),
        dossier: DossierId::from_bytes(bytes(row.dossier)?),
        collection: CollectionId::from_bytes(bytes(row.collection)?),
        category: Category::parse(&row.category).map_err(|_| StoreError::Damaged("category"))?,
        holder: Oin::parse(&row.holder).map_err(|_| StoreError::Damaged("holder"))?,
        sealed: row.sealed,
        received_at: Instant::from_millis(row.received_at),
    })
}

fn bytes<const N: usize>(stored: Vec<u8>) -> Result<[u8; N], StoreError> {
    stored.try_into().map_err(|_| StoreError::Damaged("identifier or digest"))
}
