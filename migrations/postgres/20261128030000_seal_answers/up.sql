-- What users told is sealed: `data` is text under the key of this name. Where there is none, it lies open, as older versions left it.
ALTER TABLE answers ADD COLUMN key_name TEXT;
CREATE INDEX answers_key ON answers (key_name);
-- Their user was erased at this time: they go when the transaction has ended.
ALTER TABLE answers ADD COLUMN forget_since TIMESTAMP;
CREATE INDEX answers_forget ON answers (forget_since) WHERE forget_since IS NOT NULL;
