//! The personal environment's tables as `migrations/personal` makes them, for Diesel.

diesel::table! {
    personal_accounts (id) {
        id -> Binary,
        account_key -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    personal_dossiers (id) {
        id -> Binary,
        owner -> Binary,
        person_key -> Binary,
        own -> SmallInt,
        key_sealed -> Binary,
        person_sealed -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    personal_sessions (id) {
        id -> Binary,
        token -> Binary,
        account -> Binary,
        statement_sealed -> Binary,
        dossier -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    personal_users (dossier, account) {
        dossier -> Binary,
        account -> Binary,
        mandate -> Binary,
        may_view -> SmallInt,
        may_collect -> SmallInt,
        categories -> Nullable<Text>,
        until -> BigInt,
        added_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    personal_invitations (code) {
        code -> Binary,
        dossier -> Binary,
        may_view -> SmallInt,
        may_collect -> SmallInt,
        categories -> Nullable<Text>,
        until -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    personal_collections (id) {
        id -> Binary,
        dossier -> Binary,
        account -> Binary,
        holder -> Text,
        categories -> Text,
        mandate -> Nullable<Binary>,
        state_hash -> Binary,
        browser -> Binary,
        request_sealed -> Nullable<Binary>,
        pending_sealed -> Nullable<Binary>,
        state -> SmallInt,
        reason -> Nullable<Text>,
        started_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    personal_confirmations (collection, account) {
        collection -> Binary,
        account -> Binary,
        represented -> SmallInt,
        at -> BigInt,
    }
}

diesel::table! {
    personal_documents (id) {
        id -> Binary,
        dossier -> Binary,
        collection -> Binary,
        category -> Text,
        holder -> Text,
        sealed -> Binary,
        received_at -> BigInt,
    }
}

diesel::table! {
    personal_references (reference) {
        reference -> Binary,
        dossier -> Binary,
        at -> BigInt,
    }
}

diesel::joinable!(personal_users -> personal_dossiers (dossier));
diesel::allow_tables_to_appear_in_same_query!(personal_users, personal_dossiers);
