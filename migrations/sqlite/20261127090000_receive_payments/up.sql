-- What somebody asked for under a key of their own, as a hash: asked again, the transaction that it led to is answered again.
CREATE TABLE request_keys (
    subject_key TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    digest TEXT NOT NULL,
    transaction_id TEXT NOT NULL UNIQUE REFERENCES transactions (id),
    PRIMARY KEY (subject_key, key_hash)
) STRICT;

CREATE TRIGGER request_keys_no_update BEFORE UPDATE ON request_keys
BEGIN
    SELECT RAISE(ABORT, 'request_keys does not allow UPDATE');
END;
CREATE TRIGGER request_keys_no_delete BEFORE DELETE ON request_keys
BEGIN
    SELECT RAISE(ABORT, 'request_keys does not allow DELETE');
END;
