-- The rendering of a product, byte for byte as before, as an expression without a sub-select: only such a function is put into
-- the statement that calls it. Called row by row it was an eighth of the database's work in an import.
create type product_state as (
  id          text,
  version     bigint,
  name        text,
  description text,
  price       numeric(14, 2),
  currency    char(3),
  attributes  jsonb,
  "updatedAt" text
);

create type product_tombstone as (
  id      text,
  version bigint,
  deleted boolean
);

create or replace function product_json(p product) returns json
  language sql stable parallel safe
return case
  when p.deleted_at is not null then
    row_to_json(row(p.id, p.version, true)::product_tombstone)
  else
    row_to_json(row(p.id, p.version, p.name, p.description, p.price, p.currency, p.attributes,
                    to_char(p.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::product_state)
  end;
