-- Which firm quote a transaction is made with, and when that ends.
ALTER TABLE transactions ADD COLUMN quote TEXT;

-- Firm quotes: promises. Never changed, and kept for as long as transactions are.
CREATE TABLE quotes (
    id TEXT PRIMARY KEY NOT NULL,
    subject_key TEXT NOT NULL,
    context TEXT NOT NULL CHECK (context IN ('sep6', 'sep24', 'sep31')),
    sell_asset TEXT NOT NULL,
    buy_asset TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL CHECK (expires_at > created_at)
) STRICT;

-- What a quote promises, in the smallest units of `asset`: in reserve until `released_at`.
CREATE TABLE quote_reserves (
    quote_id TEXT PRIMARY KEY NOT NULL REFERENCES quotes (id),
    subject_key TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    expires_at TEXT NOT NULL,
    used_at TEXT CHECK (used_at < expires_at),
    released_at TEXT CHECK (released_at >= expires_at)
) STRICT;
CREATE INDEX quote_reserves_due ON quote_reserves (expires_at, quote_id) WHERE released_at IS NULL;

-- One quote, one transaction.
CREATE TABLE quote_uses (
    quote_id TEXT PRIMARY KEY NOT NULL REFERENCES quotes (id),
    transaction_id TEXT NOT NULL UNIQUE REFERENCES transactions (id),
    used_at TEXT NOT NULL
) STRICT;

-- How many unused quotes a user has (`asset` is empty), how much of an asset is in reserve for a user, and for all users
-- together (`holder` is empty).
CREATE TABLE quote_sums (
    holder TEXT NOT NULL,
    asset TEXT NOT NULL,
    quotes INTEGER NOT NULL CHECK (quotes >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (holder, asset)
) STRICT;

CREATE TRIGGER quotes_no_update BEFORE UPDATE ON quotes
BEGIN
    SELECT RAISE(ABORT, 'quotes does not allow UPDATE');
END;
CREATE TRIGGER quotes_no_delete BEFORE DELETE ON quotes
BEGIN
    SELECT RAISE(ABORT, 'quotes does not allow DELETE');
END;
CREATE TRIGGER quote_uses_no_update BEFORE UPDATE ON quote_uses
BEGIN
    SELECT RAISE(ABORT, 'quote_uses does not allow UPDATE');
END;
CREATE TRIGGER quote_uses_no_delete BEFORE DELETE ON quote_uses
BEGIN
    SELECT RAISE(ABORT, 'quote_uses does not allow DELETE');
END;
