//! The tables as diesel sees them. The SQL in `migrations/` is the truth; a test compares both backends with it.

diesel::table! {
    assets (id) {
        id -> Text,
        off_chain_asset -> Text,
        distribution -> Text,
        definition -> Text,
    }
}

diesel::table! {
    transactions (id) {
        id -> Text,
        version -> BigInt,
        kind -> Text,
        protocol -> Text,
        state -> Text,
        state_data -> Text,
        queue -> Nullable<Text>,
        due_at -> Nullable<Timestamp>,
        deadline -> Nullable<Timestamp>,
        subject_key -> Text,
        subject -> Text,
        client_domain -> Nullable<Text>,
        asset -> Text,
        off_chain_asset -> Text,
        request -> Text,
        terms -> Nullable<Text>,
        amounts -> Nullable<Text>,
        receipt -> Nullable<Text>,
        refunds -> Text,
        stellar_transaction_id -> Nullable<Text>,
        external_transaction_id -> Nullable<Text>,
        claimable_balance_id -> Nullable<Text>,
        message -> Nullable<Text>,
        started_at -> Timestamp,
        updated_at -> Timestamp,
        completed_at -> Nullable<Timestamp>,
        quote -> Nullable<Text>,
        variant -> Text,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    receiving_memos (account, memo_type, memo) {
        account -> Text,
        memo_type -> Text,
        memo -> Text,
        transaction_id -> Text,
    }
}

diesel::table! {
    receipts (asset, reference) {
        asset -> Text,
        reference -> Text,
        transaction_id -> Text,
    }
}

diesel::table! {
    facts (id) {
        id -> Text,
        transaction_id -> Text,
        version -> BigInt,
        fact -> Text,
        data -> Text,
        actor -> Text,
        actor_name -> Nullable<Text>,
        at -> Timestamp,
        refused -> Nullable<Text>,
        anomaly_key -> Nullable<Text>,
    }
}

diesel::table! {
    attempts (id) {
        id -> Text,
        purpose -> Text,
        hash -> Text,
        envelope -> Text,
        source -> Text,
        sequence -> BigInt,
        max_time -> BigInt,
        status -> Text,
        note -> Nullable<Text>,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        fee -> BigInt,
        due_at -> Timestamp,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
        ledger -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempt_items (attempt_id, position) {
        attempt_id -> Text,
        position -> BigInt,
        transaction_id -> Text,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    attempt_bumps (hash) {
        hash -> Text,
        attempt_id -> Text,
        envelope -> Text,
        fee -> BigInt,
        opened_at -> Timestamp,
    }
}

diesel::table! {
    signings (hash) {
        hash -> Text,
        attempt_id -> Text,
        envelope -> Text,
        since -> BigInt,
        opened_at -> Timestamp,
        due_at -> Timestamp,
        refused -> Nullable<Text>,
        closed_at -> Nullable<Timestamp>,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    channels (account) {
        account -> Text,
        position -> Nullable<BigInt>,
        retired -> Bool,
        sequence -> Nullable<BigInt>,
        attempt_id -> Nullable<Text>,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    set_asides (attempt_id) {
        attempt_id -> Text,
        transaction_id -> Text,
        claimant -> Text,
        asset -> Text,
        amount -> BigInt,
        reclaim_from -> BigInt,
        state -> Text,
        balance_id -> Nullable<Text>,
        ledger -> Nullable<BigInt>,
        reclaim_id -> Nullable<Text>,
        due_at -> Timestamp,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        transaction_id -> Text,
        purpose -> Text,
        amount -> Text,
        asset -> Text,
        status -> Text,
        reference -> Nullable<Text>,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    custody_orders (id) {
        id -> Text,
        transaction_id -> Text,
        purpose -> Text,
        source -> Text,
        destination -> Text,
        asset -> Text,
        amount -> BigInt,
        memo_type -> Text,
        memo -> Text,
        creates_account -> Bool,
        since -> BigInt,
        status -> Text,
        note -> Nullable<Text>,
        hash -> Nullable<Text>,
        movement -> Nullable<Text>,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    watches (account) {
        account -> Text,
        cursor -> Nullable<Text>,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    payments (operation_id) {
        operation_id -> Text,
        account -> Text,
        transaction_hash -> Text,
        ledger -> BigInt,
        ledger_closed_at -> Timestamp,
        sender -> Text,
        receiver -> Text,
        asset -> Text,
        amount -> BigInt,
        memo_type -> Text,
        memo -> Text,
        transaction_id -> Nullable<Text>,
        suspense -> Nullable<Text>,
        recorded_at -> Timestamp,
        settled_by -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    poison_records (id) {
        id -> Text,
        account -> Text,
        cursor -> Text,
        raw -> Text,
        reason -> Text,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        transaction_id -> Text,
        version -> BigInt,
        position -> BigInt,
        kind -> Text,
        snapshot -> Text,
        at -> Timestamp,
        tries -> BigInt,
        sink_done -> Bool,
        callback_done -> Bool,
        due_at -> Timestamp,
        delivered_at -> Nullable<Timestamp>,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    answers (transaction_id) {
        transaction_id -> Text,
        data -> Text,
        key_name -> Nullable<Text>,
        forget_since -> Nullable<Timestamp>,
    }
}

diesel::table! {
    callbacks (transaction_id) {
        transaction_id -> Text,
        finished -> Nullable<Text>,
        on_change -> Nullable<Text>,
    }
}

diesel::table! {
    url_tokens (hash) {
        hash -> Text,
        transaction_id -> Text,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sessions (hash) {
        hash -> Text,
        transaction_id -> Text,
        csrf -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    used_challenges (hash) {
        hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    job_heartbeats (job) {
        job -> Text,
        beaten_at -> Timestamp,
    }
}

diesel::table! {
    account_sharing (account) {
        account -> Text,
        sharing -> Text,
    }
}

diesel::table! {
    request_keys (subject_key, key_hash) {
        subject_key -> Text,
        key_hash -> Text,
        digest -> Text,
        transaction_id -> Text,
    }
}

diesel::table! {
    quotes (id) {
        id -> Text,
        subject_key -> Text,
        context -> Text,
        sell_asset -> Text,
        buy_asset -> Text,
        document -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    quote_reserves (quote_id) {
        quote_id -> Text,
        subject_key -> Text,
        asset -> Text,
        amount -> BigInt,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        released_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    quote_uses (quote_id) {
        quote_id -> Text,
        transaction_id -> Text,
        used_at -> Timestamp,
    }
}

diesel::table! {
    quote_sums (holder, asset) {
        holder -> Text,
        asset -> Text,
        quotes -> BigInt,
        reserved -> BigInt,
    }
}

diesel::table! {
    customers (id) {
        id -> Text,
        owner_key -> Text,
        account -> Text,
        memo -> Text,
        last_type -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    customer_fields (customer_id, name) {
        customer_id -> Text,
        name -> Text,
        state -> Text,
        error -> Nullable<Text>,
        key_name -> Nullable<Text>,
        sealed -> Nullable<Text>,
        file_id -> Nullable<Text>,
        received_at -> Timestamp,
    }
}

diesel::table! {
    customer_files (id) {
        id -> Text,
        owner_key -> Text,
        customer_id -> Nullable<Text>,
        content_type -> Text,
        size -> BigInt,
        key_name -> Text,
        sealed -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    customer_codes (customer_id, field, position) {
        customer_id -> Text,
        field -> Text,
        position -> BigInt,
        key_name -> Text,
        sealed -> Text,
        sent_to -> Text,
        tries -> BigInt,
        is_open -> BigInt,
        sent_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    customer_decisions (customer_id, customer_type) {
        customer_id -> Text,
        customer_type -> Text,
        verdict -> Text,
        decision -> Text,
        decided_at -> Timestamp,
    }
}

diesel::table! {
    customer_callbacks (customer_id) {
        customer_id -> Text,
        url -> Text,
        customer_type -> Nullable<Text>,
        told -> Nullable<Text>,
        tries -> BigInt,
        due_at -> Timestamp,
        lease_owner -> Nullable<Text>,
        lease_token -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::joinable!(answers -> transactions (transaction_id));
diesel::joinable!(receiving_memos -> transactions (transaction_id));
diesel::joinable!(attempt_items -> attempts (attempt_id));
diesel::joinable!(attempt_items -> transactions (transaction_id));
diesel::allow_tables_to_appear_in_same_query!(answers, transactions);
diesel::allow_tables_to_appear_in_same_query!(receiving_memos, transactions);
diesel::allow_tables_to_appear_in_same_query!(signings, attempts);
diesel::allow_tables_to_appear_in_same_query!(set_asides, attempts);
diesel::allow_tables_to_appear_in_same_query!(attempt_items, attempts, transactions);
