-- Input of write.sql: six arrays of one length, sorted by id and no id twice.
select i.id, i.name, i.description, i.price, i.currency::char(3) as currency, i.attributes::jsonb as attributes
  from unnest(:ids::text[], :names::text[], :descriptions::text[], :prices::text[]::numeric[], :currencies::text[], :attributes::text[])
    as i(id, name, description, price, currency, attributes)
