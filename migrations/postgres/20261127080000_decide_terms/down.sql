-- Only before the first transaction of the new protocols began.
ALTER TABLE transactions DROP CONSTRAINT transactions_variant_check;
ALTER TABLE transactions DROP COLUMN variant;
ALTER TABLE transactions DROP CONSTRAINT transactions_queue_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_queue_check
    CHECK (queue IN ('funds', 'payments', 'attempts', 'trust', 'payouts', 'orders'));
ALTER TABLE transactions DROP CONSTRAINT transactions_state_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_state_check CHECK (state IN (
    'collecting', 'awaiting_funds', 'funds_in_transit', 'ready_to_pay', 'awaiting_trust', 'paying', 'paid',
    'awaiting_payment', 'ready_to_pay_out', 'paying_out', 'payout_in_transit', 'ready_for_pickup', 'paid_out',
    'refund_due', 'refunding', 'refunded', 'on_hold', 'expired', 'failed'
));
ALTER TABLE transactions DROP CONSTRAINT transactions_protocol_check;
ALTER TABLE transactions ADD CONSTRAINT transactions_protocol_check CHECK (protocol IN ('sep24', 'suspense'));
