-- Customers: who is registered, under which account and memo. Personal data is in sealed columns only.
CREATE TABLE customers (
    id TEXT PRIMARY KEY NOT NULL,
    owner_key TEXT NOT NULL,
    account TEXT NOT NULL,
    memo TEXT NOT NULL,
    last_type TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX customers_owner ON customers (owner_key);

-- What is known of them: a sealed value, or a file.
CREATE TABLE customer_fields (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'verification_required', 'rejected')),
    error TEXT,
    key_name TEXT,
    sealed TEXT,
    file_id TEXT,
    received_at TIMESTAMP NOT NULL,
    PRIMARY KEY (customer_id, name),
    CHECK ((key_name IS NULL) = (sealed IS NULL)),
    CHECK ((sealed IS NULL) <> (file_id IS NULL))
);
CREATE INDEX customer_fields_key ON customer_fields (key_name);

-- Files: a customer's once a field refers to them, and until then for a while whose token sent them.
CREATE TABLE customer_files (
    id TEXT PRIMARY KEY NOT NULL,
    owner_key TEXT NOT NULL,
    customer_id TEXT REFERENCES customers (id),
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0),
    key_name TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    CHECK ((customer_id IS NULL) <> (expires_at IS NULL))
);
CREATE INDEX customer_files_customer ON customer_files (customer_id, created_at, id);
CREATE INDEX customer_files_waiting ON customer_files (owner_key) WHERE customer_id IS NULL;
CREATE INDEX customer_files_expiry ON customer_files (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX customer_files_key ON customer_files (key_name);

-- Codes on their way to a customer. Those that were sent are counted, by field and by a fingerprint of where they went, also
-- when the customer is gone: deleting oneself is no way to be sent more of them.
CREATE TABLE customer_codes (
    customer_id TEXT NOT NULL,
    field TEXT NOT NULL,
    position BIGINT NOT NULL,
    key_name TEXT NOT NULL,
    sealed TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries >= 0),
    is_open BIGINT NOT NULL CHECK (is_open IN (0, 1)),
    sent_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    PRIMARY KEY (customer_id, field, position)
);
CREATE INDEX customer_codes_sent_to ON customer_codes (sent_to, sent_at);
CREATE INDEX customer_codes_sent_at ON customer_codes (sent_at);

-- What was decided about them, for each type.
CREATE TABLE customer_decisions (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    customer_type TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'processing', 'needs_info', 'rejected')),
    decision TEXT NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    PRIMARY KEY (customer_id, customer_type)
);

-- Where their owners want to hear of them, and what they know.
CREATE TABLE customer_callbacks (
    customer_id TEXT PRIMARY KEY NOT NULL REFERENCES customers (id),
    url TEXT NOT NULL,
    customer_type TEXT,
    told TEXT,
    tries BIGINT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    lease_owner TEXT,
    lease_token BIGINT NOT NULL,
    lease_until TIMESTAMP
);
CREATE INDEX customer_callbacks_due ON customer_callbacks (due_at, customer_id);
