//! What changes the personal environment's tables, in the order of [`PersonalWrite`]. Compiled once for each backend;
//! `super` says which.

use diesel::prelude::*;
use kw_domain::{AccountId, DossierId, Instant, SessionId, SubjectReference};

use super::Conn;
use crate::error::StoreError;
use crate::personal::{
    Account, Collection, CollectionState, CollectionStep, Confirmation, Document, Dossier, DossierUser,
    Invitation, PersonalWrite, Session, categories_text, state_number,
};
use crate::personal::{
    personal_accounts, personal_collections, personal_confirmations, personal_documents, personal_dossiers,
    personal_invitations, personal_references, personal_sessions, personal_users,
};

// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

impl PersonalWrite for Conn {
    fn store_account(&mut self, account: &Account) -> Result<(), StoreError> {
        diesel::insert_into(personal_accounts::table)
            .values((
                personal_accounts::id.eq(account.id.as_bytes().as_slice()),
                personal_accounts::account_key.eq(account.key.as_slice()),
                personal_accounts::created_at.eq(account.created_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn store_session(&mut self, session: &Session) -> Result<(), StoreError> {
        diesel::insert_into(personal_sessions::table)
            .values((
                personal_sessions::id.eq(session.id.as_bytes().as_slice()),
                personal_sessions::token.eq(session.token.as_slice()),
                personal_sessions::account.eq(session.account.as_bytes().as_slice()),
                personal_sessions::statement_sealed.eq(session.statement_sealed.as_slice()),
                personal_sessions::dossier.eq(session.dossier.as_ref().map(|id| id.as_bytes().as_slice())),
                personal_sessions::created_at.eq(session.created_at.as_millis()),
                personal_sessions::expires_at.eq(session.expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn bind_session(&mut self, session: SessionId, dossier: DossierId) -> Result<bool, StoreError> {
        let dossier = dossier.as_bytes().as_slice();
        let still = personal_sessions::table
            .find(session.as_bytes().as_slice())
            .filter(personal_sessions::dossier.is_null().or(personal_sessions::dossier.eq(Some(dossier))));
        let bound = diesel::update(still).set(personal_sessions::dossier.eq(Some(dossier))).execute(self)?;
        Ok(bound == 1)
    }

    fn end_session(&mut self, session: SessionId) -> Result<(), StoreError> {
        diesel::delete(personal_sessions::table.find(session.as_bytes().as_slice())).execute(self)?;
        Ok(())
    }

    fn store_dossier(&mut self, dossier: &Dossier) -> Result<(), StoreError> {
        diesel::insert_into(personal_dossiers::table)
            .values((
                personal_dossiers::id.eq(dossier.id.as_bytes().as_slice()),
                personal_dossiers::owner.eq(dossier.owner.as_bytes().as_slice()),
                personal_dossiers::person_key.eq(dossier.person_key.as_slice()),
                personal_dossiers::own.eq(i16::from(dossier.own)),
                personal_dossiers::key_sealed.eq(dossier.key_sealed.as_slice()),
                personal_dossiers::person_sealed.eq(dossier.person_sealed.as_slice()),
                personal_dossiers::created_at.eq(dossier.created_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn delete_dossier(&mut self, dossier: DossierId) -> Result<(), StoreError> {
        // Everything that refers to it goes with it (ON DELETE CASCADE).
        diesel::delete(personal_dossiers::table.find(dossier.as_bytes().as_slice())).execute(self)?;
        Ok(())
    }

    fn refer(
        &mut self,
        reference: SubjectReference,
        dossier: DossierId,
        at: Instant,
    ) -> Result<(), StoreError> {
        diesel::insert_into(personal_references::table)
            .values((
                personal_references::reference.eq(reference.as_bytes().as_slice()),
                personal_references::dossier.eq(dossier.as_bytes().as_slice()),
                personal_references::at.eq(at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn store_user(&mut self, user: &DossierUser) -> Result<(), StoreError> {
        let categories = user.limits.categories.as_ref().map(categories_text);
        let values = (
            personal_users::mandate.eq(user.mandate.as_bytes().as_slice()),
            personal_users::may_view.eq(i16::from(user.limits.view)),
            personal_users::may_collect.eq(i16::from(user.limits.collect)),
            personal_users::categories.eq(categories.as_deref()),
            personal_users::until.eq(user.limits.until.as_millis()),
            personal_users::added_at.eq(user.added_at.as_millis()),
            personal_users::ended_at.eq(user.ended_at.map(Instant::as_millis)),
        );
        diesel::insert_into(personal_users::table)
            .values((
                personal_users::dossier.eq(user.dossier.as_bytes().as_slice()),
                personal_users::account.eq(user.account.as_bytes().as_slice()),
                values,
            ))
            .on_conflict((personal_users::dossier, personal_users::account))
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn end_user(&mut self, dossier: DossierId, account: AccountId, at: Instant) -> Result<bool, StoreError> {
        let live = personal_users::table
            .find((dossier.as_bytes().as_slice(), account.as_bytes().as_slice()))
            .filter(personal_users::ended_at.is_null());
        let ended =
            diesel::update(live).set(personal_users::ended_at.eq(Some(at.as_millis()))).execute(self)?;
        // No way back: a code in an old letter, or a confirmation that was given before.
        let of_dossier = personal_invitations::dossier.eq(dossier.as_bytes().as_slice());
        diesel::delete(personal_invitations::table.filter(of_dossier)).execute(self)?;
        let collections: Vec<Vec<u8>> = personal_collections::table
            .filter(personal_collections::dossier.eq(dossier.as_bytes().as_slice()))
            .select(personal_collections::id)
            .load(self)?;
        let theirs = personal_confirmations::account.eq(account.as_bytes().as_slice());
        for some in collections.chunks(ROWS_AT_ONCE) {
            let given = theirs.and(personal_confirmations::collection.eq_any(some));
            diesel::delete(personal_confirmations::table.filter(given)).execute(self)?;
        }
        Ok(ended == 1)
    }

    fn store_invitation(&mut self, invitation: &Invitation) -> Result<(), StoreError> {
        let categories = invitation.limits.categories.as_ref().map(categories_text);
        diesel::insert_into(personal_invitations::table)
            .values((
                personal_invitations::code.eq(invitation.code.as_slice()),
                personal_invitations::dossier.eq(invitation.dossier.as_bytes().as_slice()),
                personal_invitations::may_view.eq(i16::from(invitation.limits.view)),
                personal_invitations::may_collect.eq(i16::from(invitation.limits.collect)),
                personal_invitations::categories.eq(categories.as_deref()),
                personal_invitations::until.eq(invitation.limits.until.as_millis()),
                personal_invitations::expires_at.eq(invitation.expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn take_invitation(&mut self, code: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(diesel::delete(personal_invitations::table.find(code.as_slice())).execute(self)? == 1)
    }

    fn store_collection(&mut self, collection: &Collection) -> Result<(), StoreError> {
        let mandate = collection.mandate.as_ref().map(|id| id.as_bytes().as_slice());
        diesel::insert_into(personal_collections::table)
            .values((
                (
                    personal_collections::id.eq(collection.id.as_bytes().as_slice()),
                    personal_collections::dossier.eq(collection.dossier.as_bytes().as_slice()),
                    personal_collections::account.eq(collection.account.as_bytes().as_slice()),
                    personal_collections::holder.eq(collection.holder.as_str()),
                    personal_collections::categories.eq(categories_text(&collection.categories)),
                    personal_collections::mandate.eq(mandate),
                    personal_collections::state_hash.eq(collection.state_hash.as_slice()),
                ),
                (
                    personal_collections::browser.eq(collection.browser.as_slice()),
                    personal_collections::request_sealed.eq(collection.request_sealed.as_deref()),
                    personal_collections::pending_sealed.eq(collection.pending_sealed.as_deref()),
                    personal_collections::state.eq(state_number(collection.state)),
                    personal_collections::reason.eq(collection.reason.as_deref()),
                    personal_collections::started_at.eq(collection.started_at.as_millis()),
                    personal_collections::expires_at.eq(collection.expires_at.as_millis()),
                ),
            ))
            .execute(self)?;
        Ok(())
    }

    fn step_collection(&mut self, step: &CollectionStep) -> Result<bool, StoreError> {
        if !step.from.may_become(step.to) {
            return Err(StoreError::Contradiction("state of a collection"));
        }
        let still = personal_collections::table
            .find(step.id.as_bytes().as_slice())
            .filter(personal_collections::state.eq(state_number(step.from)));
        let stepped = diesel::update(still)
            .set((
                personal_collections::state.eq(state_number(step.to)),
                personal_collections::request_sealed.eq(None::<&[u8]>),
                personal_collections::pending_sealed.eq(step.pending_sealed.as_deref()),
                personal_collections::reason.eq(step.reason),
                personal_collections::expires_at.eq(step.expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(stepped == 1)
    }

    fn store_confirmation(&mut self, confirmation: &Confirmation) -> Result<(), StoreError> {
        diesel::insert_into(personal_confirmations::table)
            .values((
                personal_confirmations::collection.eq(confirmation.collection.as_bytes().as_slice()),
                personal_confirmations::account.eq(confirmation.account.as_bytes().as_slice()),
                personal_confirmations::represented.eq(i16::from(confirmation.represented)),
                personal_confirmations::at.eq(confirmation.at.as_millis()),
            ))
            .on_conflict((personal_confirmations::collection, personal_confirmations::account))
            .do_nothing()
            .execute(self)?;
        Ok(())
    }

    fn store_document(&mut self, document: &Document) -> Result<(), StoreError> {
        diesel::insert_into(personal_documents::table)
            .values((
                personal_documents::id.eq(document.id.as_bytes().as_slice()),
                personal_documents::dossier.eq(document.dossier.as_bytes().as_slice()),
                personal_documents::collection.eq(document.collection.as_bytes().as_slice()),
                personal_documents::category.eq(document.category.as_str()),
                personal_documents::holder.eq(document.holder.as_str()),
                personal_documents::sealed.eq(document.sealed.as_slice()),
                personal_documents::received_at.eq(document.received_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn forget(&mut self, before: Instant) -> Result<(), StoreError> {
        let before = before.as_millis();
        diesel::delete(personal_sessions::table.filter(personal_sessions::expires_at.lt(before)))
            .execute(self)?;
        diesel::delete(personal_invitations::table.filter(personal_invitations::expires_at.lt(before)))
            .execute(self)?;
        let ended = [CollectionState::Stored, CollectionState::Refused].map(state_number);
        let late = personal_collections::table
            .filter(personal_collections::expires_at.lt(before))
            .filter(personal_collections::state.ne_all(ended));
        diesel::update(late)
            .set((
                personal_collections::state.eq(state_number(CollectionState::Refused)),
                personal_collections::request_sealed.eq(None::<&[u8]>),
                personal_collections::pending_sealed.eq(None::<&[u8]>),
                personal_collections::reason.eq(Some("expired")),
            ))
            .execute(self)?;
        Ok(())
    }
}
