DROP INDEX attempts_sequence;
