-- Two more protocols, whose transactions begin where the business decides on the terms, and may wait for what the user has
-- to tell, with and without money. And the kind as wallets list it (`variant`): that one asset is exchanged for another is a
-- kind of its own.
--
-- SQLite changes a table by making another one. Other tables refer to this one: until the end of the migration they may
-- refer to nothing.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE transactions_before AS SELECT * FROM transactions;
DROP TABLE transactions;
CREATE TABLE transactions (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
    protocol TEXT NOT NULL CHECK (protocol IN ('sep6', 'sep24', 'sep31', 'suspense')),
    state TEXT NOT NULL CHECK (state IN (
        'collecting', 'deciding', 'awaiting_info', 'awaiting_funds', 'funds_in_transit', 'ready_to_pay', 'awaiting_trust',
        'paying', 'paid', 'awaiting_payment', 'ready_to_pay_out', 'paying_out', 'payout_in_transit', 'ready_for_pickup',
        'paid_out', 'refund_due', 'refunding', 'refunded', 'on_hold', 'expired', 'failed'
    )),
    state_data TEXT NOT NULL,
    queue TEXT CHECK (queue IN ('terms', 'funds', 'payments', 'attempts', 'trust', 'payouts', 'orders')),
    due_at TEXT,
    deadline TEXT,
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
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    completed_at TEXT,
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0 CHECK (lease_token >= 0),
    lease_until TEXT,
    quote TEXT,
    variant TEXT NOT NULL CHECK (variant IN (
        'deposit', 'deposit-exchange', 'withdrawal', 'withdrawal-exchange'
    )),
    CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
    CHECK (queue IS NULL OR due_at IS NOT NULL)
) STRICT;
INSERT INTO transactions (
    id, version, kind, protocol, state, state_data, queue, due_at, deadline, subject_key, subject, client_domain,
    asset, off_chain_asset, request, terms, amounts, receipt, refunds, stellar_transaction_id,
    external_transaction_id, claimable_balance_id, message, started_at, updated_at, completed_at, lease_owner,
    lease_token, lease_until, quote, variant
)
SELECT
    id, version, kind, protocol, state, state_data, queue, due_at, deadline, subject_key, subject, client_domain,
    asset, off_chain_asset, request, terms, amounts, receipt, refunds, stellar_transaction_id,
    external_transaction_id, claimable_balance_id, message, started_at, updated_at, completed_at, lease_owner,
    lease_token, lease_until, quote, kind
FROM transactions_before;
DROP TABLE transactions_before;
CREATE INDEX transactions_queue ON transactions (queue, due_at, id) WHERE queue IS NOT NULL;
CREATE INDEX transactions_deadline ON transactions (deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX transactions_subject ON transactions (subject_key, started_at, id);
CREATE INDEX transactions_started ON transactions (started_at, id);
CREATE INDEX transactions_state ON transactions (state, updated_at);
CREATE INDEX transactions_stellar ON transactions (stellar_transaction_id)
    WHERE stellar_transaction_id IS NOT NULL;
CREATE INDEX transactions_external ON transactions (external_transaction_id)
    WHERE external_transaction_id IS NOT NULL;
