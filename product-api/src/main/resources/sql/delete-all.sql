-- Deletes live products (as delete.sql does one), save those that were written since :since. They are locked in the order in
-- which write.sql locks: by the bytes of the id.
--
-- Answer: how many.
with marked as materialized (
  select set_config('tidemark.outbox', 'written', true) as marker
),
held as materialized (
  select p.id
    from product p
   where p.id = any (:ids::text[]) and p.deleted_at is null and p.updated_at < :since
   order by p.id collate "C"
     for no key update
),
deleted as (
  update product p
     set version = p.version + 1, updated_at = clock_timestamp(), deleted_at = clock_timestamp()
    from held h
   where p.id = h.id and (select marker from marked) = 'written'
  returning p.id, p.version, p as product
),
published as (
  insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent)
  select 'product', d.id, d.version, 'product.deleted', product_json(d.product), :traceparent
    from deleted d
)
select count(*) from deleted
