-- Two more protocols, whose transactions begin where the business decides on the terms, and may wait for what the user has
-- to tell, with and without money.
ALTER TABLE transactions DROP CONSTRAINT transactions_protocol_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_protocol_check
    CHECK (protocol IN ('sep6', 'sep24', 'sep31', 'suspense'));
ALTER TABLE transactions DROP CONSTRAINT transactions_state_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_state_check CHECK (state IN (
    'collecting', 'deciding', 'awaiting_info', 'awaiting_funds', 'funds_in_transit', 'ready_to_pay', 'awaiting_trust',
    'paying', 'paid', 'awaiting_payment', 'ready_to_pay_out', 'paying_out', 'payout_in_transit', 'ready_for_pickup',
    'paid_out', 'refund_due', 'refunding', 'refunded', 'on_hold', 'expired', 'failed'
));
ALTER TABLE transactions DROP CONSTRAINT transactions_queue_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_queue_check
    CHECK (queue IN ('terms', 'funds', 'payments', 'attempts', 'trust', 'payouts', 'orders'));

-- The kind as wallets list it: that one asset is exchanged for another is a kind of its own.
ALTER TABLE transactions ADD COLUMN variant TEXT;
UPDATE transactions SET variant = kind;
ALTER TABLE transactions ALTER COLUMN variant SET NOT NULL;
ALTER TABLE transactions ADD CONSTRAINT transactions_variant_check
    CHECK (variant IN ('deposit', 'deposit-exchange', 'withdrawal', 'withdrawal-exchange'));
