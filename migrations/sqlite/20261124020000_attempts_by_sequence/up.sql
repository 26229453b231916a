-- Who used a sequence number, where an envelope with the same one is not found.
CREATE INDEX attempts_sequence ON attempts (source, sequence);
