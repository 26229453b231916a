DROP INDEX attempt_bumps_fees;
CREATE INDEX attempts_opened ON attempts (opened_at);
DROP INDEX attempts_fees;
