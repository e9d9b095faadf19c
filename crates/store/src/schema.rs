//! The tables as `migrations/` makes them, for Diesel.

diesel::table! {
    ledger_head (id) {
        id -> Integer,
        origin -> Text,
        size -> BigInt,
    }
}

diesel::table! {
    ledger_entries (idx) {
        idx -> BigInt,
        kind -> SmallInt,
        at -> BigInt,
        leaf -> Binary,
        salt -> Nullable<Binary>,
        record -> Nullable<Text>,
    }
}

diesel::table! {
    ledger_publication (which) {
        which -> SmallInt,
        size -> BigInt,
        root -> Binary,
        note -> Text,
        published_at -> BigInt,
    }
}

diesel::table! {
    ledger_subtrees (level, idx) {
        level -> SmallInt,
        idx -> BigInt,
        root -> Binary,
    }
}

diesel::table! {
    ledger_witnessed (origin) {
        origin -> Text,
        size -> BigInt,
        root -> Binary,
        note -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_predecessors (origin) {
        origin -> Text,
        size -> BigInt,
        root -> Binary,
        note -> Text,
        carried -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_erasures (kind) {
        kind -> SmallInt,
        until -> BigInt,
    }
}

diesel::table! {
    ledger_resolutions (id) {
        id -> Binary,
        whom_kind -> SmallInt,
        whom -> Binary,
        reason -> Text,
        requested_at -> BigInt,
        requested_by -> Text,
        requester -> Text,
        requester_certificate -> Binary,
        approved_at -> Nullable<BigInt>,
        approved_by -> Nullable<Text>,
        approver -> Nullable<Text>,
        approver_certificate -> Nullable<Binary>,
        expires_at -> BigInt,
        requester_proven -> SmallInt,
        approver_proven -> SmallInt,
    }
}

diesel::table! {
    delegations (id) {
        id -> Binary,
        principal -> Text,
        supplier -> Text,
        scopes -> Text,
        requested_at -> BigInt,
        valid_until -> BigInt,
        first_approver -> Nullable<Text>,
        second_approver -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    subjects (id) {
        id -> Binary,
        tag_even -> Nullable<Binary>,
        tag_odd -> Nullable<Binary>,
        generation -> Integer,
        element -> Binary,
    }
}

diesel::table! {
    pointers (id) {
        id -> Binary,
        subject -> Nullable<Binary>,
        holder -> Text,
        category -> Text,
        source_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        purposes -> Nullable<Text>,
        state -> SmallInt,
        withdrawal -> Nullable<SmallInt>,
        registered_at -> BigInt,
        valid_until -> BigInt,
        due_at -> BigInt,
        destroy_by -> Nullable<BigInt>,
        superseded_by -> Nullable<Binary>,
    }
}

diesel::table! {
    subject_links (subject, idx, position) {
        subject -> Binary,
        idx -> BigInt,
        position -> Integer,
        reference -> Binary,
    }
}

diesel::table! {
    leases (holder) {
        holder -> Text,
        valid_until -> BigInt,
    }
}

diesel::table! {
    held_leases (holder) {
        holder -> Text,
        valid_until -> BigInt,
    }
}

diesel::table! {
    alarms (id) {
        id -> Binary,
        party -> Text,
        reason -> Text,
        questions -> BigInt,
        misses -> BigInt,
        raised_at -> BigInt,
    }
}

diesel::table! {
    departures (id) {
        id -> Binary,
        party -> Text,
        successor -> Nullable<Text>,
        kind -> SmallInt,
        requested_at -> BigInt,
        requested_by -> Nullable<Text>,
        first_approver -> Nullable<Text>,
        first_at -> Nullable<BigInt>,
        second_approver -> Nullable<Text>,
        second_at -> Nullable<BigInt>,
        consenter -> Nullable<Text>,
        consented_at -> Nullable<BigInt>,
        effective_at -> Nullable<BigInt>,
        closing_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    departure_counts (departure, category) {
        departure -> Binary,
        category -> Text,
        transferred -> BigInt,
        withdrawn -> BigInt,
        held -> Nullable<BigInt>,
    }
}

diesel::table! {
    signals (recipient, number) {
        recipient -> Text,
        number -> BigInt,
        id -> Binary,
        kind -> Text,
        about -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Binary,
        subscriber -> Text,
        sink -> Nullable<Text>,
        types -> Text,
        filters -> Text,
        reference -> Nullable<Text>,
        created_at -> BigInt,
        verified_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        allowed_rate -> Nullable<BigInt>,
        reached -> BigInt,
        attempts -> BigInt,
        next_attempt_at -> BigInt,
        failure -> Nullable<Text>,
        failing_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    dead_letters (subscription, number) {
        subscription -> Binary,
        number -> BigInt,
        failure -> Text,
        attempts -> BigInt,
        failed_at -> BigInt,
        replay -> BigInt,
    }
}

diesel::table! {
    signal_heads (recipient) {
        recipient -> Text,
        number -> BigInt,
    }
}

diesel::table! {
    reviews (id) {
        id -> Binary,
        subject -> Binary,
        party -> Text,
        actor -> Text,
        role -> Text,
        purpose -> Text,
        categories -> Text,
        case_reference -> Text,
        ground -> Text,
        reason -> Text,
        transaction_id -> Binary,
        opened_at -> BigInt,
        due_at -> BigInt,
        escalated_at -> Nullable<BigInt>,
        verdict -> Nullable<Text>,
        reviewer -> Nullable<Text>,
        note -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    uploads (holder, upload) {
        holder -> Text,
        upload -> Binary,
        lines -> BigInt,
        touched_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (holder, key) {
        holder -> Text,
        key -> Text,
        request -> Binary,
        status -> SmallInt,
        response -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    generations (generation) {
        generation -> Integer,
        index_epoch -> Integer,
        pseudonymiser_epoch -> Integer,
        phase -> SmallInt,
        cursor -> Binary,
        converted -> BigInt,
        began_at -> BigInt,
    }
}

diesel::table! {
    consents (id) {
        id -> Binary,
        subject -> Binary,
        refused -> SmallInt,
        holder -> Nullable<Text>,
        holder_kind -> Nullable<Text>,
        category -> Nullable<Text>,
        requester -> Nullable<Text>,
        requester_kind -> Nullable<Text>,
        given_by -> SmallInt,
        mandate -> Nullable<Binary>,
        evidence -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        valid_until -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
        ends_at -> BigInt,
    }
}

diesel::table! {
    objections (id) {
        id -> Binary,
        subject -> Binary,
        holder -> Text,
        category -> Text,
        given_by -> SmallInt,
        mandate -> Nullable<Binary>,
        reason -> SmallInt,
        state -> SmallInt,
        received_by -> Text,
        received_at -> BigInt,
        due_at -> BigInt,
        warned -> SmallInt,
        decided_at -> Nullable<BigInt>,
        reasons -> Nullable<Text>,
    }
}

diesel::table! {
    budgets (party, class, key_use) {
        party -> Text,
        class -> Text,
        key_use -> Text,
        minute_start -> BigInt,
        minute_used -> BigInt,
        hour_start -> BigInt,
        hour_used -> BigInt,
        day_start -> BigInt,
        day_used -> BigInt,
    }
}

diesel::table! {
    local_records (handle) {
        handle -> Binary,
        source -> Text,
        category -> Text,
        record_key -> Binary,
        record_sealed -> Binary,
        subject_key -> Binary,
        binding_sealed -> Nullable<Binary>,
        binding_epoch -> Nullable<Integer>,
        pointer -> Nullable<Binary>,
        state -> SmallInt,
        valid_until -> Nullable<BigInt>,
        seen_read -> BigInt,
    }
}

diesel::table! {
    authorisations (id) {
        id -> Binary,
        client -> Text,
        phase -> SmallInt,
        opens -> Nullable<Binary>,
        opened -> Nullable<Binary>,
        browser -> Nullable<Binary>,
        certificate -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        facts -> Text,
        sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    canaries (id) {
        id -> Binary,
        holder -> Text,
        source -> Nullable<Text>,
        category -> Text,
        subject_key -> Binary,
        sealed -> Binary,
        made_at -> BigInt,
        ends_at -> BigInt,
        retired -> SmallInt,
        exported -> SmallInt,
        next_at -> BigInt,
        asked_at -> Nullable<BigInt>,
        misses -> Integer,
        silences -> Integer,
        missed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    canary_asks (id) {
        id -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    identity_checks (id) {
        id -> Binary,
        handle -> Binary,
        requester -> Text,
        purpose -> Text,
        category -> Text,
        state -> SmallInt,
        first_actor -> Nullable<Text>,
        asked_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    feedback_reports (id) {
        id -> Binary,
        handle -> Binary,
        reporter -> Text,
        kind -> SmallInt,
        category -> Text,
        source -> Text,
        digest -> Binary,
        content_sealed -> Binary,
        pointers_sealed -> Binary,
        received_at -> BigInt,
        status -> Text,
        since -> BigInt,
        handler -> Text,
        outcome -> Nullable<SmallInt>,
        planned_for -> Nullable<BigInt>,
        take_up_by -> BigInt,
        taken_up_at -> Nullable<BigInt>,
        overdue_told -> SmallInt,
        is_open -> SmallInt,
    }
}

diesel::table! {
    feedback_annotations (report, number) {
        report -> Binary,
        number -> Integer,
        id -> Binary,
        at -> BigInt,
        by_reporter -> SmallInt,
        party -> Text,
        content_sealed -> Binary,
    }
}

diesel::table! {
    feedback_attachments (id) {
        id -> Binary,
        report -> Binary,
        number -> Integer,
        facts_sealed -> Binary,
        content_sealed -> Binary,
    }
}

diesel::table! {
    feedback_outbox (id) {
        id -> BigInt,
        report -> Binary,
        message -> Text,
        queued_at -> BigInt,
    }
}

diesel::table! {
    feedback_routes (id, holder, reporter) {
        id -> Binary,
        holder -> Text,
        reporter -> Text,
        status -> Text,
        since -> BigInt,
        overdue -> SmallInt,
        changed_at -> BigInt,
        annotated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    corrections (transaction_id, recipient, holder, report) {
        transaction_id -> Binary,
        recipient -> Text,
        holder -> Text,
        report -> Binary,
        category -> Text,
        corrected_at -> BigInt,
    }
}

diesel::table! {
    grants_given (transaction_id) {
        transaction_id -> Binary,
        requester -> Text,
        holder -> Text,
        category -> Text,
        for_feedback -> SmallInt,
        at -> BigInt,
    }
}

diesel::table! {
    feedback_sent (id) {
        id -> Binary,
        version -> BigInt,
        about -> Binary,
        kind -> Text,
        holder -> Text,
        category -> Text,
        reference -> Nullable<Text>,
        pointers -> Text,
        delivery -> Text,
        status -> Nullable<Text>,
        outcome -> Nullable<Text>,
        reason -> Nullable<Text>,
        sealed -> Nullable<Binary>,
        sent_on_by -> Text,
        must_tell -> Bool,
        must_look -> Bool,
        transaction_id -> Binary,
        attempts -> Integer,
        next_at -> Nullable<BigInt>,
        queued_at -> BigInt,
        sent_at -> BigInt,
        changed_at -> BigInt,
        claimed_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    corrections_heard (transaction_id) {
        transaction_id -> Binary,
        holder -> Nullable<Text>,
        category -> Nullable<Text>,
        corrected_at -> Nullable<BigInt>,
        next_at -> Nullable<BigInt>,
        attempts -> Integer,
        told_at -> BigInt,
        record_idx -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        handle -> Binary,
        task -> SmallInt,
        subject_sealed -> Nullable<Binary>,
        reason -> Nullable<SmallInt>,
        destroy_by -> Nullable<BigInt>,
        queued_at -> BigInt,
        attempts -> Integer,
        next_at -> BigInt,
        administrative -> SmallInt,
        parked -> Nullable<Text>,
        parked_at -> Nullable<BigInt>,
        waits_for -> Nullable<Binary>,
    }
}

diesel::table! {
    reconciliations (source) {
        source -> Text,
        due_at -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    source_cursors (source) {
        source -> Text,
        cursor -> Text,
        read_number -> BigInt,
        synced_at -> BigInt,
    }
}

diesel::table! {
    used_grants (grant_id) {
        grant_id -> Binary,
        request -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    record_links (handle, idx, position) {
        handle -> Binary,
        idx -> BigInt,
        position -> Integer,
        reference -> Binary,
        transaction_id -> Nullable<Binary>,
    }
}

diesel::table! {
    asked_links (subject_key, idx, position) {
        subject_key -> Binary,
        idx -> BigInt,
        position -> Integer,
        reference -> Binary,
        transaction_id -> Nullable<Binary>,
    }
}

diesel::table! {
    pending_receipts (origin, idx, leaf) {
        origin -> Text,
        idx -> BigInt,
        leaf -> Binary,
        transaction_id -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    mandates (id) {
        id -> Binary,
        representative -> Binary,
        represented -> Binary,
        kind -> Text,
        age_band -> Text,
        categories -> Text,
        acts -> Text,
        registrar -> Text,
        state -> SmallInt,
        confirmed -> SmallInt,
        registered_at -> BigInt,
        valid_until -> BigInt,
        changed_at -> BigInt,
        due_at -> BigInt,
    }
}

diesel::table! {
    mandate_askers (mandate, party) {
        mandate -> Binary,
        party -> Text,
        asked_at -> BigInt,
    }
}

diesel::table! {
    matches (id) {
        id -> Binary,
        kind -> SmallInt,
        subject -> Nullable<Binary>,
        other -> Nullable<Binary>,
        state -> SmallInt,
        month -> Integer,
        categories -> Text,
        arisen_at -> BigInt,
        contact_by -> BigInt,
        escalated_at -> Nullable<BigInt>,
        contacted_at -> Nullable<BigInt>,
        coordinated_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    match_holders (match_id, holder) {
        match_id -> Binary,
        holder -> Text,
        joined_at -> BigInt,
        notified_at -> Nullable<BigInt>,
        contacted_at -> Nullable<BigInt>,
        left_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    relations (id) {
        id -> Binary,
        one -> Binary,
        other -> Binary,
        kind -> Text,
        registrar -> Text,
        declared_at -> BigInt,
    }
}

diesel::joinable!(feedback_attachments -> feedback_reports (report));
diesel::joinable!(pointers -> subjects (subject));
diesel::allow_tables_to_appear_in_same_query!(feedback_attachments, feedback_reports);
diesel::allow_tables_to_appear_in_same_query!(subjects, pointers, leases, subject_links);
diesel::allow_tables_to_appear_in_same_query!(local_records, outbox);
diesel::allow_tables_to_appear_in_same_query!(matches, match_holders);
diesel::allow_tables_to_appear_in_same_query!(subscriptions, dead_letters);
