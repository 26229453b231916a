-- Orders to a custodian, who signs and sends by itself: stored before it hears of them. The id is the idempotency key; an
-- operation on the ledger stands for one of them.
CREATE TABLE custody_orders (
    id TEXT PRIMARY KEY NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('payment', 'create_account', 'refund')),
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    memo_type TEXT NOT NULL CHECK (memo_type IN ('none', 'text', 'id', 'hash', 'return')),
    memo TEXT NOT NULL,
    creates_account BOOLEAN NOT NULL,
    since BIGINT NOT NULL CHECK (since >= 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'applied', 'rejected')),
    note TEXT,
    hash TEXT,
    movement TEXT,
    opened_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    CHECK ((status = 'open') = (closed_at IS NULL)),
    CHECK ((status = 'applied') = (movement IS NOT NULL)),
    CHECK ((hash IS NULL) = (movement IS NULL))
);
CREATE INDEX custody_orders_transaction ON custody_orders (transaction_id);
CREATE UNIQUE INDEX custody_orders_open ON custody_orders (transaction_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX custody_orders_movement ON custody_orders (movement) WHERE movement IS NOT NULL;
CREATE INDEX custody_orders_hash ON custody_orders (hash) WHERE hash IS NOT NULL;
