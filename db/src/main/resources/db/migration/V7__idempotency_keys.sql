-- What requests with an Idempotency-Key were answered, so that the same request sent again is answered the same and does nothing.
-- A row is written in the transaction of the product that it tells of.
create table idempotency_key (
  key         text        not null primary key,
  -- SHA-256 of the request's body: the same key with another body is a mistake of the client.
  fingerprint bytea       not null,
  product_id  text        not null,
  version     bigint      not null,
  answer      text        not null,
  created_at  timestamptz not null default clock_timestamp(),
  constraint idempotency_key_form check (key ~ '^[\x21-\x7e]{1,255}$'),
  constraint idempotency_key_fingerprint_length check (octet_length(fingerprint) = 32)
);

-- Rows leave by age.
create index idempotency_key_created_at on idempotency_key (created_at);

grant select, insert, delete on idempotency_key to tidemark_api;
