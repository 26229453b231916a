-- Only before the first payment was ordered from a custodian: what is under way there is not forgotten.
DROP TABLE custody_orders;
