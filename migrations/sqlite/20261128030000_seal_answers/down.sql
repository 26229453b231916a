DROP INDEX answers_forget;
ALTER TABLE answers DROP COLUMN forget_since;
DROP INDEX answers_key;
ALTER TABLE answers DROP COLUMN key_name;
