-- Every column that holds an id is a canonical UUID in lower case; every time is UTC, cut to microseconds; amounts
-- on the ledger are integers (stroops), other amounts exact decimal text.

-- What the anchor offers.
CREATE TABLE assets (
    id TEXT PRIMARY KEY NOT NULL,
    off_chain_asset TEXT NOT NULL,
    distribution TEXT NOT NULL,
    definition TEXT NOT NULL
);

-- One deposit or withdrawal a row: its present state. How it came to it is in `facts`.
CREATE TABLE transactions (
    id TEXT PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
    protocol TEXT NOT NULL CHECK (protocol IN ('sep24')),
    state TEXT NOT NULL CHECK (state IN (
        'collecting', 'awaiting_funds', 'funds_in_transit', 'ready_to_pay', 'awaiting_trust', 'paying', 'paid',
        'awaiting_payment', 'ready_to_pay_out', 'paying_out', 'payout_in_transit', 'ready_for_pickup', 'paid_out',
        'refund_due', 'refunding', 'refunded', 'on_hold', 'expired', 'failed'
    )),
    state_data TEXT NOT NULL,
    queue TEXT CHECK (queue IN ('funds', 'payments', 'attempts', 'trust', 'payouts', 'orders')),
    due_at TIMESTAMP,
    deadline TIMESTAMP,
    subject_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_domain TEXT,
    asset TEXT NOT NULL REFERENCES assets (id),
    off_chain_asset TEXT NOT NULL,
    request TEXT NOT NULL,
    terms TEXT,
    amounts TEXT,
    receipt TEXT,
    refunds TEXT NOT NULL,
    stellar_transaction_id TEXT,
    external_transaction_id TEXT,
    claimable_balance_id TEXT,
    message TEXT,
    started_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    completed_at TIMESTAMP,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TIMESTAMP,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK (queue IS NULL OR due_at IS NOT NULL)
);
CREATE INDEX transactions_queue ON transactions (queue, due_at, id) WHERE queue IS NOT NULL;
CREATE INDEX transactions_deadline ON transactions (deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX transactions_subject ON transactions (subject_key, started_at, id);
CREATE INDEX transactions_started ON transactions (started_at, id);
CREATE INDEX transactions_state ON transactions (state, updated_at);
CREATE INDEX transactions_stellar ON transactions (stellar_transaction_id)
    WHERE stellar_transaction_id IS NOT NULL;
CREATE INDEX transactions_external ON transactions (external_transaction_id)
    WHERE external_transaction_id IS NOT NULL;

-- Which transaction a payment is for. Never given to another one, so that a late payment still finds its own.
CREATE TABLE receiving_memos (
    account TEXT NOT NULL,
    memo_type TEXT NOT NULL CHECK (memo_type IN ('text', 'id', 'hash')),
    memo TEXT NOT NULL,
    transaction_id TEXT NOT NULL UNIQUE REFERENCES transactions (id),
    PRIMARY KEY (account, memo_type, memo)
);

-- The history: what happened, in the order of `version`. `refused` says why a fact did not move its transaction.
CREATE TABLE facts (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    version BIGINT NOT NULL CHECK (version >= 0),
    fact TEXT NOT NULL,
    data TEXT NOT NULL,
    actor TEXT NOT NULL CHECK (actor IN ('user', 'worker', 'operator')),
    actor_name TEXT CHECK (actor_name IS NULL OR actor = 'operator'),
    at TIMESTAMP NOT NULL,
    refused TEXT,
    anomaly_key TEXT CHECK (anomaly_key IS NULL OR refused IS NOT NULL)
);
CREATE INDEX facts_transaction ON facts (transaction_id, version, at, id);
CREATE UNIQUE INDEX facts_one_move_a_version ON facts (transaction_id, version) WHERE refused IS NULL;
CREATE UNIQUE INDEX facts_anomaly ON facts (transaction_id, anomaly_key) WHERE anomaly_key IS NOT NULL;

-- Signed envelopes, stored before they are sent.
CREATE TABLE attempts (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('payment', 'create_account', 'refund')),
    hash TEXT NOT NULL UNIQUE,
    envelope TEXT NOT NULL,
    source TEXT NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence >= 0),
    max_time BIGINT NOT NULL CHECK (max_time >= 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'applied', 'void')),
    note TEXT,
    opened_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE INDEX attempts_transaction ON attempts (transaction_id);
CREATE UNIQUE INDEX attempts_open_transaction ON attempts (transaction_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX attempts_open_source ON attempts (source) WHERE closed_at IS NULL;

-- Instructions to the rails, stored before the rails hear of them. The id is the idempotency key.
CREATE TABLE orders (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('payout', 'refund')),
    amount TEXT NOT NULL CHECK (amount <> '' AND amount NOT LIKE '-%'),
    asset TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'delivered', 'refused')),
    reference TEXT,
    opened_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    CHECK ((status = 'open') = (closed_at IS NULL))
);
CREATE INDEX orders_transaction ON orders (transaction_id);
CREATE UNIQUE INDEX orders_open_transaction ON orders (transaction_id) WHERE closed_at IS NULL;

-- Accounts whose history is read, and how far.
CREATE TABLE watches (
    account TEXT PRIMARY KEY NOT NULL,
    cursor TEXT,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL CHECK (lease_token >= 0),
    lease_until TIMESTAMP,
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);

-- Everything that arrived on a watched account. With `suspense`, nobody was credited for it.
CREATE TABLE payments (
    operation_id TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL REFERENCES watches (account),
    transaction_hash TEXT NOT NULL,
    ledger BIGINT NOT NULL CHECK (ledger >= 0),
    ledger_closed_at TIMESTAMP NOT NULL,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    memo_type TEXT NOT NULL CHECK (memo_type IN ('none', 'text', 'id', 'hash', 'return')),
    memo TEXT NOT NULL,
    transaction_id TEXT REFERENCES transactions (id),
    suspense TEXT CHECK (suspense IN ('unmatched', 'wrong_asset', 'duplicate', 'unexpected')),
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX payments_transaction ON payments (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payments_suspense ON payments (recorded_at, operation_id) WHERE suspense IS NOT NULL;

-- What could not be read from a watched account's history, as it was sent. `id` is a hash of the content.
CREATE TABLE poison_records (
    id TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL REFERENCES watches (account),
    cursor TEXT NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
CREATE INDEX poison_records_recorded ON poison_records (recorded_at);

-- The outbox. Delivered in the order of (version, position) within a transaction.
CREATE TABLE events (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    version BIGINT NOT NULL CHECK (version >= 0),
    position BIGINT NOT NULL CHECK (position >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('flow_finished', 'status_changed')),
    snapshot TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    tries BIGINT NOT NULL CHECK (tries >= 0),
    sink_done BOOLEAN NOT NULL,
    callback_done BOOLEAN NOT NULL,
    due_at TIMESTAMP NOT NULL,
    delivered_at TIMESTAMP,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TIMESTAMP,
    UNIQUE (transaction_id, version, position),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
CREATE INDEX events_due ON events (due_at, id) WHERE delivered_at IS NULL;
CREATE INDEX events_undelivered ON events (transaction_id, version, position) WHERE delivered_at IS NULL;

-- What the user typed into the pages: personal data.
CREATE TABLE answers (
    transaction_id TEXT PRIMARY KEY NOT NULL REFERENCES transactions (id),
    data TEXT NOT NULL
);

-- Where the wallet wants to hear of a transaction.
CREATE TABLE callbacks (
    transaction_id TEXT PRIMARY KEY NOT NULL REFERENCES transactions (id),
    finished TEXT,
    on_change TEXT
);

-- Tokens of interactive URLs and cookies of browsers: only their SHA-256 is kept.
CREATE TABLE url_tokens (
    hash TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX url_tokens_expires ON url_tokens (expires_at);
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    csrf TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Challenges of web authentication that were answered: none is accepted twice.
CREATE TABLE used_challenges (
    hash TEXT PRIMARY KEY NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX used_challenges_expires ON used_challenges (expires_at);

-- What happened stays written.
CREATE FUNCTION anchor_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% does not allow %', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
CREATE TRIGGER receiving_memos_no_update BEFORE UPDATE ON receiving_memos
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
CREATE TRIGGER receiving_memos_no_delete BEFORE DELETE ON receiving_memos
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION anchor_refuse();
