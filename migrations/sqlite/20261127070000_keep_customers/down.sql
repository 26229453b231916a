DROP TABLE customer_callbacks;
DROP TABLE customer_decisions;
DROP TABLE customer_codes;
DROP TABLE customer_files;
DROP TABLE customer_fields;
DROP TABLE customers;
