-- A product, one row per id for ever: a delete sets deleted_at, a re-creation clears it, and the version counts through both.
create table product (
  id          text           not null primary key,
  version     bigint         not null default 0,
  name        text           not null,
  description text           not null default '',
  price       numeric(14, 2) not null,
  currency    char(3)        not null,
  attributes  jsonb          not null default '{}',
  updated_at  timestamptz    not null default clock_timestamp(),
  deleted_at  timestamptz,
  constraint product_id_form check (id ~ '^[A-Za-z0-9._~-]{1,100}$' and id !~ '^\.+$'),
  -- 2^53 - 1: the largest count that every JSON reader keeps exactly.
  constraint product_version_range check (version between 1 and 9007199254740991),
  constraint product_name_length check (char_length(name) between 1 and 300),
  constraint product_description_length check (char_length(description) <= 20000),
  constraint product_price_not_negative check (price >= 0),
  constraint product_currency_form check (currency ~ '^[A-Z]{3}$'),
  constraint product_attributes_object check (jsonb_typeof(attributes) = 'object')
);

-- The one rendering of a product: what an event carries, what the cache stores and what the API answers, byte for byte.
create function product_json(p product) returns json
  language sql stable parallel safe
return case
  when p.deleted_at is not null then
    (select row_to_json(r) from (select p.id, p.version, true as deleted) r)
  else
    (select row_to_json(r)
       from (select p.id, p.version, p.name, p.description, p.price, p.currency, p.attributes,
                    to_char(p.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "updatedAt") r)
  end;
